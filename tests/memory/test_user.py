"""The handle: what it keeps, finds, corrects and lets go."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

from idiolect.core.errors import BadInput, ConsentError
from idiolect.core.types import Attribute, Preference, Relation, Turn
from idiolect.governance.view import view
from idiolect.memory.opening import open
from idiolect.memory.space import Space
from idiolect.memory.user import User
from memory_doubles import Clock


def texts(found: dict[str, list[dict[str, Any]]]) -> list[str]:
    return [entry["memory"] for entry in found["results"]]


def added(ann: User, *said: str) -> list[str]:
    return [entry["id"] for entry in ann.add(list(said))["results"]]


def test_what_was_added_is_found_at_once(ann: User) -> None:
    ann.add("My sister Anna lives in Kyoto")
    (entry,) = ann.search("Where does Anna live?")["results"]
    assert entry["memory"] == "My sister Anna lives in Kyoto"
    assert set(entry) == {"id", "memory", "kind", "sources", "metadata", "created_at", "score"}
    assert (entry["kind"], entry["score"], entry["sources"]) == ("turn", 1.0, [entry["id"]])


def test_messages_of_a_conversation_are_kept_with_their_roles(ann: User, space: Space) -> None:
    ann.add(
        [
            {"role": "user", "content": [{"type": "text", "text": "hi"}, {"type": "image_url", "image_url": {}}]},
            {"role": "assistant", "content": "hello"},
            {"role": "user", "content": "from me", "name": "ann"},
            {"role": "user", "content": "from bob", "name": "bob"},
            {"role": "assistant", "content": None},
        ],
        session="s",
    )
    turns = list(view(space.store, "ann").of(Turn))
    found = [(t.role, t.text, t.asserted_by, t.session) for t in turns]
    assert found == [
        ("user", "hi", "user", "s"),
        ("assistant", "hello", "assistant", "s"),
        ("user", "from me", "user", "s"),
        ("user", "from bob", "bob", "s"),
    ]


@pytest.mark.parametrize(
    "wrong", [3, [3], {"role": "god", "content": "x"}, [{"content": "x"}], {"role": "user", "content": [1]}]
)
def test_what_is_no_message_is_refused_with_its_place(ann: User, wrong: Any) -> None:
    with pytest.raises((BadInput, TypeError), match=r"message 0|not iterable"):
        ann.add(wrong)


def test_nothing_said_is_nothing_kept(ann: User, space: Space) -> None:
    assert ann.add(["", "  \n"]) == {"results": []}
    assert space.users() == ()


def test_reading_makes_no_user(ann: User, space: Space) -> None:
    ann.search("x"), ann.get("x"), ann.get_all(), ann.history("x"), ann.profile(), ann.context(10)
    assert (ann.delete_all(), ann.audit(), ann.remembered, space.users()) == (0, [], True, ())


def test_metadata_comes_back_and_filters(ann: User) -> None:
    ann.add("tea is fine", metadata={"topic": "drinks", "stars": 4, "tags": ["hot"]})
    ann.add("tea ceremony", metadata={"topic": "culture"})
    assert texts(ann.search("tea", filters={"topic": "drinks"})) == ["tea is fine"]
    assert ann.search("tea", filters={"stars": {"gte": 4}})["results"][0]["metadata"]["tags"] == ["hot"]
    assert texts(ann.get_all(filters={"NOT": [{"topic": "drinks"}]})) == ["tea ceremony"]
    assert ann.search("tea", filters={"user_id": "ann"}) == {"results": []}


def test_a_filter_reaches_beyond_the_best_hits(ann: User) -> None:
    ann.add(["tea tea tea"] * 150)
    ann.add("a word on tea, at last", metadata={"topic": "rare"})
    assert texts(ann.search("tea", top_k=1, filters={"topic": "rare"})) == ["a word on tea, at last"]


def test_metadata_that_json_cannot_hold_is_refused_and_nothing_is_kept(ann: User) -> None:
    for wrong in ({"x": object()}, {"x": float("nan")}):
        with pytest.raises(BadInput, match="metadata"):
            ann.add("text", metadata=wrong)
    assert ann.get_all() == {"results": []}


def test_half_a_character_is_refused(ann: User) -> None:
    with pytest.raises(BadInput, match="half a character"):
        ann.add(["good", "bad \ud800"])
    assert ann.get_all() == {"results": []}


def test_a_correction_supersedes_and_the_old_stays_in_history_only(ann: User) -> None:
    (id,) = added(ann, "I live in Kyoto")
    changed = ann.update(id, "I live in Osaka")
    assert (changed["id"], changed["memory"]) == (id, "I live in Osaka")
    assert changed["created_at"] < changed["updated_at"]
    assert texts(ann.search("Kyoto")) == []
    assert "Kyoto" not in ann.context(1000) + str(ann.get_all()) + str(ann.get(id))
    assert [(h["memory"], h["event"]) for h in ann.history(id)] == [
        ("I live in Kyoto", "ADD"),
        ("I live in Osaka", "UPDATE"),
    ]
    assert ann.history(id)[0]["to"] == ann.history(id)[1]["from"]


def test_as_of_asks_what_held_then(ann: User, clock: Clock) -> None:
    (id,) = added(ann, "I live in Kyoto")
    then, clock.now = clock.now, clock.now + 1000
    ann.update(id, "I live in Osaka")
    ann.add("I live with Anna")
    assert texts(ann.search("live", as_of=then + 5)) == ["I live in Kyoto"]
    assert texts(ann.search("live Kyoto")) != ["I live in Kyoto"]
    assert texts(ann.get_all(as_of=then - 100)) == []
    assert texts(ann.get_all(as_of="2000-01-01")) == []
    with pytest.raises(BadInput, match="is no time"):
        ann.search("x", as_of="yesterday")


@pytest.mark.parametrize("seed", range(3))
def test_as_of_gives_in_any_moment_what_a_list_of_all_changes_gives(ann: User, clock: Clock, seed: int) -> None:
    draw, held = Random(seed), dict[str, str]()
    known: list[tuple[float, dict[str, str]]] = [(clock.now, {})]
    for step in range(25):
        text = f"tea number{step}"
        if held and draw.random() < 0.6:
            id = draw.choice(sorted(held))
            ann.update(id, text)
        else:
            (id,) = added(ann, text)
        held[id] = text
        known.append((clock.now, dict(held)))
        clock.now += draw.choice((10.0, 1000.0, 1e6))
    for moment, then in known:
        found = ann.search("tea", top_k=100, as_of=moment + 0.5)["results"]
        assert {entry["id"]: entry["memory"] for entry in found} == then
        assert {m["id"]: m["memory"] for m in ann.get_all(as_of=moment + 0.5)["results"]} == then


def test_what_has_expired_is_not_found(ann: User, clock: Clock) -> None:
    ann.add(Attribute(id="a", name="visa", value="valid", valid_from=0.0, valid_to=clock.now + 50))
    assert texts(ann.search("visa")) == ["visa: valid"]
    clock.now += 100
    assert texts(ann.search("visa")) == texts(ann.get_all()) == []
    assert texts(ann.search("visa", as_of=clock.now - 90)) == ["visa: valid"]
    assert ann.profile()["attributes"] == {}


def test_what_has_expired_is_erased_on_demand_and_the_rest_stays(ann: User, clock: Clock) -> None:
    ann.add(Attribute(id="a", name="visa", value="valid", valid_from=0.0, valid_to=clock.now + 50))
    ann.add(Attribute(id="b", name="passport", value="valid", valid_to=clock.now + 500))
    assert ann.delete_all(ended=True) == 0
    clock.now += 100
    assert ann.delete_all(ended=True) == 1
    assert ann.search("visa", as_of=clock.now - 90)["results"] == []
    assert texts(ann.get_all()) == ["passport: valid"]


def test_a_correction_of_a_fact_keeps_its_name(ann: User) -> None:
    ann.add([Attribute(id="a", name="city", value="Kyoto"), Preference(id="w", dimension="short answers", weight=1.0)])
    ann.update("a", "Osaka")
    ann.update("a", "city: Nara")
    ann.update("w", "long answers")
    assert ann.profile() == {"attributes": {"city": ["Nara"]}, "relations": {}, "wishes": {"long answers": ["1"]}}
    assert ann.get("a") == {**(ann.get("a") or {}), "kind": "fact", "memory": "city: Nara"}


def test_deletion_takes_a_memory_with_its_history(ann: User) -> None:
    id, other = added(ann, "I live in Kyoto", "I like tea")
    ann.update(id, "I live in Osaka")
    ann.delete(id)
    assert ann.get(id) is None
    assert ann.history(id) == []
    assert texts(ann.search("live Kyoto Osaka")) == []
    assert texts(ann.get_all(as_of=1.8e9)) == ["I like tea"]
    assert ann.get(other) is not None


def test_all_is_deleted_however_much_there_is(ann: User, space: Space) -> None:
    ann.add([f"memory {i}" for i in range(250)])
    space.user("bob").add("stays")
    assert ann.delete_all() == 250
    assert ann.get_all() == {"results": []}
    assert space.users() == ("ann", "bob")
    assert texts(space.user("bob").get_all()) == ["stays"]


def test_deletion_by_filter_takes_only_what_passes(ann: User) -> None:
    ann.add("one", metadata={"n": 1})
    ann.add("two", metadata={"n": 2})
    assert ann.delete_all({"n": {"lt": 2}}) == 1
    assert ann.delete_all({"OR": []}) == 0
    assert texts(ann.get_all()) == ["two"]


@pytest.mark.parametrize("call", ["update", "delete"])
def test_an_id_that_is_not_his_is_named(ann: User, call: str) -> None:
    arguments = ("x", "text")[: 2 if call == "update" else 1]
    with pytest.raises(BadInput, match="memory 'x': this user has none of that id"):
        getattr(ann, call)(*arguments)
    ann.add("something")
    with pytest.raises(BadInput, match="memory 'x': this user has none of that id"):
        getattr(ann, call)(*arguments)


def test_an_empty_correction_is_refused(ann: User) -> None:
    (id,) = added(ann, "x")
    with pytest.raises(BadInput, match="an empty text"):
        ann.update(id, " ")


def test_the_newest_are_what_a_limit_keeps(ann: User) -> None:
    added(ann, *"abc")
    assert texts(ann.get_all(limit=2)) == ["b", "c"]
    assert texts(ann.get_all(limit=0)) == []


def test_the_profile_lists_what_is_stated(ann: User) -> None:
    ann.add(
        [
            Attribute(id="1", name="city", value="Kyoto", time=1.0),
            Attribute(id="2", name="city", value="Osaka", time=2.0),
            Relation(id="3", name="sister", value="Anna"),
            Preference(id="4", dimension="short answers", weight=0.5),
            Turn(id="5", text="chat"),
        ]
    )
    assert ann.profile() == {
        "attributes": {"city": ["Osaka", "Kyoto"]},
        "relations": {"sister": ["Anna"]},
        "wishes": {"short answers": ["0.5"]},
    }


def test_who_does_not_want_to_be_remembered_is_not(ann: User, space: Space) -> None:
    ann.add("old")
    ann.remember(False)
    assert (ann.remembered, ann.add("new"), ann.get_all()) == (False, {"results": []}, {"results": []})
    with pytest.raises(ConsentError, match="does not want to be remembered"):
        space.store.append("ann", [Turn(id="a", text="x")])
    ann.remember(True)
    ann.add("again")
    assert texts(ann.get_all()) == ["again"]


def test_the_trail_says_who_did_what_and_nothing_of_what_was_said(ann: User) -> None:
    (id,) = added(ann, "secret word")
    ann.search("secret")
    ann.update(id, "other word")
    ann.delete(id)
    trail = ann.audit()
    assert [(line["action"], line["count"]) for line in trail] == [
        ("add", 1),
        ("search", 1),
        ("update", 1),
        ("delete", 1),
    ]
    assert {line["actor"] for line in trail} == {"library"}
    assert trail[1]["purpose"] == "assist"
    assert not any(word in str(trail) for word in ("secret", "word", id))


def test_records_added_by_the_store_and_by_the_handle_are_the_same_records(ann: User, space: Space) -> None:
    space.store.append("ann", [Turn(id="a", text="from the store")])
    ann.add(Turn(id="b", text="from the handle"))
    assert [r.id for r in space.store.records("ann")] == ["a", "b"]
    assert texts(ann.search("store handle")) == ["from the handle", "from the store"]


def test_everything_is_there_after_opening_again(tmp_path: Path) -> None:
    with open(tmp_path / "home", encoder=None) as space:
        space.user("ann").add("kept", metadata={"a": 1})
        before = space.user("ann").get_all()
    with open(tmp_path / "home", encoder=None) as space:
        assert space.user("ann").get_all() == before
        assert texts(space.user("ann").search("kept")) == ["kept"]


def test_the_doctor_finds_all_well_and_names_what_is_not(ann: User, space: Space) -> None:
    ann.add("x")
    assert all(check["ok"] for check in space.doctor())
    (path,) = space.store.home.rglob("user.db")
    path.chmod(0o644)
    assert [check["check"] for check in space.doctor() if not check["ok"]] == ["files"]


def test_the_public_name_opens_a_space(tmp_path: Path) -> None:
    import idiolect

    with idiolect.open(tmp_path / "home", encoder=None) as space:
        assert isinstance(space, idiolect.Space)


@pytest.mark.parametrize(("before", "after", "left"), [(("train",), (), False), (("assist",), (), True)])
def test_withdrawing_train_drops_states_of_trainings(
    ann: User, space: Space, before: tuple[str, ...], after: tuple[str, ...], left: bool
) -> None:
    ann.consent(*before)
    state = space.store.folder / "training" / "oppu" / "plan"
    state.parent.mkdir(parents=True, mode=0o700)
    state.write_text("of many")
    ann.consent(*after)
    assert state.exists() is left
