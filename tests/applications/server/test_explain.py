"""Why an answer came out as it did: what its sources did for it, where the model can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from tests.applications.conftest import Opener, Running

    from idiolect.models.hf import HFModel


def test_on_a_local_model_a_source_matters_by_what_its_absence_costs(opened: Opener, llama: HFModel) -> None:
    from idiolect.core.requests import Item, Key, Score
    from idiolect.governance.view import view

    door = opened(model=llama)
    for text in ("my sister Anna lives in Kyoto", "my sister likes tea"):
        door.user("ann").add(text)
    messages = [{"role": "user", "content": "my sister?"}]
    answer = door.client().chat.completions.create(model="random-llama-0", messages=messages, user="ann", max_tokens=6)
    path = f"/v1/users/ann/answers/{answer.idiolect['answer_id']}/explain"
    why = door.http.get(path, headers=door.bearer).json()
    assert why["basis"] == "mattered"
    assert [s["importance"] for s in why["sources"]] == sorted((s["importance"] for s in why["sources"]), reverse=True)

    import dataclasses

    import idiolect
    from idiolect.applications.server.answering.pipeline import marked

    data = view(door.service.space("default").store, "ann")
    said = {r.id: r for r in data.records}
    first, second = (said[s["id"]] for s in why["sources"])
    query = idiolect.ask("", "my sister?")

    def total(records: list[Any]) -> float:
        data_ = dataclasses.replace(data, records=tuple(r for r in data.records if r in records))
        made = idiolect.compose("ipa").condition(data_, query, None, None)
        stream = dataclasses.replace(made.streams[0], context=marked(made.streams[0].context))
        item = Item(
            query=query, answer=answer.choices[0].message.content, idiolect=idiolect.Idiolect(streams=(stream,))
        )
        return llama.answer([Score(items=(item,))], [Key()])[0][0].total

    by_hand = total([first, second]) - total([second])
    assert why["sources"][0]["importance"] == pytest.approx(by_hand, abs=1e-3)


def scoring(body: dict[str, Any]) -> httpx.Response:
    """A server that gives log-probabilities of prompts, a word a token: words of the answer are likelier where the
    prompt has them already."""
    words = " ".join(m["content"] for m in body["messages"]).split()
    places: list[Any] = [
        {"0": {"logprob": -0.1, "rank": 1}, str(i + 1): {"logprob": -0.5 if w in words[:i] else -3.0, "rank": 2}}
        for i, w in enumerate(words)
    ]
    places[0] = None
    choice = {"index": 0, "message": {"role": "assistant", "content": "x"}, "finish_reason": "length"}
    usage = {"prompt_tokens": len(words), "completion_tokens": 1, "total_tokens": len(words) + 1}
    head = {"id": "c", "object": "chat.completion", "created": 1, "model": body["model"]}
    told = {"prompt_logprobs": places} if body.get("prompt_logprobs") else {}
    return httpx.Response(200, json={**head, "choices": [choice], "usage": usage, **told})


def explained(door: Running, answer: str) -> Any:
    return door.http.get(f"/v1/users/ann/answers/{answer}/explain", headers=door.bearer).json()


def asked_why(door: Running) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """An explanation of an answer that two things were shown for, and what the upstream was asked for it."""
    for text in ("My sister Anna lives in Kyoto", "I like green tea"):
        door.user("ann").add(text)
    door.stub.say = lambda body: "in Kyoto with Anna"
    messages = [{"role": "user", "content": "Where does my sister live, and what do I drink?"}]
    answer = door.client().chat.completions.create(model="small", messages=messages, user="ann")
    before = len(door.stub.seen)
    return explained(door, answer.idiolect["answer_id"]), door.stub.seen[before:]


def test_an_upstream_that_scores_prompts_says_what_mattered(opened: Opener) -> None:
    door = opened(upstream={"prompt_logprobs": True, "cache_salt": True})
    door.stub.instead = lambda body: scoring(body) if "prompt_logprobs" in body else None
    why, asked = asked_why(door)
    assert why["basis"] == "mattered"
    assert [(s["text"], s["importance"]) for s in why["sources"]] == [
        ("My sister Anna lives in Kyoto", 7.5),  # three of the four words of the answer
        ("I like green tea", 0.0),
    ]
    opened_, whole, *without = asked
    assert [b["messages"][-1]["role"] for b in asked] == ["user", "assistant", "assistant", "assistant"]
    assert (opened_["add_generation_prompt"], whole["continue_final_message"], len(without)) == (True, True, 2)
    assert len({b["cache_salt"] for b in door.stub.seen}) == 1
    assert ["Kyoto" in b["messages"][0]["content"] for b in asked] == [True, True, False, True]


@pytest.mark.parametrize("asked_for", [False, True])
def test_where_an_upstream_does_not_they_were_used(opened: Opener, asked_for: bool) -> None:
    door = opened(upstream={"prompt_logprobs": asked_for})
    why, asked = asked_why(door)
    assert (why["basis"], len(why["sources"]), bool(asked)) == ("used", 2, asked_for)


def test_an_upstream_that_may_see_a_record_no_more_is_not_asked_about_it(opened: Opener) -> None:
    door = opened(upstream={"url": "https://models.example.org/v1", "prompt_logprobs": True})
    door.user("ann").consent("assist", "share_with_provider")
    door.stub.instead = lambda body: scoring(body) if "prompt_logprobs" in body else None
    assert asked_why(door)[0]["basis"] == "mattered"
    (answer,) = door.http.get("/v1/users/ann/answers", headers=door.bearer).json()["results"]
    door.user("ann").consent("assist")
    before = len(door.stub.seen)
    assert explained(door, answer["answer_id"])["basis"] == "used"
    assert len(door.stub.seen) == before
