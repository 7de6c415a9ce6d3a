"""The commands: what they print, what they refuse, and how they say so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from idiolect import registry
from idiolect.cli import app
from idiolect.cli.screen import names, plan

run = CliRunner().invoke


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["demo"],
        ["evaluate"],
        ["report"],
        ["world"],
        *([name] for name in ("users", "remember", "recall", "profile", "forget", "recommend", "search", "rewrite")),
        *([name] for name in ("export", "import", "erase", "doctor", "consents", "backup", "restore")),
        *([name] for name in ("chat", "serve", "keys", "adapt", "adapters", "benchmark", "compare", "judge")),
        ["mcp"],
        ["users", "link"],
        ["config", "show"],
        ["methods"],
        ["methods", "list"],
        ["methods", "show"],
        ["methods", "new"],
        ["embedded"],
        ["embedded", "train"],
        ["embedded", "evaluate"],
    ],
)
def test_every_command_has_help(command: list[str]) -> None:
    said = run(app, [*command, "--help"])
    assert said.exit_code == 0
    assert f"Usage: root {' '.join(command)}".strip() in said.output.replace("[OPTIONS] ", "").replace(
        "idiolect", "root"
    )


def test_the_version_is_the_packages() -> None:
    from idiolect import __version__

    assert run(app, ["--version"]).output.strip() == __version__


def test_methods_list_has_a_row_for_every_method_file() -> None:
    rows = json.loads(run(app, ["methods", "list", "--json"]).output)
    assert [r["method"] for r in rows] == list(registry.names())
    assert all(r["site"] and r["phi"] and r["access"] for r in rows)


def test_the_table_on_the_screen_names_every_method() -> None:
    said = run(app, ["methods", "list"]).output
    assert all(name in said for name in registry.names())


def test_methods_show_gives_the_card_and_the_papers_defaults() -> None:
    shown = json.loads(run(app, ["methods", "show", "cos", "--json"]).output)
    assert shown["card"]["arxiv"] == "2405.01768"
    assert shown["options"]["strength"] == 1.0
    assert "lambda" in run(app, ["methods", "show", "cos"]).output


def test_a_misspelt_method_is_one_line_with_near_names_and_exit_code_2() -> None:
    said = run(app, ["methods", "show", "coss"])
    assert said.exit_code == 2
    assert said.stderr == "error: no method called 'coss'; did you mean cos?\n"


def test_a_new_method_is_written_with_its_test(tmp_path: Path) -> None:
    said = run(app, ["methods", "new", "mine", "--like", "cos", "--folder", str(tmp_path)])
    assert said.exit_code == 0, said.output
    written = [Path(line) for line in said.output.split()]
    assert len(written) == 2
    assert all(p.is_file() for p in written)


def test_a_world_is_written_and_described(tmp_path: Path) -> None:
    said = run(app, ["world", str(tmp_path / "w.json"), "--users", "2", "--probes", "1", "--history", "2"])
    assert "w.json: 2 users" in said.output
    assert len(json.loads((tmp_path / "w.json").read_text())["users"]) == 2


def test_an_impossible_world_is_refused_in_one_line(tmp_path: Path) -> None:
    said = run(app, ["world", str(tmp_path / "w.json"), "--users", "0"])
    assert said.exit_code == 2
    assert said.stderr.startswith("error: world")
    assert said.stderr.count("\n") == 1


def test_a_report_of_nothing_is_refused_and_says_what_to_run(tmp_path: Path) -> None:
    said = run(app, ["report", str(tmp_path)])
    assert said.exit_code == 2
    assert "Run idiolect evaluate first" in said.stderr


def test_an_experiment_that_is_not_there_is_refused() -> None:
    said = run(app, ["evaluate", "nowhere.toml"])
    assert said.exit_code == 2
    assert "nowhere.toml" in said.stderr


@pytest.mark.parametrize("name", ["demo", "study"])
def test_the_packaged_experiments_can_be_read(name: str) -> None:
    from idiolect.evaluation import experiment

    assert experiment.load(plan(name)).out == f"runs/{name}"


def test_a_file_of_ones_own_goes_before_the_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demo").write_text("")
    assert plan("demo") == Path("demo")


def test_names_are_split_at_commas_and_keep_their_bars() -> None:
    assert names(" ipa, ipa | oppu ,") == ("ipa", "ipa | oppu")
    assert names(None) is None
