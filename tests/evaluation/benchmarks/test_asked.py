"""Sets of choices, labels, reviews and requests: what is read is what is meant, and a person's own data helps him."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evaluation.benchmarks.official_asked import dpl, pdr_bench, personalllm, recbench_plus, wikipersona
from evaluation.benchmarks.test_readers import damaged, refusal, written
from idiolect.core.types import Message, Post, Query
from idiolect.data.dataset import Asked, Dataset
from idiolect.evaluation import benchmarks
from idiolect.evaluation.benchmarks import pairs
from idiolect.evaluation.benchmarks.classification import peft_u
from idiolect.evaluation.benchmarks.classification.peft_u import Sample
from idiolect.evaluation.benchmarks.pairs import EVERYBODY, LENGTH, OTHER, OWN, Pair
from idiolect.evaluation.benchmarks.preference import wikipersona as famous
from idiolect.evaluation.benchmarks.recommendation import recbench_plus as requests
from idiolect.evaluation.benchmarks.recommendation.recbench_plus import Request
from idiolect.evaluation.benchmarks.rows import Row

CALM, LOUD = "Rest well now.", "Rest now! Go! Go!"


def choices(people: int = 14, questions: int = 6, first: int = 0) -> list[Pair]:
    """Every other person likes it loud."""
    found = []
    for u in range(people):
        better, worse = (LOUD, CALM) if u % 2 == 0 else (CALM, LOUD)
        found += [Pair(str(u), f"{u}/{q}", better, worse, "ab"[q % 2]) for q in range(first, first + questions)]
    return found


def by_method(rows: list[Row], part: str = "all", metric: str = "accuracy") -> dict[str, Row]:
    return {r.method: r for r in rows if (r.part, r.metric) == (part, metric)}


@pytest.fixture(scope="module")
def halves() -> list[Row]:
    return list(pairs.measure(choices(), choices(first=6)))


def test_a_reward_of_ones_own_orders_the_pairs_of_a_half_that_was_not_shown(halves: list[Row]) -> None:
    found = by_method(halves)
    assert found[OWN.method].value == 1.0
    assert found[LENGTH.method].value == 0.5
    assert found[OTHER.method].value < 0.75


def test_pairs_are_measured_over_all_and_by_kind_of_question(halves: list[Row]) -> None:
    assert {r.part for r in halves} == {"all", "a", "b"}
    assert {r.items for r in halves if r.part == "a"} == {42}


def test_a_pair_is_never_learnt_from_itself() -> None:
    alone = choices(questions=1)
    found = pairs.predicted(alone, alone)
    assert found[OWN].tolist() == found[EVERYBODY].tolist()


def test_a_question_that_is_asked_is_learnt_from_nobody() -> None:
    shared = [Pair(str(u), "the same", LOUD, CALM) for u in range(20)]
    assert set(pairs.predicted(shared, shared)[EVERYBODY].tolist()) == {0.5}


@pytest.mark.parametrize("half", famous.CARD.files)
def test_a_damaged_line_of_either_half_is_refused_with_its_place(half: str, tmp_path: Path) -> None:
    whole = wikipersona()
    for broken in damaged(json.loads(whole[half].split("\n")[0])):
        written(tmp_path, {**whole, half: json.dumps(broken)})
        refused = refusal("wikipersona", tmp_path)
        assert refused is None or (half in refused.where and refused.fix)


def test_the_side_that_was_chosen_is_the_preferred_reply(tmp_path: Path) -> None:
    module = benchmarks.get("personalllm")
    (person,) = module.read(written(tmp_path, personalllm("b")))
    assert [(p.chosen, p.rejected) for p in person.past] == [("Thus.", "So.")] * 2


def test_a_past_is_as_long_as_it_says(tmp_path: Path) -> None:
    module = benchmarks.get("personalllm")
    assert module.count(module.read(written(tmp_path, personalllm()))) == {"people": 1, "pairs": 2}


def sample(user: str, item: int, *labels: str) -> Sample:
    return Sample(str(item), user, f"word{item % 7} text{item}", frozenset(labels))


def test_of_two_labels_one_is_asked_and_of_several_each_that_some_withheld() -> None:
    assert peft_u.asked([sample("a", 1, "yes"), sample("b", 1, "no")]) == ["no"]
    assert peft_u.asked([sample("a", 1, "joy", "fear"), sample("b", 1, "joy"), sample("b", 2, "joy", "awe")]) == [
        "awe",
        "fear",
    ]


def test_an_annotators_own_labels_tell_what_the_text_cannot() -> None:
    said = {"stern": "Hateful", "mild": "Non-hateful"}
    train, test = (
        tuple(sample(user, i, label) for user, label in said.items() for i in items)
        for items in (range(60), range(60, 70))
    )
    rows = list(peft_u.measure({"tweeteval": {"train": train, "val": (), "test": test}}, None))
    found = by_method(rows, "tweeteval: Hateful, all")
    assert found["text + user id"].value == 1.0
    assert found["text only"].value == 0.5


def test_of_a_large_set_whole_users_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peft_u, "MOST", 25)
    many = [sample(str(u), i, "yes") for u in range(10) for i in range(10)]
    kept = peft_u._fewer(many)
    assert len(kept) == 30
    assert len({s.annotator for s in kept}) == 3


def shelf() -> dict[str, Dataset]:
    """Two readers; each writes of sea books in one manner, of war books in another."""

    def post(user: str, topic: str, time: float) -> Post:
        prompt = f"A {topic} book\nAll about {topic}\nStars: 4\nHeadline: Fine"
        return Post(id=f"{topic}{time}", time=time, task="review", prompt=prompt, text=f"{user} on {topic} again")

    people = {u: (post(u, "sea", 1.0), post(u, "war", 2.0)) for u in ("ann", "ben")}
    asked = []
    for user in people:
        last = post(user, "sea", 3.0)
        query = Query(messages=(Message("user", last.prompt),), task="review", input=last.prompt)
        asked.append(Asked(id=user, user=user, task="review", query=query, target=last.text))
    return {"Books": Dataset(name="Books", people=people, questions=tuple(asked))}


def test_ones_own_review_of_the_likest_item_is_nearer_than_the_latest_and_than_anothers() -> None:
    found = by_method(list(benchmarks.get("dpl").measure(shelf(), None)), "Books", "rouge_1")
    likest = found["the user's review of the likest item"].value
    assert likest == 1.0
    assert found["the user's latest review"].value < likest
    assert found["another user's review of the likest item"].value < likest


def test_what_is_said_of_an_item_stands_before_its_stars_and_headline(tmp_path: Path) -> None:
    dataset = benchmarks.get("dpl").read(written(tmp_path, dpl()))["Books"]
    assert dataset.questions[0].query.input == "Book B2\nAbout B2\nStars: 4.0\nHeadline: Fine"
    assert [p.time for p in dataset.people["U1"]] == [1300000000.0]


def test_what_only_oneself_wants_is_not_popular() -> None:
    mine = [Request(str(n), "ExplicitQuery", "me", "?", ("My film",)) for n in range(9)]
    others = [Request(f"o{n}", "ExplicitQuery", f"o{n}", "?", (f"film {n}",)) for n in range(5)]
    rows = list(requests.measure([*mine, *others], None))
    recall = by_method(rows, "all", "recall@5")["popular"]
    assert recall.scores["me"] == 0.0


def test_an_empty_request_of_a_group_is_left_out(tmp_path: Path) -> None:
    found = benchmarks.get("recbench_plus").read(written(tmp_path, recbench_plus()))
    assert [(r.id, r.said) for r in found if r.kind == "UserBasedQuery"] == [("0-1", "What has a twist?")]


def test_a_profile_is_read_leaf_by_leaf(tmp_path: Path) -> None:
    made: dict[str, Any] = pdr_bench()
    data = benchmarks.get("pdr_bench").read(written(tmp_path, made))
    facts = [(f.name, f.value) for f in data.people["User1"]]
    assert facts == [("Basic / Age", "41"), ("Basic / Hobbies", "chess"), ("Basic / Hobbies", "tea")]
