"""The table in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from idiolect.evaluation.significance import enough
from idiolect.evaluation.table import Row

FURTHER = ("score", "base", "gain [95 %]", "swapped", "over swapped [95 %]", "pooled", "copy", "cousin")


def render(rows: Sequence[Row], title: str = "") -> Table:
    """A rich table: score, gain with its limits, controls, costs. Print it with rich's console."""
    made = Table(title=title or None, header_style="bold", row_styles=["", "dim"])
    made.add_column("method", no_wrap=True)
    made.add_column("task", no_wrap=True)
    names = ("score", "base", "gain [95 %]", "p", "swapped", "pooled", "copy", "cousin")
    for name in (*names, "tokens", "ms", "params", "bytes/user", "s/user"):
        made.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        made.add_row(*cells(row))
    return made


def cells(row: Row) -> list[str]:
    """A row as text, in the order of the terminal's columns."""
    return [
        row.method,
        row.task,
        number(row.score),
        number(row.base),
        interval(row),
        "" if row.gain_p is None else f"{row.gain_p:.4f}" if row.gain_p >= 1e-4 else "<.0001",
        number(row.swapped),
        number(row.pooled),
        number(row.copy),
        number(row.cousin),
        f"{row.prompt_tokens:.0f}",
        f"{row.ms_per_query:.1f}",
        f"{row.trained_parameters:,}",
        size(row.bytes_per_user),
        f"{row.adapt_seconds:.2f}",
    ]


def further(found: Sequence[Mapping[str, Any]]) -> Table:
    """The same answers by other metrics (`comparison.further`)."""
    made = Table(title="By other metrics", header_style="bold", row_styles=["", "dim"])
    for name in ("method", "task", "metric"):
        made.add_column(name, no_wrap=True)
    for name in FURTHER:
        made.add_column(name, justify="right", no_wrap=True)
    for one in found:
        made.add_row(*further_cells(one))
    return made


def further_cells(one: Mapping[str, Any]) -> list[str]:
    """One of them as text."""
    names = ("score", "base", "swapped", "pooled", "copy", "cousin")
    values = [number(one[name]) for name in names]
    gains = [_limits(one, name) for name in ("gain", "over_swapped")]
    return [one["method"], one["task"], one["metric"], values[0], values[1], gains[0], values[2], gains[1], *values[3:]]


def _limits(one: Mapping[str, Any], name: str) -> str:
    if one[name] is None:
        return "-"
    low, high = one[f"{name}_low"], one[f"{name}_high"]
    clear = "" if (low > 0 or high < 0) and enough(one["users"]) else " ?"
    return f"{one[name]:+.3f} [{low:+.3f}, {high:+.3f}]{clear}"


def number(value: float | None) -> str:
    """Three places, or a dash where there is nothing."""
    return "-" if value is None else f"{value:.3f}"


def interval(row: Row) -> str:
    """The gain with its limits; a question mark where noise explains it."""
    if row.gain is None or row.gain_low is None or row.gain_high is None:
        return "-"
    clear = "" if row.better or row.worse else " ?"
    return f"{row.gain:+.3f} [{row.gain_low:+.3f}, {row.gain_high:+.3f}]{clear}"


def size(count: float) -> str:
    """Bytes in a unit that fits."""
    if count >= 1e6:
        return f"{count / 1e6:.1f} MB"
    return f"{count / 1e3:.1f} kB" if count >= 1e3 else f"{count:.0f}"
