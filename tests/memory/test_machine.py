"""Any sequence of operations, with opening again in between, against a dictionary."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from idiolect.memory.opening import open
from idiolect.memory.space import Space

USERS = st.sampled_from(["ann", "Ann", "u1", "u10", "../x", "'"])
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30).filter(str.strip)
PLACES = st.integers(0, 50)


class Machine(RuleBasedStateMachine):
    """`model`: user -> id -> his texts, oldest first."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp())
        self.space = self.opened()
        self.model: dict[str, dict[str, list[str]]] = {}

    def opened(self) -> Space:
        """The space of this run; the same data each time."""
        return open(self.home / "home", encoder=None)

    def teardown(self) -> None:
        self.space.close()
        shutil.rmtree(self.home)

    def one(self, user: str, place: int) -> str | None:
        ids = list(self.model.get(user, {}))
        return ids[place % len(ids)] if ids else None

    @rule(user=USERS, said=st.lists(TEXTS, min_size=1, max_size=3))
    def add(self, user: str, said: list[str]) -> None:
        results = self.space.user(user).add(said)["results"]
        assert [entry["memory"] for entry in results] == [text.strip() for text in said]
        self.model.setdefault(user, {}).update({entry["id"]: [entry["memory"]] for entry in results})

    @rule(user=USERS, place=PLACES, text=TEXTS, erase=st.booleans())
    def update(self, user: str, place: int, text: str, erase: bool) -> None:
        if id := self.one(user, place):
            self.space.user(user).update(id, text, erase_old=erase)
            texts = self.model[user][id]
            self.model[user][id] = [text] if erase else texts if texts[-1] == text else [*texts, text]

    @rule(user=USERS, place=PLACES)
    def delete(self, user: str, place: int) -> None:
        if id := self.one(user, place):
            self.space.user(user).delete(id)
            del self.model[user][id]

    @rule(user=USERS)
    def delete_all(self, user: str) -> None:
        assert self.space.user(user).delete_all() == len(self.model.get(user, {}))
        if user in self.model:
            self.model[user] = {}

    @rule(user=USERS)
    def erase(self, user: str) -> None:
        assert self.space.user(user).erase().records == len(self.model.pop(user, {}))

    @rule(user=USERS, other=USERS)
    def carry(self, user: str, other: str) -> None:
        if user != other and other not in self.model and user in self.model:
            folder = self.home / "carried"
            self.space.user(user).export(folder)
            self.space.user(other).import_(folder)
            self.model[other] = {id: list(texts) for id, texts in self.model[user].items()}
            shutil.rmtree(folder)

    @rule()
    def reopen(self) -> None:
        self.space.close()
        self.space = self.opened()

    @rule(user=USERS)
    def flush(self, user: str) -> None:
        self.space.user(user).flush()

    @rule(user=USERS, text=TEXTS)
    def search(self, user: str, text: str) -> None:
        found = {entry["id"]: entry["memory"] for entry in self.space.user(user).search(text, top_k=1000)["results"]}
        held = {id: texts[-1] for id, texts in self.model.get(user, {}).items()}
        assert found.items() <= held.items()
        from idiolect.retrieval.terms import asked, indexed

        shared = {id for id, memory in held.items() if set(asked(text)) & set(indexed(memory))}
        assert shared <= set(found)

    @invariant()
    def equal(self) -> None:
        assert set(self.space.users()) == set(self.model)
        for user, memories in self.model.items():
            handle = self.space.user(user)
            held = {entry["id"]: entry["memory"] for entry in handle.get_all()["results"]}
            assert held == {id: texts[-1] for id, texts in memories.items()}
            for id, texts in memories.items():
                assert [version["memory"] for version in handle.history(id)] == texts


def run(machine: type[Machine] = Machine, **counts: Any) -> None:
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large]
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine, settings=settings(deadline=None, suppress_health_check=quiet, derandomize=True, **counts)
    )


def test_any_sequence_of_operations_equals_a_dictionary() -> None:
    run(max_examples=5, stateful_step_count=15)


@pytest.mark.long
def test_any_of_many_sequences_of_operations_equals_a_dictionary() -> None:
    run(max_examples=200, stateful_step_count=50)
