"""Items as token rows: prompts and answers, each under its own streams, and the objective's numbers beside them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from idiolect.core.errors import BadInput
from idiolect.core.idiolect import Combine, Computed, Edit, Idiolect, Stream
from idiolect.core.requests import Fit
from idiolect.forward.feed import Backbone, resolved, room
from idiolect.forward.prompt import answer_ids, prompt_ids
from idiolect.forward.rows import Row
from idiolect.training.slots import Inputs, Place, ahead


@dataclass(frozen=True, eq=False)
class Bundle:
    """One answer under one Idiolect: a row a stream, what the parts are given in each, and how the streams combine."""

    rows: tuple[Row, ...]
    inputs: tuple[Inputs, ...]
    combine: Combine | None = None


@dataclass(frozen=True, eq=False)
class Example:
    """An item ready to train on.

    answers: the chosen one, and the rejected one where the objective reads it. near: the same without the trained
    parts (or under the `Fit`'s reference) where the objective reads that. slot: which row of its learner it trains.
    known: what one pass without gradients has found about `near`.
    """

    answers: tuple[Bundle, ...]
    near: tuple[Bundle, ...]
    slot: int
    weight: float
    numbers: dict[str, Tensor]
    known: dict[str, Tensor] = field(default_factory=dict)

    @property
    def tokens(self) -> int:
        """Tokens that one step on it reads."""
        return sum(len(r.prompt) + len(r.answer) for b in self.answers for r in b.rows)

    @property
    def length(self) -> int:
        """Tokens of its longest row."""
        return max((len(r.prompt) + len(r.answer) for b in self.answers for r in b.rows), default=0)


def example(
    fit: Fit, index: int, slot: int, *, backbone: Backbone, places: Sequence[Place], reads: Collection[str]
) -> Example:
    """One item of a `Fit`, tokenised; prompts are cut to what the model can take, as they will be when it answers.

    Raises:
        BadInput: no rejected answer where the objective needs one, a query that does not fit, or a stream that cannot
            run here.
    """
    item, texts = fit.items[index], [fit.items[index].answer]
    if "rejected" in reads:
        if not item.rejected:
            fix = "Give each Item a rejected answer, or train with objective='sft'."
            raise BadInput(f"item {index} of user {item.user!r}", "the objective compares two answers", fix)
        texts.append(item.rejected)
    answers = [answer_ids(backbone.tokenizer, t) for t in texts]
    more = max(len(a) for a in answers) + ahead(places)

    def under(idiolect: Idiolect) -> tuple[Bundle, ...]:
        split = [_split(s, places) for s in idiolect.streams]
        prompts = [
            prompt_ids(backbone.tokenizer, item.query, s, room(backbone, _still(backbone, s), more)) for s, _ in split
        ]
        return tuple(
            Bundle(
                rows=tuple(Row(prompt=p, answer=a, stream=s) for p, (s, _) in zip(prompts, split, strict=True)),
                inputs=tuple(given for _, given in split),
                combine=idiolect.combine,
            )
            for a in answers
        )

    near = under(fit.reference or item.idiolect) if any(r.startswith("reference") for r in reads) else ()
    return Example(under(item.idiolect), near, slot, item.weight, _numbers(fit, index))


@torch.no_grad()
def _still(backbone: Backbone, stream: Stream) -> Stream:
    """The stream as it stands before training, for the positions that it takes up."""
    return resolved(backbone, stream)


def _split(stream: Stream, places: Sequence[Place]) -> tuple[Stream, Inputs]:
    """The stream without what it holds for the trained parts: an edit or a prefix of a part's formula that lacks the
    part's tensors brings what the formula reads beside them (a history to pool, a vector to route by)."""
    given: dict[int, Edit | Computed] = {}
    for place in places:
        if isinstance(stream.prefix, Computed) and place.feeds("prefix", stream.prefix):
            given[place.number], stream = stream.prefix, replace(stream, prefix=None)
        past = stream.past.computed if stream.past else None
        if past is not None and place.feeds("past", past):
            given[place.number], stream = past, replace(stream, past=None)
        for edit in stream.edits:
            if place.number not in given and place.feeds(edit.site, edit):
                given[place.number] = edit
                stream = replace(stream, edits=tuple(e for e in stream.edits if e is not edit))
    return stream, given


def _numbers(fit: Fit, index: int) -> dict[str, Tensor]:
    """The options for one item: an option is one number for all items, or a sequence with one entry each.

    Raises:
        BadInput: a sequence of another length.
    """
    out = {}
    for name, value in fit.options.items():
        if isinstance(value, (int, float)) or (isinstance(value, Tensor) and value.dim() == 0):
            out[name] = torch.as_tensor(value)
        elif len(value) == len(fit.items):
            out[name] = torch.as_tensor(value[index])
        else:
            what = f"{len(value)} entries for {len(fit.items)} items"
            raise BadInput(f"Fit.options[{name!r}]", what, "Give one number, or one entry an item.")
    return out
