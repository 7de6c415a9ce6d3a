"""A PEFT folder that is replaced is the old one or the new one, however the process ends."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import torch

from idiolect.core.idiolect import Edit
from idiolect.training import export
from idiolect.training.parts import low_rank


def edit(value: float) -> Edit:
    rows = {"A": torch.full((1, 4), value), "B": torch.ones(4, 1), "scale": torch.tensor(1.0)}
    return Edit(site="layers.0.q", formula=low_rank, rows=rows)


def value(folder: Path) -> float:
    (found,) = export.load(folder)
    return float(found.rows["A"][0, 0])


class Killed(BaseException):
    """As if the process had ended here: nothing after it is done."""


def killed_between_the_renames(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename, done = os.rename, []

    def once(source: Any, target: Any) -> None:
        if done:
            raise Killed
        done.append(rename(source, target))

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", once)
        patch.setattr(export.shutil, "rmtree", lambda *_, **__: None)
        with pytest.raises(Killed):
            export.save(folder, [edit(2.0)])
    assert not folder.exists()


def test_what_a_kill_left_hidden_is_put_back_by_the_next_reader(tmp_path: Path, monkeypatch: Any) -> None:
    folder = export.save(tmp_path / "ann", [edit(1.0)])
    export.save(tmp_path / "ann-b", [edit(5.0)])
    killed_between_the_renames(folder, monkeypatch)
    assert value(folder) == 1.0
    assert value(tmp_path / "ann-b") == 5.0


def test_and_by_the_next_writer(tmp_path: Path, monkeypatch: Any) -> None:
    folder = export.save(tmp_path / "ann", [edit(1.0)])
    killed_between_the_renames(folder, monkeypatch)
    assert value(export.save(folder, [edit(3.0)])) == 3.0
    assert not [p for p in tmp_path.iterdir() if p.name.endswith("-old")]
