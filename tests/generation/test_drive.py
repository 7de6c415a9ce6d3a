"""Three drivers, one result."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from idiolect.core.errors import AccessError, BadInput, UnknownName
from idiolect.core.layout import ask
from idiolect.core.method import Access
from idiolect.core.requests import Ask, Flow, Item, Key, Request, Sampling, Score
from idiolect.generation.drive import run, run_async, run_many
from idiolect.models.hf import HFModel
from idiolect.models.scripted import ScriptedModel

SEA = ask("tag", "a film about ships")


class Noted:
    """Notes each call's requests and keys; texts are the keys' numbers."""

    name, digest, access = "noted", "noted", Access.WEIGHTS

    def __init__(self) -> None:
        self.calls: list[tuple[str, list[Key]]] = []

    def answer(self, requests: Sequence[Request], keys: Sequence[Key]) -> list[Any]:
        self.calls.append((type(requests[0]).__name__, list(keys)))
        for r in requests:
            if isinstance(r, Ask) and r.query.text == "bad":
                raise BadInput("query", "bad", "Ask another.")
            if isinstance(r, Ask) and r.query.text == "refused":
                return [BadInput("query", "refused", "Ask another.") if q is r else ("fine",) for q in requests]
        return [(f"{k.user}:{k.number}",) for k in keys]


def twice() -> Flow[str]:
    first = yield Ask(query=SEA)
    second = yield Ask(query=SEA)
    return f"{first[0]} {second[0]}"


def mixed(kind: str) -> Flow[Any]:
    answers = yield Score(items=(Item(query=SEA),)) if kind == "score" else Ask(query=SEA)
    return answers


def daring(text: str) -> Flow[str]:
    try:
        answers = yield Ask(query=ask("", text))
    except BadInput:
        return "caught"
    return str(answers[0])


def test_a_flows_requests_are_numbered() -> None:
    assert run(twice(), {"base": Noted()}, Key(user="ann")) == "ann:0 ann:1"


def test_many_in_lockstep_answer_each_kind_in_one_call() -> None:
    model = Noted()
    flows = {Key(user=str(i)): mixed("score" if i % 2 else "ask") for i in range(6)}
    done = run_many(flows, {"base": model})
    assert [(kind, len(keys)) for kind, keys in model.calls] == [("Ask", 3), ("Score", 3)]
    assert done == {k: (f"{k.user}:0",) for k in flows}


def test_each_flow_gets_the_keys_that_it_gets_alone() -> None:
    keys = [Key(user=u) for u in ("ann", "bob")]
    together = run_many({k: twice() for k in keys}, {"base": Noted()})
    assert together == {k: run(twice(), {"base": Noted()}, k) for k in keys}


def test_async_gives_the_same() -> None:
    assert asyncio.run(run_async(twice(), {"base": Noted()}, Key(user="ann"))) == "ann:0 ann:1"


@pytest.mark.parametrize("text", ["bad", "refused"])
def test_an_error_reaches_the_flow_that_asked_and_no_other(text: str) -> None:
    flows = {Key(user="ann"): daring("good"), Key(user="bob"): daring(text), Key(user="cid"): daring("good")}
    done = list(run_many(flows, {"base": Noted()}).values())
    assert done[1] == "caught"
    assert "caught" not in (done[0], done[2])
    assert run(daring(text), {"base": Noted()}) == "caught"
    assert asyncio.run(run_async(daring(text), {"base": Noted()})) == "caught"


def test_an_error_that_no_flow_catches_comes_out_and_closes_the_others() -> None:
    closed = []

    def careless() -> Flow[None]:
        yield Ask(query=ask("", "bad"))

    def patient() -> Flow[None]:
        try:
            yield Ask(query=SEA)
            yield Ask(query=SEA)
        finally:
            closed.append(True)

    with pytest.raises(BadInput, match="bad"):
        run_many({Key(user="a"): patient(), Key(user="b"): careless()}, {"base": Noted()})
    assert closed == [True]


def test_a_model_that_gives_too_little_refuses_before_it_is_asked() -> None:
    scripted = ScriptedModel([])
    with pytest.raises(AccessError, match="a method needs TOP_LOGITS of scripted, which gives TEXT"):
        run(mixed("score"), {"base": scripted})
    assert not scripted.asked


def test_an_unknown_role_is_named() -> None:
    def other() -> Flow[Any]:
        return (yield Ask(query=SEA, to="judge"))

    with pytest.raises(UnknownName, match="judge"):
        run(other(), {"base": Noted()})


def test_a_flow_that_asks_nothing_just_ends() -> None:
    def silent() -> Flow[int]:
        return 3
        yield

    assert run(silent(), {}) == 3
    assert run_many({Key(): silent()}, {}) == {Key(): 3}


def test_no_hook_is_on_the_model_while_a_flow_thinks(small_crowd: Any) -> None:
    module = small_crowd.module
    seen = []

    def watching(i: int) -> Flow[None]:
        for _ in range(2):
            yield small_crowd.ask(i)
            seen.append(sum(len(m._forward_hooks) for m in module.modules()))

    run_many({small_crowd.key(i): watching(i) for i in range(4)}, {"base": small_crowd.model})
    assert seen == [0] * 8


def test_lockstep_draws_what_each_draws_alone(small_crowd: Any) -> None:
    def talk(i: int) -> Flow[list[str]]:
        texts = []
        for _ in range(2):
            (text,) = yield Ask(
                query=SEA, idiolect=small_crowd.idiolect(i), sampling=Sampling(max_tokens=5, temperature=1.0)
            )
            texts.append(text)
        return texts

    model: HFModel = small_crowd.model
    together = run_many({small_crowd.key(i): talk(i) for i in range(6)}, {"base": model})
    assert together == {small_crowd.key(i): run(talk(i), {"base": model}, small_crowd.key(i)) for i in range(6)}
