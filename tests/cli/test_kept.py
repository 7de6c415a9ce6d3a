"""What the commands show of memories: why they were recalled, what waits, how far long work is; and where they lie."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.conftest import Run, read
from idiolect.cli import memory
from idiolect.data.sqlite.jobs import MOST
from idiolect.memory import known, portable
from idiolect.memory.opening import open

ADDRESS = "postgresql://app:secret@db.example.org/kept"


def test_recall_shows_each_signals_part_and_the_rule_that_decided(run: Run) -> None:
    run("remember", "ann", "I live in Porto.", "I now live in Lisbon.", "I like tea")
    run("facts", "ann")
    said = run("recall", "ann", "Where do I live, in Porto?", "--words").output
    assert "it states what is asked for +9.00" in said
    assert "what it states is over -3.00" in said
    assert "likeness +" in said
    (first, *_) = read(run("recall", "ann", "Where do I live?", "--words", "--json"))["results"]
    assert {"parts", "shares", "rules"} <= set(first)


def dead(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job of ann's that failed as often as it is tried."""
    now = [1e9]
    with monkeypatch.context() as patch, open(encoder=None, clock=lambda: now[0]) as space:
        patch.setitem(known.WORK, "facts", lambda connection, record: 1 / 0)
        space.user("ann").add("I live in Oslo.")
        for _ in range(MOST):
            space.user("ann").flush()
            now[0] += 10_000


def test_jobs_that_wait_and_lie_dead_are_listed_and_revived(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("remember", "bob", "I live in Rome.")
    dead(monkeypatch)
    said = run("jobs").output
    assert "dead: ZeroDivisionError" in said
    assert "1 wait, 1 lie dead" in said
    assert [job["user"] for job in read(run("jobs", "ann", "--json"))["jobs"]] == ["ann"]
    assert "0 wait, 0 lie dead" in run("jobs", "ann", "--revive").output
    assert [f["value"] for f in read(run("facts", "ann", "--json"))["results"]] == ["Oslo"]


def test_the_doctor_says_what_waits_what_lies_dead_and_which_extras_lack(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("remember", "bob", "I live in Rome.")
    checks = {check["check"]: check for check in read(run("doctor", "--json"))}
    assert (checks["queue"]["ok"], "1 jobs wait" in checks["queue"]["detail"]) == (True, True)
    assert "extras" in checks
    dead(monkeypatch)
    result = run("doctor")
    assert (result.exit_code, "1 lie dead: see `idiolect jobs`" in result.output) == (1, True)


def test_an_extra_that_lacks_something_is_named_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import PackageNotFoundError

    from idiolect.memory import space

    def distribution(name: str) -> None:
        if name == "psycopg":
            raise PackageNotFoundError(name)

    monkeypatch.setattr(space, "distribution", distribution)
    assert space.extras()["detail"] == "postgres lacks psycopg: pip install 'idiolect[postgres]'"


def test_long_work_tells_how_far_it_is(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "BATCH", 2)
    monkeypatch.setattr(portable, "STEP", 2)
    lines = [json.dumps({"user": "ann", "text": f"text {n}", "time": float(n)}) for n in range(5)]
    (tmp_path / "said.jsonl").write_text("\n".join(lines))
    done = run("remember", "ann", "--file", str(tmp_path / "said.jsonl"))
    assert ("[0/5] adding" in done.stderr, "5 new memories" in done.stdout) == (True, True)
    assert "[0/5] writing" in run("export", "ann", str(tmp_path / "out")).stderr
    assert "[0/5] adding" in run("import", "bob", str(tmp_path / "out")).stderr
    assert run("export", "ann", str(tmp_path / "again"), "--json").stderr == ""


@pytest.mark.parametrize(
    "command", [("serve",), ("keys", "list"), ("backup", "archives"), ("adapters", "list"), ("users", "link", "ann")]
)
def test_what_needs_a_folder_refuses_the_address_of_a_server(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("IDIOLECT_HOME", ADDRESS)
    monkeypatch.chdir(tmp_path)
    refused = run(*command)
    assert (refused.exit_code, "the address of a server, where a folder is needed" in refused.output) == (2, True)
    assert "A server holds users' memories" in refused.output
    assert "secret" not in refused.output
    assert list(tmp_path.iterdir()) == []
