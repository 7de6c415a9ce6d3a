"""`idiolect compare`: is one run better than another? `idiolect judge`: can a model be trusted to say so?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from idiolect.cli import screen
from idiolect.models.embedded import EMBEDDED, open_model

Side = Annotated[str, typer.Argument(help="A folder of results, or FOLDER:METHOD.", show_default=False)]


def compare(
    a: Side, b: Side, json: Annotated[bool, typer.Option("--json", help="Print the comparisons as JSON.")] = False
) -> None:
    """Compares A with B on the questions that both answered, paired over users; says in words what is noise."""
    from idiolect.evaluation.comparison.between import compare as made

    found = made(a, b)
    if json:
        screen.as_json(found)
        return
    from rich.table import Table

    columns = ("method", "task", "A", "B", "A - B [95 %]", "p (Holm)", "d", "delta", "detectable", "better", "worse")
    table = Table(*columns, header_style="bold")
    for c in found:
        limits = f"{c['mean']:+.3f} [{c['low']:+.3f}, {c['high']:+.3f}]{'' if c['clear'] else ' ?'}"
        sizes = ["∞" if c[k] is None else f"{c[k]:.3f}" for k in ("holm_p", "cohen_d", "cliffs_delta", "detectable")]
        scores = [f"{c[k]:.3f}" for k in ("score", "other")]
        table.add_row(c["method"], c["task"], *scores, limits, *sizes, str(c["better"]), str(c["worse"]))
    screen.show(table)
    for c in found:
        typer.echo(f"{c['task']}: {c['sentence']}")


def judge(
    model: Annotated[str, typer.Option(help="A local Hugging Face folder; else the embedded model.")] = EMBEDDED,
    *,
    task: Annotated[str, typer.Option(help="Of the world: whose right answers differ between people.")] = "tag",
    seed: Annotated[int, typer.Option(help="Of the world.")] = 0,
    users: Annotated[int, typer.Option(help="People.")] = 16,
    world: Annotated[Path | None, typer.Option(help="A world in JSON, in place of one made from the seed.")] = None,
    certain: Annotated[bool, typer.Option("--certain", help="Ask for certainty, and let it abstain.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Holds a model's verdicts on pairs of answers against what a world planted: agreement, bias, what was not read."""
    from dataclasses import replace

    from idiolect.core.errors import BadInput
    from idiolect.core.layout import line
    from idiolect.evaluation.judges import asking, oracle, pairwise, quality
    from idiolect.simulation.world import World, make

    made = World.load(world) if world else make(seed, users)
    found = list(oracle.pairs(made, task))
    if not found:
        raise BadInput("judge", f"no two people's answers to {task!r} differ", f"Tasks are: {', '.join(made.tasks)}")
    known = {u: "\n".join(line(r) for r in made.records(u)[-12:]) for u in made.users}
    pairs = [replace(pair, persona=known[pair.user]) for pair, _ in found]
    one = pairwise.Pairwise(certain=certain)
    verdicts = asking.judged({p.id: one.flow(p) for p in pairs}, open_model(model))
    truth = oracle.Oracle(made)
    labels = {pair.id: truth.verdict(pair, probe).side or "tie" for pair, probe in found}
    said = quality.validate(list(verdicts.values()), labels)
    if json:
        screen.as_json(said)
        return
    for name in ("pairs", "accuracy", "kappa", "unread", "abstained", "disagreement", "ties", "position_bias"):
        typer.echo(f"{name:<14} {said[name]:.3f}" if isinstance(said[name], float) else f"{name:<14} {said[name]}")
    typer.echo(said["sentence"])
