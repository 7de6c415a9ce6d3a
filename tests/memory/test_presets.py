"""Published memories: each does what its paper is about, and no other of them does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from idiolect.core.types import Attribute, Interaction, Record, Turn
from idiolect.memory.consolidate import telling
from idiolect.memory.forget import DAY, Trace
from idiolect.memory.presets.amem import AMem
from idiolect.memory.presets.edits import distance, mistyped
from idiolect.memory.presets.generative_agents import GenerativeAgents, scaled
from idiolect.memory.presets.hipporag import Graph, HippoRAG, triples
from idiolect.memory.presets.ldagent import LDAgent
from idiolect.memory.presets.malp import MaLP
from idiolect.memory.presets.map import MAP, labels
from idiolect.memory.presets.memorybank import MemoryBank
from idiolect.memory.presets.memoryos import MemoryOS
from idiolect.memory.presets.memprompt import MemPrompt
from idiolect.memory.presets.omem import OMem
from idiolect.memory.presets.personamem import PersonaMem
from idiolect.memory.presets.teachme import TeachMe
from idiolect.retrieval.bm25 import BM25
from idiolect.retrieval.protocol import Retriever

NOW = 30 * DAY
HOUR = DAY / 24


class Words:
    """Counts of telling words; "puppy" means what "dog" does."""

    dim = 64

    def __init__(self) -> None:
        self.places: dict[str, int] = {}

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.zeros((len(texts), self.dim), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in telling(text.replace("puppy", "dog")):
                row[self.places.setdefault(word, len(self.places))] += 1
        return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6), np.float32)


PRESETS: dict[str, Callable[..., Retriever]] = {
    "generative_agents": partial(GenerativeAgents, now=NOW, relevance=BM25()),
    "memorybank": partial(MemoryBank, now=NOW, relevance=BM25()),
    "memoryos": partial(MemoryOS, short=2, topics=1),
    "malp": MaLP,
    "ldagent": partial(LDAgent, now=NOW),
    "memprompt": MemPrompt,
    "teachme": TeachMe,
    "omem": OMem,
    "hipporag": partial(HippoRAG, relevance=BM25()),
    "amem": AMem,
    "personamem": PersonaMem,
    "map": MAP,
}
GIVEN = {  # who takes what may be known beside the records
    "importance": ("generative_agents",),
    "traces": ("memorybank", "memoryos", "malp"),
    "encoder": ("memoryos", "malp", "ldagent", "memprompt", "omem", "amem", "map"),
}


def preset(name: str, **more: Any) -> Retriever:
    """With as much of what is given as it takes."""
    given = {"encoder": Words(), **more}
    return PRESETS[name](**{key: value for key, value in given.items() if name in GIVEN[key]})


def turn(id: str, text: str, days: float, **more: Any) -> Record:
    return Turn(id=id, text=text, time=NOW - days * DAY, **more)


def important_wins(name: str) -> bool:
    """Of two that fit alike and are as old, the important one comes first."""
    pool = [turn("grave", "tea in Oslo", 1), turn("small", "tea in Rome", 1)]
    return preset(name, importance={"grave": 9.0}).rank("tea", pool, 1).ids == ("grave",)


def forgets(name: str) -> bool:
    """What was never recalled for a month is not found, though it fits best; what is new is."""
    pool = [turn("old", "tea and more tea", 29), turn("new", "one boat", 1)]
    return preset(name).rank("tea", pool, 2).ids == ("new",)


def keeps_the_last_pages_and_one_topic(name: str) -> bool:
    """The last two pages are given whatever is asked, of older ones only those of the segment that fits."""
    older = [turn("lamp", "lamp broke", 9), turn("tea", "tea in Oslo", 8), turn("green", "green tea from Oslo", 7)]
    pool = [*older, turn("bus", "bus late", 2), turn("rain", "rain again", 1)]
    return set(preset(name).rank("tea", pool, 10).ids) == {"tea", "green", "bus", "rain"}


def promotes(name: str) -> bool:
    """What was recalled often outlives its session, what was not is flushed, though it is as new and fits as well."""
    pool = [turn("often", "tea in Oslo", 1), turn("never", "tea in Rome", 1), turn("last", "rain", 0)]
    made = preset(name, traces={"often": Trace(id="often", time=NOW - DAY, recalled=NOW - DAY, recalls=3)})
    return made.rank("tea in Oslo", pool, 3).ids == ("often",) and not made.rank("tea in Rome", pool, 3).ids


def remembers_sessions(name: str) -> bool:
    """A line of the same hour comes along, before a newer one of another session that fits as little."""
    pool = [turn("along", "Bruno keeps bees", 1), turn("hit", "tea with Anna", 1 - 0.5 / 24)]
    pool.append(turn("other", "Otto skates", 1 - 4 / 24))
    return preset(name).rank("tea", pool, 3).ids == ("hit", "along", "other")


def forgives_typing(name: str) -> bool:
    """A mistyped question finds what was meant by it, and a question about something else finds nothing."""
    said = "of the walls, and never of the film that we saw"
    pool = [Interaction(id="meant", task="reply", prompt="which colour", text=said, time=NOW - DAY)]
    pool.append(Interaction(id="other", task="reply", prompt="how many mountains", text="only in Norway", time=NOW))
    made = preset(name)
    return made.rank("coluor", pool, 2).ids == ("meant",) and not made.rank("where is my hat", pool, 2).ids


def overrules(name: str) -> bool:
    """A belief that the user denied is not given; what he says, and beliefs he did not deny, are."""
    pool = [turn("belief", "Penguins can fly", 0.3, role="assistant"), turn("denied", "Penguins cannot fly", 0.2)]
    pool.append(turn("kept", "Penguins eat fish", 0.1, role="assistant"))
    return set(preset(name).rank("penguins", pool, 3).ids) == {"denied", "kept"}


def follows_the_rarest_word(name: str) -> bool:
    """A record with the rarest word of the question is found over one with all its others."""
    pool = [turn(f"most{i}", f"tea with Anna in Oslo, winter snow and harbour lights {i}", 8 - i) for i in range(2)]
    pool.insert(0, turn("rare", "zebra lamp", 9))
    pool += [turn(f"none{i}", f"bus {i}", 3 - i) for i in range(3)]
    return preset(name).rank("tea Anna Oslo winter snow harbour zebra", pool, 1).ids == ("rare",)


def walks(name: str) -> bool:
    """What is two steps away, over names that records share, comes before what is none."""
    pool = [
        turn("one", "Anna teaches Bruno", 4),
        turn("two", "Bruno visits Clara", 3),
        turn("far", "Clara keeps bees", 2),
    ]
    ids = preset(name).rank("Anna", [*pool, turn("none", "Otto skates home", 1)], 4).ids
    return "far" in ids and "none" in ids and ids.index("far") < ids.index("none")


def links_by_meaning(name: str) -> bool:
    """A note that shares no word with the question or the hit comes along, as it means what the hit does."""
    pool = [turn("hit", "dog postman", 3), turn("linked", "puppy", 2), turn("none", "lamp", 1)]
    return preset(name).rank("postman", pool, 3).ids == ("hit", "linked", "none")


def reads_one_note(name: str) -> bool:
    """Whatever is asked, the same lines are given, in the same order."""
    pool = [turn("tea", "tea in Oslo", 3), turn("boat", "a boat for Anna", 2), turn("bus", "bus late", 1)]
    pool.append(turn("lamp", "lamp broke", 0))
    asked = [preset(name).rank(question, pool, 4).ids for question in ("tea", "boat", "zebra")]
    return len(asked[0]) == 4 and len(set(asked)) == 1


def counts_labels(name: str) -> bool:
    """What has more labels in common comes first, though another shares more words."""
    films = {"labels": "Heat. Genres: crime, drama", "words": "A slow long film of one boat. Genres: war"}
    pool = [Interaction(id=id, task="rate", prompt=text, text="4", time=NOW) for id, text in films.items()]
    return preset(name).rank("A slow long film of one boat. Genres: drama, crime", pool, 1).ids == ("labels",)


TESTS: Mapping[str, Callable[[str], bool]] = {
    "generative_agents": important_wins,
    "memorybank": forgets,
    "memoryos": keeps_the_last_pages_and_one_topic,
    "malp": promotes,
    "ldagent": remembers_sessions,
    "memprompt": forgives_typing,
    "teachme": overrules,
    "omem": follows_the_rarest_word,
    "hipporag": walks,
    "amem": links_by_meaning,
    "personamem": reads_one_note,
    "map": counts_labels,
}


@pytest.mark.parametrize("only", TESTS)
def test_each_preset_does_what_no_other_does(only: str) -> None:
    assert [name for name in PRESETS if TESTS[only](name)] == [only]


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_ranks_as_every_retriever_does(name: str) -> None:
    pool = [turn(f"{i}", f"tea {word} Anna", 9 - i) for i, word in enumerate(("one", "two", "six", "ten"))]
    pool.append(Attribute(id="home", name="home", value="Oslo", time=NOW))
    made = preset(name)
    for question in ("tea one Anna", "zebra", ""):
        hits = made.rank(question, pool, 3)
        assert len(hits.ids) == len(hits.scores) == len(set(hits.ids)) <= 3
        assert set(hits.ids) <= {record.id for record in pool}
        assert list(hits.scores) == sorted(hits.scores, reverse=True)
        assert hits == made.rank(question, pool, 3)
        assert made.rank(question, [], 3).ids == made.rank(question, pool, 0).ids == ()


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


def test_memoryos_without_room_drops_the_segment_that_was_visited_least() -> None:
    pool = [turn("tea", "tea in Oslo", 9), turn("lamp", "lamp broke", 8), turn("last", "rain", 1)]
    seen = {"tea": Trace(id="tea", time=NOW - 9 * DAY, recalls=2)}
    made = MemoryOS(encoder=Words(), short=1, room=1, traces=seen)
    assert set(made.rank("lamp", pool, 9).ids) == {"tea", "last"}


def test_memoryos_gives_what_is_stated_beside_what_was_said() -> None:
    stated = Attribute(id="home", name="home", value="Oslo", time=0.0)
    assert "home" in MemoryOS(encoder=Words(), short=1).rank("zebra", [stated, turn("a", "tea", 1)], 9).ids


def test_a_far_older_session_gives_way_to_a_newer_one_about_the_same() -> None:
    pool = [turn("old", "tea in Oslo", 400), turn("new", "tea in Oslo", 1)]
    assert LDAgent(now=NOW, encoder=Words()).rank("tea", pool, 2).ids == ("new", "old")


def test_the_note_never_grows_beyond_its_tokens() -> None:
    pool = [turn(f"{i}", f"item{i} number{i} thing{i}", 30 - i) for i in range(20)]
    note = PersonaMem(tokens=40).note(pool)
    assert 0 < sum(-(-len(line.text.encode()) // 3) for line in note) <= 40


def test_persona_facts_are_one_of_the_three_lists_of_omem() -> None:
    pool: list[Record] = [Attribute(id="home", name="home", value="Oslo", time=0.0)]
    pool += [turn(f"{i}", f"bus {i}", i) for i in range(5)]
    hits = OMem(encoder=Words()).rank("where is the home in Oslo", pool, 6)
    assert hits.parts["persona"][hits.ids.index("home")] > 0
    assert sum(part > 0 for part in hits.parts["persona"]) == 1


def test_triples_are_three_telling_words_of_one_clause() -> None:
    assert triples("Anna teaches the old Bruno, and he runs.") == [
        ("anna", "teaches", "old"),
        ("teaches", "old", "bruno"),
    ]
    assert triples("tea in Oslo") == [("tea", "", "oslo")]


def test_a_walk_ends_where_its_equation_says() -> None:
    graph = Graph([triples("Anna teaches Bruno"), triples("Bruno visits Clara")])
    reset = np.zeros(graph.size)
    reset[graph.phrases["anna"]] = 2.0
    found = graph.walk(reset, 0.5)
    edges = {(0, "anna"), (0, "bruno"), (1, "bruno"), (1, "clara"), ("anna", "bruno"), ("bruno", "clara")}
    matrix = np.zeros((graph.size, graph.size))
    for one, other in edges:
        i, j = (n if isinstance(n, int) else graph.phrases[n] for n in (one, other))
        matrix[i, j] = matrix[j, i] = 1
    step = matrix / matrix.sum(1, keepdims=True)
    exact = np.linalg.solve(np.eye(graph.size) - 0.5 * step.T, 0.5 * reset / reset.sum())
    assert found == pytest.approx(exact, abs=1e-8)


def test_hipporag_without_a_word_of_the_question_asks_for_relevance_alone() -> None:
    made = HippoRAG(relevance=BM25())
    assert made.rank("zebra", [turn("a", "tea", 2), turn("b", "boat", 1)], 1).ids == ("b",)


@pytest.mark.parametrize(("one", "other", "far"), [("", "abc", 3), ("kitten", "sitting", 3), ("tea", "tea", 0)])
def test_the_distance_of_two_texts_is_levenshteins(one: str, other: str, far: int) -> None:
    assert distance(one, other) == distance(other, one) == far


def test_grammar_does_not_tell_two_questions_apart() -> None:
    assert mistyped("what is the colour of it", "Colour?") == 1.0
    assert mistyped("", "Colour?") == 0.0


def test_labels_are_what_is_listed() -> None:
    assert labels("Alien (1979). Genres: Horror|Sci-Fi; long") == {"horror", "sci-fi"}
    assert labels("a film about genres") == frozenset()
