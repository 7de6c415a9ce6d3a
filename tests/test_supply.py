"""What is installed is what was locked, runs nothing at start that nobody knows, and tests reach no network."""

from __future__ import annotations

import re
import socket
import sysconfig
from importlib.metadata import version
from pathlib import Path

import pytest
import torch
from pytest_socket import SocketBlockedError

ROOT = Path(__file__).parent.parent
KNOWN = {"distutils-precedence.pth", "_editable_impl_idiolect.pth", "_virtualenv.pth"}


def pinned() -> dict[str, str]:
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    return dict(line.split("==") for line in text.splitlines() if "==" in line and not line.startswith("#"))


@pytest.mark.parametrize("name", ["numpy", "peft", "safetensors", "tokenizers", "torch", "transformers", "typer"])
def test_the_installed_version_is_the_locked_one(name: str) -> None:
    assert version(name).partition("+")[0] == pinned()[name]


def test_no_unknown_file_runs_code_when_the_interpreter_starts() -> None:
    assert {p.name for p in Path(sysconfig.get_path("purelib")).glob("*.pth")} <= KNOWN


def test_the_network_is_blocked() -> None:
    with pytest.warns(UserWarning, match="socket"), pytest.raises(SocketBlockedError):
        socket.socket(socket.AF_INET, socket.SOCK_STREAM)


def test_one_thread_computes() -> None:
    assert torch.get_num_threads() == 1


def test_make_names_no_index_and_checks_hashes_of_all_but_torch() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "://" not in text
    installs = re.findall(r"^\t\$\(PIP\) (.*)$", text, re.MULTILINE)
    unhashed = [line for line in installs if "--require-hashes" not in line]
    assert unhashed == ["-c constraints.txt torch", "--no-deps --no-build-isolation -e ."]
