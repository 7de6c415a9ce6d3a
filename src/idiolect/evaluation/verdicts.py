"""The table in words: what helps, what cannot be told from noise, and whether a composition beats its parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from idiolect.evaluation.comparison.within import as_part
from idiolect.evaluation.entries import parts
from idiolect.evaluation.significance import enough, words
from idiolect.evaluation.table import Arms, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`works`: better than no method, and better than under another user's data."""

    method: str
    task: str
    works: bool
    sentences: tuple[str, ...]


def verdicts(arms: Arms, rows: Sequence[Row], comparisons: Sequence[Mapping[str, Any]]) -> list[Verdict]:
    """One verdict a row, of what was found against each control (`comparison.within`) and against its parts."""
    return [_verdict(arms, row, comparisons) for row in rows]


def summary(rows: Sequence[Row]) -> str:
    """One sentence on the whole table."""
    tested = [r for r in rows if r.gain is not None]
    if not tested:
        return "Nothing was compared: the base was not run."
    users = max(r.users for r in tested)
    if not enough(users):
        return (
            f"Nothing can be said of so few people ({users}): six, all better off, are the fewest that could show it."
        )
    if not any(r.better for r in tested):
        return "Nothing was learnt: no gain over the model without a method can be told from noise."
    tried = any(r.swapped_low is not None for r in tested)
    good = [r for r in tested if (r.personal if tried else r.better)]
    share, names = f"In {len(good)} of {len(tested)} rows", ", ".join(dict.fromkeys(r.method for r in good)) or "none"
    if not tried:
        return (
            f"{share} a method is better than none, beyond 95 % limits ({names}); whether that is for whose data it "
            "is was not tried: nothing was answered under another user's."
        )
    return (
        f"{share} personalisation works: better than no method, and better than under another user's data, both "
        f"beyond 95 % limits ({names})."
    )


def _verdict(arms: Arms, row: Row, comparisons: Sequence[Mapping[str, Any]]) -> Verdict:
    said = [c["sentence"] for c in comparisons if (c["method"], c["task"]) == (row.method, row.task)]
    missing = [p for p in parts(row.method) if arms.get(p, row.task) is None]
    said += [words(row.method, None, as_part(p)) for p in missing]
    nothing = f"{row.method} was compared with nothing: no two people were asked the same under it and a control."
    return Verdict(method=row.method, task=row.task, works=row.personal, sentences=tuple(said or [nothing]))
