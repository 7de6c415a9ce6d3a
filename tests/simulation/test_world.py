"""Worlds: the same from the same seed, oracles that know their targets, JSON that comes back or says what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest

from idiolect.core.errors import BadInput, UnknownName
from idiolect.core.types import Attribute, Interaction, Post, Preference, Relation, Turn
from idiolect.simulation import style as styles
from idiolect.simulation import tastes
from idiolect.simulation.language import Language, split
from idiolect.simulation.oracles import score
from idiolect.simulation.words import fresh_word, held_out
from idiolect.simulation.world import World, make

TASKS = {
    *("fact", "update", "preference", "unknown", "temporal", "count", "multi_hop", "factual"),
    *("rewrite", "headline", "review", "tag", "rate", "recommend", "reply", "choose"),
}


@pytest.fixture(scope="module")
def world() -> World:
    return make(seed=3, users=6, history=6, probes=4)


def test_a_seed_makes_the_same_world_twice(world: World) -> None:
    again = make(seed=3, users=6, history=6, probes=4)
    assert again.people == world.people
    assert again.asked == world.asked


def test_a_person_does_not_depend_on_how_many_others_there_are(world: World) -> None:
    alone = make(seed=3, users=1, history=6, probes=4)
    assert alone.people[alone.users[0]] == world.people[world.users[0]]


def test_every_task_is_asked_of_everybody(world: World) -> None:
    assert set(world.tasks) == TASKS
    assert all(len(world.probes(u, t)) == 4 for u in world.users for t in TASKS)


def test_all_kinds_of_user_data_are_there(world: World) -> None:
    kinds = {type(r) for r in world.records(world.users[0])}
    assert kinds == {Attribute, Relation, Turn, Post, Interaction, Preference}


def test_the_oracle_gives_every_target_the_full_score(world: World) -> None:
    short = [(p.id, p.target) for u in world.users for p in world.asked[u] if world.score(p, p.target) != 1.0]
    assert short == []


def test_the_oracle_gives_another_persons_target_less(world: World) -> None:
    a, b = world.users[:2]
    for task in ("fact", "rewrite", "tag", "reply"):
        own = [world.score(p, p.target) for p in world.probes(a, task)]
        other = [world.score(p, q.target) for p, q in zip(world.probes(a, task), world.probes(b, task), strict=True)]
        assert sum(other) < sum(own), task


def test_an_updated_fact_is_not_right_with_its_old_value() -> None:
    truth = {"match": "contains", "value": "rose", "not": "oak"}
    assert [score(truth, t, {}) for t in ("Your tree is rose.", "It is oak.", "rose, once oak", "roses")] == [
        1,
        0,
        0,
        0,
    ]


def test_a_rating_loses_a_quarter_for_each_point() -> None:
    truth = {"match": "number", "value": 5, "range": 4}
    assert [score(truth, t, {}) for t in ("5", "4 of 5", "1", "none")] == [1.0, 0.75, 0.0, 0.0]


@pytest.mark.parametrize(
    ("wish", "right", "wrong"),
    [
        ("short", "zanbel.", "Your tea is zanbel."),
        ("formal", "Certainly. Your tea is zanbel.", "Your tea is zanbel."),
        ("warm", "Your tea is zanbel. :)", "Your tea is zanbel."),
        ("call", "Ann, your tea is zanbel.", "Your tea is zanbel."),
    ],
)
def test_a_form_is_told_from_the_plain_answer(wish: str, right: str, wrong: str) -> None:
    truth = {"match": "form", "wish": wish, "value": "zanbel", "name": "Ann", "head": "Your"}
    assert [score(truth, text, {}) for text in (right, wrong, "")] == [1.0, 0.0, 0.0]


def test_an_unknown_rule_of_scoring_names_a_near_one() -> None:
    with pytest.raises(UnknownName, match="contains"):
        score({"match": "contain"}, "x", {})


def test_records_are_older_than_the_probes_and_in_order(world: World) -> None:
    for u in world.users:
        times = [r.time for r in world.records(u)]
        assert times == sorted(times)


def test_a_world_comes_back_from_json(world: World, tmp_path: Path) -> None:
    world.save(tmp_path / "w.json")
    back = World.load(tmp_path / "w.json")
    assert back.people == world.people
    assert back.asked == world.asked
    probe = world.probes(world.users[0], "reply")[0]
    assert back.score(probe, probe.target) == 1.0


def test_a_world_file_cut_in_half_is_one_clear_error(world: World, tmp_path: Path) -> None:
    path = tmp_path / "w.json"
    world.save(path)
    path.write_text(path.read_text()[: path.stat().st_size // 2])
    with pytest.raises(BadInput, match=r"w\.json.*whole JSON.*idiolect world"):
        World.load(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"users": []}, "no users"),
        ({"format": 9}, "format 1"),
        (
            {"users": [{"id": "a", "records": [{"kind": "post", "id": "1", "texts": "x"}]}]},
            r"users\[0\]\.records\[0\].*'texts'",
        ),
        ({"users": [{"id": "a", "records": [{"kind": "poem"}]}]}, "known kind"),
        ({"users": [{"id": "a", "probes": [{"id": "1"}]}]}, r"probes\[0\]"),
        ({"users": [{"id": "a"}, {"id": "a"}]}, r"users\[1\].*different"),
    ],
)
def test_a_malformed_world_names_the_place_and_the_fix(change: dict[str, object], message: str, tmp_path: Path) -> None:
    path = tmp_path / "w.json"
    path.write_text(json.dumps({"format": 1, "users": [{"id": "a", "records": []}], **change}))
    with pytest.raises(BadInput, match=message):
        World.load(path)


def test_a_world_without_users_is_refused() -> None:
    with pytest.raises(BadInput, match="at least one"):
        make(users=0)


def test_held_out_frames_and_training_frames_share_nothing() -> None:
    held, seen = Language.load(held=True), Language.load()
    for kind, table in held.data["facts"].items():
        lists = [k for k, v in table.items() if isinstance(v, list)]
        for name in lists:
            a, b = set(held.frames("facts", kind, name)), set(seen.frames("facts", kind, name))
            assert not a & b
            assert len(a) == len(a | b) // 5


def test_each_kind_of_fact_has_fifty_statements_and_thirty_questions() -> None:
    data = Language.load().data["facts"]
    for kind, table in data.items():
        for name, frames in table.items():
            if isinstance(frames, list):
                assert len(set(frames)) >= (50 if name == "statements" else 30), (kind, name)


def test_fresh_words_keep_to_their_side() -> None:
    r = Random(0)
    assert all(held_out(fresh_word(r, held=True)) for _ in range(50))
    assert not any(held_out(fresh_word(r, held=False)) for _ in range(50))


def test_a_strangers_language_replaces_only_what_it_brings(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[facts.name]\nstatements = ["Folks shout {v} when I come in."]\n')
    lang = Language.load(path, held=True)
    assert lang.frames("facts", "name", "statements") == ["Folks shout {v} when I come in."]
    assert len(lang.frames("facts", "job", "statements")) > 5


def test_a_language_file_that_is_no_toml_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("facts = [")
    with pytest.raises(BadInput, match="TOML"):
        Language.load(path)


def test_the_style_switches_are_read_off_the_text_one_by_one() -> None:
    style = styles.Style(case="sentence", opener="hey", mark="!", emoticon=":)", signoff="", formal=True, long=False)
    pairs = {"buy": "purchase"}
    assert style.render(pairs, "we buy a lamp") == "Hey, we purchase a lamp! :)"
    seen = styles.switches(pairs, style, "we buy a lamp", "hey, we buy a lamp! :)")
    assert [k for k, ok in seen.items() if not ok] == ["case", "words", "whole"]


def test_each_combination_of_reply_features_is_read_back() -> None:
    lang, r = Language.load(), Random(1)
    for body in lang.data["reply"]["questions"]:
        for bits in range(16):
            want = {d: 1 if bits >> i & 1 else -1 for i, d in enumerate(tastes.REPLIES)}
            assert tastes.features(lang.data["reply"], tastes.compose(r, lang, body, want)) == want


def test_split_keeps_a_stable_fifth() -> None:
    items = [f"x{i}" for i in range(50)]
    assert len(split(items, True)) == 10
    assert split(items[::-1], True) == split(items, True)
