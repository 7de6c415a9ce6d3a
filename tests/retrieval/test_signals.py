"""Signals: each formula by hand, and what each sees that the others do not."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from idiolect.retrieval.signals.around import AFTER, BEFORE, neighbours, sessions
from idiolect.retrieval.signals.likeness import Likeness
from idiolect.retrieval.signals.meaning import meaning
from idiolect.retrieval.signals.moment import moments
from idiolect.retrieval.signals.words import K1, B, Words
from idiolect.retrieval.split import LENGTH, MOST, pieces
from idiolect.retrieval.stems import stems, telling

DAY = 86400.0
MAY_7 = 1683417600.0  # 2023-05-07


class Pairs:
    """A lexicon in which kids and children are alike, and nothing else."""

    def words(self, terms: Sequence[str]) -> NDArray[np.float32]:
        known = {"kids": (1.0, 0.0), "children": (0.8, 0.6)}
        return np.array([known.get(term, (0.0, 0.0)) for term in terms], np.float32).reshape(-1, 2)


def test_words_of_one_term_are_the_formula_worked_by_hand() -> None:
    # lengths 2 and 4, mean 3; the term stands in one of two documents: idf = ln(1 + 1.5 / 1.5) = ln 2
    short, other = Words([["sea", "wind"], ["one", "two", "three", "four"]]).scores({"sea": 1.0})
    assert short == pytest.approx(math.log(2) * (K1 + 1) / (1 + K1 * (1 - B + B * 2 / 3)))
    assert other == 0


def test_a_weight_multiplies_a_term() -> None:
    words = Words([["sea"], ["land"]])
    assert words.scores({"sea": 3.0})[0] == pytest.approx(3 * words.scores({"sea": 1.0})[0])


def test_likeness_is_the_share_of_the_questions_words_that_are_covered() -> None:
    found = Likeness([["red", "boat"], ["red", "car"]]).scores(["boat", "moon"])
    boat, moon = math.log(1 + 1.5 / 1.5), math.log(1 + 2.5 / 0.5)
    assert found.tolist() == pytest.approx([boat / (boat + moon), 0.0])


def test_a_word_that_means_nearly_the_same_counts_by_its_cosine() -> None:
    index = Likeness([["children"], ["stones"]], Pairs())
    assert index.scores(["kids"]).tolist() == pytest.approx([0.8, 0.0])
    assert Likeness([["children"], ["stones"]]).scores(["kids"]).tolist() == [0.0, 0.0]


def test_words_of_grammar_cover_nothing_where_there_are_others() -> None:
    assert Likeness([["where", "is"], ["anna"]]).scores(["where", "is", "anna"]).tolist() == [0.0, 1.0]


def test_a_document_means_what_its_nearest_piece_does() -> None:
    pieces_ = np.array([[1, 0], [0, 1], [0.6, 0.8]], np.float32)
    found = meaning(np.array([0, 1], np.float32), pieces_, np.array([0, 0, 1]), 3)
    assert found.tolist() == pytest.approx([1.0, 0.8, 0.9])  # the third has no vector: the mean of the others


def test_scores_spread_to_neighbours_of_the_same_session_only() -> None:
    found = neighbours(np.array([1.0, 0.0, 0.0, 2.0]), sessions(["a", "a", "b", "b"]))
    assert found.tolist() == pytest.approx([1.0, BEFORE, AFTER * 2, 2.0])


def test_what_belongs_to_no_session_has_no_neighbours() -> None:
    assert sessions(["", "", "a"]).tolist() == [-1, -1, -1]
    assert neighbours(np.array([1.0, 0.0]), sessions(["", ""])).tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    "question",
    ["What did I do on 7 May 2023?", "on May 7th", "in May 2023", "2023-05-07?", "Where was I in 2023?", "last week"],
)
def test_a_time_in_the_question_finds_its_documents(question: str) -> None:
    times = [MAY_7 + 3600, MAY_7 - 400 * DAY + 70 * DAY]
    assert moments(question, times, now=MAY_7 + 6 * DAY) == [1.0, 0.0]


@pytest.mark.parametrize("question", ["two months ago", "2 months ago"])
def test_a_distance_is_counted_from_when_it_is_asked(question: str) -> None:
    assert moments(question, [MAY_7, MAY_7 + 60 * DAY], now=MAY_7 + 60 * DAY) == [1.0, 0.0]
    assert moments(question, [MAY_7], now=None) == [0.0]


@pytest.mark.parametrize("question", ["May I come in?", "Who will march?", "the second one", "99999999999999 days ago"])
def test_a_question_without_a_time_finds_none_by_it(question: str) -> None:
    assert moments(question, [0.0, MAY_7], now=MAY_7) == [0.0, 0.0]


def test_a_short_text_is_one_piece() -> None:
    assert pieces("I live in Oslo.") == ["I live in Oslo."]


def test_a_long_text_falls_into_sentences_that_fit() -> None:
    text = " ".join(f"This is sentence number {i}, and it tells of thing {i}." for i in range(60))
    found = pieces(text)
    assert " ".join(found) == text
    assert max(map(len, found)) <= LENGTH
    assert all(piece.endswith(".") for piece in found)


def test_structured_text_falls_into_its_objects() -> None:
    turns = ",".join(f'{{"role":"Ann","content":"line {i} {"x" * 200}"}}' for i in range(8))
    found = pieces(f'{{"time":"noon","talk":[{turns}]}}')
    assert len(found) == 8
    assert found[1].startswith("Ann: line 1")


def test_a_text_without_an_end_is_cut_and_bounded() -> None:
    assert len(pieces("x" * 10_000_000)) == MOST
    assert max(map(len, pieces("x" * 2000))) == LENGTH


def test_a_question_keeps_its_words_of_grammar_only_where_it_has_no_others() -> None:
    assert telling("Where does my sister live?") == ["sister", "live"]
    assert telling("Who am I?") == ["who", "am", "i"]


def test_inflections_share_a_stem_and_other_scripts_stay() -> None:
    assert stems("Painted paintings 京都") == ["paint", "paint", "京", "都", "京都"]
