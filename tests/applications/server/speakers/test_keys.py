"""Keys: what each kind opens, and what is kept of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from secrets import token_bytes
from threading import Thread

import pytest

from idiolect.applications.server.speakers import keys as module
from idiolect.applications.server.speakers.keys import Keys
from idiolect.core.errors import BadInput, UnknownName


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[Keys]:
    made = Keys(tmp_path / "home")
    yield made
    made.close()


def test_a_key_is_found_by_what_its_holder_sends_and_by_nothing_else(keys: Keys) -> None:
    key, said = keys.create("app", name="shop")
    assert keys.find(said) == key
    for wrong in (said[:-1], said + "0", said.replace("idk_", ""), f"idk_{key.id}_", "idk__", "", "ä_b", "idk_x_y"):
        assert keys.find(wrong) is None


def test_the_secret_is_nowhere_in_the_home(keys: Keys) -> None:
    _, said = keys.create("app")
    secret = said.rpartition("_")[2].encode()
    files = [path for path in keys.home.rglob("*") if path.is_file()]
    assert files
    assert not any(secret in path.read_bytes() for path in files)


def test_keys_are_files_that_only_their_owner_reads(keys: Keys) -> None:
    keys.create("app")
    assert all(path.stat().st_mode & 0o077 == 0 for path in keys.home.rglob("*"))


def test_a_revoked_key_opens_nothing_and_stays_on_the_list(keys: Keys) -> None:
    key, said = keys.create("app")
    keys.revoke(key.id)
    assert keys.find(said) is None
    assert [k.revoked is not None for k in keys.list()] == [True]
    assert not keys.any
    with pytest.raises(BadInput, match="revoked"):
        keys.rotate(key.id)


def test_a_rotated_key_is_the_same_under_another_secret(keys: Keys) -> None:
    key, old = keys.create("app", name="shop")
    new = keys.rotate(key.id)
    assert keys.find(old) is None
    assert keys.find(new) == key


def test_another_process_sees_a_key_at_once(keys: Keys) -> None:
    other = Keys(keys.home)
    key, said = other.create("user", user="ann")
    other.close()
    assert keys.find(said) == key


@pytest.mark.parametrize(
    ("given", "fix"),
    [
        ({"kind": "user"}, "--user"),
        ({"kind": "app", "user": "ann"}, "--user"),
        ({"kind": "operator", "scopes": ["memory:read"]}, "admin"),
        ({"kind": "user", "user": "ann", "scopes": ["admin"]}, "app or operator"),
        ({"kind": "app", "space": "No Space"}, "small letters"),
        ({"kind": "app", "strength": 1.5}, "from 0 to 1"),
        ({"kind": "app", "budget": -1}, "from 0 to"),
        ({"kind": "app", "per_minute": -1}, "from 0 to"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused_with_the_fix(keys: Keys, given: dict[str, object], fix: str) -> None:
    with pytest.raises(BadInput, match=fix):
        keys.create(str(given.pop("kind")), **given)


def test_keys_of_an_earlier_version_are_read_and_written_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names, steps, fields = "pipeline, created, revoked", module.STEPS, module.FIELDS
    monkeypatch.setattr(module, "STEPS", steps[:1])
    monkeypatch.setattr(module, "FIELDS", fields[: fields.index(names) + len(names)])
    before = Keys(tmp_path / "home")
    old, said = before.create("app", name="shop", pipeline="pag")
    before.close()
    monkeypatch.undo()
    now = Keys(tmp_path / "home")
    assert now.find(said) == old
    fresh, _ = now.create("app", budget=100, strength=0.5)
    assert [(k.budget, k.strength) for k in now.list()] == [(None, None), (100, 0.5)]
    assert now.get(fresh.id) == fresh
    now.close()


def test_unknown_kinds_and_scopes_are_refused_with_near_names(keys: Keys) -> None:
    with pytest.raises(UnknownName, match="app"):
        keys.create("apq")
    with pytest.raises(UnknownName, match="memory:read"):
        keys.create("app", scopes=["memory:raed"])


def test_who_begins_a_home_at_once_shares_one_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Keys] = []
    other = Thread(target=lambda: made.append(Keys(tmp_path / "home")))
    draw = token_bytes

    def late(size: int) -> bytes:
        """The first to draw a secret is overtaken by the other, if the other can."""
        monkeypatch.setattr("secrets.token_bytes", draw)
        other.start()
        other.join(0.3)
        return draw(size)

    monkeypatch.setattr("secrets.token_bytes", late)
    made.append(Keys(tmp_path / "home"))
    other.join()
    made.append(Keys(tmp_path / "home"))
    assert len({keys.signed("x") for keys in made}) == 1
    secret = tmp_path / "home" / "keys.secret"
    assert (len(secret.read_bytes()), secret.stat().st_mode & 0o777) == (32, 0o600)
    for keys in made:
        keys.close()
