"""The recipe runs from nothing and leaves an ordinary model folder that goes on from where it stopped."""

from __future__ import annotations

import json
import multiprocessing as mp
from pathlib import Path
from queue import Queue
from types import SimpleNamespace

import pytest

from idiolect.core.layout import FINGERPRINT
from idiolect.embedded.network import Shape
from idiolect.embedded.train import Plan, Run, put, rate_at, train
from idiolect.models.hf import HFModel

TINY = Plan(
    seconds=4, threads=1, vocabulary=2600, tokens=800, exam_every=60, shape=Shape(layers=2, width=32, heads=2, inner=64)
)


def trained(folder: Path, start: Path | None = None) -> None:
    """A run in a process of its own, since the recipe changes the library's convolution for speed."""
    process = mp.get_context("spawn").Process(target=train, args=(folder, TINY, start, quiet))
    process.start()
    process.join()
    assert process.exitcode == 0


def quiet(_: str) -> None:
    """Says nothing."""


@pytest.mark.slow
def test_a_run_from_nothing_leaves_a_folder_that_opens_and_goes_on(tmp_path: Path) -> None:
    trained(tmp_path / "a")
    trained(tmp_path / "b", tmp_path / "a")
    config = json.loads((tmp_path / "b" / "config.json").read_text())
    assert config["idiolect_layout"] == FINGERPRINT
    assert config["conv_dim"] == 32
    first, second = (HFModel.open(tmp_path / name) for name in ("a", "b"))
    assert first.digest != second.digest
    assert (tmp_path / "a" / "tokenizer.json").read_bytes() == (tmp_path / "b" / "tokenizer.json").read_bytes()


def test_histories_grow_when_the_running_share_of_right_first_pieces_passes_the_mark() -> None:
    run = Run(TINY, level=1, right=0.9)
    for _ in range(61):
        run.note(1.0, 1.0, 100)
    assert (run.level, run.step, run.tokens) == (2, 61, 6100)


def test_a_step_without_values_leaves_the_running_share_alone() -> None:
    run = Run(TINY, level=1, right=0.5)
    run.note(1.0, float("nan"), 100)
    assert run.right == 0.5


def test_the_rate_warms_up_holds_and_falls_to_a_fiftieth() -> None:
    plan = Plan(hold=0.4)
    assert [round(rate_at(plan, *x), 3) for x in ((0, 0.0), (100, 0.2), (900, 0.7), (999, 1.0))] == [
        0.02,
        1.0,
        0.5,
        0.02,
    ]


def test_batches_are_no_longer_made_when_the_process_that_trains_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    full: Queue[int] = Queue(1)
    assert put(full, 1)
    monkeypatch.setattr(mp, "parent_process", lambda: SimpleNamespace(is_alive=lambda: False))
    assert not put(full, 2, patience=0.01)
