"""On a server: what is kept until a day goes whole, the bare store shows no more of it; and a space's defaults."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from idiolect.core.errors import BadInput, StoreError
from idiolect.core.types import Turn
from idiolect.memory.opening import open
from memory_doubles import Clock, Letters

psycopg = pytest.importorskip("psycopg")

from cutting import Cut  # noqa: E402
from idiolect.data.postgres.schema import govern  # noqa: E402
from idiolect.data.postgres.store import PostgresStore  # noqa: E402
from idiolect.data.postgres.vectors import nearest  # noqa: E402

if TYPE_CHECKING:
    from conftest import Server

pytestmark = pytest.mark.slow


def state(server: Server, place: str) -> object:
    """What lies on the server of a space's only user."""
    queries = (
        "SELECT r.id, version, expires FROM idiolect.record r JOIN idiolect.person p USING (unit) WHERE space = %s",
        "SELECT ends FROM idiolect.person WHERE space = %s",
        "SELECT k.body FROM idiolect.known k JOIN idiolect.person p USING (unit) WHERE space = %s",
    )
    with psycopg.connect(server.owner) as connection:
        return [sorted(connection.execute(query, (place,)).fetchall()) for query in queries]


def over(server: Server, where: str, k: int) -> tuple[list[object], int]:
    """What there is before a day, after somebody looked and was cut off, and once the next did; his statements."""
    clock = Clock()
    with open(server.app, where, encoder=None, clock=clock) as space:
        ann = space.user("ann")
        said = ("I live in Oslo.", "I just moved to Quito.")
        given = [Turn(id=f"{n}", text=text, time=1_600_000_000.0 + n) for n, text in enumerate(said)]
        ann.add(given[:1])
        ann.add(given[1:], wait=True, expires=clock.now + 1000)
        found = [state(server, where)]
        clock.now += 2000
        with pytest.MonkeyPatch.context() as patch:
            cut = Cut(patch, k)
            with suppress(StoreError):
                assert "Quito" not in repr(ann.get_all())
        found.append(state(server, where))
        space.store.sweep()
        assert [fact["value"] for fact in ann.facts()] == ["Oslo"]
        return [*found, state(server, where)], cut.seen


def test_what_is_over_goes_whole_or_not_at_all_wherever_the_connection_is_cut(server: Server, place: str) -> None:
    (before, whole, last), statements = over(server, f"{place}-whole", 0)
    assert before != whole == last
    found = [over(server, f"{place}-{k}", k)[0] for k in range(1, statements + 1, 4)]
    assert found[0] == [before, before, whole]
    assert all(after in (before, whole) and last == whole for _, after, last in found)


def test_the_bare_store_shows_nothing_that_is_over_nor_gives_it_to_a_search(server: Server, place: str) -> None:
    clock = Clock()
    with open(server.app, place, encoder=Letters(), clock=clock) as space:
        space.user("ann").add([Turn(id="a", text="abc"), Turn(id="b", text="abd")], expires=clock.now + 1000)
        space.user("ann").add(Turn(id="c", text="xyz"), wait=True)
    bare = PostgresStore(server.app, place, clock=clock)
    assert len(bare.records("ann")) == 3
    clock.now += 2000
    assert [record.id for record in bare.records("ann")] == ["c"]
    if server.vectors:
        assert [record.id for record, _ in nearest(bare, "ann", Letters(), "abc", 1)] == ["c"]
    bare.close()


def test_the_defaults_of_a_space_lie_on_the_server_where_only_its_owner_sets_them(
    server: Server, place: str, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match="no such file"):
        govern(server.owner, place, tmp_path / "space.toml")
    stated = tmp_path / "space.toml"
    stated.write_text("[consent]\nremember = false\ntrain = true\n")
    govern(server.owner, place, stated)
    for name, train, remembered in ((place, True, False), (f"{place}-2", False, True)):
        with open(server.app, name, encoder=None) as space:
            ann = space.user("ann")
            ann.consents()
            assert ("train" in ann.consents(), ann.remembered) == (train, remembered)
            assert bool(ann.add("tea")["results"]) is remembered
            assert ("train" in ann.consents()) is train
            (line,) = [check["detail"] for check in space.doctor() if check["check"] == "defaults"]
            assert ("train on" in line) is train
    with psycopg.connect(server.app) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("UPDATE idiolect.policy SET stated = ''")
