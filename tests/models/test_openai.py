"""A stub that speaks the protocol: what is sent, what is read, what goes wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from idiolect.core.errors import AccessError, BadInput, UnknownName
from idiolect.core.idiolect import Block, Combine, Edit, Idiolect, Stream
from idiolect.core.layout import PROFILE, ask
from idiolect.core.method import Access
from idiolect.core.requests import Ask, Item, Key, Sampling, Score
from idiolect.forward.prompt import answer_ids, prompt_ids
from idiolect.generation.drive import run
from idiolect.models import wire
from idiolect.models.families import byte_tokenizer
from idiolect.models.openai import OpenAIModel

SEA = ask("tag", "a film about ships")
COMPLETION = {  # written by hand after the protocol's reference
    "id": "chatcmpl-8a1f",
    "object": "chat.completion",
    "created": 1763700000,
    "model": "small",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "salty"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 12, "completion_tokens": 2, "total_tokens": 14},
}


class Server:
    """Notes what it is sent; answers in the order given, the last one for ever."""

    def __init__(self, *answers: httpx.Response | Callable[[httpx.Request], httpx.Response]) -> None:
        self.answers, self.seen, self.headers = list(answers), [], []  # type: ignore[var-annotated]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(json.loads(request.content))
        self.headers.append(dict(request.headers))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, httpx.Response):
            return httpx.Response(answer.status_code, content=answer.content)
        return answer(request)


def model(server: Server, **options: Any) -> OpenAIModel:
    return OpenAIModel("http://server/v1/", "small", waits=(0.0, 0.0), transport=httpx.MockTransport(server), **options)


def opened(server: Server, **options: Any) -> OpenAIModel:
    quick = {"waits": (0.0, 0.0), "transport": httpx.MockTransport(server)}
    return OpenAIModel.open("http://server/v1", "small", **quick, **options)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    byte_tokenizer().save_pretrained(tmp_path)
    return tmp_path


def probed(request: httpx.Request) -> httpx.Response:
    """Log-probabilities as a chat completion gives them: as many alternatives as were asked."""
    best = [
        {"token": str(i), "logprob": -float(i), "bytes": None}
        for i in range(json.loads(request.content)["top_logprobs"])
    ]
    token = {"token": "0", "logprob": 0.0, "bytes": None, "top_logprobs": best}
    choice = {"index": 0, "message": {"role": "assistant", "content": "0"}, "logprobs": {"content": [token]}}
    return httpx.Response(200, json={"choices": [choice]})


def echoed(request: httpx.Request) -> httpx.Response:
    """As a completion echoes: each token's log-probability is here minus its id, the first one has none."""
    ids = [*json.loads(request.content)["prompt"], 0]
    return httpx.Response(200, json={"choices": [{"logprobs": {"token_logprobs": [None, *(-i for i in ids[1:])]}}]})


def fine() -> httpx.Response:
    return httpx.Response(200, json=COMPLETION)


def test_the_conversation_is_sent_with_its_context_and_the_text_comes_back() -> None:
    server = Server(fine())
    stream = Stream(context=(Block(PROFILE, ("- wants: short answers",)),))
    sampling = Sampling(max_tokens=9, temperature=0.5, top_p=0.8, stop=("\n",))
    asked = Ask(query=SEA, idiolect=Idiolect(streams=(stream,)), sampling=sampling)
    assert model(server).answer([asked], [Key()]) == [("salty",)]
    (body,) = server.seen
    assert body["messages"] == [
        {"role": "system", "content": "About the user:\n- wants: short answers"},
        {"role": "user", "content": "Tag: a film about ships"},
    ]
    assert (body["model"], body["max_tokens"], body["temperature"], body["top_p"], body["stop"]) == (
        "small", 9, 0.5, 0.8, ["\n"],
    )  # fmt: skip


def test_answers_come_in_the_order_asked() -> None:
    def echo(request: httpx.Request) -> httpx.Response:
        said = json.loads(request.content)["messages"][-1]["content"]
        return httpx.Response(200, json={"choices": [{"message": {"content": said}}]})

    asks = [Ask(query=ask("", str(i))) for i in range(20)]
    assert model(Server(echo)).answer(asks, [Key()] * 20) == [(str(i),) for i in range(20)]


def test_seeds_come_from_the_key() -> None:
    server = Server(fine())
    for key in (Key(user="ann"), Key(user="bob"), Key(user="ann")):
        model(server).answer([Ask(query=SEA)], [key])
    seeds = [body["seed"] for body in server.seen]
    assert seeds[0] == seeds[2] != seeds[1]


def test_a_busy_server_is_asked_again() -> None:
    server = Server(httpx.Response(429), httpx.Response(503), fine())
    assert model(server).answer([Ask(query=SEA)], [Key()]) == [("salty",)]
    assert len(server.seen) == 3


def test_a_server_that_breaks_off_is_asked_again() -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow")

    server = Server(broken, broken, fine())
    assert model(server).answer([Ask(query=SEA)], [Key()]) == [("salty",)]


def test_waits_differ_and_a_server_that_says_how_long_is_believed() -> None:
    drawn = {wire._drawn(2.0, None) for _ in range(50)}
    assert len(drawn) > 10
    assert all(1.0 <= w <= 3.0 for w in drawn)
    assert wire._drawn(0.5, "7") == 7.0
    assert wire._drawn(0.5, "86400") == 60.0
    assert wire._drawn(0.0, "Fri, 31 Dec 1999 23:59:59 GMT") == 0.0


def test_the_secret_comes_from_the_argument_or_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "from-there")
    server = Server(fine())
    for asker in (model(server, key_variable="MY_KEY"), model(server, key="from-here", key_variable="MY_KEY")):
        asker.answer([Ask(query=SEA)], [Key()])
    assert [h["authorization"] for h in server.headers] == ["Bearer from-there", "Bearer from-here"]


def test_the_secret_is_in_no_representation_log_or_error(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    leaky = model(Server(httpx.Response(400, text="bad request by Bearer s3cret")), key="s3cret\n")
    with pytest.raises(BadInput, match=r"Bearer \*\*\*") as caught:
        leaky.answer([Ask(query=SEA)], [Key()])
    assert "s3cret" not in f"{caught.value}{caught.value.__cause__}{leaky!r}{leaky.wire!r}{caplog.text}"
    with pytest.raises(BadInput, match="no header can carry") as caught:
        model(Server(fine()), key="s3cret\nX: y").answer([Ask(query=SEA)], [Key()])
    assert "s3cret" not in str(caught.value)


def refused(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused")


def silent(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("slow")


@pytest.mark.parametrize(
    ("answer", "says", "tries"),
    [
        (refused, "cannot be reached.*Start the server", 1),
        (silent, "no answer within 120 s.*timeout", 3),
        (httpx.Response(401), "OPENAI_API_KEY", 1),
        (httpx.Response(404, text="no such model"), "404: no such model.*model's name", 1),
        (httpx.Response(400, text="prompt too long"), "400: prompt too long.*Shorten", 1),
        (httpx.Response(503, text="full"), "503 after 3 tries: full", 3),
        (httpx.Response(200, text="<html>"), "not an answer of the OpenAI protocol: <html>", 1),
        (httpx.Response(200, json=[]), "not an answer of the OpenAI protocol", 1),
        (httpx.Response(200, json={"choices": [{}]}), "not an answer of the OpenAI protocol", 1),
        (httpx.Response(200, json={"choices": []}), "0 texts where 1", 1),
    ],
)
def test_what_goes_wrong_is_named_with_its_fix(answer: Any, says: str, tries: int) -> None:
    server = Server(answer)
    with pytest.raises(BadInput, match=says):
        model(server).answer([Ask(query=SEA)], [Key()])
    assert len(server.seen) == tries


def test_no_content_is_an_empty_text() -> None:
    server = Server(httpx.Response(200, json={"choices": [{"message": {"content": None}}]}))
    assert model(server).answer([Ask(query=SEA)], [Key()]) == [("",)]


def test_a_method_that_needs_more_than_text_is_refused() -> None:
    def steered() -> Any:
        combine = Combine(formula=max)
        return (yield Ask(query=SEA, idiolect=Idiolect(streams=(Stream(), Stream()), combine=combine)))

    with pytest.raises(AccessError, match="cos needs LOGITS of small, which gives TEXT"):
        run(steered(), {"base": model(Server(fine()))}, Key(method="cos"))
    with pytest.raises(AccessError, match="needs TOP_LOGITS of small, which gives TEXT"):
        model(Server(fine())).answer([Score(items=(Item(query=SEA),))], [Key()])
    edited = Stream(edits=(Edit(site="lm_head", formula=max),))
    with pytest.raises(AccessError, match="needs WEIGHTS"):
        model(Server(fine())).answer([Ask(query=SEA, idiolect=Idiolect(streams=(edited,)))], [Key()])


def test_another_model_than_the_servers_is_refused() -> None:
    derived = Idiolect(streams=(Stream(model="derived"),))
    with pytest.raises(UnknownName, match="derived"):
        model(Server(fine())).answer([Ask(query=SEA, idiolect=derived)], [Key()])


def test_one_probe_shows_whether_a_server_gives_top_log_probabilities() -> None:
    server = Server(probed)
    assert opened(server).access is Access.TEXT
    assert opened(server, top_logprobs=5).access is Access.TOP_LOGITS
    (body,) = server.seen
    assert (body["logprobs"], body["top_logprobs"], body["max_tokens"]) == (True, 5, 1)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (httpx.Response(400, text="at most 3"), "status 400: at most 3"),
        (httpx.Response(200, json=COMPLETION), "the answer holds none"),
    ],
)
def test_a_server_without_top_log_probabilities_is_not_opened_for_them(answer: httpx.Response, says: str) -> None:
    with pytest.raises(AccessError, match=says):
        opened(Server(answer), top_logprobs=5)


def test_an_answer_is_scored_by_the_echo_of_its_own_tokens(folder: Path) -> None:
    server = Server(probed, echoed)
    asker = opened(server, top_logprobs=1, tokenizer=folder)
    stream = Stream(context=(Block(PROFILE, ("- wants: short answers",)),))
    items = (
        Item(query=SEA, answer="salty", idiolect=Idiolect(streams=(stream,))),
        Item(query=SEA, answer="dry", rejected="wet"),
    )

    def asking() -> Any:
        return (yield Score(items=items))

    first, second = run(asking(), {"base": asker})
    tokens = [answer_ids(asker.tokenizer, text) for text in ("salty", "dry", "wet")]
    assert first.log_probs.tolist() == [-i for i in tokens[0]]
    assert first.rejected is None
    assert second.log_probs.tolist() == [-i for i in tokens[1]]
    assert second.rejected.tolist() == [-i for i in tokens[2]]
    prompts = sorted(body["prompt"] for body in server.seen[1:])
    assert prompt_ids(asker.tokenizer, SEA, stream) + tokens[0] in prompts
    assert {(b["echo"], b["max_tokens"]) for b in server.seen[1:]} == {(True, 1)}


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (httpx.Response(404, text="no such path"), "status 404: no such path"),
        (httpx.Response(400, text="echo is not supported"), "echo is not supported"),
        (httpx.Response(200, json={"choices": [{"text": "x", "logprobs": None}]}), "no log-probabilities"),
        (httpx.Response(200, json={"choices": [{"logprobs": {"token_logprobs": [-1.0]}}]}), "does not echo"),
    ],
)
def test_a_server_that_cannot_score_says_so(answer: httpx.Response, says: str, folder: Path) -> None:
    asker = opened(Server(probed, answer), top_logprobs=1, tokenizer=folder)
    with pytest.raises(AccessError, match=says):
        asker.answer([Score(items=(Item(query=SEA, answer="salty"),))], [Key()])


def test_scoring_needs_the_models_own_tokenizer(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match="tokenizer=FOLDER"):
        opened(Server(probed), top_logprobs=1).answer([Score(items=(Item(query=SEA),))], [Key()])
    with pytest.raises(BadInput, match="holds no tokenizer"):
        opened(Server(probed), tokenizer=tmp_path)


def test_the_space_that_a_template_writes_before_answers_is_taken_off_again(folder: Path) -> None:
    spaced = {"choices": [{"index": 0, "message": {"content": " salty"}}]}
    asker = opened(Server(httpx.Response(200, json=spaced)), tokenizer=folder)
    assert asker.answer([Ask(query=SEA)], [Key()]) == [("salty",)]
