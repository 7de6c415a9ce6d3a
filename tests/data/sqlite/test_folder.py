"""Where data lies: only the owner reads it, no link is followed, and no folder of other things is taken."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from idiolect.core.errors import BadInput
from idiolect.core.types import Turn
from idiolect.data.sqlite.store import SQLiteStore


def filled(home: Path) -> Path:
    store = SQLiteStore(home)
    store.append("ann", [Turn(id="a", text="x")])
    store.close()
    return next(home.glob("spaces/default/users/*/*"))


def test_only_the_owner_reads_what_is_there(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        filled(tmp_path / "home")
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(p.lstat().st_mode) for p in (tmp_path / "home", *(tmp_path / "home").rglob("*"))}
    assert modes == {0o700, 0o600}


def test_a_user_of_one_record_takes_little(tmp_path: Path) -> None:
    unit = filled(tmp_path / "home")
    assert sum(path.stat().st_size for path in unit.iterdir()) < 40_000


def test_a_home_that_was_opened_to_others_is_closed_again(tmp_path: Path) -> None:
    unit = filled(tmp_path / "home")
    (unit / "user.db").chmod(0o644)
    (tmp_path / "home").chmod(0o755)
    store = SQLiteStore(tmp_path / "home")
    store.records("ann")
    assert stat.S_IMODE((unit / "user.db").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700
    store.close()


def test_a_users_folder_does_not_tell_his_name(tmp_path: Path) -> None:
    unit = filled(tmp_path / "home")
    assert len(unit.name) == 32
    assert unit.parent.name == unit.name[:2]
    assert int(unit.name, 16) >= 0


@pytest.mark.parametrize(
    "link", ["", "spaces", "spaces/default", "spaces/default/users", "spaces/default/catalogue.db"]
)
def test_a_symbolic_link_is_refused(tmp_path: Path, link: str) -> None:
    filled(tmp_path / "home")
    place = tmp_path / "home" / link
    place.rename(tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BadInput, match="a symbolic link"):
        SQLiteStore(tmp_path / "home")


@pytest.mark.parametrize("name", ["user.db", "user.db-wal"])
def test_a_link_in_place_of_a_users_file_is_refused(tmp_path: Path, name: str) -> None:
    unit = filled(tmp_path / "home")
    (tmp_path / "elsewhere").write_bytes((unit / "user.db").read_bytes())
    (unit / name).unlink(missing_ok=True)
    (unit / name).symlink_to(tmp_path / "elsewhere")
    store = SQLiteStore(tmp_path / "home")
    with pytest.raises(BadInput, match="a symbolic link"):
        store.records("ann")
    store.close()


def test_links_above_the_home_are_the_owners_own(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    filled(tmp_path / "link" / "home")
    assert (tmp_path / "disk" / "home" / "spaces").is_dir()


def test_a_folder_of_other_things_is_not_taken_for_a_home(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("x")
    with pytest.raises(BadInput, match="holds other things"):
        SQLiteStore(tmp_path)


@pytest.mark.parametrize("name", ["", "..", "a/b", "A", "-a", "a" * 65, "ä", "a\0"])
def test_a_space_has_a_plain_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="not a name for a space"):
        SQLiteStore(tmp_path / "home", name)


def test_spaces_share_no_users(tmp_path: Path) -> None:
    one, other = SQLiteStore(tmp_path / "home", "one"), SQLiteStore(tmp_path / "home", "other")
    one.append("ann", [Turn(id="a", text="x")])
    assert other.users() == ()
    one.close()
    other.close()


def test_the_home_is_the_argument_or_the_environment_or_the_owners(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    monkeypatch.delenv("IDIOLECT_HOME", raising=False)
    found = [SQLiteStore()]
    monkeypatch.setenv("IDIOLECT_HOME", str(tmp_path / "set"))
    found += [SQLiteStore(), SQLiteStore(tmp_path / "given")]
    assert [store.home for store in found] == [tmp_path / "me" / ".idiolect", tmp_path / "set", tmp_path / "given"]
    for store in found:
        store.close()


def test_folders_of_a_process_that_died_while_making_them_are_known(tmp_path: Path) -> None:
    filled(tmp_path / "home")
    store = SQLiteStore(tmp_path / "home")
    stray = store.folder / "users" / "ab" / "abcd"
    stray.mkdir(parents=True)
    assert store.strays() == ()
    os.utime(stray, (0, 0))
    assert store.strays() == (stray,)
    store.close()
