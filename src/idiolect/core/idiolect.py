"""The central value: K streams through a model, and one way to combine them.

Every published method ends here; what differs is which of six places of the forward pass it writes:

    site            field                        survey      example
    tokens          Stream.context, .query       3.1, 3.2    PAG, IPA
    embeddings      Stream.prefix                3.3         PPlug, UserAdapter
    keys/values     Stream.past                  3.3, 4.2    RECAP
    hidden states   Stream.edits on a block      3.4, 4.2    StyleVector, PerFit
    weights         Stream.edits on a linear     4           OPPU, PLoRA
    logits          Idiolect.combine             3.4, 5      CoS, MOD

All of it is data: formulas are named functions of tensors, tensors lie beside them. So one forward pass serves rows
of different users, and everything can be saved, hashed and shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from idiolect.core.errors import CompositionError

if TYPE_CHECKING:
    from torch import Tensor

    Tensors: TypeAlias = Mapping[str, Tensor]
    Formula: TypeAlias = Callable[..., Any]

Source: TypeAlias = tuple[str, str]  # (owner, record id)


@dataclass(frozen=True, slots=True)
class Block:
    """A section of text for the prompt: a heading and lines (see `core.layout`).

    `priority`: when the token budget is short, the lowest goes first, line by line from the top (the oldest).
    """

    heading: str
    lines: tuple[str, ...]
    priority: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class Edit:
    """Changes what one module returns: ``formula(x, h, tensors, at) -> h'``.

    Args:
        site: path of the module in the base model ("model.layers.1.self_attn.q_proj", "model.layers.2", "lm_head").
        formula: a module-level function; x (B, T, d_in) is what went in, h (B, T, d_out) what came out.
        shared: one copy for all rows of a batch; the engine keeps one per tensor identity.
        rows: this user's tensors, without a batch axis; the formula sees them stacked, (B, ...).
        partner: index of another stream of the same Idiolect whose hidden state at this site `at.partner` gives.
        cached_as: a stable name under which the engine may keep the gathered rows in a slot; None: made for this query.
    """

    site: str
    formula: Formula
    shared: Tensors = field(default_factory=dict)
    rows: Tensors = field(default_factory=dict)
    partner: int | None = None
    cached_as: str | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Computed:
    """A prefix that a formula computes: ``formula(tensors, at) -> (B, P, d)``; gradients flow through it."""

    formula: Formula
    shared: Tensors = field(default_factory=dict)
    rows: Tensors = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False)
class Past:
    """Keys and values put before the prompt: per attention layer, (heads, N, d_head) each; `Computed` gives them by a
    formula ``(tensors, at) -> {layer: (keys, values)}`` with a leading batch axis. `states` holds the convolution
    layers' last inputs (d, kernel) where the model has such layers, `length` the N positions they stand for."""

    keys: Tensors = field(default_factory=dict)  # layer index as text -> (heads, N, d_head)
    values: Tensors = field(default_factory=dict)
    states: Tensors = field(default_factory=dict)
    computed: Computed | None = None
    length: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class Combine:
    """Makes one distribution of K: ``formula(step, rows) -> log-probabilities (B, V)`` or (that, state).

    `step.log_probs` is (B, K, V); `rows` holds this row's numbers, seen stacked as (B, ...).
    lookahead=k: the k best tokens of the first stream run one step on; `step.ids`, `step.values` are (B, k).
    """

    formula: Formula
    rows: Mapping[str, Any] = field(default_factory=dict)
    reads: tuple[str, ...] = ()
    lookahead: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class Stream:
    """One conditioned pass through a model. `inherits=False`: what stands left of it in ``a | b`` does not enter."""

    model: str = "base"
    context: tuple[Block, ...] = ()
    query: str | None = None  # a rewrite of what the user asks
    passages: tuple[Block, ...] = ()
    prefix: Tensor | Computed | None = None  # (P, d)
    past: Past | None = None
    edits: tuple[Edit, ...] = ()
    inherits: bool = True

    def after(self, left: Stream) -> Stream:
        """This stream with what `left` wrote before it.

        Raises:
            CompositionError: both rewrite the query, bring a prefix or a past, or name different models.
        """
        if not self.inherits:
            return self
        for site in ("query", "prefix", "past"):
            if getattr(self, site) is not None and getattr(left, site) is not None:
                raise CompositionError(f"both methods write the {site}: leave one of them out")
        if "base" not in (self.model, left.model) and self.model != left.model:
            raise CompositionError(f"one stream cannot run through both {left.model} and {self.model}")
        return replace(
            self,
            model=self.model if self.model != "base" else left.model,
            context=left.context + self.context,
            query=self.query if self.query is not None else left.query,
            passages=left.passages + self.passages,
            prefix=self.prefix if self.prefix is not None else left.prefix,
            past=self.past if self.past is not None else left.past,
            edits=left.edits + self.edits,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Idiolect:
    """All that turns M_0 into M_i for one query. `sources` are the records that were shown or trained on."""

    streams: tuple[Stream, ...] = (Stream(),)
    combine: Combine | None = None
    sources: frozenset[Source] = frozenset()

    def __or__(self, other: Idiolect) -> Idiolect:
        """``a | b`` is b(a(M_0)): a single stream is broadcast over the streams of the other side.

        Raises:
            CompositionError: both bring several streams or a combine, or write the same site.
        """
        if len(self.streams) > 1 and len(other.streams) > 1:
            raise CompositionError("both methods bring several streams: compose at most one such method")
        if self.combine and other.combine:
            raise CompositionError("both methods combine log-probabilities: leave one of them out")
        many = self.streams if len(self.streams) > 1 else other.streams
        left = self.streams if len(self.streams) > 1 else self.streams * len(many)
        right = other.streams if len(other.streams) > 1 else other.streams * len(many)
        return Idiolect(
            streams=tuple(b.after(a) for a, b in zip(left, right, strict=True)),
            combine=self.combine or other.combine,
            sources=self.sources | other.sources,
        )
