"""What personalisation costs: tokens, milliseconds, trained parameters, bytes at rest."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from idiolect.core.idiolect import Source, Stream
from idiolect.core.layout import messages, section
from idiolect.core.model import Around, Model
from idiolect.core.requests import Ask, Fit, Key, Read, Request, Score
from idiolect.core.types import Query


@dataclass
class Note:
    """What one flow has put to the model."""

    prompt_tokens: int = 0
    sources: set[Source] = field(default_factory=set)
    recalled: bool = False  # whether a server had been asked this before


class Metered(Around):
    """A model that notes, under the flow's key, what is put to it on the way to an answer: tokens and their sources."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self.notes: dict[Key, Note] = {}

    def __getattr__(self, name: str) -> Any:  # what drivers and engines read of the model itself
        return getattr(self._model, name)

    def answer(self, requests: Sequence[Request], keys: Sequence[Key]) -> list[Any]:
        answers = super().answer(requests, keys)  # first: what it refuses costs nothing, and is asked again
        known = getattr(self._model, "recalled", ()) or (False,) * len(requests)
        for request, key, recalled in zip(requests, keys, known, strict=True):
            if not isinstance(request, Fit):
                note = self.notes.setdefault(replace(key, number=0), Note())
                note.recalled |= recalled
                note.prompt_tokens += prompt_tokens(self._model, request)
                note.sources |= _sources(request)
        return answers

    def take(self, key: Key) -> Note:
        """What that flow cost, and forgets it."""
        return self.notes.pop(replace(key, number=0), Note())


def prompt_tokens(model: Any, request: Ask | Score | Read) -> int:
    """Positions read before the answer begins, over all streams, prefixes and pasts included.

    What is scored, or read for its hidden states, comes before the answer as a prompt does: each of its texts counts
    with its own prompt. A model without a tokenizer of its own (a remote one) is counted in words.
    """
    if isinstance(request, Ask):
        return sum(_prompt(model, request.query, s) for s in request.idiolect.streams)
    total = 0
    for item in request.items:
        texts = [item.answer, *([item.rejected] if item.rejected else [])]
        said = sum(_said(model, text) for text in texts)
        total += sum(len(texts) * _prompt(model, item.query, s) + said for s in item.idiolect.streams)
    return total


def _prompt(model: Any, query: Query, stream: Stream) -> int:
    """Positions of one stream up to where the answer begins."""
    tokenizer = getattr(model, "tokenizer", None)
    if tokenizer is None:
        blocks = (section(b.heading, b.lines) for b in (*stream.context, *stream.passages))
        return sum(len(m.content.split()) for m in messages(query, blocks))
    from idiolect.forward.prompt import prompt_ids

    return len(prompt_ids(tokenizer, query, stream, None)) + _virtual(model, stream)


def _said(model: Any, text: str) -> int:
    """Positions of a given answer."""
    tokenizer = getattr(model, "tokenizer", None)
    if tokenizer is None:
        return len(text.split())
    from idiolect.forward.prompt import answer_ids

    return len(answer_ids(tokenizer, text))


def _sources(request: Ask | Score | Read) -> frozenset[Source]:
    """The records behind a request."""
    made = [request.idiolect] if isinstance(request, Ask) else [i.idiolect for i in request.items]
    return frozenset[Source]().union(*(i.sources for i in made))


def _virtual(model: Any, stream: Stream) -> int:
    """Positions that no token stands for."""
    past = stream.past.length if stream.past else 0
    if stream.prefix is None:
        return past
    from idiolect.forward.feed import prefix_of

    (prefix,) = prefix_of(model, [stream])
    return past + int(prefix.shape[-2])  # type: ignore[union-attr]


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
