"""The queue: written with the record, retried with backoff, dead after a few tries, revived, gone with the record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from idiolect.data.sqlite.connection import Connection
from idiolect.data.sqlite.jobs import BACKOFF, MOST
from idiolect.memory import known
from idiolect.memory.opening import open
from idiolect.memory.space import Space
from idiolect.memory.user import User
from memory_doubles import Clock


@contextmanager
def failing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def fail(connection: Connection, record: int) -> None:
        connection.execute("INSERT INTO meta VALUES ('half', 1)")
        raise ValueError("secret text")

    with monkeypatch.context() as patch:
        patch.setitem(known.WORK, "facts", fail)
        yield


def test_a_job_is_written_with_its_record_and_gone_when_done(ann: User) -> None:
    ann.add("I live in Oslo.")
    assert [(j["kind"], j["tries"]) for j in ann.jobs()] == [("facts", 0)]
    ann.flush()
    assert ann.jobs() == []


def test_a_job_waits_on_the_disk(space: Space, clock: Clock) -> None:
    space.user("ann").add("I live in Oslo.")
    space.close()
    with open(space.store.home, encoder=None, clock=clock) as again:
        assert len(again.user("ann").jobs()) == 1
        assert [f["value"] for f in again.user("ann").facts()] == ["Oslo"]


def test_a_job_that_fails_is_tried_again_later_each_time_later_and_then_lies_dead(
    ann: User, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann.add("I live in Oslo.")
    with failing(monkeypatch):
        for tries in range(MOST):
            ann.flush()
            assert ann.jobs()[0]["tries"] == tries + 1
            ann.flush()  # not due yet
            assert ann.jobs()[0]["tries"] == tries + 1
            clock.now += BACKOFF * 2**tries
    (dead,) = ann.jobs()
    assert (dead["dead"], dead["error"]) == (True, "ValueError")
    assert "secret" not in repr(dead)
    clock.now += 10_000
    ann.flush()
    assert ann.facts() == []
    assert ann.revive() == 1
    assert [f["value"] for f in ann.facts()] == ["Oslo"]


def test_what_a_failed_job_wrote_is_taken_back(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    ann.add("I live in Oslo.")
    with failing(monkeypatch):
        ann.flush()
    with ann._own() as unit, unit.reading() as connection:
        assert connection.execute("SELECT count(*) FROM meta WHERE name = 'half'").fetchall() == [(0,)]


def test_a_failing_job_holds_up_neither_the_others_nor_the_reader(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    ann.add("I live in Oslo.")
    with failing(monkeypatch):
        assert len(ann.search("Oslo")["results"]) == 1
    ann.add("I work as a nurse.")
    assert [f["value"] for f in ann.facts()] == ["nurse"]


def test_jobs_go_with_their_record(ann: User) -> None:
    (one,) = ann.add("I live in Oslo.")["results"]
    ann.delete(one["id"])
    assert ann.jobs() == []


def test_waiting_for_an_add_leaves_nothing_to_do(ann: User) -> None:
    ann.add("I live in Oslo.", wait=True)
    assert ann.jobs() == []


def test_where_nothing_waits_one_read_tells_what_is_over(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    ann.add(["I live in Oslo.", "I moved to Rome."])
    over = ann.over("Where do I live?")
    with ann._store.unit(ann.id) as unit:
        kind = type(unit)
    reads, real = [], kind.reading
    monkeypatch.setattr(kind, "reading", lambda unit: reads.append(unit) or real(unit))
    assert ann.over("Where do I live?") == over
    assert (len(over), len(reads)) == (1, 1)
