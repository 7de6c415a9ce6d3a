"""Reads a benchmark, counts it, measures it, and puts the baselines that were measured elsewhere beside.

They stand beside only where the folder holds the very files that they were measured on: other files of the same form
are measured too, but then the result says which files differ, and compares with nothing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from idiolect.core.errors import BadInput
from idiolect.evaluation import benchmarks
from idiolect.evaluation.benchmarks.card import Card
from idiolect.evaluation.benchmarks.rows import Row, contrast
from idiolect.evaluation.comparison.within import plain
from idiolect.evaluation.head import versions
from idiolect.evaluation.significance import effects
from idiolect.retrieval.protocol import Encoder

FEW, WIDE = 30, 0.03  # a mean over fewer people than this may lie that far off
MOST = 3  # files that a notice names


def run(name: str, folder: str | Path, encoder: Encoder | None = None) -> dict[str, Any]:
    """All that is known of a benchmark without a generating model, as plain data.

    Args:
        folder: where the official files lie. encoder: of sentences; without one, rows that need vectors are left out.

    Raises:
        UnknownName: there is no such benchmark.
        BadInput: a file is missing or of another version; says which, where, and where it comes from.
    """
    module, place = benchmarks.get(name), Path(folder)
    if not place.is_dir():
        raise BadInput(place, "there is no such folder", f"Put the files there: {', '.join(module.CARD.files)}")
    marks = module.CARD.marks(place)
    data = module.read(place)
    rows: list[Row] = list(module.measure(data, encoder)) if hasattr(module, "measure") else []
    counts = module.count(data)
    notice = strange(name, marks, counts)
    known = {} if notice else references(name)
    return {
        "benchmark": name,
        "card": asdict(module.CARD),
        "files": marks,
        "notice": notice,
        "counts": counts,
        "rows": [_plain(row, module.CARD, known) for row in rows],
        "comparisons": list(_compared(rows)),
        "versions": versions(),
    }


def references(name: str) -> dict[str, float]:
    """Figures that others measured, by ``part | method | metric``; none for most sets."""
    found: dict[str, float] = table("references").get(name, {})
    return found


def strange(name: str, marks: Mapping[str, str], counts: Mapping[str, int]) -> str | None:
    """What is other than in the files that the published figures were measured on; None where nothing is, or where
    nothing was published.

    Args:
        marks: by file, `Card.marks` of the folder. counts: what was counted in it.
    """
    theirs: dict[str, dict[str, Any]] = table("measured").get(name, {"files": {}, "counts": {}})
    others = [file for file, mark in theirs["files"].items() if marks.get(file) != mark]
    if not others:
        return None
    named = ", ".join(others[:MOST]) + (f" and {len(others) - MOST} more" if len(others) > MOST else "")
    apart = [
        f"{n:,} {what}, here {counts.get(what, 0):,}" for what, n in theirs["counts"].items() if counts.get(what) != n
    ]
    return (
        f"no published row stands beside: those were measured on other content of {named} "
        f"({'; '.join(apart) or 'the same counts'})"
    )


@cache
def table(name: str) -> dict[str, Any]:
    text = files("idiolect.evaluation.benchmarks").joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _plain(row: Row, card: Card, known: dict[str, float]) -> dict[str, Any]:
    made = asdict(row)
    del made["scores"]
    expected = known.get(row.key)
    if expected is None:
        return made
    size = row.users if "mean over" in row.metric else row.items
    allowed = max(card.tolerance, 1 / max(size, 1), WIDE if size < FEW else 0.0)
    return made | {"reference": expected, "differs": abs(row.value - expected) > allowed + 5e-4}  # they have 3 places


def _compared(rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """Ours against every baseline of its part and metric, and against ours under somebody else's data."""
    pairs = [(one, other) for one in rows if one.ours and not one.control for other in _others(one, rows)]
    found = [(one, e) for one, other in pairs if (e := contrast(one, other))]
    for (one, _), effect in zip(found, effects.family([e for _, e in found]), strict=True):
        yield {"part": one.part, "metric": one.metric, **plain(effect)}


def _others(one: Row, rows: Iterable[Row]) -> Iterator[Row]:
    for row in rows:
        if (row.part, row.metric) == (one.part, one.metric) and (not row.ours or row.control):
            yield row
