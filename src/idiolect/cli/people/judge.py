"""`idiolect judge`: can a model be trusted to say which answer is better? And what do people say?"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from idiolect.cli import screen
from idiolect.core.errors import BadInput
from idiolect.models.embedded import EMBEDDED, open_model

if TYPE_CHECKING:
    from idiolect.core.types import Record
    from idiolect.evaluation.judges.pairwise import Pair, Side
    from idiolect.evaluation.judges.study import Study

NAMED = re.compile(r"\w[\w.-]*")
app = typer.Typer(invoke_without_command=True)
Model = Annotated[str, typer.Option(help="A local Hugging Face folder; else the embedded model.")]
Certain = Annotated[bool, typer.Option("--certain", help="Ask for certainty, and let it abstain.")]
Likelihood = Annotated[
    bool, typer.Option("--likelihood", help="Judge by which answer the person's data makes likelier, not by words.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
StudyFile = Annotated[Path, typer.Argument(help="The study's JSON file.", show_default=False)]


@app.callback()
def judge(
    ctx: typer.Context,
    model: Model = EMBEDDED,
    *,
    task: Annotated[str, typer.Option(help="Of the world: whose right answers differ between people.")] = "tag",
    seed: Annotated[int, typer.Option(help="Of the world.")] = 0,
    users: Annotated[int, typer.Option(help="People.")] = 16,
    world: Annotated[Path | None, typer.Option(help="A world in JSON, in place of one made from the seed.")] = None,
    shown: Annotated[int, typer.Option(min=0, help="Records of the person that the judge reads; 0: nobody's.")] = 12,
    certain: Certain = False,
    likelihood: Likelihood = False,
    json: Json = False,
) -> None:
    """Holds a model's verdicts on pairs of answers against what a world planted: agreement, bias, what was not read.

    With a command, people judge: pairs from two runs, a page for each rater, and what they said.
    """
    if ctx.invoked_subcommand:
        return
    from dataclasses import replace

    from idiolect.evaluation.judges import oracle
    from idiolect.simulation.world import World, make

    made = World.load(world) if world else make(seed, users)
    found = list(oracle.pairs(made, task))
    if not found:
        raise BadInput("judge", f"no two people's answers to {task!r} differ", f"Tasks are: {', '.join(made.tasks)}")
    pairs = [replace(p, persona=_bearing(made.records(p.user), p.question, shown)) for p, _ in found]
    truth = oracle.Oracle(made)
    labels: dict[str, Side] = {pair.id: truth.verdict(pair, probe).side or "tie" for pair, probe in found}
    _validated(pairs, labels, model, certain=certain, likelihood=likelihood, json=json)


@app.command("pairs")
def pairs(
    study: StudyFile,
    first: Annotated[str, typer.Argument(help="FOLDER:METHOD, or FOLDER:METHOD@ARM.", show_default=False)],
    second: Annotated[str, typer.Argument(help="The same of the other.", show_default=False)],
    *,
    task: Annotated[str, typer.Option(help="Only this task.")] = "",
    most: Annotated[int, typer.Option(min=1, help="Pairs at most, of all users in turn.")] = 60,
) -> None:
    """Writes a study: what two runs answered differently to the same questions of the same users."""
    from idiolect.evaluation.judges.drawing import drawn

    made = drawn(study.stem, first, second, most=most, task=task)
    made.save(study)
    typer.echo(f"{study}: {len(made.pairs)} pairs of {len({p.user for p in made.pairs})} users")


@app.command("pages")
def pages(
    study: StudyFile,
    rater: Annotated[list[str], typer.Option("--rater", help="Of whom; once each.", show_default=False)],
    *,
    out: Annotated[Path, typer.Option(help="The folder for the pages.")] = Path(),
) -> None:
    """Writes a page for each rater, which works without a network and saves what he says as JSON."""
    from idiolect.evaluation.judges.page import page
    from idiolect.evaluation.judges.study import Study

    odd = [name for name in rater if not NAMED.fullmatch(name) or rater.count(name) > 1]
    if odd:
        fix = "Name each rater once, by letters, digits, '-', '_' and '.'"
        raise BadInput("--rater", f"{odd[0]!r} names no file, or names it twice", fix)
    made = Study.load(study)
    out.mkdir(parents=True, exist_ok=True)
    for name in rater:
        file = out / f"{made.name.replace('/', '-')}-{name}.html"
        file.write_text(page(made, name), encoding="utf-8")
        typer.echo(str(file))


@app.command("read")
def read(
    study: StudyFile,
    said: Annotated[list[Path], typer.Argument(help="What the raters' pages saved.", show_default=False)],
    *,
    model: Annotated[str | None, typer.Option(help="Also hold this model's verdicts against the raters'.")] = None,
    certain: Certain = False,
    likelihood: Likelihood = False,
    json: Json = False,
) -> None:
    """Says how far raters agree and which system they prefer, paired over users; and whether a model judges as they."""
    from idiolect.evaluation.judges import raters
    from idiolect.evaluation.judges.study import Study

    made = Study.load(study)
    people = raters.read_all(said, made)
    found = raters.summary(made, people)
    if model is None:
        if json:
            screen.as_json(found)
        else:
            _told(made, found)
        return
    labels = raters.majority(people)
    if not json:
        _told(made, found)
    judged = _judged([p for p in made.pairs if p.id in labels], labels, model, certain=certain, likelihood=likelihood)
    if json:
        screen.as_json({**found, "judge": judged})
    else:
        _shown(judged)


def _bearing(records: tuple[Record, ...], question: str, shown: int) -> str:
    """The records that bear on a question, by words, oldest first, a line each."""
    from idiolect.core.layout import line
    from idiolect.retrieval.bm25 import BM25

    lines = [line(r) for r in records]
    scores = list(BM25().scores(question, lines)) if lines and shown else []
    best = sorted(range(len(scores)), key=lambda i: (-scores[i], -i))[:shown]
    return "\n".join(lines[i] for i in sorted(best))


def _validated(pairs: list[Pair], labels: dict[str, Side], model: str, **how: bool) -> None:
    json = how.pop("json")
    said = _judged(pairs, labels, model, **how)
    if json:
        screen.as_json(said)
    else:
        _shown(said)


def _judged(
    pairs: list[Pair], labels: dict[str, Side], model: str, *, certain: bool, likelihood: bool
) -> dict[str, Any]:
    from idiolect.core.layout import HISTORY
    from idiolect.evaluation.judges import asking, pairwise, quality
    from idiolect.evaluation.judges.likelihood import Likelihood as ByLikelihood

    by = ByLikelihood(heading=HISTORY) if likelihood else pairwise.Pairwise(certain=certain)
    verdicts = asking.judged({p.id: by.flow(p) for p in pairs}, open_model(model))
    return quality.validate(list(verdicts.values()), labels)


def _shown(said: dict[str, Any]) -> None:
    for name in ("pairs", "accuracy", "kappa", "unread", "abstained", "disagreement", "ties", "position_bias"):
        typer.echo(f"{name:<14} {said[name]:.3f}" if isinstance(said[name], float) else f"{name:<14} {said[name]}")
    if said["accuracy_certain"] is not None:
        typer.echo(f"certain        {said['certain']:.3f}, of these right {said['accuracy_certain']:.3f}")
    typer.echo(said["sentence"])


def _told(study: Study, found: dict[str, Any]) -> None:
    for rater in found["raters"]:
        out = "" if rater["attentive"] else ": left out"
        typer.echo(f"{rater['name']}: {rater['passed']} of {rater['checks']} checks passed{out}")
    kappa = "-" if found["kappa"] is None else f"{found['kappa']:.3f}"
    typer.echo(f"agreement (kappa) {kappa} over {found['pairs']} pairs")
    typer.echo(f"{study.systems[0]} preferred in {found['share']:.1%} of comparisons, a tie counting half")
    typer.echo(found["comparison"]["sentence"])
