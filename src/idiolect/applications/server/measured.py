"""What methods brought where they were measured: the table that an evaluation left, for whoever runs the server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from idiolect.core.errors import BadInput

FOLDERS = ("docs", "runs/*")  # of the working folder, where evaluations leave their tables
SHOWN = ("method", "task", "users", "seeds", "score", "base", "gain", "gain_low", "gain_high", "gain_p", "swapped_low")


def measured(place: str = "") -> dict[str, Any]:
    """{"source": the table's folder, or None, "rows": one a method and task}; the newest that can be read.

    Args:
        place: a folder with a `results.json`; empty: those below the working folder.

    Raises:
        BadInput: the folder that was named holds no table.
    """
    from idiolect.evaluation.table import read

    if place:
        return _shown(place, read(Path(place)))
    for folder in _newest():
        try:
            return _shown(str(folder), read(folder))
        except BadInput:  # of another program, or of another version
            continue
    return {"source": None, "rows": []}


def _newest() -> Iterator[Path]:
    from idiolect.evaluation.table import NAME

    found = [path for pattern in FOLDERS for path in Path().glob(f"{pattern}/{NAME}") if path.is_file()]
    return (path.parent for path in sorted(found, key=lambda path: -path.stat().st_mtime))


def _shown(source: str, rows: list[Any]) -> dict[str, Any]:
    """Each row by the names in `SHOWN`."""
    return {"source": source, "rows": [{name: asdict(row)[name] for name in SHOWN} for row in rows]}
