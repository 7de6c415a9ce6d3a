"""`python -m idiolect.evaluation.annotators DATA --out FOLDER`: answers what is not answered yet, prints the table."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer

from idiolect import config, registry
from idiolect.core.errors import BadInput
from idiolect.evaluation.annotators import arms
from idiolect.evaluation.annotators.compare import table
from idiolect.evaluation.annotators.judgements import LABELS, TASKS, Judgements, read
from idiolect.evaluation.asking.again import Again
from idiolect.evaluation.benchmarks import annotators

METHODS = "plora,oppu,user_adapter,perfit,user_identifier"
BLINDED, SWAPPED = " without readers", " as another reader"
WORDS, READERS, BLIND = "text only", "text + user id", "MiniLM"  # the first two are the benchmark's own baselines
Arms = dict[str, Callable[[], list[str]]]


def main(
    data: Annotated[Path, typer.Argument(help="StudEmo's folder, or LeWiDi's.")],
    task: Annotated[str, typer.Argument(help=f"One of {', '.join(TASKS)}.")],
    *,
    out: Annotated[Path, typer.Option(help="Where answers and results go; a run that was stopped goes on there.")],
    methods: Annotated[str, typer.Option(help="Names with commas.")] = METHODS,
    presets: Annotated[str, typer.Option(help="Settings of the methods.")] = "minilm",
    seed: Annotated[int, typer.Option(help="Of all that is drawn.")] = 0,
    tokens: Annotated[int, typer.Option(help="Pieces of a text that are read.")] = 160,
    span: Annotated[int, typer.Option(help="Pieces to a token of the open layers; 1 is the encoder itself.")] = 8,
    layers: Annotated[int, typer.Option(help="Open layers; those below are frozen.")] = 1,
    readers: Annotated[int, typer.Option(help="Only so many, drawn by the seed; 0 for all.")] = 0,
    cousins: Annotated[bool, typer.Option(help="Each method's cousin that knows no readers, too.")] = True,
) -> None:
    """Per-reader classification on real judgements."""
    judgements = read(data, task)
    if readers:
        judgements = judgements.few(readers, seed)
    setting = arms.Setting(layers=layers, tokens=tokens, span=span)
    chosen, names = config.load(presets), [m.strip() for m in methods.split(",")]
    wanted = todo(judgements, names, chosen.methods, setting, out, seed=seed, cousins=cousins)
    answered = answer(wanted, out / "answers.jsonl", judgements.name)
    against = (READERS, WORDS, BLIND, *(name for name in wanted if name.endswith((BLINDED, SWAPPED))))
    rows = table(judgements, answered, against)
    for row in rows:
        row["tried"] = chosen.tried.get(row["arm"].split()[0])  # settings looked at; nothing for what has none
    (out / "results.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")
    for row in rows:
        typer.echo(
            f"{row['group']:<5} {row['arm']:<34} {row['mean_accuracy']:.3f} {row['mean_macro_f1']:.3f} "
            + " ".join(
                f"{other}: {d['mean']:+.3f} [{d['low']:+.3f}, {d['high']:+.3f}]"
                for other in (READERS, WORDS, BLIND, f"{row['arm']}{SWAPPED}")
                if (d := row.get(f"accuracy above {other}"))
            )
        )


def todo(
    judgements: Judgements,
    names: list[str],
    options: Mapping[str, Mapping[str, Any]],
    setting: arms.Setting,
    out: Path,
    *,
    seed: int,
    cousins: bool = True,
) -> Arms:
    """Every arm by name, and what answers it. options: settings by method."""
    model = cache(lambda: arms.opened(judgements, setting, out / "states.safetensors"))
    again = cache(lambda: Again(model()))  # a cousin takes what its method has learnt, where it would learn the same
    words = cache(lambda: annotators.predictions(judgements.learnt, judgements.asked))
    found: Arms = {
        WORDS: lambda: [LABELS[label] for label in words()[WORDS]],
        READERS: lambda: [LABELS[label] for label in words()[READERS]],
        BLIND: lambda: arms.predictions(model(), judgements),
    }
    for name in names:
        for cousin in (False, True) if cousins and registry.card(name).cousin_options else (False,):
            method = arms.built(name, options.get(name, {}), judgements.task, cousin=cousin)
            met = cache(lambda method=method: arms.meet(again(), judgements, method, seed=seed))
            title = f"{name}{BLINDED}" if cousin else name
            found[title] = lambda met=met: arms.predictions(again(), judgements, met())  # type: ignore[misc]
            if not cousin:
                found[f"{name}{SWAPPED}"] = lambda met=met: arms.predictions(  # type: ignore[misc]
                    again(), judgements, met(), judgements.strangers
                )
    return found


def answer(wanted: Arms, path: Path, asked: str = "") -> dict[str, list[str]]:
    """The labels of every arm; those that the file holds are not asked again.

    Args:
        asked: what the judgements are known by.

    Raises:
        BadInput: the file holds answers to other judgements.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    known = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
    if any(row.get("asked") != asked for row in known):
        raise BadInput(path, "it holds answers to other judgements", "Give another folder with --out")
    found = {row["arm"]: list(row["labels"]) for row in known}
    for name in (n for n in wanted if n not in found):
        typer.echo(f"answering: {name}", err=True)
        found[name] = wanted[name]()
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"arm": name, "asked": asked, "labels": found[name]}) + "\n")
    return {name: found[name] for name in wanted}


if __name__ == "__main__":
    typer.run(main)
