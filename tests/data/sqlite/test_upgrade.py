"""Homes that older formats wrote, byte for byte (zipped, in base64): they go forward whole, or stay as they were."""

from __future__ import annotations

import zipfile
from base64 import b64decode
from io import BytesIO
from pathlib import Path
from typing import Any

import apsw
import pytest

from faulty import broken_off
from idiolect.core.errors import StoreError
from idiolect.data.sqlite.connection import Database, values
from idiolect.data.sqlite.schema import UNIT
from idiolect.memory.opening import open
from idiolect.memory.space import Space
from memory_doubles import Clock, Letters

HOMES = sorted((Path(__file__).parent / "homes").glob("format-*.b64"))
OLDER = [home for home in HOMES if int(home.stem.split("-")[1]) < len(UNIT)]


@pytest.fixture(params=HOMES, ids=lambda path: path.stem)
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return unpacked(request.param, tmp_path / "home")


def unpacked(packed: Path, home: Path) -> Path:
    with zipfile.ZipFile(BytesIO(b64decode(packed.read_text()))) as archive:
        archive.extractall(home)
    return home


def unit(home: Path, text: str) -> Path:
    """The database of the user who said this."""
    found = [path for path in home.rglob("user.db") if text.encode() in path.read_bytes()]
    assert len(found) == 1
    return found[0]


def version(path: Path) -> int:
    connection = apsw.Connection(str(path))
    try:
        return int(connection.pragma("user_version"))
    finally:
        connection.close()


def said(path: Path) -> list[str]:
    connection = apsw.Connection(str(path))
    try:
        return values(connection, "SELECT body FROM record ORDER BY n")
    finally:
        connection.close()


def whole(space: Space) -> None:
    """Everything that was in it when it was written."""
    ann = space.user("ann")
    assert space.users() == ("ann", "bob")
    assert [m["memory"] for m in ann.get_all()["results"]] == ["I live in Oslo.", "I drink tea.", "city: Nara"]
    assert [m["memory"] for m in ann.history("city")] == ["city: Kyoto", "city: Nara"]
    assert ann.get("tea") == {**(ann.get("tea") or {}), "metadata": {"topic": "life"}}
    assert [m["id"] for m in ann.search("tea", filters={"topic": "life"}, top_k=1)["results"]] == ["tea"]
    assert ann.get_all(as_of=1_700_000_003.5)["results"][-1]["memory"] == "city: Kyoto"
    assert ann.consents() == {"assist", "train"}
    assert [m["memory"] for m in space.user("bob").get_all()["results"]] == ["Bob has a boat."]
    assert [receipt.records for receipt in space.receipts()] == [1]
    assert {line["action"] for line in ann.audit()} >= {"add", "update", "delete"}


def test_the_last_three_formats_are_there_as_far_as_there_were_so_many() -> None:
    known = {int(home.stem.split("-")[1]) for home in HOMES}
    assert known >= set(range(max(1, len(UNIT) - 2), len(UNIT) + 1))


def test_what_an_older_format_held_is_there_after_the_upgrade(home: Path) -> None:
    with open(home, encoder=Letters(), clock=Clock()) as space:
        whole(space)
        assert version(unit(home, "I drink tea")) == len(UNIT)
        assert [check["check"] for check in space.doctor() if not check["ok"] and check["check"] != "files"] == []


def test_meaning_is_searched_in_the_vectors_of_an_older_format_or_in_new_ones(home: Path) -> None:
    with open(home, encoder=Letters(), clock=Clock()) as space:
        found = space.user("ann").search("knird tae I", explain=True)["results"]
        assert found[0]["id"] == "tea"
        assert found[0]["parts"]["dense"]["rank"] == 1


def test_facts_are_taken_from_what_was_said_before_there_were_facts(home: Path) -> None:
    with open(home, encoder=None, clock=Clock()) as space:
        assert [(f["name"], f["value"]) for f in space.user("ann").facts()] == [("home", "Oslo")]


@pytest.mark.parametrize("packed", OLDER, ids=lambda path: path.stem)
def test_an_upgrade_that_is_broken_off_leaves_the_older_format_which_goes_on(packed: Path, tmp_path: Path) -> None:
    known: dict[Path, tuple[Any, int]] = {}

    def older(k: int) -> Path:
        path = unit(unpacked(packed, tmp_path / f"{k}"), "I drink tea")
        known[path] = said(path), version(path)
        return path

    for k, path in broken_off(older, UNIT):
        before, was = known[path]
        now = version(path)
        assert was <= now <= len(UNIT)
        assert said(path) == before
        Database(path, UNIT[:now]).close()  # the version that wrote it opens it again
        if k % 5 == 1:
            with open(tmp_path / f"{k}", encoder=Letters(), clock=Clock()) as space:
                whole(space)


@pytest.mark.parametrize("packed", HOMES, ids=lambda path: path.stem)
def test_an_older_version_refuses_what_a_newer_one_wrote_and_the_export_takes_it_back(
    packed: Path, tmp_path: Path
) -> None:
    home = unpacked(packed, tmp_path / "home")
    path = unit(home, "I drink tea")
    with open(home, encoder=None, clock=Clock()) as space:
        space.user("ann").export(tmp_path / "carried")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="Install the newer version again"):
        Database(path, UNIT[:-1])
    assert path.read_bytes() == before
    with open(unpacked(packed, tmp_path / "back"), encoder=None, clock=Clock()) as space:
        assert space.user("ann").import_(tmp_path / "carried") == 0  # nothing of it is unknown
