"""Pools that BM25 remembers: the scores are those of a pool that nobody has seen before."""

from __future__ import annotations

from random import Random

import pytest

from idiolect.retrieval import bm25
from idiolect.retrieval.bm25 import BM25

WORDS = ("salt", "and", "pepper", "my", "sister", "lives", "in", "東京タワー", "京都")


def line(dice: Random) -> str:
    return " ".join(dice.choices(WORDS, k=dice.randrange(8)))


def test_a_pool_that_grows_or_loses_documents_has_the_scores_of_a_fresh_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bm25, "LEAST", 2)
    dice, texts = Random(3), ["the oldest"]
    for _ in range(150):
        texts += [line(dice) for _ in range(dice.randrange(4))]
        if dice.random() < 0.2:
            texts.pop(dice.randrange(len(texts)))
        if len(texts) < 2 or dice.random() < 0.05:
            texts = ["the oldest", line(dice)]
        query = line(dice)
        remembered = BM25().scores(query, texts)
        with monkeypatch.context() as patch:
            patch.setattr(bm25, "COUNTED", type(bm25.COUNTED)())
            assert BM25().scores(query, texts) == remembered


def test_a_pool_that_only_grew_is_gone_on_with(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"my line {i}" for i in range(bm25.LEAST)]
    BM25().scores("my", texts)
    counted: list[str] = []
    bag = bm25.bag

    def noticed(text: str) -> bm25.Bag:
        counted.append(text)
        return bag(text)

    monkeypatch.setattr(bm25, "bag", noticed)
    BM25().scores("my", [*texts, "a new one"])
    assert counted == ["a new one"]


def test_no_more_pools_are_remembered_than_stated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bm25, "COUNTED", type(bm25.COUNTED)())
    monkeypatch.setattr(bm25, "POOLS", 3)
    for user in range(5):
        BM25().scores("my", [f"{user} line {i}" for i in range(bm25.LEAST)])
    assert len(bm25.COUNTED) == 3
