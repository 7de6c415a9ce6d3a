"""`python -m idiolect.evaluation.judges FOLDER`: a model's verdicts against what people preferred (PRISM's pairs).

Each pair is judged in both orders, for the person as he described himself. The reply that he preferred stands first and
second in turn, so that a judge that always says "A" agrees with half.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from idiolect.evaluation.benchmarks.preference import prism
from idiolect.evaluation.judges import asking, pairwise, quality
from idiolect.evaluation.judges.pairwise import Pair, Side
from idiolect.models.embedded import open_model


def labelled(data: Sequence[prism.Pair], known: bool = True) -> Iterator[tuple[Pair, Side]]:
    """Each pair for a judge, and the side that the person preferred. known: whether the judge is told who he is."""
    for n, one in enumerate(data):
        replies = (one.chosen, one.rejected) if n % 2 == 0 else (one.rejected, one.chosen)
        side: Side = "first" if n % 2 == 0 else "second"
        persona = one.person if known else ""
        id = f"{n}/{one.id}"
        yield (
            Pair(id=id, question=one.question, first=replies[0], second=replies[1], persona=persona, user=one.person),
            side,
        )


def against_people(data: Sequence[prism.Pair], model: Any, *, known: bool, certain: bool) -> dict[str, Any]:
    """Agreement of a model with people, as `quality.validate` gives it."""
    found = list(labelled(data, known))
    judge = pairwise.Pairwise(certain=certain)
    verdicts = asking.judged({pair.id: judge.flow(pair) for pair, _ in found}, model)
    return quality.validate(list(verdicts.values()), {pair.id: side for pair, side in found})


def main(
    data: Annotated[Path, typer.Argument(help="The folder with prism_pairs.jsonl.")],
    *,
    model: Annotated[str, typer.Option(help="A local Hugging Face folder; else the embedded model.")] = "embedded",
    pairs: Annotated[int, typer.Option(min=2, help="At most so many.")] = 500,
    certain: Annotated[bool, typer.Option("--certain", help="Ask for certainty, and let it abstain.")] = False,
) -> None:
    """Judges for the person and for nobody, and prints both as JSON."""
    read, judge = prism.read(data)[:pairs], open_model(model)
    said = {
        name: against_people(read, judge, known=known, certain=certain)
        for name, known in (("for the person", True), ("for nobody", False))
    }
    typer.echo(json.dumps(said, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    typer.run(main)
