"""The table in words: what helps, what cannot be told from noise, and whether a composition beats its parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from idiolect.evaluation.entries import APART
from idiolect.evaluation.significance import Interval, words
from idiolect.evaluation.table import Arms, Row

LEVEL = 0.05
AGAINST = {
    "swapped": "itself under another user's data",
    "pooled": "the same parts trained on everybody's data",
    "cousin": "its cheaper cousin",
    "copy": "copying the nearest example",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`works`: better than no method, and better than under another user's data."""

    method: str
    task: str
    works: bool
    sentences: tuple[str, ...]


def verdicts(arms: Arms, rows: Sequence[Row]) -> list[Verdict]:
    """One verdict a row."""
    return [_verdict(arms, row) for row in rows]


def summary(rows: Sequence[Row]) -> str:
    """One sentence on the whole table."""
    tested = [r for r in rows if r.gain_low is not None]
    if not tested:
        return "Nothing was compared: the base was not run."
    good = [r for r in tested if _works(r)]
    if not any(r.gain_low is not None and r.gain_low > 0 for r in tested):
        return "Nothing was learnt: no gain over the model without a method can be told from noise."
    names = ", ".join(dict.fromkeys(r.method for r in good)) or "none"
    return (
        f"In {len(good)} of {len(tested)} rows personalisation works: better than no method, and better than under "
        f"another user's data, both beyond 95 % limits ({names})."
    )


def _works(row: Row) -> bool:
    swapped = row.swapped_low is None or row.swapped_low > 0
    return row.gain_low is not None and row.gain_low > 0 and swapped


def _verdict(arms: Arms, row: Row) -> Verdict:
    own = arms.get(row.method, row.task)
    assert own is not None
    said = [_corrected(words(row.method, own.over(arms.get(row.method, row.task, "base")), "no method"), row.gain_p)]
    for name, against in AGAINST.items():
        other = arms.get(row.method, row.task, name)
        if other:
            said.append(words(row.method, own.over(other), against))
    for part in _parts(row.method):
        said.append(_beaten(row.method, part, own.over(arms.get(part, row.task))))
    return Verdict(method=row.method, task=row.task, works=_works(row), sentences=tuple(said))


def _parts(method: str) -> list[str]:
    """What a composition is compared with: its parts, and the same parts trained apart."""
    if "|" not in method:
        return []
    whole = method.removesuffix(APART).strip()
    parts = [p.strip() for p in whole.split("|")]
    return parts if method.endswith(APART) else [*parts, f"{whole} {APART}"]


def _beaten(method: str, part: str, interval: Interval | None) -> str:
    return words(method, interval, f"{part}, its part" if "|" not in part else part)


def _corrected(sentence: str, p: float | None) -> str:
    if p is None or p <= LEVEL or "cannot be told" in sentence:
        return sentence
    return f"{sentence} After Holm's correction for all rows this is no longer significant (p = {p:.3f})."
