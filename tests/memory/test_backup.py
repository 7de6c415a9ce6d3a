"""Backups: everybody comes back but those who were erased, and nothing opens without the keys."""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from idiolect.core.errors import BadInput
from idiolect.core.types import Turn
from idiolect.data import artifacts
from idiolect.governance import keys
from idiolect.governance.derived import keep, load
from idiolect.governance.view import view
from idiolect.memory.backup import backup, restore
from idiolect.memory.opening import open
from idiolect.memory.space import Space

WORDS = "correct horse"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "COST", 2**4)


@pytest.fixture
def full(space: Space) -> Space:
    for name in ("ann", "bob", "eve"):
        space.user(name).add([Turn(id=f"{name}1", text=f"{name} keeps a canary", time=1.5)], metadata={"x": [1]})
    space.user("ann").update("ann1", "ann keeps two canaries")
    space.user("ann").consent("assist", "train")
    return space


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Space]:
    with open(tmp_path / "elsewhere", encoder=None) as made:
        yield made


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "archives"


def copied(space: Space, to: Path) -> Path:
    """A copy of the key file, kept apart."""
    return Path(shutil.copy(space.store.folder / keys.FILE, to))


def test_what_was_reinstated_and_the_audit_trail_come_back(
    space: Space, empty: Space, out: Path, tmp_path: Path
) -> None:
    ann = space.user("ann")
    ann.add(["I live in Oslo.", "I just moved to Quito."])
    ann.reinstate(ann.facts(history=True)[0]["id"])
    before = ann.facts(history=True)
    backup(space.store, out, WORDS)
    ann.export(tmp_path / "carried")
    restore(empty.store, out, copied(space, tmp_path / "keys"), WORDS)
    empty.user("bob").import_(tmp_path / "carried")
    for name in ("ann", "bob"):
        after = empty.user(name).facts(history=True)
        assert [(f["value"], f["valid_to"], f["reason"]) for f in after] == [
            (f["value"], f["valid_to"], f["reason"]) for f in before
        ]
    actions = [line["action"] for line in empty.user("ann").audit()]
    assert actions.index("reinstate") < actions.index("restore")
    assert "reinstate" not in [line["action"] for line in empty.user("bob").audit()]


def test_an_empty_machine_gets_everybody_back(full: Space, empty: Space, out: Path, tmp_path: Path) -> None:
    assert backup(full.store, out, WORDS).users == 3
    restored = restore(empty.store, out, copied(full, tmp_path / "keys"), WORDS)
    assert sorted(restored.users) == ["ann", "bob", "eve"]
    for name in ("ann", "bob", "eve"):
        assert empty.user(name).get_all() == full.user(name).get_all()
        assert empty.user(name).consents() == full.user(name).consents()
        assert empty.store.key(name) == full.store.key(name)
    assert empty.user("ann").history("ann1") == full.user("ann").history("ann1")
    assert empty.user("ann").search("canaries")["results"][0]["id"] == "ann1"


def test_who_was_erased_does_not_come_back_with_the_newest_key_file(
    full: Space, empty: Space, out: Path, tmp_path: Path
) -> None:
    backup(full.store, out, WORDS)
    full.user("ann").erase()
    newest = copied(full, tmp_path / "keys")
    assert len(list(out.iterdir())) == 3
    restored = restore(empty.store, out, newest, WORDS)
    assert (sorted(restored.users), restored.erased) == (["bob", "eve"], 1)


def test_who_was_erased_and_came_again_comes_back_as_who_he_is_now(
    full: Space, empty: Space, out: Path, tmp_path: Path
) -> None:
    backup(full.store, out, WORDS)
    old = tmp_path / "old"
    shutil.copytree(out, old)
    full.user("ann").erase()
    full.user("ann").add(Turn(id="new", text="ann begins again"))
    backup(full.store, out, WORDS)
    for archive in old.iterdir():
        if not (out / archive.name).exists():
            shutil.copy(archive, out)
    restore(empty.store, out, copied(full, tmp_path / "keys"), WORDS)
    assert [entry["id"] for entry in empty.user("ann").get_all()["results"]] == ["new"]


def test_an_older_key_file_is_refused_unless_forced(full: Space, empty: Space, out: Path, tmp_path: Path) -> None:
    backup(full.store, out, WORDS)
    older = copied(full, tmp_path / "older")
    full.user("ann").erase()
    backup(full.store, out, WORDS)
    with pytest.raises(BadInput, match="older than"):
        restore(empty.store, out, older, WORDS)
    assert empty.users() == ()
    assert sorted(restore(empty.store, out, older, WORDS, force=True).users) == ["bob", "eve"]


def test_a_home_that_knows_of_an_erasure_refuses_the_older_key_file(full: Space, out: Path, tmp_path: Path) -> None:
    backup(full.store, out, WORDS)
    older = copied(full, tmp_path / "older")
    full.user("ann").erase()
    with pytest.raises(BadInput, match="older than"):
        restore(full.store, out, older, WORDS)
    assert restore(full.store, out, older, WORDS, force=True).erased == 1
    assert "ann" not in full.users()


def test_an_erasure_after_a_restore_reaches_the_old_archives(
    full: Space, empty: Space, out: Path, tmp_path: Path
) -> None:
    backup(full.store, out, WORDS)
    restore(empty.store, out, copied(full, tmp_path / "keys"), WORDS)
    empty.user("ann").erase()
    with open(tmp_path / "third", encoder=None) as third:
        assert sorted(restore(third.store, out, copied(empty, tmp_path / "newer"), WORDS).users) == ["bob", "eve"]


def test_a_second_backup_removes_the_archives_of_the_erased(full: Space, out: Path) -> None:
    backup(full.store, out, WORDS)
    full.user("ann").erase()
    assert backup(full.store, out, WORDS).erased == 1
    assert len(list(out.iterdir())) == 2


def test_nothing_opens_without_the_key_file_or_the_passphrase(
    full: Space, empty: Space, out: Path, tmp_path: Path
) -> None:
    backup(full.store, out, WORDS)
    other = keys.make(WORDS).having(p.stem for p in out.iterdir())
    other.write(tmp_path / "other")
    with pytest.raises(BadInput, match="no such file"):
        restore(empty.store, out, tmp_path / "lost", WORDS)
    with pytest.raises(BadInput, match="does not open"):
        restore(empty.store, out, copied(full, tmp_path / "keys"), "wrong")
    with pytest.raises(BadInput, match="another key"):
        restore(empty.store, out, tmp_path / "other", WORDS)
    assert empty.users() == ()


def test_archives_and_key_file_say_nothing_of_what_was_said_or_by_whom(full: Space, out: Path) -> None:
    full.user("a-name-that-nobody-else-has").add("hush")
    backup(full.store, out, WORDS)
    content = b"".join(p.read_bytes() for p in [*out.iterdir(), full.store.folder / keys.FILE])
    assert not [word for word in (b"canar", b"nobody-else", b"records.jsonl") if word in content]


@pytest.mark.parametrize("how", ["changed", "cut", "longer", "renamed", "header"])
def test_an_archive_that_was_tampered_with_is_refused(
    full: Space, empty: Space, out: Path, tmp_path: Path, how: str
) -> None:
    backup(full.store, out, WORDS)
    archive = sorted(out.iterdir())[0]
    raw = archive.read_bytes()
    if how == "renamed":
        archive.rename(archive.with_name(f"{'0' * 32}.idiolect"))
    elif how == "header":
        first, rest = raw.split(b"\n", 1)
        archive.write_bytes(json.dumps({**json.loads(first), "made": 0}).encode() + b"\n" + rest)
    else:
        middle = len(raw) // 2
        changed = raw[:middle] + bytes([raw[middle] ^ 1]) + raw[middle + 1 :]
        archive.write_bytes({"changed": changed, "cut": raw[:-20], "longer": raw + b"\0"}[how])
    with pytest.raises(BadInput):
        restore(empty.store, out, copied(full, tmp_path / "keys"), WORDS)


def test_another_archive_under_a_users_name_does_not_open(full: Space, empty: Space, out: Path, tmp_path: Path) -> None:
    backup(full.store, out, WORDS)
    one, other = sorted(out.iterdir())[:2]
    raw = one.read_bytes().replace(one.stem.encode(), other.stem.encode())
    other.write_bytes(raw)
    with pytest.raises(BadInput, match="another key"):
        restore(empty.store, out, copied(full, tmp_path / "keys"), WORDS)


def test_restoring_twice_leaves_alone_who_is_there(full: Space, empty: Space, out: Path, tmp_path: Path) -> None:
    backup(full.store, out, WORDS)
    held = copied(full, tmp_path / "keys")
    restore(empty.store, out, held, WORDS)
    empty.user("ann").add("said since")
    assert restore(empty.store, out, held, WORDS).there == 3
    assert len(empty.user("ann").get_all()["results"]) == 2


def test_what_was_learnt_of_him_and_not_being_remembered_come_back(
    full: Space, empty: Space, out: Path, tmp_path: Path
) -> None:
    keep(full.store, "voice", torch.ones(2), [view(full.store, "ann", purpose="train")], user="ann")
    full.user("bob").remember(False)
    backup(full.store, out, WORDS)
    restore(empty.store, out, copied(full, tmp_path / "keys"), WORDS)
    assert load(empty.store, "voice", user="ann").tolist() == [1, 1]
    assert not empty.user("bob").remembered


def test_an_archive_of_many_chunks_comes_back(full: Space, empty: Space, out: Path, tmp_path: Path) -> None:
    with full.store.unit("ann") as unit:
        assert unit is not None
        artifacts.save(unit.path / "own" / "large", torch.arange(2**20, dtype=torch.float32))
    backup(full.store, out, WORDS)
    restore(empty.store, out, copied(full, tmp_path / "keys"), WORDS)
    assert load(empty.store, "large", user="ann").sum() == torch.arange(2**20, dtype=torch.float32).sum()


def test_files_are_their_owners_alone_and_nothing_in_the_clear_is_left(full: Space, out: Path) -> None:
    backup(full.store, out, WORDS)
    files = [*out.iterdir(), full.store.folder / keys.FILE]
    assert {stat.S_IMODE(p.stat().st_mode) for p in files} == {0o600}
    assert not list(full.store.folder.rglob(".work-*"))


def test_archives_do_not_lie_in_the_home(full: Space) -> None:
    with pytest.raises(BadInput, match="within the home"):
        backup(full.store, full.store.home / "archives", WORDS)


def test_an_empty_passphrase_is_refused(full: Space, out: Path) -> None:
    with pytest.raises(BadInput, match="empty"):
        backup(full.store, out, "")


def test_a_key_file_that_asks_for_too_much_work_is_refused(full: Space, out: Path, tmp_path: Path) -> None:
    backup(full.store, out, WORDS)
    path = copied(full, tmp_path / "keys")
    given = json.loads(path.read_text())
    given["scrypt"]["n"] = 2**30
    path.write_text(json.dumps(given))
    with pytest.raises(BadInput, match="not idiolect-keys"):
        keys.opened(path, WORDS)
