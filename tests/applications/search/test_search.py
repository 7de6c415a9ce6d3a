"""Documents in an order for one user."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import idiolect
from idiolect.applications.search import search
from idiolect.core.errors import BadInput
from idiolect.core.types import Interaction
from idiolect.memory.space import Space

DOCUMENTS = [
    {"id": "code", "title": "Python", "text": "Python is a language. Write functions and classes in Python."},
    {"id": "snake", "title": "Snakes", "text": "The python is a large snake that lives in warm forests."},
    {"id": "bread", "text": "Bread needs flour and water."},
]
CANARY = "canary-19bd"


@pytest.fixture
def space(tmp_path: Path) -> Iterator[Space]:
    with idiolect.open(tmp_path / "home", encoder=None) as found:
        found.user("ann").add([f"I love snakes and warm forests {CANARY}", "I moved to Oslo"])
        yield found


def ids(space: Space, user: str, query: str = "python", **options: object) -> list[str]:
    return [one.document.id for one in search(space, user, query, DOCUMENTS, **options).results]  # type: ignore[arg-type]


def test_an_ambiguous_question_is_read_in_his_sense(space: Space) -> None:
    assert ids(space, "ann") == ["snake", "code"]
    assert ids(space, "bob") == ["code", "snake"]


def test_what_does_not_bear_on_the_question_never_comes_up(space: Space) -> None:
    space.user("ann").add("I love bread, flour and water")
    assert "bread" not in ids(space, "ann")


def test_somebody_unknown_gets_what_everybody_gets_and_is_told_so(space: Space) -> None:
    found = search(space, "bob", "python", DOCUMENTS)
    assert not found.personal
    assert "everybody gets: nothing that bears on this is known" in found.note
    assert [one.place for one in found.results] == [1, 2]


def test_the_score_is_made_of_relevance_and_of_what_is_his(space: Space) -> None:
    found = search(space, "ann", "python", DOCUMENTS, strength=0.4)
    for one in found.results:
        assert one.score == pytest.approx(0.6 * one.parts["relevance"] + 0.4 * one.parts["personal"])
        assert sum(reason.added for reason in one.reasons) == pytest.approx(one.parts["personal"], abs=0.02)
    (reason,) = found.results[0].reasons
    assert CANARY in reason.memory
    assert (found.results[0].place, found.of) == (2, 3)


def test_strength_0_is_everybodys_order(space: Space) -> None:
    found = search(space, "ann", "python", DOCUMENTS, strength=0)
    assert [one.document.id for one in found.results] == ["code", "snake"]
    assert not found.personal
    assert "strength is 0" in found.note


def test_what_he_opened_before_comes_up_again(space: Space) -> None:
    space.user("eve").add(Interaction(id="1", task="search", prompt="python", text="opened", item="snake"))
    assert ids(space, "eve") == ["snake", "code"]


def test_where_no_document_bears_on_it_it_says_so(space: Space) -> None:
    found = search(space, "ann", "zeppelin", DOCUMENTS)
    assert (found.results, found.note) == ((), "no document bears on this")


def test_without_his_consent_nothing_of_him_is_used(space: Space) -> None:
    space.user("ann").consent()
    found = search(space, "ann", "python", DOCUMENTS)
    assert [one.document.id for one in found.results] == ["code", "snake"]
    assert "does not allow" in found.note
    assert CANARY not in str(found.plain())


def test_he_finds_it_in_his_audit_trail(space: Space) -> None:
    search(space, "ann", "python", DOCUMENTS)
    assert ("search documents", "assist") in [(one["action"], one["purpose"]) for one in space.user("ann").audit()]


def test_a_folder_is_searched_with_its_folders_but_not_what_is_hidden(space: Space, tmp_path: Path) -> None:
    root = tmp_path / "notes"
    for name in ("a.md", "deep/b.txt", ".git/c.txt", "d.png", "deep/.e.txt", "empty.md"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("" if name == "empty.md" else "the python in the forest")
    (root / "link.md").symlink_to(root / "a.md")
    found = search(space, "ann", "python", root)
    assert sorted(one.document.id for one in found.results) == ["a.md", "deep/b.txt"]


def test_the_snippet_is_the_piece_that_answers(space: Space) -> None:
    long = "\n".join(f"Line {i} is about bread and how it is baked in the morning." for i in range(40))
    given = [{"id": "long", "title": "Notes", "text": f"{long}\nThe python sleeps.\n{long}"}]
    (one,) = search(space, "ann", "where does the python sleep", given).results
    assert len(one.snippet) <= 240
    assert "python" in search(space, "ann", "python", [f"{'bread ' * 200}\nThe python sleeps."]).results[0].snippet


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([], "none to search"),
        ([{"id": "a", "text": " "}], "says nothing"),
        ([{"id": "a", "text": "x"}, {"id": "a", "text": "y"}], "two have the id 'a'"),
        ([3], "is a int"),
    ],
)
def test_what_is_no_document_is_refused_by_its_place(space: Space, given: list[object], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        search(space, "ann", "python", given)  # type: ignore[arg-type]


def test_a_folder_without_texts_says_what_a_text_is(space: Space, tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"\x89")
    with pytest.raises(BadInput, match=r"\.md"):
        search(space, "ann", "python", tmp_path)


@pytest.mark.parametrize(("query", "strength"), [(" ", 0.4), ("python", 1.1)])
def test_an_empty_question_and_an_odd_strength_are_refused(space: Space, query: str, strength: float) -> None:
    with pytest.raises(BadInput):
        search(space, "ann", query, DOCUMENTS, strength=strength)
