from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from idiolect.core.layout import ask
from idiolect.core.types import Interaction, Preference, Turn, UserData
from idiolect.data.store import MemoryStore
from idiolect.evaluation.asking.arms import Copy, permuted, recent, swapped
from idiolect.evaluation.tasks import Question
from idiolect.governance.view import view


def person(user: str, *records: Any) -> UserData:
    store = MemoryStore()
    store.append(user, records)
    return view(store, user)


def tag(n: int, text: str, prompt: str = "") -> Interaction:
    return Interaction(id=f"r{n}", time=float(n), task="tag", prompt=prompt or f"film {n}", text=text)


def turn(n: int, text: str) -> Turn:
    return Turn(id=f"t{n}", time=float(n), text=text)


@given(st.integers(2, 40), st.integers(0, 5))
def test_everybody_gets_somebody_elses_data_and_everybodys_is_used_once(users: int, seed: int) -> None:
    names = [f"u{i}" for i in range(users)]
    other = swapped(names, seed)
    assert all(u != v for u, v in other.items())
    assert sorted(other.values()) == sorted(names)


def test_the_circle_is_drawn_by_the_seed() -> None:
    names = [f"u{i}" for i in range(20)]
    assert swapped(names, 0) == swapped(names, 0) != swapped(names, 1)


def test_under_anothers_data_the_id_is_the_others_too() -> None:
    people = {u: person(u, tag(1, "salty")) for u in ("ann", "bob")}
    assert permuted(people)["ann"].user_id == "bob"


def test_somebody_alone_has_nobody_to_change_with() -> None:
    assert swapped(["ann"]) == {}


def test_a_short_history_keeps_the_latest_examples_of_the_task() -> None:
    ann = person("ann", tag(1, "a"), turn(2, "hello"), tag(3, "b"), tag(4, "c"))
    assert [r.id for r in recent(ann, "tag", 2).records] == ["r3", "r4"]
    assert recent(ann, "tag", 0).records == ()


def test_a_short_history_keeps_the_latest_of_what_else_bears_on_a_task() -> None:
    pair = Preference(id="r5", time=5, prompt="When?", chosen="At two.", rejected="Later.")
    wish = Preference(id="r1", time=1, dimension="a smiley")
    ann = person("ann", wish, turn(2, "hello"), tag(3, "b"), tag(4, "c"), pair)
    assert [r.id for r in recent(ann, "fact", 2).records] == ["t2"]
    assert [r.id for r in recent(ann, "preference", 2).records] == ["r1"]
    assert [r.id for r in recent(ann, "choose", 2).records] == ["r5"]
    silent = person("bob", tag(3, "b"), tag(4, "c"), tag(5, "d"))
    assert [r.id for r in recent(silent, "fact", 2).records] == ["r4", "r5"]


class Asking:
    """Questions that learners were asked."""

    def questions(self, user: str, task: str) -> tuple[Question, ...]:
        answer = {"l1": "You live in Bergen.", "l2": "You live in Turku."}[user]
        return (Question(id="x", user=user, task=task, query=ask(task, "?"), target=answer, reference=answer),)


def question(task: str, text: str) -> Question:
    return Question(id="q", user="ann", task=task, query=ask(task, text), target="", reference="")


LEARNERS = [
    person("l1", turn(1, "I live in Bergen now"), turn(2, "You like in the rain")),
    person("l2", turn(1, "I live in Turku now"), turn(2, "You walk in the rain")),
]


def test_copying_takes_the_answer_of_the_nearest_example() -> None:
    ann = person("ann", tag(1, "salty", "a film about ships"), tag(2, "sweet", "a film about cakes"))
    copy = Copy(Asking(), LEARNERS)  # type: ignore[arg-type]
    assert copy.answer(question("tag", "a story of ships"), ann) == "salty"


def test_without_examples_copying_fills_the_commonest_answer_with_the_rarest_word() -> None:
    ann = person("ann", turn(1, "I live in Vilnius now"), turn(2, "rain again"))
    copy = Copy(Asking(), LEARNERS)  # type: ignore[arg-type]
    assert copy.answer(question("fact", "where do I live"), ann) == "You live in Vilnius."


def test_there_is_nothing_to_copy_from_a_user_without_records() -> None:
    copy = Copy(Asking(), LEARNERS)  # type: ignore[arg-type]
    assert copy.answer(question("fact", "where do I live"), person("ann")) == "You live in ."
