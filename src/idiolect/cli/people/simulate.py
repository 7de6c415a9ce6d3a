"""`idiolect simulate`: made-up people talk with an assistant, and say what it remembers and whether they like it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from idiolect.cli import screen
from idiolect.core.errors import BadInput
from idiolect.models.embedded import EMBEDDED, open_model

if TYPE_CHECKING:
    from idiolect.core.model import Model
    from idiolect.evaluation.simulated.assistants import Assistant
    from idiolect.evaluation.simulated.run import Arm
    from idiolect.evaluation.simulated.users import Person
    from idiolect.memory.space import Space

ALONE = "model alone"
SHOWN = (
    "memory",
    "memory_changed",
    "reference",
    "dimensions",
    "formality",
    "length",
    "warmth",
    "exactness",
    "callback",
)
FURTHER = ("likability", "adaptability", "on_topic")


def simulate(
    pipeline: Annotated[list[str] | None, typer.Option(help="Ours: methods joined by bars; again for more.")] = None,
    *,
    model: Annotated[str, typer.Option(help="embedded, or a local Hugging Face folder.")] = EMBEDDED,
    url: Annotated[str, typer.Option(help="In place of ours: an OpenAI-compatible server, up to /v1.")] = "",
    name: Annotated[str, typer.Option(help="Of the model on that server.")] = "",
    door: Annotated[bool, typer.Option("--door", help="The server is ours: it knows who speaks.")] = False,
    scripted: Annotated[bool, typer.Option("--scripted", help="The scripted ones alone: no model is opened.")] = False,
    users: Annotated[int, typer.Option(min=2, help="People of a world.")] = 16,
    seed: Annotated[int, typer.Option(help="Of the world.")] = 0,
    world: Annotated[Path | None, typer.Option(help="A world in JSON, in place of one made from the seed.")] = None,
    persona: Annotated[list[Path] | None, typer.Option(help="Texts about people, in place of a world.")] = None,
    facts: Annotated[int, typer.Option(min=1, help="That each tells; half of them change.")] = 6,
    sessions: Annotated[int, typer.Option(min=1, help="Conversations that each has.")] = 3,
    questions: Annotated[int, typer.Option(min=0, help="That each is asked about what he likes.")] = 4,
    choosing: Annotated[bool, typer.Option("--choosing", help="Also let the assistant choose them, in words.")] = False,
    out: Annotated[Path | None, typer.Option(help="JSON lines of all that was said; a run goes on from there.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
) -> None:
    """Lets simulated people talk with an assistant over several sessions, beside scripted ones whose order is known.

    Ours (a pipeline over a space) stands beside its model alone, which sees one session; or a server is the assistant.
    """
    from idiolect.evaluation.simulated.run import simulate as run

    if bool(url) != bool(name) or (door and not url):
        raise BadInput("simulate", "a server needs its address and a model", "Give both: --url http://.../v1 --name M")
    people = _people(persona, world, seed, users, facts, sessions)
    with ExitStack() as stack, screen.progress(quiet) as tell:
        arms: Mapping[str, Arm] = {}
        if url:
            arms = _served(url, name, door)
        elif not scripted:
            arms = stack.enter_context(_ours(pipeline or ["ipa"], open_model(model)))
        found = run(people, arms, questions=questions, choosing=[*arms] if choosing else [], out=out, tell=tell)
    if json:
        screen.as_json(found)
    else:
        _show(found)


def _people(
    personas: list[Path] | None, file: Path | None, seed: int, users: int, facts: int, sessions: int
) -> list[Person]:
    from idiolect.evaluation.simulated.making import from_text, from_world
    from idiolect.simulation.world import World, make

    if personas:
        if missing := [p for p in personas if not p.is_file()]:
            raise BadInput(missing[0], "there is no such file", "Give a text about one person with each --persona")
        return [from_text(p.stem, p.read_text(encoding="utf-8"), sessions=sessions) for p in personas]
    made = World.load(file) if file else make(seed, users)
    return [from_world(made, user, facts, sessions=sessions) for user in made.users[:users]]


@contextmanager
def _ours(pipelines: list[str], model: Model) -> Iterator[Mapping[str, Arm]]:
    """A space for each pipeline, and the model without any."""
    from idiolect.applications.talk import open as opened
    from idiolect.evaluation.simulated.assistants import Asked
    from idiolect.evaluation.simulated.run import Arm

    with TemporaryDirectory(prefix="idiolect-simulate-") as home, ExitStack() as stack:
        arms = {}
        for n, pipeline in enumerate(dict.fromkeys(pipelines)):
            space = opened(home, f"arm{n}", model=model, pipeline=pipeline, encoder=None)
            stack.enter_context(space)
            arms[pipeline] = Arm(partial(_kept, space), f"{pipeline}/{model.digest}")
        yield {**arms, ALONE: Arm(lambda p: Asked(model, whole=False), f"alone/{model.digest}")}


def _kept(space: Space, person: Person) -> Assistant:
    from idiolect.evaluation.simulated.assistants import Kept

    return Kept(space.user(person.name))


def _served(url: str, name: str, door: bool) -> Mapping[str, Arm]:
    """The server as it is, or as a door of ours that knows each by his name."""
    from idiolect.evaluation.simulated.assistants import Asked
    from idiolect.evaluation.simulated.door import AtDoor
    from idiolect.evaluation.simulated.run import Arm
    from idiolect.models.openai import OpenAIModel

    model = OpenAIModel(url, name)
    alone = Arm(lambda p: Asked(model, whole=False), f"alone/{model.digest}")
    if not door:
        return {name: alone}
    return {"door": Arm(lambda p: AtDoor(model.wire, name, p.name), f"door/{model.digest}"), ALONE: alone}


def _show(found: dict[str, Any]) -> None:
    from rich.table import Table

    means = found["means"]
    assistants = list(means["memory"])
    table = Table("measure", *assistants, header_style="bold")
    for metric in (m for m in (*SHOWN, *FURTHER) if m in means):
        table.add_row(metric, *(f"{means[metric][a]:.3f}" if a in means[metric] else "-" for a in assistants))
    screen.show(table)
    kept = "stand" if found["scripted"]["as_committed"] else "DO NOT stand"
    typer.echo(f"{found['people']} people; the scripted assistants {kept} in the order that was committed")
    for c in found["comparisons"]:
        typer.echo(f"{c['metric']}: {c['sentence']}")
    for way, said in found["elicitation"]["ways"].items():
        bits = " ".join(f"{b:.2f}" for b in said["bits"])
        unread = f", {said['unread']:.0%} named no question" if said["unread"] else ""
        typer.echo(f"questions by {way}: bits {bits}; other choices foreseen {said['choices']:.3f}{unread}")
    for c in found["elicitation"]["against_random"]:
        typer.echo(f"bits: {c['sentence']}")
    typer.echo("not graded, as no rule can: " + ", ".join(found["not_graded"]))
