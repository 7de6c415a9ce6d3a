"""From opinions to what he would think of other things: the textbook's formulas, and what follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from idiolect.applications.taste.judged import judged
from idiolect.applications.taste.likeness import points
from idiolect.applications.taste.opinions import Opinion
from idiolect.applications.taste.regression import expected
from idiolect.core.types import Turn

TEXTS = ["ships on the sea", "a storm at sea", "bread and butter", "old ships"]


class Circle:
    """An encoder of two numbers a text: where it stands on a circle, by its length."""

    dim = 2

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        angles = np.array([len(t) / 8 for t in texts])
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def opinion(text: str, value: float, noise: float = 0.1, id: str = "") -> Opinion:
    return Opinion(text=text, value=value, noise=noise, record=Turn(id=id or text, text=text))


HELD = [opinion("the sea and ships", 1.0), opinion("bread", -0.5, 0.3), opinion("a storm of bread", 0.2, 1.5)]


@pytest.mark.parametrize("encoder", [None, Circle()])
def test_mean_and_variance_are_those_of_a_gaussian_process(encoder: Circle | None) -> None:
    all_ = points([*TEXTS, *(o.text for o in HELD)], encoder)
    found = expected(all_[:4], all_[4:], HELD)
    k, among = all_[:4].likeness(all_[4:]), all_[4:].among() + np.diag([o.noise for o in HELD])
    inverse = np.linalg.inv(among)
    assert found.mean == pytest.approx(k @ inverse @ np.array([1.0, -0.5, 0.2]))
    assert found.variance == pytest.approx(all_[:4].own - np.einsum("mi,ij,mj->m", k, inverse, k))


def test_likeness_is_symmetric_and_positive_definite() -> None:
    made = points([*TEXTS, TEXTS[0], "", "!"], Circle()).among()
    assert np.allclose(made, made.T)
    assert np.linalg.eigvalsh(made).min() > -1e-9


def test_the_same_words_are_wholly_alike_and_other_words_not_at_all() -> None:
    made = points(["ships at sea", "Ship, at the SEA!", "bread"], None)
    assert made.likeness(made)[0] == pytest.approx([1.0, 1.0, 0.0], abs=1e-6)


def test_what_is_like_what_he_likes_comes_first() -> None:
    verdict = judged(TEXTS, HELD[:2], None)
    order, _ = verdict.expected.order(np.zeros(4), 0.0, 4)
    assert order[0] == 0
    assert order[-1] == 2


def test_without_opinions_the_order_is_what_everybody_thinks() -> None:
    verdict = judged(TEXTS, [], None)
    assert not verdict.bears
    assert verdict.expected.order(np.array([0.0, 0.1, 0.0, 0.2]), 0.0, 4)[0] == [3, 1, 0, 2]


def test_exploring_puts_first_what_is_known_least_and_then_what_differs_from_it() -> None:
    texts = ["bread", "ships", "ships too", "a lamp"]
    verdict = judged(texts, [opinion("bread", 1.0)], None)
    order, unsure = verdict.expected.order(np.zeros(4), 1.0, 4)
    assert order[:2] == [1, 3]
    assert unsure[0] == pytest.approx(1.0)
    assert all(a >= b - 1e-9 for a, b in pairwise(unsure))


def test_the_reasons_are_what_each_record_adds() -> None:
    verdict = judged(TEXTS, HELD, None)
    for place in range(4):
        told = sum(reason.added for reason in verdict.reasons(place))
        assert told == pytest.approx(verdict.expected.mean[place], abs=0.02)
    assert verdict.reasons(0)[0].id == "the sea and ships"


def test_a_record_of_two_opinions_is_one_reason() -> None:
    both = [opinion("ships on a lake", 1.0, id="r"), opinion("ships on a hill", -1.0, id="r")]
    (reason,) = judged(["ships on a lake"], both, None).reasons(0)
    assert reason.id == "r"


def test_an_opinion_that_bears_on_the_question_counts_more() -> None:
    held = [opinion("ships in the harbour", 1.0), opinion("ships and bread", -1.0)]
    plain, about = (judged(["old ships"], held, None, asked=q).expected.mean[0] for q in ("", "harbour"))
    assert about > plain


def test_a_long_history_is_cut_to_the_surest_and_newest() -> None:
    many = [opinion(f"thing {i}", 1.0, 1.5) for i in range(450)]
    verdict = judged(["thing 3"], [opinion("a rare word", 1.0, 0.1), *many], None)
    kept = [o.text for o in verdict.opinions]
    assert (len(kept), kept[0], kept[-1]) == (400, "a rare word", "thing 449")
    assert "thing 3" not in kept
