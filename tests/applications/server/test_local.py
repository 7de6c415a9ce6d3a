"""The local engine behind the door: what it honours, what it refuses, who is answered when."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import torch
from openai import BadRequestError, ConflictError, InternalServerError, NotFoundError, RateLimitError

from idiolect.applications.server.answering.local import Local, Threaded
from idiolect.applications.server.errors import Refusal
from idiolect.applications.server.settings import Limits
from idiolect.core.errors import BadInput
from idiolect.core.idiolect import Combine, Edit, Idiolect, Stream
from idiolect.core.layout import ask
from idiolect.core.requests import Ask, Key, Sampling
from live import until

if TYPE_CHECKING:
    from tests.applications.conftest import Opener, Running

    from idiolect.models.hf import HFModel

NAME = "random-llama-0"


@pytest.fixture
def door(opened: Opener, llama: HFModel) -> Running:
    """A door before a model of random weights."""
    return opened(model=llama)


def say(door: Running, text: str = "hello", **more: Any) -> Any:
    messages = more.pop("messages", [{"role": "user", "content": text}])
    given = {"model": NAME, "max_tokens": 8, **more}
    return door.client().chat.completions.create(messages=messages, **given)


def busy(local: Local) -> tuple[threading.Event, threading.Thread]:
    """The engine's thread at other work, until the event is set."""
    begun, held = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        held.wait(60)

    thread = threading.Thread(target=local.call, args=(work,))
    thread.start()
    begun.wait(60)
    return held, thread


def test_an_answer_is_the_engines_own(door: Running, llama: HFModel) -> None:
    sampling = Sampling(max_tokens=8)
    (alone,) = llama.answer([Ask(query=ask("", "hello"), sampling=sampling)], [Key()])
    answer = say(door)
    assert answer.choices[0].message.content == alone[0]
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.completion_tokens == 8


def test_a_stream_is_the_same_text_in_pieces_with_usage_at_its_end(door: Running) -> None:
    whole = say(door, user="ann").choices[0].message.content
    chunks = list(say(door, user="ann", stream=True, stream_options={"include_usage": True}))
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == whole
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].usage.completion_tokens == 8
    assert chunks[-1].idiolect["tokens"]["completion"] == 8


def test_a_seed_gives_the_same_text_again_and_n_gives_several(door: Running) -> None:
    options = {"temperature": 1.0, "seed": 5, "n": 3}
    first, second = say(door, **options), say(door, **options)
    texts = [c.message.content for c in first.choices]
    assert texts == [c.message.content for c in second.choices]
    assert len(set(texts)) == 3


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tools", [{"type": "function", "function": {"name": "f"}}]),
        ("response_format", {"type": "json_object"}),
        ("logprobs", True),
        ("frequency_penalty", 0.5),
        ("logit_bias", {"5": 1}),
        ("top_k", 3),
        ("reasoning_effort", "low"),
        ("verbosity", "low"),
    ],
)
def test_a_field_that_the_engine_cannot_honour_is_named(door: Running, field: str, value: object) -> None:
    with pytest.raises(BadRequestError) as error:
        say(door, extra_body={field: value})
    assert error.value.param == field
    assert error.value.code == "unsupported_parameter"


@pytest.mark.parametrize(
    ("field", "value"), [("temperature", 3), ("top_p", "x"), ("n", 0), ("max_tokens", -1), ("stop", [1]), ("stream", 1)]
)
def test_a_value_out_of_bounds_is_named(door: Running, field: str, value: object) -> None:
    with pytest.raises(BadRequestError) as error:
        say(door, extra_body={field: value})
    assert error.value.param == field


def test_what_asks_for_nothing_is_honoured(door: Running) -> None:
    neutral = {"frequency_penalty": 0, "tools": [], "response_format": {"type": "text"}, "logprobs": False}
    assert say(door, extra_body=neutral).choices[0].message.content == say(door).choices[0].message.content


def test_a_picture_is_refused_by_its_place(door: Running) -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:,"}}
    with pytest.raises(BadRequestError) as error:
        say(door, messages=[{"role": "user", "content": [{"type": "text", "text": "a"}, picture]}])
    assert error.value.param == "messages.0.content.1"


def test_an_unknown_model_is_404(door: Running) -> None:
    with pytest.raises(NotFoundError) as error:
        say(door, model="gpt-9")
    assert error.value.code == "model_not_found"


def test_messages_that_are_too_long_are_refused_by_name_and_kept_nowhere(door: Running) -> None:
    with pytest.raises(BadRequestError) as error:
        say(door, "word " * 3000, user="ann")
    assert error.value.code == "context_length_exceeded"


def test_personal_context_shrinks_before_the_applications_messages(door: Running) -> None:
    for i in range(4):
        door.user("ann").add(f"sister {i} " + "x" * 60)
    free = say(door, "sister", user="ann")
    tight = say(door, "sister " + "y" * 1850, user="ann")
    assert free.idiolect["tokens"]["personal"] > 200 > tight.idiolect["tokens"]["personal"] > 0
    assert len(free.idiolect["sources"]) > len(tight.idiolect["sources"])
    assert tight.usage.prompt_tokens <= 2048 - 8


def test_strength_zero_is_the_generic_answer_and_one_the_personal(door: Running) -> None:
    door.user("ann").add("my sister Anna lives in Kyoto")
    said = {"text": "where is my sister?", "user": "ann"}
    generic = say(door, said["text"]).choices[0].message.content
    zero = say(door, **said, extra_body={"idiolect": {"strength": 0}})
    half = say(door, **said, extra_body={"idiolect": {"strength": 0.5}})
    assert zero.choices[0].message.content == generic
    assert half.idiolect["sources"]
    assert half.usage.prompt_tokens > say(door, **said).usage.prompt_tokens  # both streams were read


def test_users_at_once_get_what_each_gets_alone(door: Running) -> None:
    names = [f"user{i}" for i in range(6)]
    for name in names:
        door.user(name).add(f"my sister is called {name}")
    found: dict[str, str] = {}
    off = {"x-idiolect-memory": "on"}

    def run(name: str) -> None:
        found[name] = say(door, "my sister?", user=name, extra_headers=off, max_tokens=24).choices[0].message.content

    threads = [threading.Thread(target=run, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    alone = {name: say(door, "my sister?", user=name, max_tokens=24).choices[0].message.content for name in names}
    assert found == alone


def test_a_special_token_in_anybodys_words_is_words(door: Running) -> None:
    tokenizer = door.service.local.model.tokenizer
    special = sorted(tokenizer.get_added_vocab())
    broken = door.service.local.broken(f"a < b <3 <div> {' '.join(special)}")
    assert not any(token in broken for token in special)
    assert broken.startswith("a < b <3 <div> ")


def test_a_full_engine_says_when_to_come_back(opened: Opener, llama: HFModel) -> None:
    local = Local(llama, Limits(rows=1, queue=3, each=2))
    local.start()
    held, blocked = busy(local)
    try:
        request = Ask(query=ask("", "hello"), sampling=Sampling(max_tokens=2))
        for who in ("ann", "ann", "bob"):
            local.submit(request, Key(), who, lambda piece: None)
        for who in ("ann", "cem"):  # two of ann's wait, and three in all
            with pytest.raises(Refusal) as error:
                local.submit(request, Key(), who, lambda piece: None)
            assert error.value.status == 429
            assert int(error.value.headers["Retry-After"]) >= 1
    finally:
        held.set()
        blocked.join()
        local.stop()


def test_who_asks_much_does_not_hold_up_who_asks_little(llama: HFModel) -> None:
    local = Local(llama, Limits(rows=1, queue=99, each=99))
    order: list[str] = []
    local.start()
    held, blocked = busy(local)
    request = Ask(query=ask("", "hello"), sampling=Sampling(max_tokens=2))
    for who in ("greedy",) * 10 + ("polite",):

        def tell(piece: Any, who: str = who) -> None:
            if piece.finish:
                order.append(who)

        local.submit(request, Key(), who, tell)
    held.set()
    blocked.join()
    local.stop()
    assert order.index("polite") <= 1
    assert len(order) == 11


def test_a_cancelled_answer_leaves_the_batch(llama: HFModel) -> None:
    local = Local(llama, Limits(rows=4))
    local.start()
    begun = threading.Event()
    long = Ask(query=ask("", "hello"), sampling=Sampling(max_tokens=1900))
    job = local.submit(long, Key(), "ann", lambda piece: begun.set())
    begun.wait(20)
    local.cancel(job)
    local.stop()
    assert job.handle is not None
    assert job.handle.rows[0].finish == "cancelled"
    assert local.running == 0


def spoken(x: Any, h: Any, t: Any, at: Any) -> Any:
    return h + 1e4 * torch.nn.functional.one_hot(torch.tensor(ord("a")), h.shape[-1])


def followed(llama: HFModel, most: int) -> tuple[list[int], str]:
    """(how much had been told when the model ran, each time; all that was told) of one who leaves after `most`."""
    local, told, seen = Local(llama, Limits(rows=4)), list[str](), list[int]()
    aloud = Idiolect(streams=(Stream(edits=(Edit(site="lm_head", formula=spoken),)),))
    asked = Ask(query=ask("", "hello"), idiolect=aloud, sampling=Sampling(max_tokens=5))
    jobs: list[Any] = []

    def tell(piece: Any) -> None:
        told.append(piece.text)
        if len(told) == most:
            local.cancel(jobs[0])

    hook = llama.module.register_forward_pre_hook(lambda *_: seen.append(len("".join(told))))
    try:
        local.start()
        held, blocked = busy(local)
        jobs.append(local.submit(asked, Key(), "ann", tell))
        held.set()
        blocked.join()
        local.stop()
    finally:
        hook.remove()
    return seen, "".join(told)


def test_each_token_is_told_before_the_model_runs_again(llama: HFModel) -> None:
    seen, told = followed(llama, 9)
    assert len(told) == 5
    assert seen == [0, 1, 2, 3, 4]  # passes: one for each token, and what was told by then


def test_who_leaves_on_a_token_costs_no_pass_after_it(llama: HFModel) -> None:
    seen, told = followed(llama, 2)
    assert (len(seen), len(told)) == (2, 2)


def test_a_twin_of_a_request_that_is_being_answered_comes_again_and_finds_its_answer(door: Running) -> None:
    local = door.service.local
    assert local is not None
    under = {"user": "ann", "extra_headers": {"Idempotency-Key": "k"}}
    held, blocked = busy(local)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(say, door, **under)
        until(lambda: local.waiting == 1)
        with pytest.raises(ConflictError, match="is being answered") as error:
            say(door, **under)
        held.set()
        blocked.join()
        assert error.value.response.headers["retry-after"] == "1"  # the official client asks again after it
        answer = first.result(60)
    assert say(door, **under) == answer
    assert not door.service.underway


def test_who_leaves_his_line_gives_his_place_back_at_once(llama: HFModel) -> None:
    local = Local(llama, Limits(rows=1, queue=2, each=2))
    local.start()
    held, blocked = busy(local)
    request = Ask(query=ask("", "hello"), sampling=Sampling(max_tokens=2))
    for _ in range(3):
        local.cancel(local.submit(request, Key(), "ann", lambda piece: None))
    assert local.waiting == 0
    held.set()
    blocked.join()
    local.stop()


def test_a_row_that_fails_ends_its_own_request_alone(llama: HFModel) -> None:
    def broken(step: Any, rows: Any) -> Any:
        raise RuntimeError("broken")

    local = Local(llama, Limits(rows=4))
    told: dict[str, list[Any]] = {"ann": [], "bob": []}
    good = Ask(query=ask("", "hello"), sampling=Sampling(max_tokens=6))
    local.start()
    held, blocked = busy(local)
    for who, asked in (("ann", good), ("bob", replace(good, n=2, idiolect=Idiolect(combine=Combine(formula=broken))))):
        local.submit(asked, Key(), who, told[who].append)
    held.set()
    blocked.join()
    local.stop()
    assert [str(x) for x in told["bob"]] == ["broken"]
    assert "".join(x.text for x in told["ann"]) == llama.answer([good], [Key()])[0][0]
    assert local.running == 0


def test_a_flow_that_is_refused_ends_no_running_request(llama: HFModel) -> None:
    local = Local(llama, Limits(rows=4))
    told: list[Any] = []
    begun = threading.Event()

    def tell(piece: Any) -> None:
        told.append(piece)
        begun.set()

    local.start()
    local.submit(Ask(query=ask("", "hello"), sampling=Sampling(max_tokens=40)), Key(), "ann", tell)
    begun.wait(20)
    with pytest.raises(BadInput, match="shorter query"):
        Threaded(local).answer([Ask(query=ask("", "word " * 3000))], [Key()])
    local.stop()
    assert told[-1].finish in ("stop", "length")


def test_a_failing_step_fails_its_rows_and_the_engine_goes_on(door: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    assert door.service.local is not None
    engine = door.service.local.model.engine
    with monkeypatch.context() as patch:

        def fails() -> None:
            raise RuntimeError("out of memory")

        patch.setattr(engine, "step", fails)
        with pytest.raises((InternalServerError, RuntimeError)):
            say(door)
    assert say(door).choices[0].message.content


def test_a_queue_that_is_full_is_429_at_the_door(opened: Opener, llama: HFModel) -> None:
    door = opened(model=llama, limits={"queue": 1, "each": 1, "rows": 1})
    assert door.service.local is not None
    held, blocked = busy(door.service.local)
    request = Ask(query=ask("", "hello"), sampling=Sampling(max_tokens=2))
    door.service.local.submit(request, Key(), "x", lambda piece: None)
    try:
        with pytest.raises(RateLimitError) as error:
            say(door)
        assert error.value.response.headers["retry-after"]
    finally:
        held.set()
        blocked.join()
