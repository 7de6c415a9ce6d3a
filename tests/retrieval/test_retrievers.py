"""Retrievers: formulas by hand, an independent library, ties, bounds."""

from __future__ import annotations

import math
from typing import Any

import bm25s
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idiolect.core.types import Interaction, Post, Record, Turn
from idiolect.retrieval import bm25
from idiolect.retrieval.bm25 import BM25, words
from idiolect.retrieval.fuse import Fuse
from idiolect.retrieval.protocol import Retriever, searched
from idiolect.retrieval.recency import Recency

TEXTS = ("the cat sat on the mat", "a dog and a cat", "ships at sea", "the sea, the sea and the ships of the sea")


def turns(*texts: str) -> list[Record]:
    return [Turn(id=str(i), text=t, time=float(i)) for i, t in enumerate(texts)]


def test_bm25_of_one_term_is_the_formula_worked_by_hand() -> None:
    # two documents of 2 and 4 words, mean 3; "sea" stands once in each: idf = ln(1 + .5 / 2.5) = ln 1.2
    short, long = BM25().scores("sea", ["sea wind", "sea one two three"])
    assert short == pytest.approx(math.log(1.2) * 2.5 / (1 + 1.5 * (0.25 + 0.75 * 2 / 3)))
    assert long == pytest.approx(math.log(1.2) * 2.5 / (1 + 1.5 * (0.25 + 0.75 * 4 / 3)))


class Swept(dict[int, Any]):
    """A memory that another thread clears as soon as it was looked into or written to."""

    def __contains__(self, key: object) -> bool:
        found = super().__contains__(key)
        self.clear()
        return found

    def __setitem__(self, key: int, value: Any) -> None:
        self.clear()


def test_bm25_counts_a_text_whatever_becomes_of_what_it_remembers(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = bm25.bag("salt and salt")
    for remembered in (Swept(), Swept({hash("salt and salt"): counted})):
        monkeypatch.setattr(bm25, "REMEMBERED", remembered)
        assert bm25.bag("salt and salt") == counted


def test_bm25_ranks_as_an_independent_library_does() -> None:
    other = bm25s.BM25(k1=1.5, b=0.75, method="lucene")
    other.index([words(t) for t in TEXTS], show_progress=False)
    for query in ("cat", "the sea", "ships and dog"):
        theirs = other.get_scores(words(query))
        ours = np.array(BM25().scores(query, TEXTS)) / 2.5  # Lucene leaves out the factor k1 + 1
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_case_and_punctuation_do_not_matter() -> None:
    assert BM25().rank("SEA!", turns("no", "The sea."), 1).ids == ("1",)


def test_part_of_a_phrase_without_spaces_is_found() -> None:
    assert BM25().rank("京都", turns("大阪に住む", "私は京都に住む"), 1).ids == ("1",)


def test_without_a_common_word_the_newest_wins() -> None:
    assert BM25().rank("zebra", turns("a", "b", "c"), 2).ids == ("2", "1")


def test_a_long_document_counts_less_than_a_short_one() -> None:
    assert BM25().rank("cat", turns("cat " + "x " * 20, "cat y"), 1).ids == ("1",)


def test_recency_is_newest_first() -> None:
    pool = [Turn(id="new", text="", time=9), Turn(id="old", text="", time=1)]
    assert Recency().rank("anything", pool, 2).ids == ("new", "old")


def test_fusion_adds_reciprocal_ranks() -> None:
    pool = turns("cat", "dog")
    fused = Fuse(retrievers=(("words", BM25()), ("age", Recency()))).rank("cat", pool, 2)
    assert fused.scores == pytest.approx((1 / 61 + 1 / 62,) * 2)
    assert fused.parts["words"] == pytest.approx((1 / 62, 1 / 61))
    assert fused.ids == ("1", "0")


def test_a_weight_decides_a_fusion() -> None:
    fuse = Fuse(retrievers=(("words", BM25()), ("age", Recency())), weights=(2.0, 1.0))
    assert fuse.rank("cat", turns("cat", "dog"), 1).ids == ("0",)


def test_an_item_is_found_by_its_label_too() -> None:
    assert searched(Interaction(id="", task="tag", prompt="a film", text="salty")) == "a film salty"
    assert searched(Post(id="", task="headline", prompt="note", text="News!")) == "note News!"


@pytest.mark.parametrize("retriever", [BM25(), Recency()])
@given(texts=st.lists(st.text(max_size=20), max_size=8), query=st.text(max_size=20), k=st.integers(0, 10))
def test_hits_are_distinct_bounded_and_sorted(retriever: Retriever, texts: list[str], query: str, k: int) -> None:
    pool = turns(*texts)
    hits = retriever.rank(query, pool, k)
    assert len(set(hits.ids)) == len(hits.ids) == min(k, len(pool))
    assert list(hits.scores) == sorted(hits.scores, reverse=True)
