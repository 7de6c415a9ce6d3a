"""A person's linear reward: what answers measure, what choices tell, and which choice would tell most."""

from __future__ import annotations

import math
from random import Random

import numpy as np
import pytest

from adaptation.people import DAY, person, run
from idiolect.adaptation.alignment.decoding.pref import PReF
from idiolect.adaptation.alignment.dimensions import NAMES, USUAL, best, measure
from idiolect.adaptation.alignment.evidence import Population, evidence
from idiolect.adaptation.alignment.reward import (
    Array,
    Belief,
    dial,
    even,
    information,
    population,
    posterior,
    precision,
    undial,
)
from idiolect.core.layout import ask
from idiolect.core.requests import Ask, Request
from idiolect.core.types import Attribute, Interaction, Preference, Query, Record, UserData

SHORT, LONG = "It is open.", "It is open on most days of the week until late in the evening."
STIFF, LOOSE = "Certainly. It would be a pleasure to assist.", "Yeah, ok, I'll do the thing."
QUERY = ask("reply", "When?")


def value(text: str, name: str) -> float:
    return float(measure(text)[NAMES.index(name)])


def chose(n: int, better: str, worse: str) -> list[Record]:
    return [Preference(id=f"c{i}", prompt="When?", chosen=better, rejected=worse, time=i * DAY) for i in range(n)]


@pytest.mark.parametrize(
    ("name", "more", "less"),
    [
        ("brevity", SHORT, LONG),
        ("formality", STIFF, LOOSE),
        ("warmth", "It is open. Have a lovely day!", "It is open. Have a day."),
        ("concreteness", "It opens at 9 and closes at 17.30.", "It opens early and closes late."),
    ],
)
def test_each_dimension_is_higher_where_a_reader_would_say_so(name: str, more: str, less: str) -> None:
    assert value(more, name) > value(less, name)


def test_measures_are_the_rules_that_the_table_states() -> None:
    found = measure("Certainly, I'm glad: 3 or 4.5 days! :)")
    assert found.tolist() == pytest.approx([-math.log2(8), 0.0, 2.5, math.log2(3)])  # Certainly against I'm


def test_the_posteriors_precision_is_the_papers() -> None:
    """lambda (1, 0), one pair (1, 0) asked, a prior precision of .001: the card's d' Sigma d."""
    inverse = precision(np.array([1.0, 0.0]), np.array([[1.0, 0.0]]), np.ones(1), 0.001 * np.eye(2))
    wide = [float(d @ np.linalg.inv(inverse) @ d) for d in np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 0.0]])]
    assert wide == pytest.approx([5.060423, 1000.0, 20.241693], abs=1e-5)


def test_the_posteriors_mean_is_penalised_logistic_regression() -> None:
    from sklearn.linear_model import LogisticRegression

    r = np.random.default_rng(0)
    x = r.normal(size=(60, 4))
    y = r.random(60) < 1 / (1 + np.exp(-x @ np.array([2.0, -1.0, 0.0, 0.5])))
    signs = np.where(y, 1.0, -1.0)
    ours = posterior(x * signs[:, None], np.ones(60), even(4, 1.5)).arrays[0]
    theirs = LogisticRegression(C=1.5**2, fit_intercept=False, tol=1e-10).fit(x, y)
    assert ours == pytest.approx(theirs.coef_[0], abs=1e-5)


def test_without_choices_the_population_is_believed() -> None:
    known = posterior(np.zeros((0, 4)), np.zeros(0), even(4, 2.0))
    assert known == even(4, 2.0)
    assert known.positive(0) == 0.5


def test_a_choice_between_equals_and_one_that_is_sure_tell_nothing() -> None:
    sure = Belief(mean=(9.0, 0.0), covariance=((0.01, 0.0), (0.0, 4.0)))
    same, known, open_ = information(sure, np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    assert same == pytest.approx(0.0, abs=1e-9)
    assert known < 0.01 < 0.2 < open_ < math.log(2)


def test_information_is_what_the_choice_takes_from_the_entropy() -> None:
    """Against the sum over a fine grid of lambda."""
    known, d = Belief(mean=(0.4,), covariance=((2.25,),)), 1.7
    grid = np.linspace(-12, 12, 20001)
    weights = np.exp(-((grid - 0.4) ** 2) / 4.5)
    weights /= weights.sum()
    p = 1 / (1 + np.exp(-grid * d))

    def entropy(q: Array | float) -> Array:
        found: Array = -(q * np.log(q) + (1 - q) * np.log(1 - q))
        return found

    whole = float(entropy(float(weights @ p)) - weights @ entropy(p))
    assert information(known, np.array([[d]]))[0] == pytest.approx(whole, abs=1e-5)


def test_the_population_is_found_in_people_who_differ_along_one_axis() -> None:
    r = np.random.default_rng(1)
    people = []
    for i in range(40):
        x = r.normal(size=(30, 2))
        taste = np.array([3.0 if i % 2 else -3.0, 0.0])
        y = r.random(30) < 1 / (1 + np.exp(-x @ taste))
        people.append((x * np.where(y, 1.0, -1.0)[:, None], np.ones(30)))
    mean, spread = population(people, even(2, 1.0)).arrays
    assert abs(mean[0]) < 1.0
    assert spread[0, 0] > 4 > 1 > spread[1, 1]


def test_dials_and_weights_are_each_others_inverse() -> None:
    assert dial(undial(0.5)) == pytest.approx(0.5)
    assert 0.97 < dial(undial(1.0)) < 1


def test_his_choices_become_wishes_once_they_are_sure() -> None:
    method = PReF()
    once = person("ann", *chose(1, SHORT, LONG))
    often = person("ann", *chose(8, SHORT, LONG))
    assert method.condition(once, QUERY, None, method.adapt(once, None)).streams[0].context == ()
    made = method.condition(often, QUERY, None, method.adapt(often, None))
    assert made.streams[0].context[0].lines == ("- wants: short replies",)
    assert made.sources == {("ann", f"c{i}") for i in range(8)}


def test_what_he_sets_by_hand_stands_in_place_of_what_his_choices_tell() -> None:
    method = PReF()
    ann = person("ann", *chose(8, SHORT, LONG), Preference(id="d", dimension="brevity", weight=-0.6, time=99 * DAY))
    own = method.adapt(ann, None)
    assert method.condition(ann, QUERY, None, own).streams[0].context[0].lines == ("- wants: long replies",)
    assert method.direction(ann, own)[0] == pytest.approx(undial(-0.6))


def test_a_rating_counts_as_a_choice_against_the_usual_answer() -> None:
    def rated(text: str, sign: str) -> UserData:
        return person("ann", Interaction(id="r", task="rating", prompt="When?", item=text, text=sign))

    good, bad = (evidence(rated(LONG, s), USUAL, rating=0.5) for s in ("+1", "-1"))
    assert good.differences[0] == pytest.approx(measure(LONG) - USUAL)
    assert bad.differences[0] == pytest.approx(-good.differences[0])
    assert good.weights.tolist() == [0.5]
    assert evidence(rated(LONG, "+0"), USUAL, rating=0.5).sources == ()


def test_of_several_draws_the_one_he_would_like_is_given() -> None:
    method = PReF(draws=3)
    ann = person("ann", *chose(8, STIFF, LOOSE))

    def answer(request: Request) -> tuple[str, ...]:
        assert isinstance(request, Ask)
        assert (request.n, request.sampling.temperature) == (3, 0.7)
        return (LOOSE, STIFF, "")

    text, _ = run(method.respond(ann, QUERY, None, method.adapt(ann, None)), answer)
    assert text == STIFF


def test_who_said_nothing_gets_one_greedy_answer() -> None:
    def answer(request: Request) -> tuple[str, ...]:
        assert isinstance(request, Ask)
        assert (request.n, request.sampling.temperature) == (1, 0.0)
        return ("Fine.",)

    nobody = person("bob", Attribute(id="a", name="job", value="pilot"))
    assert run(PReF().respond(nobody, QUERY, None, None), answer)[0] == "Fine."


def test_an_answer_without_words_is_never_the_best() -> None:
    assert best(["", LONG], np.array([1.0, 0.0, 0.0, 0.0])) == 1


def options(*pairs: tuple[str, str]) -> list[Query]:
    return [Query(messages=QUERY.messages, candidates=pair) for pair in pairs]


def test_the_next_question_is_about_what_is_not_known_yet() -> None:
    method = PReF()
    ann = person("ann", *chose(20, SHORT, LONG))
    pool = options((SHORT, LONG), (STIFF, LOOSE), (SHORT, SHORT))
    assert method.inquire(None, method.adapt(ann, None), pool) == 1
    assert method.inquire(None, None, options((SHORT, SHORT))) is None
    assert method.inquire(None, None, []) is None


def agreement(taste: Array, pool: list[tuple[Array, str, str]], *, active: bool, seed: int) -> float:
    """How well lambda orders pairs that were not asked, after ten answers."""
    r = Random(seed)
    method, records = PReF(), list[Record]()
    left = list(pool[:60])
    own = None
    for i in range(10):
        queries = options(*((a, b) for _, a, b in left))
        place = (method.inquire(None, own, queries) or 0) if active else r.randrange(len(left))
        d, a, b = left.pop(place)
        better, worse = (a, b) if d @ taste > 0 else (b, a)
        records.append(Preference(id=f"q{i}", prompt="?", chosen=better, rejected=worse, time=i * DAY))
        own = method.adapt(person("ann", *records), None)
    assert own is not None
    mean = own.known.arrays[0]
    return float(np.mean([(d @ mean > 0) == (d @ taste > 0) for d, _, _ in pool[60:]]))


def test_ten_answers_to_chosen_questions_tell_more_than_ten_at_random() -> None:
    r = Random(5)
    parts = [["Certainly.", "Yeah,", "Hm."], [SHORT, LONG], ["At 9 or 10.", "Early."], ["Enjoy it!", "Bye now."]]
    text = lambda: " ".join(r.choice(p) for p in parts)  # noqa: E731
    pairs = [(a, b) for a, b in ((text(), text()) for _ in range(400)) if a != b]
    pool = [(measure(a) - measure(b), a, b) for a, b in pairs]
    tastes = [np.array([r.choice((-1.0, 0.0, 1.0)) for _ in NAMES]) + 0.01 for _ in range(12)]
    asked, drawn = (
        np.mean([agreement(t, pool, active=active, seed=i) for i, t in enumerate(tastes)]) for active in (True, False)
    )
    assert asked > drawn
    assert asked > 0.85


def test_what_everybody_chose_tells_how_people_differ_and_what_is_usual() -> None:
    people = [person(f"u{i}", *chose(6, *((SHORT, LONG) if i % 2 else (LONG, SHORT)))) for i in range(8)]
    learnt = PReF().learn(people).theta
    assert isinstance(learnt, Population)
    assert learnt.usual == pytest.approx(((measure(SHORT) + measure(LONG)) / 2).tolist())
    assert PReF().learn([person("bob")]).theta is None
    assert PReF().prior(learnt).covariance[0][0] > PReF().prior(learnt).covariance[1][1]


def test_a_dimension_is_no_wish_in_words() -> None:
    ann = person(
        "ann", Preference(id="d", dimension="warmth", weight=0.0), Attribute(id="w", name="wants", value="jokes")
    )
    made = PReF().condition(ann, QUERY, None, None)
    assert made.streams[0].context[0].lines == ("- wants: jokes",)


def test_a_rating_in_other_words_says_nothing() -> None:
    odd = person("ann", Interaction(id="r", task="rating", prompt="q", item="x", text="four stars"))
    assert PReF().adapt(odd, None) is None
