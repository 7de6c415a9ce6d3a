"""What choices tell: objectives found in pairs, a user's weights, pairs put in an objective's order."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from adaptation.people import ANN, DAY, person
from idiolect.adaptation.alignment.preferences import (
    BUCKETS,
    SHAPE,
    differences,
    items,
    measures,
    objectives,
    ordered,
    pairs,
    rewarded,
    standing,
)
from idiolect.core.types import Preference, UserData

LONG, SHORT = "it is open on most days of the week until late", "it is open"


def chooser(name: str, *chosen: tuple[str, str]) -> UserData:
    """A user who chose the first of each two answers."""
    made = (
        Preference(id=f"{name}{i}", prompt="When?", chosen=a, rejected=b, time=i * DAY)
        for i, (a, b) in enumerate(chosen)
    )
    return person(name, *made)


BRIEF = chooser("brief", (SHORT, LONG), (SHORT, f"{LONG} now"), (f"{SHORT} 7", f"{LONG} 7"))
WORDY = chooser("wordy", (LONG, SHORT), (f"{LONG} now", SHORT), (f"{LONG} 7", f"{SHORT} 7"))
LENGTH = torch.eye(SHAPE + BUCKETS)[:1]  # an objective that asks for words alone


def test_a_text_is_measured_by_its_length_its_figures_and_its_words() -> None:
    found = measures("Open at 7, daily!")
    assert found[:SHAPE].tolist() == [pytest.approx(2.3219, abs=1e-4), 1.0, 1.0, 0.0, 1.0, 1.0]
    assert found[SHAPE:].sum() == 4


def test_the_first_objective_is_what_users_differ_in() -> None:
    (axis,) = objectives([BRIEF, WORDY], 1)
    assert axis.norm() == pytest.approx(1.0)
    assert float(axis @ (measures(LONG) - measures(SHORT))) > 1.0


def test_what_changes_by_chance_makes_no_objective() -> None:
    noisy = [
        chooser(f"u{i}", (f"{SHORT}!", SHORT), (SHORT, f"{SHORT}!"), (LONG, SHORT), (LONG, SHORT)) for i in range(3)
    ]
    (axis,) = objectives(noisy, 1)
    assert abs(float(axis[2])) < 0.01  # exclamation marks were chosen as often as not


def test_weights_are_ridge_regression_of_one_on_the_rewards() -> None:
    own = standing(BRIEF, LENGTH, None)
    assert own is not None
    s = differences(pairs(BRIEF))[:, 0]
    assert own.weights(ridge=0.5).item() == pytest.approx(float(s.sum() / (s @ s + 0.5)), rel=1e-5)
    assert own.weights().item() < 0


def test_a_standing_goes_on_over_unseen_pairs() -> None:
    first = standing(BRIEF.until(1), LENGTH, None)
    whole, onward = standing(BRIEF, LENGTH, None), standing(BRIEF, LENGTH, first)
    assert whole is not None
    assert onward is not None
    assert onward.sources == whole.sources
    torch.testing.assert_close(onward.gram, whole.gram)


def test_an_objective_turns_a_pair_round_and_a_silent_one_leaves_it() -> None:
    (pair, *_) = pairs(BRIEF)
    assert ordered(pair, LENGTH[0]).target == LONG
    assert ordered(pair, -LENGTH[0]).target == SHORT
    assert ordered(pair, torch.zeros(SHAPE + BUCKETS)).target == SHORT


def test_a_pair_is_trained_on_as_two_replies() -> None:
    (reply,) = items(pairs(ANN), "ann")
    assert (reply.query.text, reply.answer, reply.rejected) == ("How are you?", "Fine.", "I am very well.")


def test_rewards_of_answers_have_mean_nought_and_spread_one() -> None:
    answers, rewards = rewarded([BRIEF, WORDY], LENGTH)
    assert len(answers) == len(rewards) == 2 * 6
    torch.testing.assert_close(rewards.mean(0), torch.zeros(1), atol=1e-6, rtol=0)
    torch.testing.assert_close(rewards.std(0, correction=0), torch.ones(1))


@pytest.mark.parametrize("axes", [LENGTH, torch.eye(SHAPE + BUCKETS)[:3]])
def test_who_never_chose_stands_nowhere(axes: Tensor) -> None:
    assert standing(person("new"), axes, None) is None
