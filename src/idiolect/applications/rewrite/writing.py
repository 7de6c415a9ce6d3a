"""A text in a user's own style: by a method of the registry, from his posts, with what was used beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from idiolect import registry
from idiolect.applications.rewrite.manner import Manner, manner
from idiolect.applications.rewrite.material import REWRITE, WRITE, examples, material
from idiolect.applications.taste.known import NOTHING_KNOWN, known
from idiolect.core.errors import BadInput
from idiolect.core.layout import ask
from idiolect.core.method import flow
from idiolect.core.model import Model
from idiolect.core.requests import Ask, Flow, Key
from idiolect.core.types import Query, Record, UserData
from idiolect.generation.drive import run
from idiolect.memory.results import kind, memory
from idiolect.memory.space import Space
from idiolect.personalize import compose

Kind: TypeAlias = Literal["rewrite", "write"]
COUNTED = ("ipa", "pag")  # methods whose number of examples can be chosen


@dataclass(frozen=True, kw_only=True)
class Written:
    """A text. used: the records that were shown or counted. personal: whether any was; else `note` says why not,
    and the text is what everybody gets."""

    user: str
    text: str
    kind: str
    pipeline: str
    personal: bool
    used: tuple[Record, ...]
    manner: Manner
    note: str = ""

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "user": self.user,
            "text": self.text,
            "kind": self.kind,
            "pipeline": self.pipeline,
            "personal": self.personal,
            "note": self.note,
            "used": [{"id": r.id, "memory": memory(r), "kind": kind(r)} for r in self.used],
            "manner": self.manner.plain(),
        }


def rewrite(
    space: Space,
    user: str,
    text: str,
    *,
    model: Model,
    pipeline: str = "ipa",
    kind: Kind = "rewrite",
    shown: int = 4,
    tokens: int = 256,
) -> Written:
    """Writes as a user does; nothing is written down but his audit trail.

    Args:
        text: a draft, or with kind="write" an instruction.
        pipeline: methods joined by bars that need no training.
        shown: how many examples `ipa` or `pag` shows.
        tokens: of the result, at most.

    Raises:
        BadInput: no text, an unknown kind, or a method that has to be trained first.
        ConsentError: the model is elsewhere, and his records may not leave this machine.
        AccessError: the method needs more than the model gives.
        UnknownName: no such method.
    """
    query = asked(text, kind)
    method = method_of(pipeline, shown)
    data, note = known(space, user, "rewrite", model_at=getattr(model, "url", ""))
    his = material(data, query.task)
    said, sources = _written(method, model, his, query, Key(method=pipeline, user=data.user_id), tokens)
    return written(his, text, said, sources, kind=kind, pipeline=pipeline, note=note)


def written(
    his: UserData, draft: str, said: str, sources: frozenset[str], *, kind: str, pipeline: str, note: str = ""
) -> Written:
    """What was said, with what it was made from.

    Args:
        his: as `material` gives it.
        sources: ids of the records that were shown or counted.
    """
    used = tuple(r for r in his.records if r.id in sources)
    return Written(
        user=his.user_id,
        text=said.strip(),
        kind=kind,
        pipeline=pipeline,
        personal=bool(used),
        used=used,
        manner=manner(examples(his), draft if kind == REWRITE else "", said),
        note="" if used else f"this is what everybody gets: {note or NOTHING_KNOWN}",
    )


def asked(text: str, kind: str) -> Query:
    """What the model is asked.

    Raises:
        BadInput: no text, or an unknown kind.
    """
    if kind not in (REWRITE, WRITE):
        raise BadInput("kind", f"{kind!r} is none", 'Give "rewrite" for a draft or "write" for an instruction.')
    if not text.strip():
        raise BadInput("text", "is empty", "Give a draft, or an instruction of what to write.")
    return ask(kind, text.strip())


def method_of(pipeline: str, shown: int) -> Any:
    """The methods of a pipeline, with so many examples where they show some.

    Raises:
        BadInput: one that has to be trained first, or a number of examples below 0.
        UnknownName: no such method.
    """
    if shown < 0:
        raise BadInput("shown", f"{shown} examples", "Give 0 or more.")
    names = [part.strip() for part in pipeline.split("|")]
    method = compose(pipeline, {name: {"k": shown} for name in names if name in COUNTED})
    for name in names:
        if registry.card(name).trains != "nothing":
            fix = "Take ipa, pag, 'pag | cos' or stylevector; what was trained is served by `idiolect serve`."
            raise BadInput(f"pipeline {pipeline!r}", f"{name} has to be trained first", fix)
    return method


def _written(
    method: Any, model: Model, his: UserData, query: Query, key: Key, tokens: int
) -> tuple[str, frozenset[str]]:
    """(what the model says under the method, ids of the records that it rests on)."""
    models = {"base": model}
    own = run(flow(method.adapt(his, None, None)), models, key)
    made = run(flow(method.condition(his, query, None, own)), models, key)
    said = run(_as_long(flow(method.respond(his, query, None, own)), tokens), models, key)
    return str(said), frozenset(id for _, id in made.sources)


def _as_long(verb: Flow[Any], tokens: int) -> Flow[Any]:
    """The same requests, with answers of up to so many tokens."""
    answer: Any = None
    while True:
        try:
            request = verb.send(answer)
        except StopIteration as stop:
            return stop.value
        if isinstance(request, Ask):
            request = replace(request, sampling=replace(request.sampling, max_tokens=tokens))
        answer = yield request
