"""What personalisation costs: tokens, milliseconds, trained parameters, bytes at rest."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from idiolect.core.idiolect import Computed, Idiolect, Source
from idiolect.core.layout import messages, section
from idiolect.core.method import Access
from idiolect.core.model import Model
from idiolect.core.requests import Ask, Key, Request


@dataclass
class Note:
    """What one flow has put to the model."""

    prompt_tokens: int = 0
    sources: set[Source] = field(default_factory=set)


class Metered:
    """A model that notes, under the flow's key, the prompt tokens and the sources of every `Ask` on its way."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.notes: dict[Key, Note] = {}

    @property
    def name(self) -> str:
        return self._model.name

    @property
    def digest(self) -> str:
        return self._model.digest

    @property
    def access(self) -> Access:
        return self._model.access

    def __getattr__(self, name: str) -> Any:  # what drivers and engines read of the model itself
        return getattr(self._model, name)

    def answer(self, requests: Sequence[Request], keys: Sequence[Key]) -> list[Any]:
        answers = self._model.answer(requests, keys)  # first: what it refuses costs nothing, and is asked again
        for request, key in zip(requests, keys, strict=True):
            if isinstance(request, Ask):
                note = self.notes.setdefault(replace(key, number=0), Note())
                note.prompt_tokens += prompt_tokens(self._model, request)
                note.sources |= request.idiolect.sources
        return answers

    def take(self, key: Key) -> Note:
        """What that flow cost, and forgets it."""
        return self.notes.pop(replace(key, number=0), Note())


def prompt_tokens(model: Any, request: Ask) -> int:
    """Positions read before the first token of the answer, over all streams, prefixes and pasts included.

    A model without a tokenizer of its own (a remote one) is counted in words.
    """
    tokenizer = getattr(model, "tokenizer", None)
    total = 0
    for stream in request.idiolect.streams:
        if tokenizer is None:
            blocks = (section(b.heading, b.lines) for b in (*stream.context, *stream.passages))
            total += sum(len(m.content.split()) for m in messages(request.query, blocks))
        else:
            from idiolect.forward.prompt import prompt_ids

            total += len(prompt_ids(tokenizer, request.query, stream, None))
    return total + _virtual(request.idiolect)


def _virtual(idiolect: Idiolect) -> int:
    """Positions that no token stands for."""
    total = 0
    for stream in idiolect.streams:
        total += stream.past.length if stream.past else 0
        if stream.prefix is not None:
            prefix = stream.prefix
            tensors: list[Any] = list(prefix.rows.values()) if isinstance(prefix, Computed) else [prefix]
            total += max((int(t.shape[-2]) for t in tensors if t.ndim > 1), default=1)
    return total


def parameters(own: object) -> int:
    """Numbers in the tensors that belong to one user; what his edits share with everybody is not his."""
    return sum({id(t): int(t.numel()) for t in _tensors(own) if t.ndim}.values())


def _tensors(value: object) -> Iterator[Any]:
    """The tensors of a nest of dataclasses, mappings and sequences, `shared` ones left out."""
    if hasattr(value, "numel") and hasattr(value, "ndim"):
        yield value
    elif isinstance(value, Mapping):
        for v in value.values():
            yield from _tensors(v)
    elif isinstance(value, (tuple, list)):
        for v in value:
            yield from _tensors(v)
    elif is_dataclass(value) and not isinstance(value, type):
        for f in fields(value):
            if f.name != "shared":
                yield from _tensors(getattr(value, f.name))


def bytes_at_rest(own: object, theta: object = None) -> int:
    """Size of a user's own as it is stored beside theta; 0 where there is nothing to store."""
    if own is None or own == ():
        return 0
    from idiolect.data.artifacts import save, size

    with tempfile.TemporaryDirectory() as folder:
        save(Path(folder) / "own", own, theta=theta)
        return size(Path(folder) / "own")
