"""What benchmarks share, on numbers that can be worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from idiolect.evaluation.benchmarks import annotators, linear, ranking, sequences
from idiolect.evaluation.benchmarks.annotators import Judgement
from idiolect.evaluation.benchmarks.recommendation.tallrec import Auc, Case, persons
from idiolect.evaluation.benchmarks.rows import Label, contrast, mean
from idiolect.evaluation.benchmarks.run import references
from idiolect.evaluation.benchmarks.vectors import Kept


def test_a_mean_over_examples_and_one_over_users_differ_where_users_have_unequally_many() -> None:
    values, owners = [1.0, 1.0, 1.0, 0.0], ["a", "a", "a", "b"]
    assert mean(Label("", ""), "m", values, owners).value == 0.75
    assert mean(Label("", ""), "m", values, owners, by_user=True).value == 0.5


def test_one_user_has_no_limits() -> None:
    row = mean(Label("", ""), "m", [1.0, 0.0], ["a", "a"])
    assert (row.low, row.high) == (None, None)


def test_where_less_is_better_the_smaller_row_wins_its_contrast() -> None:
    good, bad = (mean(Label("", n), "MAE", [v] * 8, list("abcdefgh"), lower=True) for n, v in (("g", 0.1), ("b", 0.9)))
    found = contrast(good, bad)
    assert found is not None
    assert found.interval.mean == pytest.approx(0.8)


def test_equal_scores_keep_the_order_of_the_documents() -> None:
    assert ranking.order(np.array([0.0, 1.0, 0.0, 1.0])) == [1, 3, 0, 2]


def test_a_document_without_the_word_scores_nothing() -> None:
    scores = ranking.Lexical(["a red fox", "a blue hen", ""]).scores("Red!")
    assert scores[0] > 0
    assert scores[1] == scores[2] == 0


def test_discounted_gain_of_the_second_place() -> None:
    assert ranking.ndcg([5, 3], {3}, 3) == pytest.approx(1 / np.log2(3))


def test_ties_share_their_mean_place() -> None:
    scores = np.array([[3.0, 1.0, 1.0, 1.0, 9.0]])
    assert sequences.places(scores, [np.array([4])], np.array([2])).tolist() == [3.0]  # places 2, 3 and 4


def test_what_followed_before_is_expected_again() -> None:
    histories = [np.array([0, 1, 2, 3])] * 6 + [np.array([3, 2, 1, 0])]
    counts = sequences.Counts(histories, 5)
    best = sequences.scores(counts, [np.array([0])])["Markov (gap <= 5) + kNN"][0]
    assert int(np.argsort(-best)[0]) == 1


def test_the_kind_of_a_user_is_inferred_from_what_he_revealed() -> None:
    rewards = np.array([[2.0, 0.0], [-2.0, 0.0]])
    belief = linear.belief(rewards, np.array([[1.0, 0.0], [-1.0, 0.0], [-1.0, 0.0]]), np.array([0, 1, 1]))
    once = 1 / (1 + np.exp(-2)) / (1 / (1 + np.exp(-2)) + 1 / (1 + np.exp(2)))  # sigmoid(2), shared with sigmoid(-2)
    assert belief[0, 0] == pytest.approx(once)
    assert belief[1, 1] == pytest.approx(once**2 / (once**2 + (1 - once) ** 2))


def test_a_linear_reward_learns_which_side_wins() -> None:
    rows = np.random.default_rng(0).normal(size=(200, 3))
    rows *= np.sign(rows[:, :1])  # the first measure decides
    found = linear.fit(rows, strength=10.0)
    assert found[0] > 3 * np.abs(found[1:]).max()


def test_area_under_the_curve_of_a_perfect_a_reversed_and_a_blind_order() -> None:
    auc = Auc()
    values = [auc.reduce(auc.statistics(s, [True, True, False]), np.ones(3)) for s in ([3, 2, 1], [1, 2, 3], [1, 1, 1])]
    assert values == [1.0, 0.0, 0.5]


def test_windows_over_one_history_are_one_person() -> None:
    films = tuple(f"film {i}" for i in range(14))
    rows = [Case(str(i), films[i : i + 6], (), "x", True) for i in range(4)]
    other = Case("other", tuple(f"book {i}" for i in range(6)), (), "x", True)
    found = persons([*rows, other])
    assert len(set(found[:4])) == 1
    assert found[4] != found[0]


def test_a_reader_who_differs_is_predicted_by_his_id() -> None:
    texts = [f"word{i % 7} text{i}" for i in range(60)]
    train = [Judgement(str(i), t, a, int(a == "stern")) for i, t in enumerate(texts) for a in ("stern", "mild")]
    test = [Judgement("x", "word1 new", a, int(a == "stern")) for a in ("stern", "mild")]
    found = annotators.predictions(train, test)
    assert found["text + user id"].tolist() == [1, 0]
    assert found[annotators.OWN].tolist() == [1, 0]
    assert found[annotators.OTHER].tolist() == [0, 1]


class Counting:
    dim = 2
    calls = 0

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.calls += len(texts)
        return np.array([[len(t), 1.0] for t in texts], np.float32)


def test_vectors_are_kept_between_runs(tmp_path: Path) -> None:
    first, second = Counting(), Counting()
    made = Kept(tmp_path, first).encode(["a", "bb", "a"])
    assert np.array_equal(Kept(tmp_path, second).encode(["bb", "a"]), made[[1, 0]])
    assert (first.calls, second.calls) == (2, 0)


def test_a_pair_of_files_that_was_cut_off_is_made_again(tmp_path: Path) -> None:
    Kept(tmp_path, Counting()).encode(["a"])
    next(tmp_path.glob("*.npy")).unlink()
    again = Counting()
    Kept(tmp_path, again).encode(["a"])
    assert again.calls == 1


def test_published_baselines_are_named_by_part_method_and_metric() -> None:
    assert references("prism")["all | longer reply | accuracy"] == 0.631
    assert references("lamp") == {}
