"""The handle over a real server: the tests of the handle on disk, and what is peculiar to a server."""

from __future__ import annotations

import importlib.util
import inspect
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

import idiolect
from idiolect.core.errors import ConsentError, StoreError
from idiolect.core.types import Turn
from idiolect.memory.opening import open
from idiolect.memory.space import Space
from idiolect.memory.user import User
from memory_doubles import Clock, Letters

psycopg = pytest.importorskip("psycopg")

from cutting import Cut  # noqa: E402

if TYPE_CHECKING:
    from conftest import Server

pytestmark = pytest.mark.slow
NUMBERS = count()
ON_DISK = {  # what they look at are files
    "test_a_job_waits_on_the_disk",
    "test_the_doctor_finds_all_well_and_names_what_is_not",
    "test_withdrawing_train_drops_states_of_trainings",
    "test_hostile_ids_are_just_ids",
    "test_a_space_gives_no_way_to_records_but_a_user",
}


def module(name: str) -> ModuleType:
    path = Path(__file__).parents[2] / "memory" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"hosted_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def contract(name: str) -> Iterator[tuple[str, Any]]:
    """The tests of a file that take a space or a user of one, whatever it lies on."""
    for title, test in inspect.getmembers(module(name), inspect.isfunction):
        wanted = set(inspect.signature(test).parameters)
        if title.startswith("test_") and wanted & {"ann", "space"} and title not in ON_DISK:
            yield title, test


for file in (
    "test_user",
    "test_search",
    "test_facts",
    "test_queue",
    "test_consolidate",
    "test_isolation",
    "test_expiry",
    "test_once",
    "test_kinds",
    "test_recalled",
):
    globals().update(contract(file))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def space(server: Server, place: str, clock: Clock) -> Iterator[Space]:
    with open(server.app, place, encoder=None, clock=clock) as made:
        yield made


@pytest.fixture
def ann(space: Space) -> User:
    return space.user("ann")


def test_the_public_name_opens_a_server(server: Server, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDIOLECT_HOME", server.app)
    with idiolect.open(space=place, encoder=None) as space:
        space.user("ann").add("tea")
        assert [check["ok"] for check in space.doctor()] == [True] * 7
    with idiolect.open(server.app, place, encoder=None) as space:
        assert [entry["memory"] for entry in space.user("ann").search("tea")["results"]] == ["tea"]


def test_facts_what_was_taken_back_and_the_dead_are_there_after_opening_again(
    server: Server, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from idiolect.memory import known

    with open(server.app, place, encoder=None) as space:
        ann = space.user("ann")
        ann.add(["I live in Oslo.", "I just moved to Quito."], wait=True)
        (old, _) = ann.facts(history=True)
        ann.reinstate(old["id"])
        monkeypatch.setitem(known.WORK, "facts", lambda connection, record: 1 / 0)
        ann.add("I live in Bergen.")
        ann.flush()
        before = (ann.facts(history=True), [{**job, "job": 0} for job in ann.jobs()])
    with open(server.app, place, encoder=None) as space:
        ann = space.user("ann")
        assert (ann.facts(history=True), [{**job, "job": 0} for job in ann.jobs()]) == before
        assert [(job["tries"], job["error"]) for job in ann.jobs()] == [(1, "ZeroDivisionError")]


def test_a_user_goes_from_a_server_to_a_folder_and_back_with_what_was_taken_back_and_a_trail(
    server: Server, place: str, tmp_path: Path
) -> None:
    with open(server.app, place, encoder=None) as hosted, open(tmp_path / "home", encoder=None) as local:
        ann = hosted.user("ann")
        said = [Turn(id="a", text="I live in Oslo.", time=1.0), Turn(id="b", text="I just moved to Quito.", time=2.0)]
        ann.add(said, wait=True)
        ann.reinstate(ann.facts(history=True)[0]["id"])
        ann.consent("assist", "share")
        assert ann.export(tmp_path / "first") == 2
        local.user("ann").import_(tmp_path / "first")
        local.user("ann").export(tmp_path / "second")
        assert hosted.user("back").import_(tmp_path / "second") == 2
        hosted.user("back").export(tmp_path / "third")
        facts = [user.facts(history=True) for user in (ann, local.user("ann"), hosted.user("back"))]
        assert facts[0] == facts[1] == facts[2]
        assert [fact["value"] for fact in hosted.user("back").facts()] == ["Oslo"]
        assert hosted.user("back").consents() == {"assist", "share"}
    for name in ("records.jsonl", "manifest.json"):
        assert len({(tmp_path / at / name).read_bytes() for at in ("first", "second", "third")}) == 1
    for at in ("first", "second", "third"):
        trail = [json.loads(line) for line in (tmp_path / at / "audit.jsonl").read_text().splitlines()]
        assert (trail[-1]["actor"], trail[-1]["action"]) == ("library", "export")
        assert ("reinstate" in {line["action"] for line in trail}) == (at == "first")


def test_who_does_not_want_to_be_remembered_is_not_imported(server: Server, place: str, tmp_path: Path) -> None:
    with open(server.app, place, encoder=None) as space:
        space.user("ann").add("tea")
        space.user("ann").export(tmp_path / "out")
        space.user("bob").remember(False)
        with pytest.raises(ConsentError, match="does not want to be remembered"):
            space.user("bob").import_(tmp_path / "out")
        space.user("bob").export(tmp_path / "bob")
        space.user("eve").import_(tmp_path / "bob")
        assert not space.user("eve").remembered


def test_what_another_process_changed_is_seen_at_once(server: Server, place: str) -> None:
    with open(server.app, place, encoder=None) as one, open(server.app, place, encoder=None) as other:
        (said,) = one.user("ann").add("tea in Oslo")["results"]
        assert other.user("ann").get(said["id"])
        other.user("ann").update(said["id"], "tea in Rome")
        assert one.user("ann").search("tea")["results"][0]["memory"] == "tea in Rome"
        one.user("ann").delete(said["id"])
        one.user("ann").add("tea in Bonn")
        assert [m["memory"] for m in other.user("ann").get_all()["results"]] == ["tea in Bonn"]
        one.user("ann").erase()
        assert other.user("ann").get_all() == {"results": []}
        assert other.user("ann").add("back")["results"]


def test_an_erased_user_is_in_no_row_and_the_receipt_waits_for_a_purge(server: Server, space: Space) -> None:
    canary = "canary7781"
    ann = space.user(canary)
    ann.add(["I live in Oslo.", canary], wait=True, metadata={"x": canary})
    assert ann.facts()
    receipt = ann.erase()
    assert (receipt.status, receipt.records) == ("open", 2)
    assert [r.unit for r in space.receipts()] == [receipt.unit]
    with psycopg.connect(server.owner) as connection:
        for table in ("person", "record", "known", "consent", "audit", "receipt"):
            found = connection.execute(f"SELECT t::text FROM idiolect.{table} t").fetchall()
            assert canary not in repr(found)
            assert canary.encode().hex() not in repr(found)
    assert ann.erase().records == 0


def test_a_deletion_takes_along_what_was_understood(server: Server, ann: User) -> None:
    (said,) = ann.add("I live in Canary7782.", wait=True)["results"]
    ann.delete(said["id"])
    with psycopg.connect(server.owner) as connection:
        assert "Canary7782" not in repr(connection.execute("SELECT body FROM idiolect.known").fetchall())


def test_vectors_lie_on_the_server_and_serve_every_process(server: Server, place: str) -> None:
    if not server.vectors:
        pytest.skip("this server has no pgvector")
    with open(server.app, place, encoder=Letters()) as one, open(server.app, place, encoder=Letters()) as other:
        one.user("ann").add(["abc abc", "xyz xyz"])
        other.user("ann").search("zzz")
        one.user("ann").flush()
        for space in (one, other):
            assert space.user("ann").search("zzyx", top_k=1)["results"][0]["memory"] == "xyz xyz"


CHANGES: dict[str, Callable[[User, str], Any]] = {
    "add": lambda ann, _: ann.add(["tea", "boat"]),
    "update": lambda ann, id: ann.update(id, "I live in Rome."),
    "update and erase": lambda ann, id: ann.update(id, "I live in Rome.", erase_old=True),
    "delete": lambda ann, id: ann.delete(id),
    "delete all": lambda ann, _: ann.delete_all(),
    "understand": lambda ann, _: ann.facts(),
    "take back": lambda ann, _: ann.reinstate(1),
    "do not remember": lambda ann, _: ann.remember(False),
    "consent": lambda ann, _: ann.consent("share"),
    "erase": lambda ann, _: ann.erase(),
}


def state(server: Server, place: str) -> object:
    """What a process sees that comes later."""
    with open(server.app, place, encoder=None, clock=Clock()) as space:
        ann = space.user("ann")
        texts = [[v["memory"] for v in ann.history(m["id"])] for m in ann.get_all()["results"]]
        jobs = [(job["kind"], job["tries"]) for job in ann.jobs()]
        query = "SELECT k.body FROM idiolect.known k JOIN idiolect.person p USING (unit) WHERE p.space = %s"
        with psycopg.connect(server.owner) as connection:
            known = connection.execute(query, (place,)).fetchall()
        return space.users(), texts, ann.consents(), jobs, known, ann.remembered, len(space.receipts())


def prepared(space: Space, understood: bool) -> User:
    ann = space.user("ann")
    said = ("I live in Oslo.", "I just moved to Quito.")
    ann.add([Turn(id=f"{n}", text=text, time=1_600_000_000.0 + n) for n, text in enumerate(said)], wait=understood)
    ann.get_all()
    with space.store.unit("ann") as unit:
        assert unit is not None
        unit.record()  # so that no line of the trail is written meanwhile
    return ann


def changed(server: Server, where: str, name: str, k: int) -> tuple[object, object, int]:
    """(what there was, what there is after the change was cut at its k-th statement, how many it has)."""
    with open(server.app, where, encoder=None, clock=Clock()) as space:
        ann = prepared(space, understood=name == "take back")
        before = state(server, where) if k == 0 else None
        with pytest.MonkeyPatch.context() as patch:
            cut = Cut(patch, k)
            with suppress(StoreError):
                CHANGES[name](ann, "0")
        now = ann.get_all()  # the copy in memory is no further than the server
    after: Any = state(server, where)
    assert len(now["results"]) == len(after[1])
    return before, after, cut.seen


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_by_the_handle_is_whole_or_not_at_all_wherever_the_connection_is_cut(
    server: Server, place: str, name: str
) -> None:
    before, whole, statements = changed(server, f"{place}-whole", name, 0)
    assert before != whole
    found = [changed(server, f"{place}-{k}", name, k)[1] for k in range(1, statements + 1)]
    assert found[0] == before
    assert all(after in (before, whole) for after in found)


def test_any_sequence_of_operations_equals_a_dictionary_on_a_server(server: Server) -> None:
    machine = module("test_machine")

    class Hosted(machine.Machine):  # type: ignore[name-defined, misc]
        def opened(self) -> Space:
            self.place = getattr(self, "place", f"machine{next(NUMBERS)}")
            return open(server.app, self.place, encoder=None)

    machine.run(Hosted, max_examples=3, stateful_step_count=12)
