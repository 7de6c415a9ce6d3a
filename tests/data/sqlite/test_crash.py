"""Writers that are killed: what they acknowledged is there, whole, and at most one more."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from idiolect.memory.opening import open

WRITER = """
import sys
from idiolect.memory.opening import open
with open(sys.argv[1], encoder=None) as space:
    ann = space.user("ann")
    start = len(ann.get_all()["results"])
    for i in range(start, start + 100_000):
        ann.add([f"memory {i} first", f"memory {i} second"])
        print(i, flush=True)
        if i % 7 == 6:
            ann.update(ann.get_all(limit=1)["results"][0]["id"], f"memory {i} corrected")
"""


def killed(home: Path, after: float) -> list[int]:
    """What a writer acknowledged before it was killed, some seconds after its first word."""
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(home)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    first = process.stdout.readline()
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
    acknowledged = [int(line) for line in [first, *process.stdout] if line.endswith("\n")]
    process.stdout.close()
    assert process.wait() == -signal.SIGKILL
    return acknowledged


def rounds(home: Path, count: int) -> None:
    chance = random.Random(0)
    for _ in range(count):
        acknowledged = killed(home, chance.uniform(0.0, 0.15))
        with open(home, encoder=None) as space:
            ann = space.user("ann")
            texts = [entry["memory"] for entry in ann.get_all()["results"]]
            numbers = {int(text.split()[1]) for text in texts}
            assert numbers >= set(acknowledged)
            assert numbers - set(acknowledged) <= {max(acknowledged) + 1}
            assert len(texts) == 2 * len(numbers)  # both of a call, or none
            assert all(check["ok"] for check in space.doctor())
            last = f"{max(acknowledged)}"
            assert any(last in entry["memory"] for entry in ann.search(last)["results"])
            space.user("ann").delete_all()


def test_what_was_acknowledged_survives_being_killed(tmp_path: Path) -> None:
    rounds(tmp_path / "home", 4)


@pytest.mark.long
def test_what_was_acknowledged_survives_being_killed_two_hundred_times(tmp_path: Path) -> None:
    rounds(tmp_path / "home", 200)
