"""`idiolect benchmark`: a public set, from a folder that holds its official files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from idiolect.cli import screen


def benchmark(
    name: Annotated[str | None, typer.Argument(help="Left out: which there are.", show_default=False)] = None,
    *,
    data: Annotated[Path | None, typer.Option(help="The folder with the official files.")] = None,
    vectors: Annotated[Path | None, typer.Option(help="Where sentence vectors are kept between runs.")] = None,
    words: Annotated[bool, typer.Option("--words", help="Leave out what needs sentence vectors.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Reads, counts and measures a public set, with published baselines beside ours and another user's data."""
    from idiolect.core.errors import BadInput

    if name is None:
        listed(json)
        return
    if data is None:
        raise BadInput("benchmark", f"where the files of {name} lie was not said", "Give their folder with --data")
    from idiolect.evaluation.benchmarks import get
    from idiolect.evaluation.benchmarks.run import run

    get(name)  # an unknown name is told before an encoder is opened
    found = run(name, data, None if words else _encoder(vectors))
    if json:
        screen.as_json(found)
    else:
        show(found)


def listed(json: bool = False) -> None:
    """Every set that can be read, and where it comes from."""
    from dataclasses import asdict

    from idiolect.evaluation.benchmarks import get, names

    cards = {name: asdict(get(name).CARD) for name in names()}
    if json:
        screen.as_json(cards)
        return
    for name, card in cards.items():
        typer.echo(f"{name:<24} {card['licence'][:40]:<42} {card['source']}")


def show(found: dict[str, Any]) -> None:
    """The card, the counts, a table of rows, and the comparisons in words."""
    from rich.table import Table

    card = found["card"]
    typer.echo(f"{card['title']}: {card['source']}, version {card['version']}\nlicence: {card['licence']}")
    typer.echo(f"split: {card['split']}\nprotocol: {card['protocol']}")
    typer.echo("; ".join(f"{n:,} {what}" for what, n in found["counts"].items()))
    if found["notice"]:
        typer.echo(found["notice"])
    if not found["rows"]:
        why = "its task needs a generating model" if card["model"] else "it has no right answers"
        typer.echo(f"nothing is measured: {why}")
        return
    table = Table("part", "method", "metric", "value", "95 %", "users", "measured elsewhere", header_style="bold")
    for r in found["rows"]:
        limits = "-" if r["low"] is None else f"[{r['low']:.3f}, {r['high']:.3f}]"
        said = "" if "reference" not in r else f"{r['reference']:.3f}{' differs' if r['differs'] else ''}"
        method = f"{'ours: ' if r['ours'] and not r['control'] else ''}{r['method']}"
        table.add_row(r["part"], method, r["metric"], f"{r['value']:.4f}", limits, str(r["users"]), said)
    screen.show(table)
    for c in found["comparisons"]:
        typer.echo(f"{c['part']}, {c['metric']}: {c['sentence']}")


def _encoder(folder: Path | None) -> Any:
    """The sentence encoder; with a folder, what it gave before is read from there."""
    from idiolect.evaluation.benchmarks.vectors import Kept
    from idiolect.retrieval.dense import MiniLM

    return Kept(folder) if folder else MiniLM()
