"""Several systems in one table, the first of them what the others are held against."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from idiolect.evaluation.benchmarks.rows import Row
from idiolect.evaluation.rivals.measure import Measured
from idiolect.evaluation.significance import between, words

COLUMNS = (
    "system",
    "R@10",
    "first is right",
    "first of the right session",
    "of others",
    "a search: ms, 95 %; processor's ms",
    "an add: ms; a second, of the processor's",
    "slower",
    "bytes a text",
    "erasing, ms",
    "still found",
    "files with his words",
)


def lines(found: Sequence[Measured]) -> Iterator[str]:
    """Markdown: a row a system, times as ratios to the first in brackets."""
    yield f"| {' | '.join(COLUMNS)} |"
    yield "|---" * len(COLUMNS) + "|"
    for m in found:
        yield f"| {' | '.join(_cells(m, found[0]))} |"


def _cells(m: Measured, first: Measured) -> Iterator[str]:
    yield m.system
    yield _share(m.recall)
    yield _share(m.first)
    yield _share(m.session) if m.session else "-"
    yield str(m.leaks)
    one, base = m.search, first.search
    yield f"{_against(one.ms, base.ms)}, {one.ms_95:.0f}; {_against(one.busy_ms, base.busy_ms)}"
    one, base = m.adds, first.adds
    rates = _against(one.a_second, base.a_second), _against(one.a_busy_second, base.a_busy_second)
    yield f"{_against(one.ms, base.ms)}; {', '.join(rates)}"
    yield f"{m.slower:.1f} x"
    yield f"{m.bytes_per_memory:.0f}"
    yield f"{m.erase_ms:.0f}"
    yield str(m.left)
    yield ", ".join(m.residue) or "none"


def _against(one: float, base: float) -> str:
    return f"{one:.{0 if one >= 100 else 1}f} ({one / base:.2f} x)"


def _share(row: Row) -> str:
    return f"{row.value:.3f}" + (f" [{row.low:.3f}, {row.high:.3f}]" if row.low is not None else "")


def sentences(found: Sequence[Measured], over: str) -> Iterator[str]:
    """The first against each other one at finding, paired over users or, where there is one, over questions."""
    first = found[0]
    for other in found[1:]:
        gap = between(first.recall.scores, other.recall.scores)
        said = words(first.system, gap, f"{other.system} at finding what answers")
        yield said.replace(" users", f" {over}")
