"""Freed memory that is kept: the second time it costs no page."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from idiolect.forward.heap import CHOSEN

FAULTS = """
import resource
from idiolect.forward.heap import keep
print(keep())
def batch(): return [b"x" * 2**23 for _ in range(6)]
batch()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(4): batch()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
PAGES = 4 * 6 * 2**23 // 4096


def faults(**more: str) -> tuple[str, int]:
    environment = {k: v for k, v in os.environ.items() if k not in CHOSEN} | more
    told = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True, env=environment)
    kept, count = told.stdout.split()
    return kept, int(count)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no such setting")
def test_a_batch_that_comes_again_touches_no_new_page() -> None:
    kept, count = faults()
    assert kept == "True"
    assert count < PAGES / 50


def test_what_the_environment_says_stays() -> None:
    assert faults(MALLOC_TRIM_THRESHOLD_="131072")[0] == "False"
