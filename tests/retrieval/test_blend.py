"""The blend: each list against its own corpus, words trusted as far as they cover the question."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from idiolect.core.types import Record, Turn
from idiolect.retrieval.blend import SHIPPED, Blend, Weights, blend, trusted
from idiolect.retrieval.corpus import Corpus, Document, asking, standard
from idiolect.retrieval.dense import MiniLM
from memory_doubles import Letters

WORDS = Blend(encoder=None)
HAN = (
    "北京上海天津重庆广州深圳成都武汉西安南京杭州苏州青岛大连厦门"
    "宁波长沙郑州济南福州昆明兰州太原贵阳南宁海口拉萨银川西宁乌鲁"
)


def turns(*texts: str, session: str = "") -> list[Record]:
    return [Turn(id=str(i), text=t, time=float(i), session=session) for i, t in enumerate(texts)]


def test_scores_are_the_sum_of_the_signals_shares() -> None:
    corpus = Corpus([Document(text=t, session="s") for t in ("tea at noon", "a boat", "tea and boats")])
    made = blend(corpus, "where is the boat?")
    assert made.scores == pytest.approx(sum(made.shares.values()))
    assert set(made.shares) == set(Weights.__dataclass_fields__)


def test_a_weight_of_zero_leaves_a_signal_out() -> None:
    corpus = Corpus([Document(text=t) for t in ("tea", "a boat")])
    made = blend(corpus, "boat", weights=Weights(words=0.0))
    assert not made.shares["words"].any()
    assert made.shares["likeness"].any()


def test_words_are_trusted_as_far_as_a_document_covers_the_question() -> None:
    assert trusted(np.array([0.1, 0.5])) == 1.0
    assert trusted(np.array([0.25, 0.0])) == pytest.approx(0.125)
    assert trusted(np.zeros(0)) == 0.0


def test_where_words_miss_only_meaning_decides() -> None:
    vectors = np.array([[1, 0], [0, 1], [0.5, 0.5]], np.float32)
    documents = [Document(text=t) for t in ("he sings", "she paints", "we cook")]
    corpus = Corpus(documents, pieces=vectors, owners=[0, 1, 2])
    made = blend(corpus, "which art do I love?", np.array([0, 1], np.float32))
    assert np.argsort(-made.scores).tolist() == [1, 2, 0]
    assert not made.shares["words"].any()


def test_lists_are_measured_among_what_is_wanted_only() -> None:
    found = standard([1.0, 2.0, 3.0, 100.0], np.array([True, True, True, False]))
    assert found.tolist() == pytest.approx([-(1.5**0.5), 0.0, 1.5**0.5, 0.0])
    assert standard([5.0, 5.0]).tolist() == [0.0, 0.0]


def test_an_answer_beside_its_question_is_found_before_lines_that_are_elsewhere() -> None:
    lines = ["We need milk.", "It rains.", "The cello.", "Which instrument do you play?", "The bus came.", "I am late."]
    assert WORDS.rank("which instrument", turns(*lines, session="s"), 3).ids[0] == "3"
    assert set(WORDS.rank("which instrument", turns(*lines, session="s"), 3).ids) == {"2", "3", "4"}
    assert set(WORDS.rank("which instrument", turns(*lines), 3).ids) == {"3", "4", "5"}  # the newest, for want of more


def test_of_two_that_fit_alike_the_newer_comes_first() -> None:
    assert WORDS.rank("tea", turns("my tea is green", "my tea is black", "x"), 3).ids[:2] == ("1", "0")


def test_a_short_turn_leans_on_the_one_before_it() -> None:
    assert asking("And there?", "Which hotels are in Rome?") == "Which hotels are in Rome?"
    assert asking("Which cheap hotels are near the station?", "Hello") == ""
    leaning = Blend(encoder=Letters()).question("zz", "aa aa")
    assert leaning is not None
    assert float(leaning @ leaning) == pytest.approx(1.0, abs=1e-5)


def test_an_empty_pool_gives_nothing_and_k_bounds() -> None:
    assert WORDS.rank("x", [], 3).ids == ()
    assert len(WORDS.rank("x", turns("a", "b"), 1).ids) == 1


def test_parts_of_a_hit_are_its_shares() -> None:
    hits = WORDS.rank("boat", turns("a boat", "tea"), 2)
    assert hits.scores[0] == pytest.approx(sum(part[0] for part in hits.parts.values()), abs=1e-6)


@pytest.mark.parametrize("script", ["Chinese", "Japanese"])
def test_words_of_two_characters_are_found_alone_and_inside_a_sentence(script: str) -> None:
    r = Random(script)
    signs = HAN if script == "Chinese" else "".join(map(chr, range(0x30A2, 0x30F0)))
    words = list(dict.fromkeys("".join(r.sample(signs, 2)) for _ in range(140)))[:100]
    frame, question = (
        ("我很喜欢{}这个地方", "请问{}在哪里呢") if script == "Chinese" else ("わたしは{}がすきです", "それは{}ですか")
    )
    corpus = Corpus([Document(text=frame.format(word)) for word in words])
    for place, word in enumerate(words):
        for asked in (word, question.format(word)):
            assert int(np.argmax(blend(corpus, asked).scores)) == place


@pytest.mark.slow
def test_a_word_is_found_by_another_that_means_the_same() -> None:
    pool = turns("My children love the beach", "The bus was late", "I bought a lamp", "It rained on Monday")
    assert Blend(encoder=MiniLM()).rank("What do her kids like?", pool, 1).ids == ("0",)


@pytest.mark.slow
def test_look_alike_facts_are_told_apart() -> None:
    people, places = ("Amara", "Bruno", "Chloe", "Dmitri"), ("Lisbon", "Kyoto", "Oslo", "Quito")
    forms = (("{f} told me to avoid rye bread in {p}.", "What did {f} warn me about in {p}?"),)
    forms += (("I still owe {f} money from our trip to {p}.", "What do I owe {f} for after the {p} trip?"),)
    facts = [(a.format(f=f, p=p), q.format(f=f, p=p)) for a, q in forms for f in people for p in places]
    pool = turns(*(fact for fact, _ in facts))
    blended = Blend(encoder=MiniLM(), weights=SHIPPED)
    right = [blended.rank(question, pool, 1).ids == (str(i),) for i, (_, question) in enumerate(facts)]
    assert sum(right) == len(facts)
