"""Candidates in an order for one user."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import idiolect
from idiolect.applications.recommend import recommend
from idiolect.core.errors import AccessError, BadInput, ConsentError
from idiolect.core.types import Interaction
from idiolect.memory.space import Space
from idiolect.models.scripted import ScriptedModel

if TYPE_CHECKING:
    from idiolect.models.hf import HFModel

FILMS = [
    {"id": "f1", "text": "robots at war", "popularity": 5},
    {"id": "f2", "text": "a storm at sea", "popularity": 4},
    {"id": "f3", "text": "old ships", "popularity": 1, "year": 1950},
]
CANARY = "canary-77aa"


@pytest.fixture
def space(tmp_path: Path) -> Iterator[Space]:
    with idiolect.open(tmp_path / "home", encoder=None) as found:
        ann = found.user("ann")
        ann.add(Interaction(id="sea", task="rate", prompt=f"ships and the sea {CANARY}", text="5"))
        ann.add(Interaction(id="war", task="rate", prompt="robots at war again", text="1"))
        yield found


def ids(space: Space, user: str, **options: object) -> list[str]:
    return [one.item.id for one in recommend(space, user, FILMS, **options).results]  # type: ignore[arg-type]


def test_what_is_like_what_he_rated_high_comes_first(space: Space) -> None:
    assert ids(space, "ann") == ["f2", "f3", "f1"]


def test_somebody_unknown_gets_what_everybody_gets_and_is_told_so(space: Space) -> None:
    found = recommend(space, "bob", FILMS)
    assert [one.item.id for one in found.results] == ["f1", "f2", "f3"]
    assert not found.personal
    assert found.note == "this is the order that everybody gets: nothing that bears on this is known of him"
    assert all(not one.reasons for one in found.results)


def test_without_popularity_everybody_gets_the_given_order(space: Space) -> None:
    assert [one.item.id for one in recommend(space, "bob", ["b", "a", "c"]).results] == ["b", "a", "c"]


def test_a_record_that_bears_on_nothing_is_no_personalisation(space: Space) -> None:
    space.user("eve").add("I moved house")
    assert not recommend(space, "eve", FILMS).personal


def test_reasons_name_his_records_and_add_up_to_the_part(space: Space) -> None:
    for one in recommend(space, "ann", FILMS).results:
        assert sum(r.added for r in one.reasons) == pytest.approx(one.parts["records"], abs=0.02)
        assert one.score == pytest.approx(one.parts["everybody"] + one.parts["records"])
    worst = recommend(space, "ann", FILMS).results[-1]
    assert (worst.reasons[0].id, worst.reasons[0].added < 0) == ("war", True)


def test_the_dial_goes_from_what_fits_to_what_is_known_least(space: Space) -> None:
    films = [*FILMS, {"id": "f4", "text": "a lamp in the attic", "popularity": 1}]
    first = [recommend(space, "ann", films, explore=e).results[0] for e in (0.0, 1.0)]
    assert [one.item.id for one in first] == ["f2", "f4"]
    assert first[1].score == first[1].parts["unsure"] == pytest.approx(1.0)


def test_what_he_judged_is_left_out_unless_asked_for(space: Space) -> None:
    space.user("ann").add(Interaction(id="seen", task="shop", prompt="", item="f3", text="liked"))
    found = recommend(space, "ann", FILMS)
    assert ([one.item.id for one in found.results], found.known) == (["f2", "f1"], ("f3",))
    assert "f3" in ids(space, "ann", again=True)


def test_where_he_judged_all_of_them_it_says_so(space: Space) -> None:
    found = recommend(space, "ann", ["robots at war again"])
    assert (found.results, found.known) == ((), ("robots at war again",))
    assert "judged all" in found.note


def test_nothing_of_anybody_else_is_used(space: Space) -> None:
    assert CANARY not in str(recommend(space, "bob", FILMS).plain())


def test_without_his_consent_nothing_is_used_and_it_says_why(space: Space) -> None:
    space.user("ann").consent()
    found = recommend(space, "ann", FILMS)
    assert [one.item.id for one in found.results] == ["f1", "f2", "f3"]
    assert "does not allow" in found.note
    assert CANARY not in str(found.plain())


def test_he_finds_it_in_his_audit_trail(space: Space) -> None:
    recommend(space, "ann", FILMS)
    lines = [(line["actor"], line["action"], line["purpose"]) for line in space.user("ann").audit()]
    assert ("library", "recommend", "assist") in lines
    assert ("store", "records", "assist") in lines


def test_nobody_is_made_by_asking_for_him(space: Space) -> None:
    recommend(space, "bob", FILMS)
    assert space.users() == ("ann",)


def test_what_he_corrected_counts_as_it_is_now(space: Space) -> None:
    eve = space.user("eve")
    (said,) = eve.add("I love robots")["results"]
    (before, *_) = recommend(space, "eve", FILMS).results
    eve.update(said["id"], "I hate robots")
    after = {one.item.id: one for one in recommend(space, "eve", FILMS).results}["f1"]
    assert (before.item.id, before.reasons[0].added > 0, after.reasons[0].added < 0) == ("f1", True, True)


def test_items_come_from_a_file_with_their_other_fields(space: Space, tmp_path: Path) -> None:
    path = tmp_path / "films.jsonl"
    path.write_text("\n".join(map(json.dumps, FILMS)))
    found = recommend(space, "ann", path, top_k=2)
    assert [one.item.given.get("year") for one in found.results] == [None, 1950]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([], "there are none"),
        ([7], "is a int"),
        ([{"id": "a"}], "has no words"),
        ([{"id": "a", "text": "x"}, {"id": "a", "text": "y"}], "another item's too"),
        ([{"text": "x", "popularity": "high"}], "is no popularity"),
    ],
)
def test_what_is_no_item_is_refused_by_its_place(space: Space, given: list[object], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        recommend(space, "ann", given)  # type: ignore[arg-type]


def test_a_dial_beyond_its_ends_is_refused(space: Space) -> None:
    with pytest.raises(BadInput, match="not from 0 to 1"):
        recommend(space, "ann", FILMS, explore=1.5)


def test_popularity_at_the_ends_of_numbers_is_only_an_order(space: Space) -> None:
    given = [{"text": "a", "popularity": -1e308}, {"text": "b", "popularity": 1e308}, {"text": "c", "popularity": 0}]
    found = recommend(space, "bob", given)
    assert [(one.item.id, one.score) for one in found.results] == [("b", 0.1), ("c", 0.0), ("a", -0.1)]


def test_a_model_adds_how_far_the_method_moves_it(space: Space, llama: HFModel) -> None:
    found = recommend(space, "ann", FILMS, model=llama, pipeline="ipa")
    assert sorted(one.parts["model"] for one in found.results)[::2] == [-0.25, 0.25]
    assert found.methods == {"ipa": ["sea", "war"]}
    assert "model" not in recommend(space, "ann", FILMS).results[0].parts


def test_of_somebody_unknown_a_model_says_nothing(space: Space, llama: HFModel) -> None:
    found = recommend(space, "bob", FILMS, model=llama)
    assert (found.personal, [one.item.id for one in found.results]) == (False, ["f1", "f2", "f3"])


def test_a_model_that_only_writes_cannot_score(space: Space) -> None:
    with pytest.raises(AccessError, match="gives only text"):
        recommend(space, "ann", FILMS, model=ScriptedModel(lambda said: "x"))


def test_a_model_elsewhere_needs_his_consent(space: Space) -> None:
    class Elsewhere(ScriptedModel):
        url = "https://models.example.org/v1"

    with pytest.raises(ConsentError, match="share_with_provider"):
        recommend(space, "ann", FILMS, model=Elsewhere(lambda said: "x"))
