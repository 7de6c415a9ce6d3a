"""On a real server: a connection of the application's role sees nothing without an identity, with one only its own."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest

from idiolect.core.errors import BadInput, ConsentError, StoreError
from idiolect.core.types import Turn
from idiolect.data.policy import Policy
from idiolect.data.sqlite.rows import Row
from idiolect.memory import portable
from idiolect.memory.hosted import carrying
from memory_doubles import Letters

psycopg = pytest.importorskip("psycopg")

from cutting import Cut  # noqa: E402
from idiolect.data.postgres import schema  # noqa: E402
from idiolect.data.postgres.store import PostgresStore  # noqa: E402
from idiolect.data.postgres.vectors import embed  # noqa: E402

if TYPE_CHECKING:
    from conftest import Server

pytestmark = pytest.mark.slow
TABLES = ("person", "record", "vector", "known", "consent", "audit", "receipt", "policy")


@pytest.fixture
def store(server: Server, place: str) -> Iterator[PostgresStore]:
    made = PostgresStore(server.app, place)
    made.append("ann", [Turn(id="a", text="ann's canary")])
    made.append("bob", [Turn(id="b", text="bob's")])
    yield made
    made.close()


def unit(store: PostgresStore, user: str) -> str:
    with store.reading(user) as (_, found):
        return found


def imported(store: PostgresStore, user: str) -> None:
    """Brings a user of two versions, who shares."""
    old, new = (Turn(id="b", text=text, time=1.0) for text in ("x", "y"))
    made = [
        Row(n=0, version=version, created=1.0, replaced=ended, record=record, metadata={})
        for version, ended, record in ((1, 2.0, old), (2, None, new))
    ]
    with TemporaryDirectory() as folder:
        portable.write(Path(folder, "out"), made, ["share"], remember=True)
        carrying.bring(store, user, Path(folder, "out"))


def counts(connection: Any, server: Server) -> dict[str, int]:
    tables = [t for t in TABLES if t != "vector" or server.vectors]
    return {t: connection.execute(f"SELECT count(*) FROM idiolect.{t}").fetchone()[0] for t in tables}


def test_a_raw_connection_of_the_role_reads_nothing_without_an_identity(store: PostgresStore, server: Server) -> None:
    with psycopg.connect(server.app) as connection:
        assert set(counts(connection, server).values()) == {0}


def test_a_raw_connection_reads_only_his_with_his_identity(store: PostgresStore, server: Server) -> None:
    with psycopg.connect(server.app) as connection:
        connection.execute("SELECT set_config('idiolect.unit', %s, true)", (unit(store, "ann"),))
        found = connection.execute("SELECT body FROM idiolect.record").fetchall()
        assert [("canary" in body) for (body,) in found] == [True]
        assert connection.execute("SELECT id FROM idiolect.person").fetchall() == [(b"ann",)]
        assert len(connection.execute("SELECT 1 FROM idiolect.record, idiolect.person").fetchall()) == 1


def test_an_identity_ends_with_its_transaction(store: PostgresStore, server: Server) -> None:
    with psycopg.connect(server.app, autocommit=True) as connection:
        with connection.transaction():
            connection.execute("SELECT set_config('idiolect.unit', %s, true)", (unit(store, "ann"),))
        assert set(counts(connection, server).values()) == {0}


def test_nobody_writes_under_another_identity(store: PostgresStore, server: Server) -> None:
    ann, bob = unit(store, "ann"), unit(store, "bob")
    with psycopg.connect(server.app) as connection:
        connection.execute("SELECT set_config('idiolect.unit', %s, true)", (ann,))
        assert connection.execute("DELETE FROM idiolect.record WHERE unit = %s", (bob,)).rowcount == 0
        assert connection.execute("UPDATE idiolect.consent SET purpose = 'share' WHERE unit = %s", (bob,)).rowcount == 0
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("INSERT INTO idiolect.consent VALUES (%s, 'share')", (bob,))


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM idiolect.record_0",
        "ALTER TABLE idiolect.record DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE idiolect.record NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY own ON idiolect.record",
        "TRUNCATE idiolect.record",
        "SET ROLE idiolect_owner",
        "CREATE TABLE idiolect.mine ()",
        "COPY idiolect.record TO PROGRAM 'cat'",
        "INSERT INTO idiolect.step VALUES (99)",
        "INSERT INTO idiolect.policy VALUES ('default', '')",
    ],
)
def test_the_role_cannot_go_round_it(store: PostgresStore, server: Server, statement: str) -> None:
    with psycopg.connect(server.app) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


def test_security_is_forced_on_every_table_and_partition(server: Server) -> None:
    query = """SELECT relname FROM pg_class WHERE relnamespace = 'idiolect'::regnamespace AND relkind IN ('r', 'p')
        AND NOT (relrowsecurity AND relforcerowsecurity)"""
    with psycopg.connect(server.owner) as connection:
        assert connection.execute(query).fetchall() == [("step",)]


def test_the_owner_too_reads_nothing_without_an_identity(store: PostgresStore, server: Server) -> None:
    with psycopg.connect(server.owner) as connection:
        connection.execute("SET ROLE idiolect_owner")
        assert set(counts(connection, server).values()) == {0}


def test_no_copies_of_texts_are_kept_as_statistics(store: PostgresStore, server: Server) -> None:
    if server.vectors:
        embed(store, "ann", Letters())
    with psycopg.connect(server.owner, autocommit=True) as connection:
        connection.execute("ANALYZE")
        kept = "SELECT tablename, attname FROM pg_stats WHERE schemaname = 'idiolect'"
        columns = {f"{table}.{name}" for table, name in connection.execute(kept)}
    private = ("body", "metadata", "id", "embedding", "actor")
    assert not sorted(column for column in columns if column.rpartition(".")[2] in private)


def test_a_role_that_could_pass_by_is_refused(server: Server, place: str) -> None:
    with pytest.raises(StoreError, match="could pass by row-level security"):
        PostgresStore(server.owner, place)


def test_spaces_share_nothing(store: PostgresStore, server: Server) -> None:
    other = PostgresStore(server.app, f"{store.space}-other")
    assert (other.users(), other.records("ann")) == ((), ())
    other.close()


def test_a_newer_schema_is_refused_and_installing_twice_changes_nothing(alone: Server, place: str) -> None:
    store = PostgresStore(alone.app, place)
    store.append("ann", [Turn(id="a", text="x")])
    schema.install(alone.owner, "idiolect_app")
    assert len(store.records("ann")) == 1
    with psycopg.connect(alone.owner) as connection:
        connection.execute("INSERT INTO idiolect.step VALUES (99)")
    with pytest.raises(StoreError, match="Install the newer version"):
        PostgresStore(alone.app, place)
    with pytest.raises(StoreError, match="Install the newer version"):
        schema.install(alone.owner, "idiolect_app")
    store.close()


@pytest.mark.parametrize("role", ["", "x; DROP TABLE y", "Role", "idiolect_owner"])
def test_what_is_no_name_for_a_role_is_refused(role: str) -> None:
    with pytest.raises(BadInput, match="no name for a role"):
        schema.install("", role)


def test_many_writers_of_one_user_lose_nothing_and_make_him_once(store: PostgresStore) -> None:
    def write(worker: int) -> None:
        for n in range(10):
            store.append("new", [Turn(id=f"{worker}.{n}", text="x")])

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(write, range(4)))
    assert len(store.records("new")) == 40
    assert store.users().count("new") == 1


def test_a_connection_that_is_cut_leaves_all_or_nothing(store: PostgresStore, server: Server) -> None:
    def cut() -> Iterator[Turn]:
        yield Turn(id="first", text="x")
        with psycopg.connect(server.owner, autocommit=True) as connection:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'idiolect_app'"
            connection.execute(others)
        yield Turn(id="second", text="x")

    store.records("ann")  # so that an idle connection is there to be cut
    with pytest.raises(StoreError, match="terminating connection"):
        store.append("ann", cut())
    assert [r.id for r in store.records("ann")] == ["a"]
    store.append("ann", [Turn(id="first", text="x")])
    assert [r.id for r in store.records("ann")] == ["a", "first"]


def test_the_audit_says_who_read_what_for_which_purpose_without_content(store: PostgresStore) -> None:
    store.records("ann", purpose="assist")
    lines = store.audit("ann")
    assert [(line["action"], line["purpose"], line["count"]) for line in lines] == [
        ("append", "", 1),
        ("records", "assist", 1),
    ]
    assert "canary" not in repr(lines)


def test_who_is_not_to_be_remembered_is_not(server: Server, place: str) -> None:
    store = PostgresStore(server.app, place, policy=Policy(remember=False))
    with pytest.raises(ConsentError, match="does not want to be remembered"):
        store.append("ann", [Turn(id="a", text="x")])
    assert store.users() == ()
    store.close()


@pytest.mark.parametrize(
    "change",
    [
        lambda store: store.append("ann", [Turn(id="b", text="x"), Turn(id="c", text="y")]),
        lambda store: store.append("new", [Turn(id="b", text="x")]),
        lambda store: store.consent("ann", "share", "train"),
        lambda store: store.erase("ann"),
        lambda store: imported(store, "new"),
    ],
    ids=["append", "first append", "consent", "erase", "import"],
)
def test_a_change_happens_whole_or_not_at_all_wherever_it_is_cut(server: Server, place: str, change: Any) -> None:
    def state(store: PostgresStore) -> object:
        users = store.users()
        return users, [(store.records(u), store.consents(u)) for u in users], len(store.receipts())

    for k in range(1, 40):
        store = PostgresStore(server.app, f"{place}-{k}")
        store.append("ann", [Turn(id="a", text="x")])
        before = state(store)
        with pytest.MonkeyPatch.context() as patch:
            cut = Cut(patch, k)
            with suppress(StoreError):
                change(store)
        after = state(store)
        store.close()
        if cut.seen < k:
            assert after != before
            return
        assert after == before
    raise AssertionError("it never came through")
