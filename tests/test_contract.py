"""The contract that every method file keeps, unasked: a new file is tested by existing.

| item | test |
|---|---|
| least access | `test_it_asks_for_the_access_on_its_card_no_more_and_no_less` |
| no data | `test_a_user_without_data_gets_what_theta_alone_gives` |
| seed | `test_the_same_seed_gives_the_same_whatever_the_batch` |
| sources | `test_sources_are_his_own_records_or_of_users_who_share` |
| lineage | `test_a_record_outside_the_lineage_changes_nothing`, `test_each_source_matters` |
| theta | `test_thetas_names_and_shapes_do_not_depend_on_how_many_it_learnt_from` |
| resume | `test_adapting_in_two_halves_is_what_the_card_says` |
| lockstep | `test_users_adapted_in_lockstep_equal_users_adapted_alone` |
| hooks | `test_no_hook_stands_on_the_model_while_it_asks` |
| base model | `test_the_base_model_is_left_bit_for_bit` |
| saving | `test_theta_and_own_survive_another_process` |
| leakage | `test_no_example_knows_its_own_answer_or_later_records` |
| composition | `test_under_ipa_every_inheriting_stream_carries_its_blocks` |
| batching | `test_batched_equals_one_by_one` |
| whose | `test_another_users_data_changes_an_answers_probability` |
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from contract_setting import (
    ANSWER,
    FAMILIES,
    NAMES,
    QUERY,
    SHARING,
    another,
    digest,
    distance,
    elsewhere,
    hooks,
    learners,
    learnt,
    leaves,
    lockstep,
    losses,
    model,
    people,
    person,
    skeleton,
    trial,
)
from idiolect.core.idiolect import Idiolect, Stream
from idiolect.core.model import needs
from idiolect.core.requests import Ask, Fit, Item, Read, Sampling, Score
from idiolect.core.types import UserData
from idiolect.models.hf import HFModel

EVERY = pytest.mark.parametrize("name", NAMES)
BOTH = pytest.mark.parametrize("family", FAMILIES)
ONE_QUICK = pytest.mark.parametrize("family", [FAMILIES[0], pytest.param(FAMILIES[1], marks=pytest.mark.slow)])


@BOTH
@EVERY
def test_it_asks_for_the_access_on_its_card_no_more_and_no_less(name: str, family: str) -> None:
    t, _, _, made = learnt(name, family)
    requests = [a.request for a in t.seen] + [Ask(query=QUERY, idiolect=made)]
    for role, access in t.method.card.roles.items():
        assert max(needs(r) for r in requests if r.to == role) == access
    assert {r.to for r in requests} <= set(t.method.card.roles)


@BOTH
@EVERY
def test_a_user_without_data_gets_what_theta_alone_gives(name: str, family: str) -> None:
    t, theta, _, _ = learnt(name, family)
    nobody = UserData("nobody")
    adapted = t.condition(nobody, theta, t.adapt(nobody, theta))
    assert digest(adapted) == digest(t.condition(nobody, theta, None))
    assert not adapted.sources


@ONE_QUICK
@EVERY
def test_the_same_seed_gives_the_same_whatever_the_batch(name: str, family: str) -> None:
    t, theta, own, _ = learnt(name, family)
    users = {u: person(u) for u in ("bob", "ann", "cid")}
    assert digest(t.meet(users["ann"], theta)) == digest((theta, own))
    together = t.run_many({u: t.method.adapt(data, theta) for u, data in users.items()})
    apart = distance(together["ann"], t.adapt(users["ann"], theta))
    assert apart < 1e-4  # AdamW divides by gradients that are nearly nothing: equal in double precision, see below


@ONE_QUICK
@EVERY
def test_the_card_says_whether_the_seed_matters(name: str, family: str) -> None:
    _, theta, own, _ = learnt(name, family)
    t = trial(name, model(family), seed=1)
    assert (digest(t.meet(person("ann"))) != digest((theta, own))) == t.method.card.draws


@BOTH
@EVERY
def test_sources_are_his_own_records_or_of_users_who_share(name: str, family: str) -> None:
    _, _, _, made = learnt(name, family)
    assert made.sources
    assert made.sources <= person("ann").lineage
    assert {owner for owner, _ in made.sources} <= {"ann", *SHARING}


@ONE_QUICK
@EVERY
def test_a_record_outside_the_lineage_changes_nothing(name: str, family: str) -> None:
    t, theta, own, made = learnt(name, family)
    changed = {("stranger", r.id): another for r in person("stranger").records}
    ann = person("ann", people(changed=changed))
    again, other = t.meet(ann, theta)
    assert digest((again, other, t.condition(ann, again, other))) == digest((theta, own, made))


@ONE_QUICK
@EVERY
def test_each_source_matters(name: str, family: str) -> None:
    t, theta, own, made = learnt(name, family)
    for source in sorted(made.sources):
        ann = person("ann", people(changed={source: another}))
        again, other = t.meet(ann, theta)
        idiolect = t.condition(ann, again, other)
        same = digest((own, made)) == digest((other, idiolect))
        assert not same or not torch.equal(*t.score(made, idiolect)), f"nothing hangs on {source}"


@ONE_QUICK
@EVERY
def test_thetas_names_and_shapes_do_not_depend_on_how_many_it_learnt_from(name: str, family: str) -> None:
    t, theta, _, _ = learnt(name, family)
    assert skeleton(t.learn(7)) == skeleton(theta)


@ONE_QUICK
@EVERY
def test_adapting_in_two_halves_is_what_the_card_says(name: str, family: str) -> None:
    t = trial(name, model(family), steps=12)
    theta = learnt(name, family)[1]
    ann = person("ann")
    half = len(ann.records) // 2
    first = t.adapt(ann.until(half), theta)
    second = t.adapt(ann, theta, first)
    if t.method.card.resume == "exact":
        assert distance(second, t.adapt(ann, theta)) < 1e-6
        return
    chooses = set(t.method.card.data) == {"preference"}
    later = [e for e in ann.examples() if bool(e.rejected) == chooses]
    later = [e for e in later if e.source not in {r.id for r in ann.records[:half]}]

    def score(own: Any) -> float:
        """Log-probability of what he wrote in the second half, or of what he chose there over what he did not."""
        logs = [
            sign * float(log_probs.sum())
            for e in later
            for sign, text in ((1, e.target), (-1, e.rejected))
            if text
            for log_probs in t.score(t.condition(e.before, theta, own, e.query), query=e.query, answer=text)
        ]
        return sum(logs)

    assert score(second) > score(first)


COUNTS = [
    pytest.param("llama", 5, 5),
    pytest.param("lfm2", 5, 5, marks=pytest.mark.slow),
    pytest.param("llama", 64, 20, marks=pytest.mark.long),
    pytest.param("lfm2", 64, 20, marks=pytest.mark.long),
]


@pytest.mark.parametrize(("family", "users", "steps"), COUNTS)
@EVERY
def test_users_adapted_in_lockstep_equal_users_adapted_alone(name: str, family: str, users: int, steps: int) -> None:
    _, _, apart = lockstep(name, family, users, steps, double=True)
    assert max(apart.values()) < 1e-8


@pytest.mark.parametrize(("family", "users", "steps"), COUNTS)
@EVERY
def test_in_single_precision_each_steps_loss_is_that_of_training_alone(
    name: str, family: str, users: int, steps: int
) -> None:
    alone, together, _ = lockstep(name, family, users, steps, double=False)
    assert losses(alone).keys() == losses(together).keys()
    for user, own in losses(alone).items():
        assert losses(together)[user] == pytest.approx(own, rel=1e-4)


@BOTH
@EVERY
def test_no_hook_stands_on_the_model_while_it_asks(name: str, family: str) -> None:
    t, _, _, made = learnt(name, family)
    t.score(made)
    assert {a.hooks for a in t.seen} <= {0}
    assert hooks(t.on) == 0


@BOTH
@EVERY
def test_the_base_model_is_left_bit_for_bit(name: str, family: str) -> None:
    t, _, _, made = learnt(name, family)
    t.score(made)
    fresh = HFModel.random(family).module.state_dict()
    assert all(torch.equal(fresh[k], v) for k, v in t.on.module.state_dict().items())


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("saved")


@ONE_QUICK
@EVERY
def test_theta_and_own_survive_another_process(name: str, family: str, saved: Path) -> None:
    t, _, _, made = learnt(name, family)
    (here,) = t.score(made)
    assert elsewhere(family, saved / family)[name] == pytest.approx(here.tolist(), abs=1e-5)


@ONE_QUICK
@pytest.mark.parametrize("before", ["", "ipa | ", "pag | "])
@EVERY
def test_no_example_knows_its_own_answer_or_later_records(name: str, before: str, family: str) -> None:
    place = 9  # a record with examples before and after it
    ann = person("ann")
    at = ann.records[place].time
    changed = person("ann", people(changed={("ann", r.id): another for r in ann.records[place:]}))
    seen = [examples(before + name, user, family) for user in (ann, changed)]
    for one, other in zip(*seen, strict=True):
        older = [[(i.query, i.idiolect) for i in items if (i.query.time or 0) <= at] for items in (one, other)]
        assert distance(*older) < 1e-5  # what was read of a text differs in its last bits with the batch


def examples(name: str, user: UserData, family: str) -> list[tuple[Item, ...]]:
    """The items of each request, of adapting and of learning, up to the first training."""
    found = []
    for verb in ("adapt", "learn"):
        t = trial(name, model(family), steps=1)
        verbs = t.method.adapt(user, None) if verb == "adapt" else t.method.learn([user, *learners(1)])
        t.run(verbs, user.user_id)
        for asked in t.seen:
            if isinstance(asked.request, (Fit, Read, Score)):
                found.append(asked.request.items)
            if isinstance(asked.request, Fit):
                break
    return found


@EVERY
def test_under_ipa_every_inheriting_stream_carries_its_blocks(name: str) -> None:
    ann = person("ann")
    t, theta, own, right = learnt(name, FAMILIES[0])
    both = trial(f"ipa | {name}", t.on)
    left = learnt("ipa", FAMILIES[0])[3]
    made = both.condition(ann, (None, theta), (None, own))
    blocks = left.streams[0].context
    for stream in made.streams:
        assert not stream.inherits or stream.context[: len(blocks)] == blocks
    assert made.sources == left.sources | right.sources


@BOTH
@EVERY
def test_batched_equals_one_by_one(name: str, family: str) -> None:
    t, theta, _, made = learnt(name, family)
    bob = person("bob")
    yours = t.condition(bob, theta, t.adapt(bob, theta))
    many = [made, Idiolect(), yours, Idiolect(streams=(Stream(query="Why?"),))]
    for alone, together in zip([t.score(i)[0] for i in many], t.score(*many), strict=True):
        torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)
    short = Sampling(max_tokens=4)
    asks = [Ask(query=QUERY, idiolect=i, sampling=short) for i in many]
    keys = [t.key("")] * len(asks)
    assert t.on.answer(asks, keys) == [t.on.answer([a], [k])[0] for a, k in zip(asks, keys, strict=True)]


@BOTH
@EVERY
def test_another_users_data_changes_an_answers_probability(name: str, family: str) -> None:
    t, theta, _, mine = learnt(name, family)
    bob = person("bob")
    yours = t.condition(bob, theta, t.adapt(bob, theta))
    first, second = t.score(mine, yours, answer=ANSWER)
    assert float((first - second).abs().max()) > 1e-6


def test_the_suite_can_fail() -> None:
    """Two values that differ in one number are told apart."""
    assert digest({"a": torch.zeros(2)}) != digest({"a": torch.tensor([0.0, 1e-12])})
    assert distance((torch.zeros(2),), (torch.ones(2),)) == 1.0
    assert leaves({"b": 1, "a": 2}) == leaves({"a": 2, "b": 1})
