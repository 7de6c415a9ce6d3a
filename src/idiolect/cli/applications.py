"""`idiolect recommend`, `search`, `rewrite`: things put in an order for a user, and texts written as he writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from idiolect.cli import screen
from idiolect.cli.memory import Home, Json, SpaceName, TopK, opened
from idiolect.core.errors import BadInput
from idiolect.models.embedded import EMBEDDED, open_model

Whom = Annotated[str, typer.Option("--user", help="The user's id.", show_default=False)]
Words = Annotated[bool, typer.Option("--words", help="By words alone, without opening the encoder.")]


def recommend(
    items: Annotated[list[str], typer.Argument(help="Items, or a .jsonl or .json file of them.", show_default=False)],
    user: Whom,
    *,
    explore: Annotated[float, typer.Option(help="From 0, what fits best, to 1, what is known least.")] = 0.0,
    top_k: TopK = 10,
    again: Annotated[bool, typer.Option("--again", help="Also what he has judged before.")] = False,
    model: Annotated[str | None, typer.Option(help="Adds a model's view: embedded, or a Hugging Face folder.")] = None,
    pipeline: Annotated[str, typer.Option(help="By which methods the model sees him.")] = "pag",
    request: Annotated[str, typer.Option(help="What the model is asked for.")] = "something for me",
    words: Words = False,
    home: Home = None,
    space: SpaceName = "default",
    json: Json = False,
) -> None:
    """Puts items in an order for a user, and says on which of his records each place rests."""
    from idiolect.applications.recommend import recommend

    with opened(home, space, words=words) as place:
        found = recommend(
            place,
            user,
            items[0] if len(items) == 1 and _is_file(items[0]) else items,
            explore=explore,
            top_k=top_k,
            again=again,
            model=open_model(model) if model else None,
            pipeline=pipeline,
            request=request,
        )
    if json:
        screen.as_json(found.plain())
        return
    _note(found.note)
    for number, one in enumerate(found.results, 1):
        typer.echo(f"{number:>2}  {one.score:+.3f}  {one.item.shown}  ({_parts(one.parts)})")
        _reasons(one.reasons)
    if found.known:
        typer.echo(f"{len(found.known)} left out, as judged before; --again shows them", err=True)


def search(
    query: Annotated[str, typer.Argument(help="What is looked for.", show_default=False)],
    user: Whom,
    among: Annotated[Path, typer.Option("--in", help="A folder of texts, or a .jsonl or .json file.")] = Path(),
    *,
    strength: Annotated[float, typer.Option(help="From 0, everybody's order, to 1, his alone.")] = 0.4,
    top_k: TopK = 10,
    words: Words = False,
    home: Home = None,
    space: SpaceName = "default",
    json: Json = False,
) -> None:
    """Finds documents, of those that bear on the question first what bears on the user; `recall` searches memories."""
    from idiolect.applications.search import search

    with opened(home, space, words=words) as place:
        found = search(place, user, query, among, top_k=top_k, strength=strength)
    if json:
        screen.as_json(found.plain())
        return
    _note(found.note)
    for number, one in enumerate(found.results, 1):
        moved = f", {one.place} for everybody" if one.place != number else ""
        shown = {name: one.parts[name] for name in ("relevance", "personal")}
        typer.echo(f"{number:>2}  {one.score:.3f}  {one.document.id}  ({_parts(shown)}{moved})\n      {one.snippet}")
        _reasons(one.reasons)


def rewrite(
    text: Annotated[str, typer.Argument(help="A draft; with --write an instruction.", show_default=False)],
    user: Whom,
    *,
    write: Annotated[bool, typer.Option("--write", help="Writes something new to an instruction.")] = False,
    model: Annotated[str, typer.Option(help="embedded, or a local Hugging Face folder.")] = EMBEDDED,
    pipeline: Annotated[str, typer.Option(help="Methods joined by bars: ipa, pag, 'pag | cos', stylevector.")] = "ipa",
    shown: Annotated[int, typer.Option(help="Examples that ipa or pag shows.")] = 4,
    tokens: Annotated[int, typer.Option(help="Of the result, at most.")] = 256,
    home: Home = None,
    space: SpaceName = "default",
    json: Json = False,
) -> None:
    """Writes a draft again, or something new, as the user writes; says which of his own texts it was made from."""
    from idiolect.applications.rewrite import rewrite

    with opened(home, space) as place:
        kind: Any = "write" if write else "rewrite"
        found = rewrite(
            place, user, text, model=open_model(model), pipeline=pipeline, kind=kind, shown=shown, tokens=tokens
        )
    if json:
        screen.as_json(found.plain())
        return
    _note(found.note)
    typer.echo(found.text)
    for one in found.plain()["used"]:
        typer.echo(f"  from {one['id']}: {one['memory']}", err=True)
    if found.manner.after is not None:
        before = "" if found.manner.before is None else f", the draft {found.manner.before:.0%}"
        typer.echo(f"  of his usual ways it has {found.manner.after:.0%}{before}", err=True)


def _is_file(given: str) -> bool:
    """Whether one item is the path of a file of them.

    Raises:
        BadInput: it looks like one, and there is none.
    """
    named = given.endswith((".jsonl", ".json", ".jsonl.gz"))
    if named and not Path(given).is_file():
        raise BadInput(given, "there is no such file", "Give the path of a .jsonl file, or the items themselves.")
    return named


def _note(text: str) -> None:
    if text:
        typer.echo(f"note: {text}", err=True)


def _parts(parts: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:+.3f}" for name, value in parts.items())


def _reasons(reasons: Sequence[Any]) -> None:
    for one in reasons:
        typer.echo(f"      {one.added:+.3f}  {one.memory}  [{one.id}]")
