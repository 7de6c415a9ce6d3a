from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from idiolect.core.errors import MissingExtra, UnknownName
from idiolect.evaluation import rivals
from idiolect.evaluation.rivals.load import made
from idiolect.evaluation.rivals.measure import ahead, measured


class Hashed:
    """Words in buckets: no meaning, and no time."""

    dim = 64

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        rows = np.zeros((len(texts), self.dim), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().replace("?", "").replace(".", "").split():
                row[int(hashlib.md5(word.encode(), usedforsecurity=False).hexdigest(), 16) % self.dim] += 1
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def test_every_question_has_one_fact_that_answers_it() -> None:
    load = made(3, 40, 30)
    assert all(load.facts[a.user].count(a.fact) == 1 for a in load.asked)
    assert all(len(set(facts)) == 40 for facts in load.facts.values())


def test_the_load_is_the_same_for_the_same_seed() -> None:
    assert made(2, 20, 10, seed=1) == made(2, 20, 10, seed=1) != made(2, 20, 10, seed=2)


def test_an_unknown_system_is_refused_with_near_names() -> None:
    with pytest.raises(UnknownName, match="did you mean mem0"):
        rivals.get("mem")


@pytest.mark.parametrize("name", rivals.SYSTEMS)
def test_each_system_finds_its_facts_leaks_none_and_forgets(name: str) -> None:
    load = made(2, 12, 12)
    try:
        found = measured(name, load, Hashed())
    except MissingExtra as error:
        pytest.skip(str(error))
    assert found.recall_10 > 0.9
    assert (found.leaks, found.left, found.memories) == (0, 0, 24)


def test_ours_leaves_no_byte_of_what_was_erased() -> None:
    assert measured("ours", made(2, 12, 12), Hashed()).residue == ()


def test_a_system_is_not_ahead_of_itself() -> None:
    found = measured("ours", made(1, 12, 6), Hashed())
    assert ahead(found, found).mean == 0.0


def test_a_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "langmem", None)
    monkeypatch.setitem(sys.modules, "langgraph.store.memory", None)
    with pytest.raises(MissingExtra, match="langmem"):
        rivals.opened("langmem", tmp_path, Hashed())
