"""Which prediction belongs to which reference, where both go by ids: what does not fit is refused, not guessed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from idiolect.core.errors import BadInput

P = TypeVar("P")
R = TypeVar("R")
SHOWN = 3
FORMS = 'Write one {"id": ..., "prediction": ...} a line, or LaMP\'s {"golds": [{"id": ..., "output": ...}]}'


def aligned(
    predictions: Iterable[tuple[str, P]], references: Mapping[str, R], *, where: object = "predictions"
) -> tuple[list[P], list[R]]:
    """Both as lists, in the order of the references.

    Raises:
        BadInput: an id is doubled, missing, or none of the references'; names the first few.
    """
    pairs = list(predictions)
    found = dict(pairs)
    doubled = [i for i, count in Counter(i for i, _ in pairs).items() if count > 1]
    missing = [i for i in references if i not in found]
    foreign = [i for i in found if i not in references]
    for ids, what, fix in (
        (doubled, "given more than once", "Keep one prediction for each id"),
        (foreign, "not among the references", "Leave them out, or check that the file is of this data set and split"),
        (missing, "without a prediction", "Predict them too; an empty text counts as an answer, nothing does not"),
    ):
        if ids:
            raise BadInput(where, f"{_some(ids)}: {what}", fix)
    return [found[i] for i in references], list(references.values())


def read(path: str | Path) -> list[tuple[str, Any]]:
    """The (id, prediction) pairs of a file: JSON lines, or what LaMP's official evaluation takes.

    Raises:
        BadInput: the file is not there, or in neither form; names the line.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(path, f"it cannot be read ({error})", "Give a text file in UTF-8") from error
    try:
        golds = json.loads(text)["golds"]
    except (ValueError, KeyError, TypeError):
        lines = [(n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
        return [_pair(f"{path}, line {n}", line, "prediction") for n, line in lines]
    if not isinstance(golds, list):
        raise BadInput(path, "its golds are no list", FORMS)
    return [_pair(f"{path}, entry {n}", entry, "output") for n, entry in enumerate(golds, 1)]


def _pair(where: str, entry: Any, field: str) -> tuple[str, Any]:
    try:
        loaded = json.loads(entry) if isinstance(entry, str) else entry
        return str(loaded["id"]), loaded[field]
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(where, f"it holds no id and {field} ({error})", FORMS) from error


def _some(ids: Collection[str]) -> str:
    shown = ", ".join(repr(i) for i in list(ids)[:SHOWN])
    more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
    return f"{'id' if len(ids) == 1 else 'ids'} {shown}{more}"
