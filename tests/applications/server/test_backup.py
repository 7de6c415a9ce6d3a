"""What the service keeps comes back with its users: keys, turns that were seen, answers, pins."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from idiolect.applications.server.speakers.keys import Keys
from idiolect.governance import keys as key_files
from idiolect.memory import backup as archives
from idiolect.memory.opening import open

if TYPE_CHECKING:
    from tests.applications.conftest import Opener, Running

WORDS, CANARY = "correct horse", "canary-b7f0"


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_files, "COST", 2**4)


def asked(door: Running, text: str = CANARY) -> Any:
    messages = [{"role": "user", "content": f"{text} is my secret word"}]
    return door.client().chat.completions.create(model="small", messages=messages, user="ann")


def moved(door: Running, to: Path) -> Path:
    """Everything of a door's space in another home."""
    store = door.service.space("default").store
    archives.backup(store, to / "archives", WORDS)
    with open(to / "home", encoder=None) as elsewhere:
        archives.restore(elsewhere.store, to / "archives", store.folder / key_files.FILE, WORDS)
    return to / "home"


def test_a_dialogue_goes_on_where_it_was_in_the_restored_home(relay: Running, opened: Opener, tmp_path: Path) -> None:
    answer = asked(relay)
    (id,) = [m["id"] for m in relay.user("ann").get_all()["results"]]
    relay.http.patch(f"/v1/users/ann/memories/{id}", json={"pinned": True}, headers=relay.bearer)
    other = opened(upstream=True, home=moved(relay, tmp_path / "moved"))
    assert asked(other).idiolect["remembered"] == 0
    why = f"/v1/users/ann/answers/{answer.idiolect['answer_id']}/explain"
    assert other.http.get(why, headers=other.bearer).json()["question"] == f"{CANARY} is my secret word"
    (memory,) = other.http.get("/v1/users/ann/memories", headers=other.bearer).json()["results"]
    assert memory["pinned"]


def test_keys_open_the_restored_home_and_revoked_ones_do_not(relay: Running, tmp_path: Path) -> None:
    (good, secret), (bad, gone) = (relay.service.keys.create("app") for _ in range(2))
    relay.service.keys.revoke(bad.id)
    asked(relay)
    keys = Keys(moved(relay, tmp_path / "moved"))
    found = keys.find(secret)
    assert found is not None
    assert (found.id, keys.find(gone)) == (good.id, None)
    assert keys.signed("tickets") == relay.service.keys.signed("tickets")
    keys.close()


def test_a_home_that_has_keys_keeps_its_own(relay: Running, tmp_path: Path) -> None:
    asked(relay)
    mine = Keys(tmp_path / "moved" / "home")
    secret = mine.create("app")[1]
    mine.close()
    keys = Keys(moved(relay, tmp_path / "moved"))
    assert keys.find(secret) is not None
    keys.close()


def test_archives_hold_neither_words_nor_keys_in_the_clear(relay: Running, tmp_path: Path) -> None:
    relay.service.keys.create("app", name=CANARY)
    asked(relay)
    home = moved(relay, tmp_path / "moved")
    secret = (relay.service.keys.home / "keys.secret").read_bytes()
    for path in (tmp_path / "moved" / "archives").iterdir():
        raw = path.read_bytes()
        assert CANARY.encode() not in raw
        assert secret not in raw
        assert json.loads(raw.partition(b"\n")[0])["format"] == "idiolect-backup"
    assert not [path for path in home.rglob("*") if path.is_file() and path.stat().st_mode & 0o077]
