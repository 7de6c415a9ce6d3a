"""`idiolect chat`: a conversation in the terminal in which the user is answered in his own terms, and may ask why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from idiolect.cli.memory import Home, SpaceName, opened
from idiolect.core.errors import BadInput
from idiolect.models.embedded import open_model

if TYPE_CHECKING:
    from idiolect.core.requests import Item
    from idiolect.core.types import Query, Record, UserData
    from idiolect.memory.space import Space
    from idiolect.memory.user import User
    from idiolect.models.hf import HFModel
    from idiolect.personalize import Personal

PROMPT = "> "
QUESTION = ("?", "？", "؟")
SHARE = 20  # characters of the longest bar
HELP = """What you state is remembered; what ends with a question mark is only asked.
  /why             the records behind the last answer, and how much each mattered
  /forget          erases what you last stated; /forget 2 erases record 2 of /why
  /remember TEXT   keeps something without an answer
  /profile         what is stated of you
  /quit            ends this, as Ctrl-D does"""
SMALL = (
    "The embedded model answers: it is small, and knows plain statements and questions of daily life.\n"
    "Try: My brother lives in Oslo   then: Where does my brother live?"
)


def chat(
    user: Annotated[str, typer.Option(help="Who is talking.", show_default=False)],
    home: Home = None,
    space: SpaceName = "default",
    *,
    model: Annotated[Path | None, typer.Option(help="A local Hugging Face folder; else the embedded model.")] = None,
    pipeline: Annotated[str, typer.Option(help="Methods joined by bars that need no training.")] = "ipa",
) -> None:
    """Talks with a user in his own terms; /why says what an answer rests on, /forget erases it."""
    with opened(home, space) as place:
        talk = _talk(place, user, model, pipeline)
        name = "embedded" if talk.embedded else talk.model.name
        typer.echo(f"{name}, by {pipeline}. /help says what can be asked here.")
        if talk.embedded:
            typer.echo(SMALL)
        for said in _lines():
            if said.startswith("/"):
                _command(talk, said)
            else:
                _answer(talk, said)
        talk.handle.flush()


@dataclass(frozen=True, kw_only=True)
class Answered:
    """The last answer: what it was conditioned on, and what it said."""

    query: Query
    records: tuple[Record, ...]
    text: str


@dataclass(kw_only=True)
class Talk:
    """One user before one model. `stated`: ids of what he stated here, oldest first."""

    space: Space
    handle: User
    model: HFModel
    personal: Personal
    embedded: bool
    stated: list[str] = field(default_factory=list)
    last: Answered | None = None

    def keep(self, text: str) -> bool:
        """Remembers a text; False where he does not want to be remembered."""
        found = [entry["id"] for entry in self.handle.add(text)["results"]]
        self.stated += found
        return bool(found)

    def answer(self, text: str, besides: frozenset[str] = frozenset()) -> Iterator[str]:
        """The answer piece by piece, from what is known `besides` some records; it can be explained afterwards."""
        from idiolect.core.layout import ask
        from idiolect.core.requests import Ask, Key

        data, query = self.data(besides | self.handle.over(text)), ask("", text)
        made = self._condition(data, query)
        used = {id for _, id in made.sources}
        engine = self.model.engine
        engine.models = self.model.models
        handle = engine.submit(Ask(query=query, idiolect=made), Key(method="chat", user=self.handle.id))
        try:
            yield from engine.stream(handle)
        finally:
            handle.cancel()
            records = tuple(r for r in data.records if r.id in used)
            self.last = Answered(query=query, records=records, text=handle.texts[0])

    def why(self) -> list[tuple[float, Record]]:
        """By how many nats the last answer becomes less likely without each of its records, most first."""
        from idiolect.core.requests import Key, Score

        if self.last is None or not self.last.records:
            return []
        records = self.last.records
        given = [records, *(tuple(r for r in records if r is not one) for one in records)]
        items = tuple(self._item(self.last, some) for some in given)
        ((whole, *without),) = self.model.answer([Score(items=items)], [Key(method="why", user=self.handle.id)])
        mattered = [whole.total - score.total for score in without]
        return sorted(zip(mattered, records, strict=True), key=lambda pair: -pair[0])

    def data(self, besides: frozenset[str] = frozenset()) -> UserData:
        """What may be used of him; nothing where he does not allow it."""
        from idiolect.core.types import UserData
        from idiolect.governance.view import view

        if "assist" not in self.handle.consents():
            return UserData(user_id=self.handle.id)
        found = view(self.space.store, self.handle.id)
        return replace(found, records=tuple(r for r in found.records if r.id not in besides))

    def _condition(self, data: UserData, query: Query) -> Any:
        self.personal.owns.clear()
        self.personal.adapt(data)
        return self.personal.condition(data, query)

    def _item(self, last: Answered, records: tuple[Record, ...]) -> Item:
        from idiolect.core.requests import Item
        from idiolect.core.types import UserData

        made = self._condition(UserData(user_id=self.handle.id, records=records), last.query)
        return Item(query=last.query, answer=last.text, idiolect=made)


def _talk(place: Space, user: str, folder: Path | None, pipeline: str) -> Talk:
    """Raises:
    BadInput: a method that has to be trained first.
    """
    from idiolect import registry
    from idiolect.personalize import Personal, compose

    method = compose(pipeline)
    for name in (part.strip() for part in pipeline.split("|")):
        if registry.card(name).trains != "nothing":
            raise BadInput(f"--pipeline {pipeline}", f"{name} has to be trained first", "Take ipa, pag or 'ipa|cos'.")
    model = open_model(folder)
    personal = Personal(method=method, model=model)
    return Talk(space=place, handle=place.user(user), model=model, personal=personal, embedded=folder is None)


def _lines() -> Iterator[str]:
    """What is typed, until /quit or the end."""
    with suppress(ImportError):  # where it is, lines can be edited and called back
        import readline  # noqa: F401
    while True:
        try:
            said = input(PROMPT).strip()
        except EOFError:
            typer.echo("")
            return
        if said in ("/quit", "/exit"):
            return
        if said:
            yield said


def _answer(talk: Talk, said: str) -> None:
    kept = not said.endswith(QUESTION) and talk.keep(said)
    if talk.embedded and not said.endswith(QUESTION):
        typer.echo("Remembered." if kept else "Not kept: you are not to be remembered.")
        return
    try:
        for piece in talk.answer(said, frozenset(talk.stated[-1:] if kept else ())):
            typer.echo(piece, nl=False)
    except KeyboardInterrupt:
        typer.echo(" (stopped)", nl=False)
    typer.echo("")


def _command(talk: Talk, said: str) -> None:
    name, _, rest = said[1:].partition(" ")
    commands: dict[str, Callable[[Talk, str], None]] = {
        "why": _why,
        "forget": _forget,
        "remember": _remember,
        "profile": _profile,
    }
    if name in commands:
        commands[name](talk, rest.strip())
    else:
        typer.echo(HELP)


def _why(talk: Talk, rest: str) -> None:
    from idiolect.core.layout import date
    from idiolect.memory.results import memory

    if talk.last is None:
        typer.echo("Nothing was answered yet.")
        return
    found = talk.why()
    most = max((nats for nats, _ in found), default=0.0)
    for number, (nats, record) in enumerate(found, 1):
        bar = "#" * round(SHARE * max(nats, 0) / most) if most > 0 else ""
        typer.echo(f"{number:>3}  {nats:+6.1f} {bar:<{SHARE}} {date(record.time)}  {memory(record)}")
    typer.echo("In nats: by how much less likely the answer is without it." if found else "No record was used.")


def _forget(talk: Talk, rest: str) -> None:
    if rest:
        found = talk.why()
        if not rest.isdigit() or not 1 <= int(rest) <= len(found):
            typer.echo(f"/why shows {len(found)} records: give the number of one.")
            return
        gone = found[int(rest) - 1][1].id
    elif talk.stated:
        gone = talk.stated[-1]
    else:
        typer.echo("Nothing was stated here yet; /why numbers the records that can be forgotten.")
        return
    talk.handle.delete(gone)
    talk.stated = [id for id in talk.stated if id != gone]
    if talk.last is not None and gone in {r.id for r in talk.last.records}:
        talk.last = None  # with a source goes what rested on it
    typer.echo("Erased, with its history.")


def _remember(talk: Talk, rest: str) -> None:
    if not rest:
        typer.echo("Say what: /remember My brother lives in Oslo")
    else:
        typer.echo("Remembered." if talk.keep(rest) else "Not kept: you are not to be remembered.")


def _profile(talk: Talk, rest: str) -> None:
    found = {group: values for group, values in talk.handle.profile().items() if values}
    for group, values in found.items():
        typer.echo(f"{group}:")
        for name, stated in values.items():
            typer.echo(f"  {name}: {', '.join(stated)}")
    count = len(talk.handle.get_all()["results"])
    typer.echo(f"{count} {'memory' if count == 1 else 'memories'} in all" if count else "Nothing is known of you yet.")
