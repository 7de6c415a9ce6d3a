from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from evaluation.benchmarks import official
from evaluation.benchmarks.test_readers import written
from idiolect.core.errors import BadInput, MissingExtra, UnknownName
from idiolect.evaluation import rivals
from idiolect.evaluation.rivals import dialogues, given, table
from idiolect.evaluation.rivals.load import Asked, Load, Said, made
from idiolect.evaluation.rivals.measure import Clock, Measured, Run, measured
from idiolect.evaluation.rivals.vectors import Shared
from idiolect.memory.opening import open as open_space
from idiolect.retrieval.dense import MiniLM
from idiolect.retrieval.protocol import Lexicon
from idiolect.retrieval.split import pieces


class Hashed:
    """Words in buckets: no meaning, and no time."""

    dim = 64

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        rows = np.zeros((len(texts), self.dim), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().replace("?", "").replace(".", "").split():
                row[int(hashlib.md5(word.encode(), usedforsecurity=False).hexdigest(), 16) % self.dim] += 1
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


class Scripted:
    """Gives back the last texts that anybody said; keeps what was erased in a file."""

    name = "scripted"

    def __init__(self, folder: Path) -> None:
        self.said: list[tuple[str, str]] = []
        self.file = folder / "kept.txt"

    def add(self, user: str, said: Said) -> None:
        self.said.insert(0, (said.text, user))

    def settle(self) -> None:
        self.file.write_text("\n".join(text for text, _ in self.said))

    def search(self, user: str, query: str, k: int) -> list[tuple[str, str]]:
        return self.said[:k]

    def erase(self, user: str) -> None:
        self.said = [one for one in self.said if one[1] != user]

    def close(self) -> None: ...


def alone(name: str, folder: Path, load: Load) -> Measured:
    """One system, measured by itself."""
    run = Run(rivals.opened(name, folder, Hashed()), folder)
    try:
        return measured([run], load)[0]
    finally:
        run.system.close()


def scripted(folder: Path, load: Load) -> Measured:
    return measured([Run(Scripted(folder), folder)], load)[0]


def talk(*questions: Asked) -> Load:
    ann = (Said("Rex is old", "1"), Said("Good morning", "2"), Said("I sold the car", "2"))
    return Load({"ann": ann, "ben": (Said("Good morning", "1"),)}, questions)


def test_every_question_has_one_fact_that_answers_it() -> None:
    load = made(3, 40, 30)
    told = {user: [said.text for said in facts] for user, facts in load.said.items()}
    assert all(told[a.user].count(a.wanted[0]) == len(a.wanted) == 1 for a in load.asked)
    assert all(len(set(texts)) == 40 for texts in told.values())


def test_the_load_is_the_same_for_the_same_seed() -> None:
    assert made(2, 20, 10, seed=1) == made(2, 20, 10, seed=1) != made(2, 20, 10, seed=2)


def test_dialogues_bring_turns_with_sessions_and_questions_with_evidence(tmp_path: Path) -> None:
    load = dialogues.read(written(tmp_path, official.locomo()))
    told = {user: {said.text: said.session for said in texts} for user, texts in load.said.items()}
    assert load.asked
    for asked in load.asked:
        assert {told[asked.user][text] for text in asked.wanted} == set(asked.sessions)


def test_every_second_question_of_the_dialogues_can_be_taken(tmp_path: Path) -> None:
    folder = written(tmp_path, official.locomo())
    assert dialogues.read(folder, every=2).asked == dialogues.read(folder).asked[::2]


def given_as(path: Path, **changed: object) -> Load:
    """A file of one's own with some of its fields replaced, read."""
    told = {"ann": ["Rex is old", {"text": "I sold the car", "session": "monday", "time": 5}]}
    asked = [{"user": "ann", "query": "Where is the car?", "wanted": ["I sold the car"]}]
    path.write_text(json.dumps({"said": told, "asked": asked, **changed}))
    return given.read(path)


def test_texts_of_ones_own_are_read_with_their_sessions(tmp_path: Path) -> None:
    load = given_as(tmp_path / "mine.json")
    assert load.said["ann"] == (Said("Rex is old"), Said("I sold the car", "monday", 5.0))
    assert load.asked == (Asked("ann", "Where is the car?", ("I sold the car",), frozenset({"monday"})),)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"said": {"ann": [7]}}, "text 0 of ann: an object is wanted"),
        ({"said": {"ben": ["I sold the car"]}}, "question 0: 'ann' never said 'I sold the car'"),
        ({"asked": [{"user": "ann", "query": "?", "wanted": []}]}, "nothing answers it"),
        ({"asked": []}, "asks nothing"),
    ],
)
def test_a_file_of_ones_own_that_cannot_be_asked_is_refused(
    changed: dict[str, object], said: str, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match=said):
        given_as(tmp_path / "mine.json", **changed)


def test_an_unknown_system_is_refused_with_near_names() -> None:
    with pytest.raises(UnknownName, match="did you mean mem0"):
        rivals.get("mem")


@pytest.mark.filterwarnings("ignore")  # of others' packages
@pytest.mark.parametrize("name", rivals.SYSTEMS)
def test_each_system_finds_its_facts_leaks_none_and_forgets(name: str, tmp_path: Path) -> None:
    try:
        found = alone(name, tmp_path, made(2, 12, 12))
    except MissingExtra as error:
        pytest.skip(str(error))
    assert found.recall.value > 0.9
    assert (found.leaks, found.left, found.memories) == (0, 0, 24)


def test_ours_leaves_no_byte_of_what_was_erased(tmp_path: Path) -> None:
    assert alone("ours", tmp_path, made(2, 12, 12)).residue == ()


def test_ours_is_told_sessions_and_the_bare_one_is_not(tmp_path: Path) -> None:
    kept = {}
    for name in ("ours", "bare"):
        home = tmp_path / name
        system = rivals.opened(name, home, Hashed())
        system.add("ann", Said("Rex is old", "monday", 5.0))
        system.close()
        with open_space(home / "home", encoder=None) as space:
            kept[name] = bool(space.user("ann").get_all(filters={"session": "monday"})["results"])
    assert kept == {"ours": True, "bare": False}


def test_recall_is_the_share_of_what_answers(tmp_path: Path) -> None:
    load = talk(Asked("ann", "?", ("Rex is old", "nothing like it")), Asked("ann", "?", ("I sold the car",)))
    assert scripted(tmp_path, load).recall.value == 0.75


def test_a_session_is_right_if_the_first_text_was_said_in_it(tmp_path: Path) -> None:
    found = scripted(tmp_path, talk(Asked("ben", "?", ("Good morning",), frozenset({"1"}))))
    assert found.session is not None
    assert (found.first.value, found.session.value) == (1.0, 1.0)
    wrong = scripted(tmp_path, talk(Asked("ann", "?", ("Rex is old",), frozenset({"1"}))))
    assert wrong.session is not None
    assert (wrong.first.value, wrong.session.value) == (0.0, 0.0)


def test_texts_of_others_that_are_found_are_counted(tmp_path: Path) -> None:
    assert scripted(tmp_path, talk(Asked("ann", "?", ("Rex is old",)))).leaks == 2  # ben's, and nobody's


def test_what_is_left_of_an_erased_user_is_told(tmp_path: Path) -> None:
    found = scripted(tmp_path, talk(Asked("ann", "?", ("Rex is old",))))
    assert (found.left, found.residue) == (2, ("kept.txt",))


def test_systems_take_turns_and_another_one_begins_each_time(tmp_path: Path) -> None:
    order = []

    class Noted(Scripted):
        def search(self, user: str, query: str, k: int) -> list[tuple[str, str]]:
            order.append(self.name)
            return super().search(user, query, k)

    runs = [Run(Noted(tmp_path), tmp_path) for _ in range(2)]
    runs[0].system.name, runs[1].system.name = "a", "b"  # type: ignore[misc]
    measured(runs, talk(*[Asked("ann", "?", ("Rex is old",))] * 3))
    assert order[2:8] == ["a", "b", "b", "a", "a", "b"]


def test_what_was_put_off_counts_in_the_rate_of_additions() -> None:
    clock = Clock(wall=[0.5, 0.5], busy=[0.25, 0.25], late=(1.0, 0.5))
    assert (clock.speed().a_second, clock.speed().a_busy_second) == (1.0, 2.0)
    assert (clock.speed().ms, clock.speed().busy_ms) == (500.0, 250.0)


def test_pieces_of_long_texts_are_encoded_before_the_clock_starts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[str] = []

    def encode(_: MiniLM, texts: Sequence[str]) -> np.ndarray:
        asked.extend(texts)
        return np.ones((len(texts), 384), np.float32)

    monkeypatch.setattr(MiniLM, "encode", encode)
    long = "We walked along the river for an hour. " * 40
    encoder = Shared(tmp_path)
    encoder.prepare([long, "short"])
    encoder.encode(pieces(long))
    assert len(asked) == len(set(asked)) > 2


def test_ours_reads_the_table_of_words_through_the_shared_vectors(tmp_path: Path) -> None:
    assert isinstance(Shared(tmp_path), Lexicon)


def test_the_table_gives_times_as_ratios_to_the_first(tmp_path: Path) -> None:
    found = scripted(tmp_path, talk(Asked("ann", "?", ("Rex is old",))))
    head, rule, row = table.lines([found])
    assert head.count("|") == rule.count("|") == row.count("|")
    assert row.count("(1.00 x)") == 5


def test_a_system_is_not_said_to_be_ahead_of_its_like(tmp_path: Path) -> None:
    found = scripted(tmp_path, talk(*(Asked(u, "?", ("Rex is old",)) for u in ("ann", "ben"))))
    (sentence,) = table.sentences([found, found], "dialogues")
    assert "cannot be told" in sentence
    assert "2 dialogues" in sentence


def test_a_mem0_that_is_too_old_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    known = {"mem0": "Memory", "mem0.embeddings.base": "EmbeddingBase", "mem0.utils.factory": "EmbedderFactory"}
    for module, name in known.items():
        monkeypatch.setitem(sys.modules, module, SimpleNamespace(**{name: None}))
    monkeypatch.setattr(rivals.get("mem0"), "version", lambda _: "0.1.115")
    with pytest.raises(BadInput, match="2 or newer"):
        rivals.opened("mem0", tmp_path, Hashed())


def test_a_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "langmem", None)
    monkeypatch.setitem(sys.modules, "langgraph.store.memory", None)
    with pytest.raises(MissingExtra, match="langmem"):
        rivals.opened("langmem", tmp_path, Hashed())
