"""The table in a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from idiolect.evaluation.table import Row


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
