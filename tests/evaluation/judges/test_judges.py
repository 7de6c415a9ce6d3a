from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from evaluation.parrot import world
from idiolect.core.errors import BadInput
from idiolect.evaluation.judges.asking import certainty, choice, judged, number
from idiolect.evaluation.judges.graded import Checklist, Rubric
from idiolect.evaluation.judges.likelihood import Likelihood
from idiolect.evaluation.judges.oracle import Oracle, pairs
from idiolect.evaluation.judges.pairwise import Pair, Pairwise, Side, Verdict
from idiolect.evaluation.judges.quality import kappa, quality, validate
from idiolect.models.hf import HFModel
from idiolect.models.scripted import ScriptedModel
from idiolect.simulation.world import World, make

PAIRS = [Pair(id=f"p{i}", question="Tea?", first="good tea", second="bad tea", user=f"u{i}") for i in range(8)]


def verdicts(script: Callable[[str], str], judge: Pairwise | None = None) -> list[Verdict]:
    model = ScriptedModel(lambda said: script(said[-1].content))
    flows = {p.id: (judge or Pairwise()).flow(p) for p in PAIRS}
    return list(judged(flows, model).values())


def honest(prompt: str) -> str:
    answers = re.findall(r"Answer [AB]:\n(.*)", prompt)
    return f"Better: {'AB'[[a.startswith('good') for a in answers].index(True)]}\nCertainty: 90%"


def test_a_judge_that_reads_chooses_the_same_side_in_both_orders() -> None:
    found = verdicts(honest)
    assert {v.side for v in found} == {"first"}
    assert quality(found).disagreement == quality(found).position_bias == 0


def test_a_judge_that_goes_by_place_ties_and_is_found_out() -> None:
    found = verdicts(lambda prompt: "Better: A")
    assert {v.side for v in found} == {"tie"}
    assert (quality(found).disagreement, quality(found).position_bias) == (1.0, 1.0)


def test_nonsense_is_no_verdict_and_is_counted() -> None:
    found = verdicts(lambda prompt: "As a model I like both A and B.")
    assert {v.side for v in found} == {None}
    assert quality(found).unread == 1.0


def test_a_judge_may_abstain_where_it_was_told_so() -> None:
    found = verdicts(lambda prompt: "Better: unknown\nCertainty: 10%", Pairwise(certain=True))
    assert (quality(found).abstained, quality(found).unread) == (1.0, 0.0)


def test_the_description_of_the_person_is_what_the_personal_judge_reads() -> None:
    known = replace(PAIRS[0], persona="Hates tea.")
    assert "Hates tea." in Pairwise().prompt(known, "a", "b")
    assert "for this person" in Pairwise().prompt(known, "a", "b")


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("Certainty: 80%", 0.8),
        ("confidence 65/100", 0.65),
        ("Certainty: 0.9", 0.9),
        ("Certainty: 4/5", 0.8),
        ("Confidence: 87.5 %", 0.875),
        ("Certainty: 250", None),
        ("Certainty: very likely", 0.9),
        ("no", None),
    ],
)
def test_certainty_is_read_from_figures_and_from_words(said: str, value: float | None) -> None:
    assert certainty(said) == value


def test_a_choice_that_names_two_options_is_none() -> None:
    assert choice("Better: A or B", "Better", ("A", "B")) is None
    assert choice("**Better:** B.", "Better", ("A", "B")) == "B"


def test_a_grade_outside_its_range_is_none() -> None:
    assert number("Grade: 7", "Grade", 1, 5) is None
    assert number("Grade: 4.5 of 5", "Grade", 1, 5) == 4.5


def test_a_rubric_stretches_its_grade_to_the_unit() -> None:
    rubric = Rubric(criterion="warmth", levels=("cold", "cool", "mild", "warm", "hot"))
    grade = judged({"x": rubric.flow("Q", "A")}, ScriptedModel(["Grade: 4"]))["x"]
    assert (grade.value, grade.unread) == (0.75, 0)


def test_a_checklist_asks_each_point_by_itself() -> None:
    model = ScriptedModel(["Met: yes", "Met: no", "perhaps"])
    grade = judged({"x": Checklist().flow("Q", "A", ["short", "warm", "true"])}, model)["x"]
    assert (grade.value, grade.asked, grade.unread) == (0.5, 3, 1)


def test_a_worlds_oracle_prefers_what_is_true_of_the_person(tmp_path: Path) -> None:
    made = World.load(world(tmp_path / "w.json"))
    found = [(Oracle(made).verdict(pair, probe), probe) for pair, probe in pairs(made, "tag")]
    assert found
    assert all((v.pair.first if v.side == "first" else v.pair.second) == probe.target for v, probe in found)
    assert {v.side for v, _ in found} == {"first", "second"}


@pytest.mark.parametrize("task", ["tag", "choose", "recommend", "reply"])
def test_both_answers_of_a_worlds_pair_are_answers_to_its_question(task: str) -> None:
    made = make(31, 6, history=2, probes=6)
    found = list(pairs(made, task))
    assert len({pair.user for pair, _ in found}) > 1
    tags = [made.truth[u]["taste"]["tags"] for u in made.users]
    for pair, probe in found:
        (wrong,) = {pair.first, pair.second} - {probe.target}
        others = {p.target for u in made.users for p in made.probes(u, task) if p.query.text == probe.query.text}
        if task == "tag":
            topics = [topic for topic, tag in made.truth[pair.user]["taste"]["tags"].items() if tag == probe.target]
            others |= {own[topic] for own in tags for topic in topics}
        assert wrong in others | {"A", "B"} | set(probe.query.input.split(" or "))
        assert made.score(probe, wrong) < made.score(probe, probe.target)


def test_a_good_judge_agrees_with_labels_beyond_chance_and_a_coin_does_not() -> None:
    labels: dict[str, Side] = {p.id: "first" for p in PAIRS}
    good = validate(verdicts(honest, Pairwise(certain=True)), labels)
    assert (good["accuracy"], good["certain"], good["accuracy_certain"]) == (1.0, 1.0, 1.0)
    assert "beyond chance" in good["sentence"]
    assert "cannot be told from a coin" in validate(verdicts(lambda p: "Better: A"), labels)["sentence"]
    assert "cannot be judged" in validate(verdicts(lambda p: "banana"), labels)["sentence"]


def test_labels_of_other_pairs_are_refused() -> None:
    with pytest.raises(BadInput, match="'p9'"):
        validate(verdicts(honest), {**{p.id: "first" for p in PAIRS}, "p9": "first"})


def test_agreement_beyond_chance_of_a_worked_table() -> None:
    assert kappa(["a", "a", "b", "b"], ["a", "b", "b", "b"]) == pytest.approx((0.75 - 0.5) / 0.5)


def test_a_judge_by_likelihood_prefers_what_the_persons_data_makes_likelier(llama: HFModel) -> None:
    words = "salty soup"
    pair = Pair(id="p", question="Which soup?", first=words, second="plum cake", persona=f"{words} {words}")
    said = judged({"known": Likelihood().flow(pair), "nobody": Likelihood().flow(replace(pair, persona=""))}, llama)
    turned = judged({"p": Likelihood().flow(replace(pair, first=pair.second, second=pair.first))}, llama)["p"]
    assert said["known"].side == {"first": "second", "second": "first"}[str(turned.side)]
    assert said["known"].forward.text != said["nobody"].forward.text
    assert 0.5 <= (said["known"].certainty or 0.0) <= 1.0
