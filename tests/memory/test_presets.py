"""Published memories: each does what its paper is about, and no other of them does."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from idiolect.core.types import Record, Turn
from idiolect.memory.forget import DAY
from idiolect.memory.presets.generative_agents import GenerativeAgents, scaled
from idiolect.memory.presets.hipporag import HippoRAG
from idiolect.memory.presets.memorybank import MemoryBank
from idiolect.retrieval.bm25 import BM25
from idiolect.retrieval.protocol import Retriever

NOW = 30 * DAY
Test = Callable[[str], bool]


def turn(id: str, text: str, days: float) -> Record:
    return Turn(id=id, text=text, time=NOW - days * DAY)


def preset(name: str, **more: object) -> Retriever:
    made: dict[str, Callable[..., Retriever]] = {
        "generative_agents": lambda **m: GenerativeAgents(now=NOW, relevance=BM25(), **m),
        "memorybank": lambda **m: MemoryBank(now=NOW, relevance=BM25(), **m),
        "hipporag": lambda **m: HippoRAG(),
    }
    return made[name](**more)


def important_wins(name: str) -> bool:
    """Of two that fit alike and are as old, the important one comes first."""
    pool = [turn("grave", "tea in Oslo", 1), turn("small", "tea in Rome", 1)]
    given = {"importance": {"grave": 9.0}} if name == "generative_agents" else {}
    return preset(name, **given).rank("tea", pool, 1).ids == ("grave",)


def forgets(name: str) -> bool:
    """What was never recalled for a month is not found, though it fits best."""
    pool = [turn("old", "tea and more tea", 29), turn("new", "one boat", 1)]
    return "old" not in preset(name).rank("tea", pool, 2).ids


def follows(name: str) -> bool:
    """A record that shares no word with the question is found over one that shares a name with both."""
    pool = [turn("link", "Anna teaches Bruno", 1), turn("far", "Bruno keeps bees", 1), turn("none", "Otto skates", 1)]
    ids = preset(name).rank("Anna", pool, 3).ids
    return ids.index("far") < ids.index("none") if len(ids) == 3 else False


@pytest.mark.parametrize(
    ("passes", "only"), [(important_wins, "generative_agents"), (forgets, "memorybank"), (follows, "hipporag")]
)
def test_each_preset_does_what_no_other_does(passes: Test, only: str) -> None:
    assert [name for name in ("generative_agents", "memorybank", "hipporag") if passes(name)] == [only]


def test_generative_agents_adds_three_scores_scaled_over_the_pool() -> None:
    pool = [turn("a", "tea", 0), turn("b", "boat", 0.5), turn("c", "tea tea", 1)]
    hits = preset("generative_agents", importance={"b": 10.0}).rank("boat", pool, 3)
    assert hits.ids[0] == "b"
    assert hits.parts["importance"][0] == hits.parts["relevance"][0] == 1.0
    recency = scaled([0.995**0, 0.995**12, 0.995**24])
    assert hits.parts["recency"][0] == pytest.approx(recency[1])


def test_memorybank_keeps_what_was_recalled() -> None:
    bank = MemoryBank(now=NOW - 20 * DAY, relevance=BM25())
    pool = [turn("old", "tea", 22), turn("other", "boat", 22)]
    for _ in range(8):
        hits = bank.rank("tea", pool, 1)
        bank = MemoryBank(now=bank.now, relevance=BM25(), traces=bank.recalled(hits, pool))
    later = MemoryBank(now=NOW, relevance=BM25(), traces=bank.traces)
    assert later.rank("tea boat", pool, 2).ids == ("old",)


def test_hipporag_without_a_word_of_the_question_gives_the_newest() -> None:
    assert HippoRAG().rank("zebra", [turn("a", "tea", 2), turn("b", "boat", 1)], 1).ids == ("b",)
    assert HippoRAG().rank("zebra", [], 1).ids == ()
