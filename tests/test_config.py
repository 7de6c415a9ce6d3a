"""Presets: settings of methods for one base model."""

from __future__ import annotations

from pathlib import Path

import pytest

from idiolect import config, registry
from idiolect.core.errors import BadInput, UnknownName


@pytest.mark.parametrize("name", config.names())
def test_every_preset_of_the_package_builds(name: str) -> None:
    presets = config.load(name)
    for method, options in presets.methods.items():
        assert registry.build(method, options) is not None
        assert presets.tried[method] >= 0


def test_no_name_gives_the_papers_values() -> None:
    assert not config.load("").methods


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[methods.oppu", "not TOML"),
        ("[methods]\noppu = 3", "no table"),
        ("[methods.oppo]\nk = 3", "oppu"),
        ("[method.oppu]\nk = 3", "methods"),
        ("[tried]\noppu = -1", "no count"),
        ("[learns]\ntogether = 'oppu'", "learns"),
        ("[learns]\ntogether = ['oppo']", "oppu"),
        ("[learns]\napart = ['oppu']", "learns"),
    ],
)
def test_a_broken_file_is_named_with_its_fault(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises((BadInput, UnknownName), match=message) as caught:
        config.load(tmp_path / "mine.toml")
    assert "mine.toml" in str(caught.value)


def test_a_file_of_another_encoding_is_named_with_the_byte(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_bytes(b"# \xff")
    with pytest.raises(BadInput, match="byte 2"):
        config.load(tmp_path / "mine.toml")


def test_a_missing_file_and_a_misspelt_name_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such file"):
        config.load(tmp_path / "none.toml")
    with pytest.raises(UnknownName, match="embedded"):
        config.load("embeded")
