"""What all commands print with: JSON, tables, progress."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer


def as_json(value: Any) -> None:
    """One JSON document on standard output."""
    typer.echo(json.dumps(value, indent=1, ensure_ascii=False, default=str))


def names(text: str | None) -> tuple[str, ...] | None:
    """``"ipa, oppu"`` as a tuple; None where nothing was given."""
    return None if text is None else tuple(part.strip() for part in text.split(",") if part.strip())


def plan(name: str) -> Path:
    """The TOML file of an experiment: one of the package's by its name, else the path itself."""
    packaged = Path(__file__).parent.parent / "experiments" / "runs" / f"{name}.toml"
    return packaged if packaged.is_file() and not Path(name).is_file() else Path(name)


@contextmanager
def progress(quiet: bool = False) -> Iterator[Callable[[str, int, int], None]]:
    """A bar on standard error: ``tell(what, done, of)``. Where that is no terminal, a line whenever `what` changes."""
    if quiet:
        yield lambda what, done, of: None
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("", total=None)
            yield lambda what, done, of: bar.update(task, description=what, completed=done, total=of)
    else:
        yield _lines()


def _lines() -> Callable[[str, int, int], None]:
    last = ""

    def tell(what: str, done: int, of: int) -> None:
        nonlocal last
        if what != last:
            last = what
            typer.echo(f"[{done}/{of}] {what}", err=True)

    return tell


def show(renderable: Any) -> None:
    """A rich renderable on standard output, never narrower than a table of results needs."""
    from rich.console import Console

    terminal = Console()
    Console(width=terminal.width if terminal.is_terminal else max(terminal.width, 180), soft_wrap=False).print(
        renderable
    )
