"""The real files, where IDIOLECT_BENCHMARKS names a folder of them: figures that others measured come out again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from idiolect.evaluation.benchmarks.run import run

ROOT = Path(os.environ.get("IDIOLECT_BENCHMARKS", "nowhere"))
AGREE = {"prism": "prism", "vpl": "vpl-hh-rlhf", "movielens": "movielens-latest-small", "personabench": "personabench"}
COUNTED = {
    "aloe": ("aloe", {"profile": 331, "profile_eval": 20, "personality": 71, "personality_eval": 7}),
    "cimemories": ("cimemories", {"people": 70, "facts": 10237, "contexts": 3430}),
}


def folder(name: str) -> Path:
    """The set's folder, or a skip that says why."""
    if not (ROOT / name).is_dir():
        pytest.skip(f"no official files of {name}: set IDIOLECT_BENCHMARKS to the folder that holds {name}/")
    return ROOT / name


@pytest.mark.long
@pytest.mark.parametrize("name", AGREE)
def test_baselines_that_others_measured_come_out_again(name: str) -> None:
    rows = [r for r in run(name, folder(AGREE[name]))["rows"] if "reference" in r]
    assert rows
    assert not [r for r in rows if r["differs"]]


@pytest.mark.parametrize("name", COUNTED)
def test_official_files_are_counted(name: str) -> None:
    place, counts = COUNTED[name]
    assert run(name, folder(place))["counts"] == counts
