"""What was erased is in no byte of the home: of one record within a second, of a user when `erase` returns."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Sequence
from pathlib import Path

import apsw
import numpy as np
import pytest

from idiolect.core.types import Attribute, Interaction, Post, Preference, Record, Relation, Turn
from idiolect.data.sqlite.later import Later
from idiolect.data.sqlite.store import SQLiteStore
from idiolect.memory.opening import open
from idiolect.memory.space import Space
from memory_doubles import Letters


def canary() -> str:
    return f"q{secrets.token_hex(12)}"


def record(kind: int, word: str, size: int = 1) -> Record:
    id, text = canary(), " ".join([word, *random.choices(WORDS, k=12 * size)])
    made: Sequence[Record] = (
        Turn(id=id, text=text),
        Attribute(id=id, name="job", value=text),
        Relation(id=id, name="sister", value=text),
        Post(id=id, task="review", prompt=text, text="t"),
        Interaction(id=id, task="rate", prompt="p", text=text),
        Preference(id=id, prompt="p", chosen=text, rejected=text),
        Preference(id=id, dimension=text),
    )
    return made[kind % len(made)]


SEED = 3
WORDS = [secrets.token_hex(3) for _ in range(500)]


def content(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file())


def left(home: Path, words: Sequence[str]) -> list[str]:
    """Words of which at least the second half is there: an index may keep the first half elsewhere."""
    there = content(home)
    return [word for word in words if word[len(word) // 2 :].encode() in there]


def within(seconds: float, home: Path, words: Sequence[str]) -> list[str]:
    end = time.monotonic() + seconds
    while (found := left(home, words)) and time.monotonic() < end:
        time.sleep(0.05)
    return found


@pytest.fixture
def space(tmp_path: Path) -> Space:
    return open(tmp_path / "home", encoder=Letters())


def test_single_deletions_are_out_of_all_bytes_within_a_second(space: Space) -> None:
    ann, words = space.user("ann"), {}
    for i in range(200):
        word = canary()
        (added,) = ann.add(record(i, word, size=30 if i % 9 == 0 else 1), metadata={"note": word})["results"]
        words[added["id"]] = word
    ann.flush()
    gone = random.sample(sorted(words), 60)
    for id in gone:
        ann.delete(id)
    said = [text for id in gone for text in (id, words[id])]
    assert within(1.0, space.store.home, said) == []
    kept = [word for id, word in words.items() if id not in gone]
    assert len(left(space.store.home, kept)) == len(kept)
    assert all(ann.search(word, top_k=1)["results"] for word in kept[:20])
    space.close()


@pytest.mark.slow
def test_scrubbing_reaches_what_zeroing_freed_bytes_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(SEED)
    monkeypatch.setattr(Later, "soon", lambda self: None)  # nothing happens behind
    space = open(tmp_path / "home", encoder=None, clock=lambda: 1e9)
    ann, gone, live = space.user("ann"), list[str](), dict[str, str]()
    for step in range(1000):
        id, word = (f"q{chance.randbytes(12).hex()}" for _ in range(2))
        said = " ".join([*(f"{chance.randrange(3000):x}" for _ in range(chance.choice((12, 12, 12, 240)))), word])
        ann.add(Turn(id=id, text=said))
        live[id] = word
        if step > 500:
            for old in chance.sample(list(live), 2):
                ann.delete(old)
                gone += [old, live.pop(old)]
    with space.store.unit("ann") as unit:
        assert unit is not None
        unit._database._writer.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    ann.flush()
    assert left(space.store.home, gone) == []
    assert len(left(space.store.home, list(live.values()))) == len(live)
    space.close()


def test_bytes_wait_for_a_reader_of_the_old_state_and_go_within_a_second_of_him(space: Space) -> None:
    ann, word = space.user("ann"), canary()
    (added,) = ann.add(word)["results"]
    with space.store.unit("ann") as unit:
        assert unit is not None
        with unit.reading() as connection:
            assert connection.execute("SELECT count(*) FROM record").fetchone() == (1,)
            ann.delete(added["id"])
            assert within(0.8, space.store.home, [word]) == [word]
            assert connection.execute("SELECT count(*) FROM record").fetchone() == (1,)
    assert within(1.0, space.store.home, [word]) == []
    space.close()


def test_the_old_text_of_a_correction_stays_unless_it_is_to_be_erased(space: Space) -> None:
    ann, (old, older, new) = space.user("ann"), (canary() for _ in range(3))
    (one, other) = ann.add([f"x {old}", f"x {older}"])["results"]
    ann.update(one["id"], f"x {new}", erase_old=True)
    ann.update(other["id"], "x corrected")
    assert within(1.0, space.store.home, [old]) == []
    assert left(space.store.home, [older, new]) == [older, new]
    assert [h["memory"] for h in ann.history(one["id"])] == [f"x {new}"]
    space.close()


def test_not_wanting_to_be_remembered_erases_what_was_kept(space: Space) -> None:
    ann, word = space.user("ann"), canary()
    ann.add(word)
    ann.remember(False)
    assert within(1.0, space.store.home, [word]) == []
    assert ann.add("more") == {"results": []}
    space.close()


def test_vectors_of_what_was_deleted_are_zeros(space: Space) -> None:
    ann = space.user("ann")
    (one, _) = ann.add([canary(), canary()], wait=True)["results"]
    (path,) = space.store.home.rglob("vectors.f16")
    before = np.fromfile(path, np.float16).reshape(-1, Letters.dim)
    ann.delete(one["id"])
    ann.flush()
    after = np.fromfile(path, np.float16).reshape(-1, Letters.dim)
    assert sorted(int(row.any()) for row in before) == [1, 1]
    assert sorted(int(row.any()) for row in after) == [0, 1]
    space.close()


def test_a_process_that_dies_before_scrubbing_leaves_it_to_the_next(tmp_path: Path) -> None:
    home, word = tmp_path / "home", canary()
    space = open(home, encoder=None)
    (added,) = space.user("ann").add(word)["results"]
    with space.store.unit("ann") as unit:
        assert unit is not None
        unit._cleaner._timer = unit._recorder._timer = None
        unit._cleaner.soon = lambda: None  # type: ignore[method-assign]
        space.user("ann").delete(added["id"])
        assert left(home, [word]) == [word]
        other = open(home, encoder=None)
        other.user("ann").get_all()
        assert within(1.0, home, [word]) == []
    other.close()
    space.close()


def test_an_erased_user_is_in_no_byte_and_the_others_are_whole(space: Space) -> None:
    ann, bob, name = space.user(canary()), space.user("bob"), canary()
    for i in range(30):
        space.user(f"{name}{i}").consent("assist")
    words = [canary() for _ in range(60)]
    for i, word in enumerate(words):
        ann.add(record(i, word), metadata={"note": word})
    ids = [entry["id"] for entry in ann.get_all()["results"]]
    bob.add(word := canary())
    ann.flush()
    receipt = ann.erase()
    for i in range(30):
        space.user(f"{name}{i}").erase()
    assert left(space.store.home, [ann.id, *words, *ids, name]) == []
    assert left(space.store.home, [word]) == [word]
    assert (receipt.records, receipt.status, receipt.residue) == (60, "closed", 0)
    assert space.users() == ("bob",)
    space.close()


def test_a_receipt_holds_only_counts_times_and_names_of_folders(space: Space) -> None:
    ann = space.user("ann")
    ann.add("secret")
    ann.erase()
    (receipt,) = space.receipts()
    assert {type(v) for v in vars(receipt).values()} <= {bool, int, float, str}
    assert [v for v in vars(receipt).values() if isinstance(v, str)] == [receipt.unit]
    space.close()


def test_residue_outside_the_users_folder_is_counted(space: Space) -> None:
    ann, word = space.user("ann"), canary()
    (added,) = ann.add(f"{word} and what else was said that day, at length")["results"]
    (space.store.home / "stray.log").write_text(f"someone wrote {added['id']} into a log")
    receipt = ann.erase()
    assert (receipt.residue, receipt.status) == (1, "open")
    (said,) = [check for check in space.doctor() if check["check"] == "erasures"]
    assert not said["ok"]
    assert f"stands in {space.store.home / 'stray.log'}; take it out there and run this again" in said["detail"]
    (space.store.home / "stray.log").unlink()
    (said,) = [check for check in space.doctor() if check["check"] == "erasures"]
    assert said["ok"]
    assert [r.residue for r in space.receipts()] == [0]
    space.close()


def test_a_search_for_residue_that_was_cut_off_is_done_by_the_doctor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, word = tmp_path / "home", canary()
    space = open(home, encoder=None)
    (added,) = space.user("ann").add(word)["results"]
    (home / "stray.log").write_text(added["id"])
    monkeypatch.setattr(SQLiteStore, "_search", lambda *_: None)  # as if killed before it
    space.user("ann").erase()
    space.close()
    assert left(home, [word]) == []
    with open(home, encoder=None) as space:
        assert [r.status for r in space.receipts()] == ["open"]
        assert [check["ok"] for check in space.doctor() if check["check"] == "erasures"] == [False]
        (home / "stray.log").unlink()
        assert [check["ok"] for check in space.doctor() if check["check"] == "erasures"] == [True]
        assert [(r.status, r.residue) for r in space.receipts()] == [("closed", 0)]


def test_an_erasure_that_was_broken_off_is_finished_by_the_next_start(tmp_path: Path) -> None:
    home, word = tmp_path / "home", canary()
    space = open(home, encoder=None)
    space.user("ann").add(word)
    space.store._catalogue.release("ann", 1, 0)  # as far as a process came that was killed then
    space.close()
    assert left(home, [word]) == [word]
    space = open(home, encoder=None)
    assert left(home, [word]) == []
    assert space.users() == ()
    assert space.receipts()[0].removed is not None
    space.close()
