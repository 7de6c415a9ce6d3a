"""What a model answers to. M_0 is anything that takes requests in batches and says which access it gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from idiolect.core.errors import AccessError
from idiolect.core.idiolect import Idiolect
from idiolect.core.method import Access
from idiolect.core.requests import Ask, Fit, Key, Read, Request, Score


class Model(Protocol):
    """A base model. `digest` names the weights: what was learnt on other weights is refused."""

    @property
    def name(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def access(self) -> Access: ...
    def answer(self, requests: Sequence[Request], keys: Sequence[Key]) -> list[Any]:
        """Answers in the order asked. All requests of a call are of one kind."""
        ...


class Around:
    """A model around another: its name, weights and access are that one's; a subclass adds to `answer`."""

    def __init__(self, model: Model) -> None:
        self._model = model

    @property
    def name(self) -> str:
        return self._model.name

    @property
    def digest(self) -> str:
        return self._model.digest

    @property
    def access(self) -> Access:
        return self._model.access

    def answer(self, requests: Sequence[Request], keys: Sequence[Key]) -> list[Any]:
        return self._model.answer(requests, keys)


def needs(request: Request) -> Access:
    """The least access with which this request can be answered.

    Text for context alone, logits for a combine, weights for a prefix, a past, an edit or what a combine reads. A
    `Score` without a combine sees no more than the given tokens: top logits.
    """
    match request:
        case Read() | Fit():
            return Access.WEIGHTS
        case Score():
            inner = max((_idiolect(i.idiolect) for i in request.items), default=Access.TEXT)
            return max(Access.TOP_LOGITS, inner)
        case Ask():
            return _idiolect(request.idiolect)


def _idiolect(idiolect: Idiolect) -> Access:
    for s in idiolect.streams:
        if s.prefix is not None or s.past is not None or s.edits:
            return Access.WEIGHTS
    if idiolect.combine is None:
        return Access.TEXT if len(idiolect.streams) == 1 else Access.LOGITS
    return Access.WEIGHTS if idiolect.combine.reads or idiolect.combine.lookahead else Access.LOGITS


def check(request: Request, model: Model, who: str) -> None:
    """Raises:
    AccessError: the request needs more than the model gives.
    """
    need = needs(request)
    if need > model.access:
        raise AccessError(
            f"{who} needs {need.name} of {model.name}, which gives {model.access.name}: "
            "use a local Hugging Face folder, or a method that asks for less"
        )
