"""What is left of an erased user is found, of whatever kind it is; what others say too is no residue."""

from __future__ import annotations

import hashlib
import json
import random
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from idiolect.core.types import Post, Turn
from idiolect.data import answers
from idiolect.data.answers import STEPS
from idiolect.data.sqlite import residue
from idiolect.data.sqlite.connection import Database
from idiolect.memory.opening import open
from idiolect.memory.space import Space
from idiolect.memory.user import User
from memory_doubles import Letters

SAID = 'My sister Anna moved to Kyoto last spring. She calls it "the quiet town" and\nsends letters.'
CHINESE = "我上个月搬到了北京的朝阳区，每天喝咖啡"
NOTE = "as the form of 3 May said"
ANSWER = "Your sister lives in Kyoto since last spring."
WHO = "ann@example.org"


def marks(*pieces: bytes) -> bytes:
    return residue.marks(residue.Traces(pieces=frozenset(pieces)))


@pytest.fixture
def space(tmp_path: Path) -> Space:
    return open(tmp_path / "home", encoder=Letters())


@pytest.fixture
def ann(space: Space) -> User:
    """A user with something of each kind."""
    user = space.user(WHO)
    user.add(
        [Turn(id="3f9c0a1b2c3d4e5f", text=SAID), Turn(id="t2", text=CHINESE)], metadata={"source": NOTE}, wait=True
    )
    user.add(Post(id="post 3", task="headline", prompt="An article on ships and harbours", text="Ships are slow"))
    user.search("sister")
    with space.store.unit(user.id) as unit:
        assert unit is not None
        unit.record()
        (unit.path / "own" / "oppu").mkdir(parents=True)
        raw = np.random.default_rng(0).normal(size=400).astype(np.float32).tobytes()
        header = b'{"a":{"dtype":"F32","shape":[400],"data_offsets":[0,1600]}}'
        (unit.path / "own" / "oppu" / "tensors-a.safetensors").write_bytes(
            len(header).to_bytes(8, "little") + header + raw
        )
        door = Database(unit.path / answers.FILE, STEPS)
        with door.writing() as connection:
            body = {"model": "an-organisation/some-model-7b", "text": ANSWER}
            connection.execute("INSERT INTO answer VALUES ('answer-77', 1.5, ?)", (json.dumps(body),))
        door.close()
    return user


def folder(space: Space) -> Path:
    with space.store.unit(WHO) as unit:
        assert unit is not None
        return unit.path


PLANTED: dict[str, Callable[[Space, Path], object]] = {
    "a sentence in a log": lambda _, stray: stray.write_text(
        "12:00 INFO said: My sister Anna moved to Kyoto last spring.\n"
    ),
    "a text as JSON": lambda _, stray: stray.write_text(json.dumps({"x": SAID})),
    "a text as escaped JSON": lambda _, stray: stray.write_text(json.dumps([CHINESE])),
    "a text in Chinese": lambda _, stray: stray.write_text(f"...{CHINESE}..."),
    "what is beside a text": lambda _, stray: stray.write_text("An article on ships and harbours"),
    "metadata": lambda _, stray: stray.write_text(f"note={NOTE}"),
    "an id that was drawn": lambda _, stray: stray.write_text("memory_3f9c0a1b2c3d4e5f"),
    "the user's id": lambda _, stray: stray.write_text(f"GET /users/{WHO} 200"),
    "the table": lambda space, stray: stray.write_bytes(
        (folder(space) / "user.db").read_bytes() + (folder(space) / "user.db-wal").read_bytes()
    ),
    "the vectors": lambda space, stray: shutil.copy(folder(space) / "vectors.f16", stray),
    "one vector": lambda space, stray: stray.write_bytes(b"xyz" + (folder(space) / "vectors.f16").read_bytes()[:64]),
    "a vector in single precision": lambda space, stray: (
        np.fromfile(folder(space) / "vectors.f16", np.float16).astype(np.float32).tofile(stray)
    ),
    "an adapter": lambda space, stray: shutil.copy(folder(space) / "own" / "oppu" / "tensors-a.safetensors", stray),
    "numbers of an adapter": lambda space, stray: stray.write_bytes(
        (folder(space) / "own" / "oppu" / "tensors-a.safetensors").read_bytes()[700:1300]
    ),
    "the hash of an adapter": lambda space, stray: stray.write_text(
        hashlib.sha256((folder(space) / "own" / "oppu" / "tensors-a.safetensors").read_bytes()).hexdigest()
    ),
    "an answer": lambda _, stray: stray.write_text(f"sent: {ANSWER}"),
    "the audit trail": lambda space, stray: stray.write_text(json.dumps(space.user(WHO).audit())),
    "the audit trail as it is exported": lambda space, stray: shutil.copy(exported(space) / "audit.jsonl", stray),
}


def exported(space: Space) -> Path:
    place = space.store.home.parent / "out"
    space.user(WHO).export(place)
    return place


@pytest.mark.parametrize("kind", PLANTED)
def test_the_receipt_stays_open_where_something_of_a_user_stands_outside_his_folder(
    space: Space, ann: User, kind: str
) -> None:
    stray = space.store.home / "debug.log"
    PLANTED[kind](space, stray)
    receipt = ann.erase()
    assert (receipt.status, bool(receipt.residue)) == ("open", True)
    (said,) = [check for check in space.doctor() if check["check"] == "erasures"]
    assert (said["ok"], str(stray) in said["detail"]) == (False, True)
    stray.unlink()
    assert [check["ok"] for check in space.doctor() if check["check"] == "erasures"] == [True]
    space.close()


def test_a_home_in_which_others_say_the_same_short_things_gives_no_alarm(space: Space) -> None:
    usual = ["tea", "I like tea", "Thank you very much!", "How are you doing today?", "yes", "2024-05-01"]
    for id in ("customer-1", "customer-10", "user customer-1 of shop two"):
        for n, text in enumerate(usual):
            user = space.user(id)
            user.add(Turn(id=f"message-{n}", text=text), metadata={"topic": "family"}, session="monday")
        user.flush()
    log = f"customer-10 said: {'! '.join(usual)} message-1 family monday"
    (space.store.home / "usage.log").write_text(log)
    receipt = space.user("customer-1").erase()
    assert (receipt.status, receipt.residue, receipt.records) == ("closed", 0, 6)
    assert receipt.searched > len(log)
    space.close()


def test_what_only_this_user_said_is_found_however_short_it_may_be_told_from_chance(space: Space) -> None:
    space.user("bob").add("I like tea")
    space.user("customer-1").add([Turn(id="message-1", text="I collect stamps")])
    (space.store.home / "usage.log").write_text("customer-1: message-1: I collect stamps")
    assert space.user("customer-1").erase().residue == 3
    space.close()


def test_the_same_id_in_another_space_is_another_user(tmp_path: Path) -> None:
    with open(tmp_path / "home", "shop", encoder=None) as shop, open(tmp_path / "home", "bank", encoder=None) as bank:
        shop.user(WHO).add("I like tea")
        bank.user(WHO).add("I like money")
        assert shop.user(WHO).erase().status == "closed"


def test_a_service_key_that_is_bound_to_a_user_goes_with_him(tmp_path: Path) -> None:
    pytest.importorskip("fastapi")
    from idiolect.applications.server.speakers.keys import Keys

    with open(tmp_path / "home", encoder=None) as space:
        keys = Keys(tmp_path / "home")
        keys.create("user", user=WHO)
        keys.create("user", user=WHO, space="other")
        keys.create("app")
        space.user(WHO).add("I like tea")
        space.user(WHO).erase()
        assert sorted((key.kind, key.space) for key in keys.list()) == [("app", "default"), ("user", "other")]
        keys.close()


def test_the_search_finds_what_a_plain_one_finds(tmp_path: Path) -> None:
    chance = random.Random(0)
    data = chance.randbytes(100_000)
    (tmp_path / "data").write_bytes(data)
    places = [chance.randrange(99_000) for _ in range(200)]
    wanted = [data[p : p + chance.randint(8, 64)] for p in places] + [chance.randbytes(20) for _ in range(200)]
    found = residue.search([tmp_path / "data"], marks(*wanted))
    assert (found.searched, len(found.places)) == (len(data), sum(piece in data for piece in set(wanted)))


def test_the_search_finds_what_lies_across_the_parts_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(residue, "CHUNK", 64)
    (tmp_path / "data").write_bytes(b"." * 50 + b"0123456789abcdef0123456789abcdef" + b"." * 90)
    assert len(residue.search([tmp_path / "data"], marks(b"0123456789abcdef0123456789abcdef")).places) == 1
    assert residue.search([tmp_path / "data"], marks()).places == {}


@pytest.mark.parametrize(
    ("content", "there"),
    [
        ("customer-1", True),
        ("(customer-1)", True),
        ("customer-10", False),
        ("xcustomer-1", False),
        ("-customer-1é", False),
    ],
)
def test_a_name_is_found_where_it_stands_alone(tmp_path: Path, content: str, there: bool) -> None:
    (tmp_path / "data").write_text(content)
    sought = residue.marks(residue.Traces(names=frozenset([b"customer-1"])))
    assert bool(residue.search([tmp_path / "data"], sought).places) == there


def test_what_is_noted_of_an_erased_user_tells_nothing_of_him(space: Space, ann: User) -> None:
    (space.store.home / "debug.log").write_text(SAID)
    receipt = ann.erase()
    sought = space.store._catalogue.sought(receipt.unit) or b""
    assert len(sought) > 100
    assert not any(word.encode() in sought for word in ("Kyoto", "sister", "ann@", "3f9c0a1b"))
    assert sought != marks(secrets.token_bytes(8))
    space.close()
