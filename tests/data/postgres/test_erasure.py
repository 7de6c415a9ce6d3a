"""On a real server: what is erased is out of every row at once, and out of every byte once it was purged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from typer.testing import CliRunner

from idiolect.cli import app
from idiolect.core.errors import StoreError
from idiolect.core.types import Attribute, Turn
from memory_doubles import Letters

psycopg = pytest.importorskip("psycopg")

from idiolect.data.postgres.purge import purge  # noqa: E402
from idiolect.data.postgres.store import PostgresStore  # noqa: E402
from idiolect.data.postgres.vectors import embed, nearest  # noqa: E402
from idiolect.memory.hosted import carrying  # noqa: E402

if TYPE_CHECKING:
    from conftest import Server

pytestmark = pytest.mark.slow
CANARY = b"canary-4711-of-what-she-said"


def left(folder: Path) -> list[str]:
    return [str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and CANARY in p.read_bytes()]


def test_after_a_purge_no_byte_is_left_in_the_servers_files(alone: Server, place: str) -> None:
    store = PostgresStore(alone.app, place)
    store.append(f"ann-{CANARY.decode()}", [Turn(id=f"{i}", text=f"{i} {CANARY.decode()}") for i in range(50)])
    store.append("bob", [Turn(id="b", text="bob's")])
    with psycopg.connect(alone.owner, autocommit=True) as connection:
        connection.execute("ANALYZE")
        connection.execute("CHECKPOINT")
    assert left(alone.folder)
    assert store.erase(f"ann-{CANARY.decode()}") == 50
    assert [(r.records, r.status) for r in store.receipts()] == [(50, "open")]
    doctor = ["doctor", "--database", alone.app, "--space", place]
    assert CliRunner().invoke(app, doctor).exit_code == 1
    done = CliRunner().invoke(app, [*doctor, "--purge", alone.owner])
    assert (done.exit_code, "all are closed" in done.output) == (0, True)
    assert left(alone.folder) == []
    assert [r.status for r in store.receipts()] == ["closed"]
    assert [r.id for r in store.records("bob")] == ["b"]
    store.close()


def test_a_server_that_uses_its_log_again_is_told_so_and_the_receipt_stays_open(alone: Server, place: str) -> None:
    store = PostgresStore(alone.app, place)
    store.append("ann", [Turn(id="a", text="x")])
    store.erase("ann")
    with psycopg.connect(alone.owner, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET wal_recycle = on")
        connection.execute("SELECT pg_reload_conf()")
    try:
        with pytest.raises(StoreError, match="Set wal_recycle = off"):
            purge(store, alone.owner)
        assert [r.status for r in store.receipts()] == ["open"]
    finally:
        with psycopg.connect(alone.owner, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET wal_recycle = off")
            connection.execute("SELECT pg_reload_conf()")
    store.close()


def test_vectors_are_scanned_exactly_and_go_with_their_records(server: Server, place: str) -> None:
    if not server.vectors:
        pytest.skip("this server has no pgvector")
    store, encoder = PostgresStore(server.app, place), Letters()
    texts = ["green tea", "a dog called rex", "the sea at night"]
    store.append("ann", [Turn(id=t, text=t) for t in texts])
    store.append("bob", [Turn(id="b", text="green tea")])
    assert [embed(store, user, encoder, 2) for user in ("ann", "ann", "ann", "bob")] == [2, 1, 0, 1]
    found = nearest(store, "ann", encoder, "tea that is green", 3)
    cosines = encoder.encode(texts) @ encoder.encode(["tea that is green"])[0]
    assert [record.id for record, _ in found] == [texts[i] for i in np.argsort(-cosines)]
    assert np.allclose([cosine for _, cosine in found], np.sort(cosines)[::-1], atol=2e-3)
    store.erase("ann")
    assert nearest(store, "ann", encoder, "tea", 3) == []
    with psycopg.connect(server.owner) as connection:
        query = "SELECT count(*) FROM idiolect.vector WHERE unit NOT IN (SELECT unit FROM idiolect.person)"
        assert connection.execute(query).fetchone() == (0,)
    store.close()


def test_a_user_goes_over_from_a_folder_and_back_identical(server: Server, place: str, tmp_path: Path) -> None:
    from idiolect.memory.opening import open

    store = PostgresStore(server.app, place)
    with open(tmp_path / "home", encoder=None) as space:
        ann = space.user("ann")
        ann.add(
            [Turn(id="t", text="\0 I live in Kyoto 京都", time=1.5), Attribute(id="a", name="city", value="Kyoto")],
            metadata={"topic": ["x", None]},
        )
        ann.update("t", "I live in Osaka")
        ann.consent("assist", "share")
        ann.export(tmp_path / "first")
        assert carrying.bring(store, "ann", tmp_path / "first") == 3
        assert carrying.bring(store, "ann", tmp_path / "first") == 0
        assert carrying.carry(store, "ann", tmp_path / "second") == 3
        space.user("again").import_(tmp_path / "second")
        space.user("again").export(tmp_path / "third")
        assert space.user("again").history("t") == ann.history("t")
    for name in ("records.jsonl", "manifest.json"):
        assert len({(tmp_path / at / name).read_bytes() for at in ("first", "second", "third")}) == 1
    assert store.consents("ann") == {"assist", "share"}
    store.close()
