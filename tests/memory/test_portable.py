"""Export and import: the same user again, and nothing else is read."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
import torch

from idiolect.core.errors import BadInput
from idiolect.core.types import Attribute, Preference, Turn, UserData
from idiolect.data import artifacts
from idiolect.data.sqlite import rows
from idiolect.governance.derived import keep
from idiolect.governance.view import view
from idiolect.memory.space import Space
from idiolect.memory.user import User


@pytest.fixture
def filled(ann: User) -> User:
    ann.add(
        [Turn(id="t", text="I live in Kyoto \u2028 京都", time=1.5), Attribute(id="a", name="city", value="Kyoto")],
        metadata={"topic": ["x", 1, None]},
    )
    ann.add(Preference(id="p", dimension="short answers", weight=1.0))
    ann.update("t", "I live in Osaka")
    ann.delete("p")
    ann.consent("assist", "share")
    return ann


def everything(space: Space, user: str) -> list[tuple[object, ...]]:
    with space.store.unit(user) as unit:
        assert unit is not None
        with unit.reading() as connection:
            found = rows.everything(connection)
    return [(r.record, r.version, r.created, r.replaced, r.metadata) for r in found]


def test_a_user_comes_back_identical(space: Space, filled: User, tmp_path: Path) -> None:
    assert filled.export(tmp_path / "out") == 3
    other = space.user("other")
    assert other.import_(tmp_path / "out") == 3
    assert everything(space, "other") == everything(space, "ann")
    assert other.history("t") == filled.history("t")
    assert other.consents() == {"assist", "share"}
    assert other.search("Osaka")["results"][0]["id"] == "t"
    other.export(tmp_path / "again")
    for name in ("records.jsonl", "manifest.json"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()


def test_importing_twice_adds_nothing(space: Space, filled: User, tmp_path: Path) -> None:
    filled.export(tmp_path / "out")
    assert filled.import_(tmp_path / "out") == 0


def test_what_methods_learnt_of_him_goes_with_him(space: Space, filled: User, tmp_path: Path) -> None:
    with space.store.unit("ann") as unit:
        assert unit is not None
        artifacts.save(unit.path / "own" / "oppu", {"weight": torch.ones(2)})
    filled.export(tmp_path / "out")
    space.user("other").import_(tmp_path / "out")
    with space.store.unit("other") as unit:
        assert unit is not None
        assert artifacts.load(unit.path / "own" / "oppu")["weight"].tolist() == [1, 1]


def test_what_was_learnt_keeps_its_sources_elsewhere(space: Space, filled: User, tmp_path: Path) -> None:
    ann = view(space.store, "ann").records
    for name, seen in (("early", ann[:1]), ("late", ann)):
        keep(space.store, name, torch.ones(1), [UserData("ann", seen)], user="ann", purpose="assist")
    filled.export(tmp_path / "out")
    other = space.user("other")
    other.import_(tmp_path / "out")
    other.delete(ann[1].id)
    with space.store.unit("other") as unit:
        assert unit is not None
        assert artifacts.names(unit.path / "own") == ("early",)
    with space.store.unit("ann") as unit:
        assert unit is not None
        assert artifacts.names(unit.path / "own") == ("early", "late")


def test_what_was_learnt_from_others_too_does_not_go_with_him(space: Space, filled: User, tmp_path: Path) -> None:
    space.user("bob").add("bob's own words")
    space.user("bob").consent("share")
    keep(space.store, "peers", torch.ones(1), [view(space.store, "ann", neighbours=["bob"])], user="ann")
    filled.export(tmp_path / "out")
    assert not (tmp_path / "out" / "own").exists()


@pytest.mark.parametrize("own", [{"oppu": {"purpose": "x"}}, {"oppu": {"lines": [9]}}, {"oppu": 1}])
def test_a_wrong_word_on_sources_is_refused(space: Space, filled: User, tmp_path: Path, own: object) -> None:
    with space.store.unit("ann") as unit:
        assert unit is not None
        artifacts.save(unit.path / "own" / "oppu", {"weight": torch.ones(2)})
    filled.export(tmp_path / "out")
    manifest = tmp_path / "out" / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "own": own}))
    with pytest.raises(BadInput, match="'own' is wrong"):
        space.user("other").import_(tmp_path / "out")


def test_not_being_remembered_is_kept(space: Space, ann: User, tmp_path: Path) -> None:
    ann.remember(False)
    ann.export(tmp_path / "out")
    space.user("other").import_(tmp_path / "out")
    assert not space.user("other").remembered


def test_a_stranger_is_exported_as_nothing(space: Space, ann: User, tmp_path: Path) -> None:
    assert ann.export(tmp_path / "out") == 0
    assert space.user("other").import_(tmp_path / "out") == 0


def test_only_the_owner_reads_the_folder(filled: User, tmp_path: Path) -> None:
    filled.export(tmp_path / "out")
    assert {stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "out").iterdir()} == {0o600}
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o700


def test_a_folder_that_holds_something_is_not_written_into(filled: User, tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("x")
    with pytest.raises(BadInput, match="not an empty folder"):
        filled.export(tmp_path)


def test_a_conflict_leaves_him_as_he_was(space: Space, filled: User, tmp_path: Path) -> None:
    filled.export(tmp_path / "out")
    other = space.user("other")
    other.add(Turn(id="a", text="something else"))
    with pytest.raises(BadInput, match="two different records with the id 'a'"):
        other.import_(tmp_path / "out")
    assert [entry["id"] for entry in other.get_all()["results"]] == ["a"]


@pytest.mark.parametrize("how", ["checksum", "format", "line", "link", "missing", "json"])
def test_a_damaged_folder_is_refused(space: Space, filled: User, tmp_path: Path, how: str) -> None:
    folder = tmp_path / "out"
    filled.export(folder)
    records, manifest = folder / "records.jsonl", folder / "manifest.json"
    if how == "checksum":
        records.write_bytes(records.read_bytes()[:-3])
    elif how == "format":
        manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "version": 3}))
    elif how == "line":
        import hashlib

        text = records.read_bytes().replace(b'"version": 1', b'"version": 0', 1)
        records.write_bytes(text)
        stated = {**json.loads(manifest.read_text()), "sha256": hashlib.sha256(text).hexdigest()}
        manifest.write_text(json.dumps(stated))
    elif how == "link":
        records.rename(tmp_path / "elsewhere")
        records.symlink_to(tmp_path / "elsewhere")
    elif how == "missing":
        records.unlink()
    else:
        manifest.write_text("[]")
    with pytest.raises(BadInput):
        space.user("other").import_(folder)
    assert "other" not in space.users()
