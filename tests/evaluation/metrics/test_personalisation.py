"""Golden numbers are of the published formulas, on distances given by hand."""

from __future__ import annotations

import numpy as np
import pytest

from idiolect.core.errors import BadInput
from idiolect.evaluation.metrics import Floats, compute, get
from idiolect.evaluation.metrics.pairs import CHANNELS, Block, Wanted, distance, people, shares
from idiolect.evaluation.metrics.personalisation.degress import DEGRESS
from idiolect.evaluation.metrics.personalisation.egises import EGISES
from idiolect.evaluation.metrics.personalisation.p_accuracy import PAccuracy, penalised
from idiolect.evaluation.metrics.personalisation.perseval import PerSEval, penalty, step


def table(own: object, own_source: object, model: object, model_source: object, missed: object = None) -> Floats:
    """Statistics of one document from its distances."""
    made = np.ones((len(np.asarray(own)), len(np.asarray(own)), CHANNELS))
    made[..., 0], made[..., 1] = np.asarray(own), np.asarray(model)
    made[..., 2], made[..., 3] = np.asarray(own_source)[:, None], np.asarray(model_source)[:, None]
    made[..., 4] = 0 if missed is None else np.asarray(missed)[:, None]
    return made


def apart(d: float) -> list[list[float]]:
    return [[0, d], [d, 0]]


A = table(apart(0.8), (0.5, 0.4), apart(0.4), (0.5, 0.5), (0.2, 0.6))
U = np.array([[0, 0.6, 0.3], [0.6, 0, 0.9], [0.3, 0.9, 0]])
S = np.array([[0, 0.3, 0.3], [0.3, 0, 0.6], [0.3, 0.6, 0]])
D = table(U, (0.5, 0.6, 0.4), S, (0.5, 0.5, 0.5), (0.1, 0.3, 0.8))


def test_two_users_by_hand() -> None:
    assert EGISES().reduce(A, np.ones(2)) == pytest.approx(0.499994, abs=1e-6)
    assert DEGRESS().reduce(A, np.ones(2)) == pytest.approx(0.500006, abs=1e-6)


def test_the_same_text_for_everybody_is_insensitive() -> None:
    same = table(apart(0.8), (0.5, 0.4), apart(0), (0.5, 0.5))
    assert EGISES().reduce(same, np.ones(2)) == pytest.approx(0.999988, abs=1e-6)


def test_the_users_own_texts_are_perfectly_sensitive() -> None:
    own = table(apart(0.8), (0.5, 0.4), apart(0.8), (0.5, 0.4))
    assert EGISES().reduce(own, np.ones(2)) == 0


def test_three_users_by_hand() -> None:
    others = 1 - np.eye(3)
    x, y = shares(U, np.array([0.5, 0.6, 0.4]), others), shares(S, np.full(3, 0.5), others)
    off = ~np.eye(3, dtype=bool)
    assert x[off] == pytest.approx([0.387394, 0.106303, 0.226524, 0.560213, 0.054728, 0.735817], abs=1e-6)
    assert y[off] == pytest.approx([0.15, 0.15, 0.106303, 0.387394, 0.106303, 0.387394], abs=1e-6)
    dev, _ = EGISES().responsive(next(EGISES().blocks(D, np.ones(3))))
    assert dev == pytest.approx([0.547963, 0.580409, 0.520680], abs=1e-6)
    assert EGISES().reduce(D, np.ones(3)) == pytest.approx(0.450316, abs=1e-6)


def test_the_simplified_form_compares_raw_distances() -> None:
    assert DEGRESS(weighted=False).reduce(D, np.ones(3)) == pytest.approx(
        np.mean([(0.5 + 1) / 2, (0.5 + 2 / 3) / 2, (1 + 2 / 3) / 2]), abs=1e-4
    )


def test_p_accuracy_by_hand() -> None:
    assert penalised(np.float64(0.8), np.float64(0.4), 0.5, 1.0) == pytest.approx(0.500656, abs=1e-6)
    whole = PAccuracy().reduce(A, np.ones(2))
    assert whole == pytest.approx(penalised(np.float64(0.6), np.float64(0.499994), 0.5, 1.0), abs=1e-6)


@pytest.mark.parametrize(
    ("x", "a", "score"),
    [(0, 4, 9.9990e-5), (0.25, 4, 0.00121677), (1, 4, 0.687758), (2, 4, 0.999979), (1, 3, 0.956572)],
)
def test_the_step_by_hand(x: float, a: float, score: float) -> None:
    assert step(np.float64(x), a, 1) == pytest.approx(score, abs=1e-6)


@pytest.mark.parametrize(
    ("missed", "edp"),
    [
        ((0.2, 0.2), (0.998988, 0.998988)),
        ((0.2, 0.6), (0.998988, 0.042934)),
        ((0.1, 0.3, 0.8), (0.998997, 0.997926, 0.043303)),
        ((0.6, 0.7), (0.044670, 2e-6)),
    ],
)
def test_the_penalty_by_hand(missed: tuple[float, ...], edp: tuple[float, ...]) -> None:
    assert penalty(np.array(missed), np.ones(len(missed))) == pytest.approx(edp, abs=1e-6)


def test_perseval_by_hand() -> None:
    assert PerSEval().reduce(A, np.ones(2)) == pytest.approx(0.260484, abs=1e-6)


NAMES = ("egises", "degress", "p_accuracy", "perseval")


@pytest.mark.parametrize("name", NAMES)
def test_a_user_who_is_not_drawn_is_not_there(name: str) -> None:
    without = D[:2, :2]
    assert get(name).reduce(D, np.array([1.0, 1, 0])) == pytest.approx(float(get(name).reduce(without, np.ones(2))))


@pytest.mark.parametrize("name", NAMES)
def test_a_user_drawn_twice_is_no_pair_with_himself(name: str) -> None:
    """Two copies of one user beside another: as if both stood there, and nobody had compared the copies."""
    metric = get(name)
    places = [0, 0, 1]
    copied = D[np.ix_(places, places)]
    whole = float(metric.reduce(D, np.array([2.0, 1, 0])))
    block = next(metric.blocks(copied, np.ones(3)))  # type: ignore[attr-defined]
    others = np.array([[0, 0, 1], [0, 0, 1], [1, 1, 0.0]])  # the copies are no pair
    x, y = shares(block.own, block.own_source, others), shares(block.model, block.model_source, others)
    dev = (((np.minimum(x, y) + 1e-5) / (np.maximum(x, y) + 1e-5)) * others).sum(1) / others.sum(1)
    accuracy, egises = np.float64(1 - block.missed.mean()), np.float64(1 - dev.mean())
    expected = {
        "egises": egises,
        "degress": dev.mean(),
        "p_accuracy": penalised(accuracy, egises, 0.5, 1.0),
        "perseval": (dev * penalty(block.missed, np.ones(3))).mean(),
    }
    assert whole == pytest.approx(float(expected[name]), abs=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_a_draw_of_one_user_alone_leaves_nothing_to_measure(name: str) -> None:
    both = get(name).reduce(D, np.array([[3.0, 0, 0], [1, 1, 1]]))
    assert np.isnan(both[0])
    assert both[1] == get(name).reduce(D, np.ones(3))


WANTED = [
    Wanted("ann", "d1", "cats are soft and warm", "cats are soft, dogs are loud"),
    Wanted("bob", "d1", "dogs are loud at night", "cats are soft, dogs are loud"),
    Wanted("ann", "d2", "tea is warm and sweet", "tea is warm and ice is cold"),
    Wanted("cid", "d2", "ice is cold and hard", "tea is warm and ice is cold"),
    Wanted("cid", "d3", "alone", "alone with it"),
]
SAID = [w.text for w in WANTED]


def test_documents_are_shared_by_those_who_wrote_of_them() -> None:
    statistics = EGISES().statistics(SAID, WANTED)
    assert people(WANTED) == ["ann", "bob", "cid"]
    assert statistics.shape == (3, 3, 2 * CHANNELS)
    assert [b.own.shape for b in EGISES().blocks(statistics, np.ones(3))] == [(2, 2), (2, 2)]


@pytest.mark.parametrize("apart_by", ["jsd", "rouge_l", "meteor", "bleu"])
def test_texts_are_compared_by_any_metric_as_distance(apart_by: str) -> None:
    assert compute("egises", SAID, WANTED, distance=apart_by) == pytest.approx(0)
    assert compute("egises", ["all is the same here"] * 5, WANTED, distance=apart_by) > 0.9


def test_the_order_of_the_examples_does_not_matter() -> None:
    said = ["cats", "dogs are loud at night", "tea", "it is ice", "alone"]
    turned = compute("perseval", said[::-1], WANTED[::-1], distance="rouge_1")
    assert compute("perseval", said, WANTED, distance="rouge_1") == pytest.approx(turned)


def test_a_distance_has_two_ends() -> None:
    assert distance("bleu")(["a b c d e"], ["a b c d e"]) == pytest.approx([0])
    with pytest.raises(BadInput, match="range is 1 to ∞"):
        distance("perplexity")
    assert "distance=rouge_l" in get("egises", distance="rouge_l").signature


def test_two_texts_of_one_user_on_one_document_are_refused() -> None:
    with pytest.raises(BadInput, match="'ann' has two texts on document 'd1'"):
        compute("egises", SAID[:1] * 2, WANTED[:1] * 2)


def test_documents_of_one_user_each_are_refused() -> None:
    with pytest.raises(BadInput, match="no document has texts of two users"):
        compute("egises", SAID[2:3], WANTED[2:3])


def test_blocks_are_what_they_say() -> None:
    block = next(EGISES().blocks(A, np.array([1.0, 2.0])))
    assert isinstance(block, Block)
    assert (block.missed.tolist(), block.users.tolist()) == ([0.2, 0.6], [1, 2])
