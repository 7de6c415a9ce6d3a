"""Every way in, found by introspection, and tried with another user's ids; and ids that were made to do harm."""

from __future__ import annotations

import inspect
import secrets
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from idiolect.core.errors import BadInput
from idiolect.memory.space import Space
from idiolect.memory.user import User

READS: dict[str, Callable[[User, str, Path], Any]] = {  # with another user's id, where a read takes one
    "search": lambda bob, id, _: bob.search(f"{id} word canary", as_of=None, filters=None, explain=True),
    "get": lambda bob, id, _: bob.get(id),
    "get_all": lambda bob, id, _: bob.get_all(filters={"OR": [{"id": id}, {"kind": "*"}]}),
    "history": lambda bob, id, _: bob.history(id),
    "profile": lambda bob, id, _: bob.profile(),
    "context": lambda bob, id, _: bob.context(10_000, f"{id} word canary"),
    "export": lambda bob, id, folder: (
        bob.export(folder / secrets.token_hex(4)),
        [path.read_text() for path in folder.rglob("*.json*")],
    ),
    "audit": lambda bob, id, _: bob.audit(),
    "facts": lambda bob, id, _: bob.facts(history=True),
    "over": lambda bob, id, _: bob.over(),
    "jobs": lambda bob, id, _: bob.jobs(),
    "consents": lambda bob, id, _: bob.consents(),
    "remembered": lambda bob, id, _: bob.remembered,
}
WRITES: dict[str, Callable[[User, str], Any]] = {
    "update": lambda bob, id: bob.update(id, "changed"),
    "delete": lambda bob, id: bob.delete(id),
    "delete_all": lambda bob, id: bob.delete_all({"id": id}),
    "add": lambda bob, id: bob.add("mine"),
    "consent": lambda bob, id: bob.consent(),
    "remember": lambda bob, id: bob.remember(False),
    "flush": lambda bob, id: bob.flush(),
    "reinstate": lambda bob, id: bob.reinstate(1),
    "revive": lambda bob, id: bob.revive(),
    "erase": lambda bob, id: bob.erase(),
}
NAMING = {"update", "delete", "reinstate"}  # writes that take an id
ELSEWHERE = {"id", "import_", "chat", "achat"}  # his name; a folder that he has in hand; see test_talk

HOSTILE = [
    *("u1", "u10", "u", "U1", "u1 ", " u1", "u1\n", "u1\0", "u1%", "u_", "%", "*", "?"),
    *("аnn", "ann", "ann\u200b", "ａｎｎ", "ańn", "an\u0301n", "ANN", "Ann", "ﬁn", "fin", "\u202enna"),
    *("..", ".", "../ann", "../../etc/passwd", "/etc/passwd", "C:\\x", "a/b", "a\\b", "~", "$HOME", "user.db", "con"),
    *("'; DROP TABLE user; --", '" OR 1=1 --', "') OR ('1'='1", "x' UNION SELECT key FROM user --", "\\", ";"),
    *('"', "NEAR(a b)", "word:*", "a AND NOT b", "^x", "-x", "(", ")", "NULL", "None", "0", "-1", "1e9", "true"),
    *("名前", "😀", "e" * 1024, "{}", "[]", "{0}", "%s", "<script>", "\r\n", "\t"),
]


def public(kind: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(kind) if not name.startswith("_")}


def test_every_public_way_into_a_user_is_in_these_tables() -> None:
    assert public(User) | {"id"} == {*READS, *WRITES, *ELSEWHERE}


def test_a_space_gives_no_way_to_records_but_a_user() -> None:
    assert public(Space) == {"user", "users", "receipts", "doctor", "flush", "close"}


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("filled", [True, False])
def test_no_read_shows_what_is_anothers(space: Space, tmp_path: Path, name: str, filled: bool) -> None:
    canary = f"canary{secrets.token_hex(8)}"
    (hers,) = space.user("ann").add(f"word {canary}", metadata={"note": canary})["results"]
    if filled:
        space.user("bob").add("word of his own")
    found = READS[name](space.user("bob"), hers["id"], tmp_path / "out")
    assert canary not in repr(found)
    assert hers["id"] not in repr(found)
    assert canary in repr(space.user("ann").get(hers["id"]))  # and it was there to be found


@pytest.mark.parametrize("name", WRITES)
def test_no_write_reaches_what_is_anothers(space: Space, name: str) -> None:
    (hers,) = space.user("ann").add("hers")["results"]
    space.user("ann").flush()
    before = (space.user("ann").get_all(), space.user("ann").consents())
    with pytest.raises(BadInput, match="none of that id") if name in NAMING else nullcontext():
        WRITES[name](space.user("bob"), hers["id"])
    assert (space.user("ann").get_all(), space.user("ann").consents()) == before


def test_the_same_id_in_two_hands_is_two_records(space: Space) -> None:
    from idiolect.core.types import Turn

    space.user("ann").add(Turn(id="x", text="hers"))
    space.user("bob").add(Turn(id="x", text="his"))
    space.user("bob").update("x", "changed")
    space.user("bob").delete("x")
    assert space.user("ann").history("x")[0]["memory"] == "hers"
    assert len(space.user("ann").history("x")) == 1


def test_hostile_ids_are_just_ids(space: Space) -> None:
    for place, name in enumerate(HOSTILE):
        space.user(name).add(f"memory number{place}")
    assert space.users() == tuple(HOSTILE)
    for place, name in enumerate(HOSTILE):
        (entry,) = space.user(name).search("memory")["results"]
        assert entry["memory"] == f"memory number{place}"
    gone = HOSTILE[::2]
    for name in gone:
        assert space.store.erase(name) == 1
    assert space.users() == tuple(HOSTILE[1::2])
    assert not [p for p in space.store.home.parent.rglob("*") if p.is_file() and space.store.home not in p.parents]


@pytest.mark.parametrize("id", HOSTILE)
def test_hostile_texts_ids_and_questions_of_one_user_are_just_texts(space: Space, id: str) -> None:
    from idiolect.core.types import Turn

    ann = space.user("ann")
    ann.add([Turn(id=id, text=f"{id} zebra"), Turn(id="other", text="lion")], metadata={id: id})
    assert [entry["id"] for entry in ann.search(f"{id} zebra", top_k=1)["results"]] == [id]
    assert [entry["id"] for entry in ann.get_all({id: id, "kind": "turn"})["results"]] == [id, "other"]
    ann.update(id, f"{id} tiger")
    ann.delete(id)
    assert [entry["id"] for entry in ann.get_all()["results"]] == ["other"]
    assert ann.get(id) is None
