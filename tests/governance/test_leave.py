"""Without leave the same model answers as if there were no method, and the response says why."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from idiolect.core.layout import ask as asked
from idiolect.core.requests import Ask
from idiolect.core.types import Attribute, Message
from idiolect.data.policy import Policy
from idiolect.data.store import MemoryStore
from idiolect.generation.drive import run
from idiolect.governance.leave import answer, ask, destination
from idiolect.models.scripted import ScriptedModel
from idiolect.personalize import compose

QUERY = asked("", "Where does my sister live?")
PROVIDER = "https://models.example.org/v1"


def said(conversation: Sequence[Message]) -> str:
    return " | ".join(m.content for m in conversation)


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    store.append("ann", [Attribute(id="a", name="sister lives in", value="Kyoto canary")])
    return store


def test_with_leave_the_method_answers(store: MemoryStore) -> None:
    leave = ask(store, "ann")
    model = ScriptedModel(said)
    assert "Kyoto" in run(answer(leave, QUERY, compose("ipa"), None, None), {"base": model})
    assert leave.why == ""


@pytest.mark.parametrize(("consents", "where"), [((), None), (("train", "share"), None), (("assist",), PROVIDER)])
def test_without_leave_the_model_sees_what_it_sees_without_a_method(
    store: MemoryStore, consents: tuple[str, ...], where: str | None
) -> None:
    store.consent("ann", *consents)
    leave = ask(store, "ann", destination=destination(store, where))
    plain, model = ScriptedModel(said), ScriptedModel(said)
    generic = plain.answer([Ask(query=QUERY)], [])[0][0]
    assert run(answer(leave, QUERY, compose("ipa"), None, {"own": "canary"}), {"base": model}) == generic
    assert model.asked == plain.asked
    assert leave.data is None


def test_why_names_what_is_missing_and_nothing_of_his(store: MemoryStore) -> None:
    why = ask(store, "ann", destination="provider").why
    assert "does not allow 'share_with_provider'" in why
    assert "canary" not in why


def test_a_model_is_local_without_an_address_on_loopback_or_where_it_is_trusted() -> None:
    trusting = MemoryStore(Policy(trusted=frozenset({PROVIDER})))
    found = [destination(s, a) for s in (MemoryStore(), trusting) for a in (None, "http://localhost:1/v1", PROVIDER)]
    assert found == ["local", "local", "provider", "local", "local", "local"]


def test_records_that_stay_here_never_reach_a_provider(store: MemoryStore) -> None:
    store.append("ann", [Attribute(id="b", name="sister", value="hidden canary", local_only=True)])
    store.consent("ann", "assist", "share_with_provider")
    model = ScriptedModel(said)
    text = run(answer(ask(store, "ann", destination="provider"), QUERY, compose("ipa"), None, None), {"base": model})
    assert ("Kyoto" in text, "hidden" in text) == (True, False)
