"""A PEFT folder that is replaced is the old one or the new one, for whoever reads it, however the process ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from idiolect.core.errors import BadInput
from idiolect.core.idiolect import Edit
from idiolect.training import export
from idiolect.training.export import versions
from idiolect.training.parts import low_rank

BOTH_WAYS = pytest.mark.parametrize("exchanges", [True, False], ids=["in one step", "in two steps"])
WRITER = """
import sys
from itertools import count
import torch
from idiolect.core.idiolect import Edit
from idiolect.training import export
from idiolect.training.export import versions
from idiolect.training.parts import low_rank

folder, exchanges = sys.argv[1:]
if exchanges == "False":
    versions._exchanged = lambda *_: False
for n in count(2):
    scale = torch.tensor(float(n))
    rows = {"A": torch.full((1, 4), float(n)), "B": torch.ones(4, 1), "scale": scale}
    export.save(folder, [Edit(site="layers.0.q", formula=low_rank, rows=rows)])
    print(n, flush=True)
"""


def edit(value: float) -> Edit:
    """One whose A, in the tensors' file, and scale, in the configuration's, are equal."""
    rows = {"A": torch.full((1, 4), value), "B": torch.ones(4, 1), "scale": torch.tensor(value)}
    return Edit(site="layers.0.q", formula=low_rank, rows=rows)


def both(folder: Path) -> tuple[float, float]:
    """What the tensors' file says, and what the configuration does."""
    (found,) = export.load(folder)
    return float(found.rows["A"][0, 0]), float(found.rows["scale"])


def alone(folder: Path) -> bool:
    """Whether nothing else lies beside it."""
    return [p.name for p in folder.parent.iterdir()] == [folder.name]


@pytest.fixture
def steps(exchanges: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system knows no exchange of names, versions are put in place in two steps."""
    if not exchanges:
        monkeypatch.setattr(versions, "_exchanged", lambda *_: False)


@BOTH_WAYS
@pytest.mark.usefixtures("steps")
def test_who_has_read_the_configuration_reads_the_tensors_of_the_same_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = export.save(tmp_path / "ann", [edit(1.0)])
    content, seen = versions._content, []

    def replaced_between(name: str, held: int) -> bytes | None:
        if len(seen) == 1:
            export.save(folder, [edit(5.0)])
        seen.append(name)
        return content(name, held)

    monkeypatch.setattr(versions, "_content", replaced_between)
    assert both(folder) == (5.0, 5.0)
    assert seen == ["adapter_config.json", "adapter_model.safetensors"] * 2  # the first version went: read again


def test_who_reads_between_two_names_waits_and_breaks_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "_exchanged", lambda *_: False)
    folder = export.save(tmp_path / "ann", [edit(1.0)])
    rename, found = os.rename, list[tuple[float, float]]()
    reader = threading.Thread(target=lambda: found.append(both(folder)))

    def slow(old: Path, new: Path) -> None:
        rename(old, new)
        if old == folder:  # it has no name now
            reader.start()
            reader.join(0.2)
            assert not found

    monkeypatch.setattr(versions.os, "rename", slow)
    export.save(folder, [edit(2.0)])
    reader.join()
    assert found == [(2.0, 2.0)]
    assert alone(folder)


@BOTH_WAYS
@pytest.mark.usefixtures("steps")
def test_readers_of_a_folder_that_two_write_see_whole_versions_alone(tmp_path: Path) -> None:
    folder = export.save(tmp_path / "ann", [edit(1.0)])
    seen, stop = Counter[str](), threading.Event()

    def until_stopped(work: Callable[[], None]) -> None:
        while not stop.is_set():
            try:
                work()
            except Exception as error:  # the test's finding
                seen[f"{type(error).__name__}: {error}"] += 1

    def read() -> None:
        a, scale = both(folder)
        seen["whole" if a == scale else "mixed"] += 1

    def write() -> None:
        export.save(folder, [edit(float(seen["written"] % 7 + 1))])
        seen["written"] += 1

    threads = [threading.Thread(target=until_stopped, args=(w,)) for w in (read, read, read, write, write)]
    for thread in threads:
        thread.start()
    ends = time.monotonic() + 60  # of a busy machine
    while (seen["whole"] < 50 or seen["written"] < 10) and time.monotonic() < ends:
        time.sleep(0.01)
    stop.set()
    for thread in threads:
        thread.join()
    assert set(seen) == {"whole", "written"}
    assert seen["whole"] >= 50
    assert seen["written"] >= 10
    assert alone(folder)


@pytest.mark.slow
@BOTH_WAYS
def test_a_writer_that_is_killed_at_any_moment_takes_nothing_from_readers(tmp_path: Path, exchanges: bool) -> None:
    folder = export.save(tmp_path / "ann", [edit(1.0)])
    for pause in (0.0, 0.001, 0.003, 0.007, 0.01, 0.02):
        command = [sys.executable, "-c", WRITER, str(folder), str(exchanges)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline()  # it writes now
            ends = time.monotonic() + 0.1 + pause
            while time.monotonic() < ends:
                a, scale = both(folder)
                assert a == scale
            writer.send_signal(signal.SIGKILL)
        a, scale = both(folder)
        assert a == scale
    assert both(export.save(folder, [edit(1.0)])) == (1.0, 1.0)
    assert alone(folder)  # what killed writers left is swept


class Killed(BaseException):
    """As if the process had ended here: nothing after it is done."""


def killed_between_two_names(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename, done = os.rename, []

    def once(source: Any, target: Any) -> None:
        if done:
            raise Killed
        done.append(rename(source, target))

    with monkeypatch.context() as patch:
        patch.setattr(versions, "_exchanged", lambda *_: False)
        patch.setattr(os, "rename", once)
        patch.setattr(versions.shutil, "rmtree", lambda *_, **__: None)
        with pytest.raises(Killed):
            export.save(folder, [edit(2.0)])
    assert not folder.exists()


def test_what_a_kill_left_hidden_is_put_back_by_the_next_reader(tmp_path: Path, monkeypatch: Any) -> None:
    folder = export.save(tmp_path / "ann", [edit(1.0)])
    export.save(tmp_path / "ann-b", [edit(5.0)])
    killed_between_two_names(folder, monkeypatch)
    assert both(folder) == (1.0, 1.0)
    assert both(tmp_path / "ann-b") == (5.0, 5.0)


def test_and_by_the_next_writer_who_sweeps_the_rest(tmp_path: Path, monkeypatch: Any) -> None:
    folder = export.save(tmp_path / "ann", [edit(1.0)])
    killed_between_two_names(folder, monkeypatch)
    assert both(export.save(folder, [edit(3.0)])) == (3.0, 3.0)
    assert alone(folder)


def test_what_another_writer_is_still_filling_is_left_to_him(tmp_path: Path) -> None:
    folder = tmp_path / "ann"

    def fill(fresh: Path) -> None:
        export.save(folder, [edit(1.0)])
        (fresh / "file").write_text("mine")

    versions.publish(folder, fill)
    assert (folder / "file").read_text() == "mine"


def test_a_link_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    real = export.save(tmp_path / "real", [edit(1.0)])
    (tmp_path / "link").symlink_to(real)
    with pytest.raises(BadInput, match=r"link: a file or a symbolic link stands there\. Give"):
        export.save(tmp_path / "link", [edit(2.0)])
    assert both(tmp_path / "link") == (1.0, 1.0)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_what_is_no_number_is_neither_saved_nor_loaded(tmp_path: Path, wrong: float) -> None:
    folder = export.save(tmp_path / "ann", [edit(1.0)])
    with pytest.raises(BadInput, match=r"layers\.0\.q holds NaN or Inf\. Train it again"):
        export.save(folder, [edit(wrong)])
    assert both(folder) == (1.0, 1.0)
    stem = "base_model.model.layers.0.q.lora_"
    tensors = {f"{stem}A.weight": torch.full((1, 4), wrong), f"{stem}B.weight": torch.ones(4, 1)}
    save_file(tensors, folder / "adapter_model.safetensors")
    with pytest.raises(BadInput, match=r"adapter_model\.safetensors: .*lora_A\.weight holds NaN or Inf\. Train"):
        export.load(folder)


@pytest.mark.parametrize(
    ("said", "message"),
    [('"lora_alpha": 1.0', '"lora_alpha": NaN'), ('"lora_alpha": 1.0', '"lora_alpha": "many"')],
)
def test_an_alpha_that_is_no_number_is_named(tmp_path: Path, said: str, message: str) -> None:
    folder = export.save(tmp_path / "ann", [edit(1.0)])
    config = folder / "adapter_config.json"
    config.write_text(config.read_text().replace(said, message))
    with pytest.raises(BadInput, match=r"adapter_config\.json: layers\.0\.q: lora_alpha is"):
        export.load(folder)
