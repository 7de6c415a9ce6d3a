"""A new method begun as a copy of an old one."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from idiolect import registry, scaffold
from idiolect.core.errors import BadInput, UnknownName


@pytest.mark.parametrize("like", sorted(registry.names()))
def test_a_new_method_and_its_test_run_at_once(tmp_path: Path, like: str) -> None:
    file, test = scaffold.new("my_method", like, tmp_path)
    assert "class MyMethod(" in file.read_text()
    if like == "cos":  # one run in another process is slow, and all are made alike
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test)]
        assert subprocess.run(command, cwd=tmp_path, check=False, capture_output=True).returncode == 0
    ast.parse(test.read_text())


def test_in_a_checkout_both_files_go_where_the_registry_and_the_tests_look(tmp_path: Path) -> None:
    family = tmp_path / "src" / "idiolect" / "adaptation" / "prompting" / "contrast" / "__init__.py"
    family.parent.mkdir(parents=True)
    family.write_text(registry.path("cos").with_name("__init__.py").read_text())
    file, test = scaffold.new("mine", "cos", tmp_path)
    assert file.relative_to(tmp_path).as_posix() == "src/idiolect/adaptation/prompting/contrast/mine.py"
    assert test.relative_to(tmp_path).as_posix() == "tests/adaptation/prompting/test_mine.py"
    assert "| `mine` |" in family.read_text()


def test_the_copy_says_that_it_is_one(tmp_path: Path) -> None:
    file, _ = scaffold.new("mine", "cos", tmp_path)
    assert "begun as a copy of `cos`" in file.read_text().splitlines()[0]


@pytest.mark.parametrize("name", ["Mine", "2nd", "a-b", "class", "", "../x", "cos"])
def test_a_name_that_no_file_can_have_or_another_has_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput):
        scaffold.new(name, "cos", tmp_path)
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_over(tmp_path: Path) -> None:
    scaffold.new("mine", "cos", tmp_path)
    before = (tmp_path / "mine.py").read_bytes()
    with pytest.raises(BadInput, match="exists"):
        scaffold.new("mine", "ipa", tmp_path)
    assert (tmp_path / "mine.py").read_bytes() == before


def test_a_misspelt_model_method_gets_the_near_one(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="cos"):
        scaffold.new("mine", "coss", tmp_path)
