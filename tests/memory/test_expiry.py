"""What is kept until a day: out of every read from then on, erased with all that came of it, by whoever comes first."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from idiolect.core.errors import BadInput, StoreError
from idiolect.core.types import Attribute, Turn
from idiolect.data.sqlite.unit import Unit
from idiolect.governance.view import view
from idiolect.memory.space import Space
from idiolect.memory.user import User
from memory_doubles import Clock

DAY = 86400.0
READS: dict[str, Callable[[User, Space], Any]] = {
    "get": lambda ann, _: ann.get("c"),
    "get_all": lambda ann, _: ann.get_all(),
    "as of a day before": lambda ann, _: ann.get_all(as_of=1.7e9 + 900),
    "search": lambda ann, _: ann.search("Where is the canary?", explain=True),
    "search as of a day before": lambda ann, _: ann.search("canary", as_of=1.7e9 + 900),
    "history": lambda ann, _: ann.history("c"),
    "profile": lambda ann, _: ann.profile(),
    "context": lambda ann, _: ann.context(1000, "canary"),
    "facts": lambda ann, _: ann.facts(history=True),
    "records of the store": lambda ann, space: space.store.records(ann.id),
    "view": lambda ann, space: view(space.store, ann.id),
}


@contextmanager
def unerasable() -> Iterator[None]:
    """As where somebody else writes, or the disk fails."""

    def refuse(self: Unit, *, patient: bool = True) -> int:
        raise StoreError("unit", "the disk is full", "Make room.")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Unit, "expire", refuse)
        yield


def filled(ann: User, clock: Clock) -> None:
    """Something for a day, that was corrected and understood, and something for ever."""
    ann.add("I live in Oslo.", time=clock.now)
    said = Turn(id="c", text="I just moved to Canary.", time=clock.now + 500)
    ann.add(said, metadata={"note": "canary"}, expires=clock.now + DAY, wait=True)


def test_nothing_is_missing_before_the_day(ann: User, space: Space, clock: Clock) -> None:
    filled(ann, clock)
    clock.now += DAY - 1000
    assert all("anary" in repr(read(ann, space)) for read in READS.values())


@pytest.mark.parametrize("name", READS)
def test_no_read_shows_what_is_over(ann: User, space: Space, clock: Clock, name: str) -> None:
    filled(ann, clock)
    clock.now += DAY + 1
    assert "anary" not in repr(READS[name](ann, space))
    assert [m["memory"] for m in ann.get_all()["results"]] == ["I live in Oslo."]


def test_no_read_shows_what_is_over_though_it_cannot_be_erased(ann: User, space: Space, clock: Clock) -> None:
    filled(ann, clock)
    ann.update("c", "I just moved to Canary, really.")
    ann.flush()
    clock.now += DAY + 1
    with unerasable():
        for read in READS.values():
            assert "anary" not in repr(read(ann, space))
        with pytest.raises(BadInput, match="none of that id"):
            ann.update("c", "back")
        with pytest.raises(BadInput, match="none of that id"):
            ann.delete("c")


def test_what_it_had_superseded_holds_again(ann: User, clock: Clock) -> None:
    filled(ann, clock)
    assert [fact["value"] for fact in ann.facts()] == ["Canary"]
    clock.now += DAY + 1
    assert [fact["value"] for fact in ann.facts()] == ["Oslo"]
    assert len(ann.facts(history=True)) == 1


def test_a_correction_goes_with_what_it_corrected_on_the_same_day(ann: User, clock: Clock) -> None:
    filled(ann, clock)
    clock.now += 1000
    assert ann.update("c", "I just moved to Quito.")["expires"] == ann.get_all()["results"][1]["expires"]
    ann.update("c", "I just moved to Lima.", erase_old=True)
    clock.now += DAY - 900
    assert (ann.get("c"), ann.history("c")) == (None, [])


def test_it_is_erased_whoever_looks_first_and_the_trail_says_so(ann: User, space: Space, clock: Clock) -> None:
    filled(ann, clock)
    clock.now += DAY + 1
    ann.get("nothing")
    with space.store.unit("ann") as unit, unit.reading() as connection:  # type: ignore[union-attr]
        assert connection.execute("SELECT count(*) FROM record").fetchall() == [(1,)]
    lines = [(line["actor"], line["action"], line["count"]) for line in ann.audit()]
    assert ("store", "expire", 1) in lines


def test_it_is_erased_though_nobody_looks_at_him(space: Space, clock: Clock) -> None:
    for name in ("ann", "bob", "eve"):
        space.user(name).add(f"{name} drinks tea", expires=clock.now + (10 * DAY if name == "bob" else DAY))
    clock.now += DAY + 100
    space.store.sweep()
    with unerasable():  # from here on
        counts = {}
        for name in space.users():
            with space.store.unit(name) as unit, unit.reading() as connection:  # type: ignore[union-attr]
                (counts[name],) = connection.execute("SELECT count(*) FROM record").fetchall()
    assert counts == {"ann": (0,), "bob": (1,), "eve": (0,)}


def test_what_could_not_be_erased_is_erased_by_the_next(ann: User, space: Space, clock: Clock) -> None:
    filled(ann, clock)
    clock.now += DAY + 1
    with unerasable():
        space.store.sweep()
        ann.get_all()
    assert "expire" not in {line["action"] for line in ann.audit()[:-1]}
    space.store.sweep()
    assert "expire" in {line["action"] for line in ann.audit()}


def test_the_first_day_comes_before_a_later_one_whatever_was_added_first(ann: User, clock: Clock) -> None:
    for days in (3, 1, 2):
        ann.add(Turn(id=f"{days}", text=f"for {days} days"), expires=clock.now + days * DAY)
    for left in (["3", "2"], ["3"], []):
        clock.now += DAY
        assert [m["id"] for m in ann.get_all()["results"]] == left


def test_what_was_deleted_leaves_no_day_to_what_comes_after_it(ann: User, clock: Clock) -> None:
    ann.add(Turn(id="a", text="for a day"), expires=clock.now + DAY)
    ann.delete("a")
    ann.add(Turn(id="a", text="for ever"))
    clock.now += DAY + 1
    assert "expires" not in (ann.get("a") or {})
    assert [m["memory"] for m in ann.get_all()["results"]] == ["for ever"]


def test_what_is_over_may_be_said_again(ann: User, space: Space, clock: Clock) -> None:
    for _ in range(2):
        assert len(ann.add(Turn(id="a", text="tea", time=5.0), expires=clock.now + DAY)["results"]) == 1
        clock.now += DAY + 1
    space.store.append("ann", [Turn(id="a", text="coffee")])
    assert [m["memory"] for m in ann.get_all()["results"]] == ["coffee"]


def test_saying_it_again_before_its_day_changes_nothing(ann: User, clock: Clock) -> None:
    given = Turn(id="a", text="tea", time=5.0)
    (first,) = ann.add(given, expires=clock.now + DAY)["results"]
    assert ann.add(given, expires=clock.now + 9 * DAY) == {"results": []}
    assert (ann.get("a") or {})["expires"] == first["expires"]


def test_a_day_to_come_is_no_work_that_waits(ann: User, clock: Clock) -> None:
    ann.add("tea", expires=clock.now + DAY, wait=True)
    ann.flush()
    assert (ann.jobs(), len(ann.get_all()["results"])) == ([], 1)


def test_a_validity_that_ends_is_still_asked_for_and_a_day_is_not(ann: User, clock: Clock) -> None:
    visa = {"name": "visa", "value": "valid", "valid_from": clock.now, "valid_to": clock.now + DAY}
    ann.add(Attribute(id="holds", **visa))
    ann.add(Attribute(id="kept", **visa), expires=clock.now + 2 * DAY)
    then = clock.now + 1000
    clock.now += DAY + 1
    assert [m["id"] for m in ann.get_all(as_of=then)["results"]] == ["holds", "kept"]
    clock.now += DAY
    assert [m["id"] for m in ann.get_all(as_of=then)["results"]] == ["holds"]


@pytest.mark.parametrize("wrong", [1.0, math.nan, math.inf, "2001-01-01", "soon"])
def test_a_day_that_is_not_to_come_is_refused(ann: User, wrong: Any) -> None:
    with pytest.raises(BadInput, match=r"is not to come|is no time"):
        ann.add("tea", expires=wrong)
    assert ann.get_all() == {"results": []}


def test_the_day_is_shown_and_can_be_asked_for(ann: User) -> None:
    ann.add("for ever")
    (added,) = ann.add("for a while", expires="2090-05-01T12:00:00+02:00")["results"]
    assert added["expires"] == "2090-05-01T10:00:00+00:00"
    assert ann.get(added["id"]) == {name: value for name, value in added.items() if name != "event"}
    assert [m["id"] for m in ann.get_all({"expires": {"lt": "2090-05-02"}})["results"]] == [added["id"]]
    assert len(ann.get_all({"NOT": [{"expires": "*"}]})["results"]) == 1


def test_the_day_travels_with_what_it_is_of(ann: User, space: Space, clock: Clock, tmp_path: Path) -> None:
    filled(ann, clock)
    clock.now += 1000
    ann.update("c", "I just moved to Lima.")
    ann.export(tmp_path / "out")
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["version"] == 2
    bob = space.user("bob")
    assert bob.import_(tmp_path / "out") == 3
    assert bob.get("c") == ann.get("c")
    clock.now += DAY
    space.store.sweep()
    assert bob.history("c") == []
    assert space.user("eve").import_(tmp_path / "out") == 1  # what is over does not come back
    space.user("eve").export(tmp_path / "eve")
    assert json.loads((tmp_path / "eve" / "manifest.json").read_text())["version"] == 1


def test_nothing_that_is_over_is_carried_away(ann: User, clock: Clock, tmp_path: Path) -> None:
    filled(ann, clock)
    clock.now += DAY + 1
    ann.export(tmp_path / "out")
    assert not any(b"anary" in path.read_bytes() for path in (tmp_path / "out").iterdir())


def test_what_states_no_time_is_said_when_it_is_added(ann: User, clock: Clock) -> None:
    now = clock.now
    (added,) = ann.add(Attribute(id="a", name="city", value="Kyoto"))["results"]
    ann.add(Attribute(id="b", name="city", value="Oslo"), time="2020-01-01")
    ann.add(Attribute(id="c", name="city", value="Rome", time=1e9))
    assert added["created_at"][:4] == "2023"
    assert ann.history("a")[0]["from"] == added["created_at"]
    assert [m["id"] for m in ann.get_all()["results"]] == ["c", "b", "a"]
    assert [m["id"] for m in ann.get_all(as_of=now - DAY)["results"]] == ["c", "b"]


def test_what_states_no_time_may_be_given_again(ann: User, clock: Clock) -> None:
    ann.add(Attribute(id="a", name="city", value="Kyoto"))
    clock.now += DAY
    assert ann.add(Attribute(id="a", name="city", value="Kyoto")) == {"results": []}
    with pytest.raises(BadInput, match="two different records"):
        ann.add(Attribute(id="a", name="city", value="Oslo"))
    with pytest.raises(BadInput, match="two different records"):
        ann.add(Attribute(id="a", name="city", value="Kyoto", time=5.0))
