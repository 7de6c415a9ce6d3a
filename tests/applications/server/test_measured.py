"""What methods brought, as the operator sees it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from idiolect.applications.server.measured import measured
from idiolect.core.errors import BadInput
from idiolect.evaluation.table import Row

if TYPE_CHECKING:
    from tests.applications.conftest import Running


def table(folder: Path, method: str, age: int = 0) -> None:
    folder.mkdir(parents=True)
    row = Row(method=method, task="fact", seeds=1, users=64, score=0.8, base=0.5, gain=0.3, gain_low=0.2, gain_high=0.4)
    path = folder / "results.json"
    path.write_text(json.dumps({"rows": [asdict(row)]}))
    os.utime(path, (1.7e9 - age, 1.7e9 - age))


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_newest_table_is_shown() -> None:
    table(Path("docs"), "ipa", age=9)
    table(Path("runs/study"), "cos")
    found = measured()
    assert found["source"] == "runs/study"
    (row,) = found["rows"]
    assert (row["method"], row["gain"], row["gain_low"], row["users"]) == ("cos", 0.3, 0.2, 64)


def test_a_table_of_another_program_is_passed_over() -> None:
    table(Path("docs"), "ipa", age=9)
    Path("runs/odd").mkdir(parents=True)
    Path("runs/odd/results.json").write_text('[{"a": 1}]')
    assert measured()["source"] == "docs"


def test_where_nothing_was_measured_there_are_no_rows() -> None:
    assert measured() == {"source": None, "rows": []}


def test_a_folder_that_is_named_must_hold_a_table(tmp_path: Path) -> None:
    table(tmp_path / "mine", "ipa")
    assert measured(str(tmp_path / "mine"))["rows"]
    with pytest.raises(BadInput, match="idiolect evaluate"):
        measured(str(tmp_path))


def test_it_is_for_whoever_manages_the_server(relay: Running) -> None:
    from idiolect.applications.server.speakers.keys import Keys

    def status(kind: str) -> Any:
        key = keys.create(kind)[1]
        relay.service.door.keyless = False
        return relay.http.get("/v1/results", headers={"Authorization": f"Bearer {key}"}).status_code

    keys: Keys = relay.service.keys
    assert (status("app"), status("operator")) == (403, 200)
