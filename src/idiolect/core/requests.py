"""All that a method may want of a model. Methods ask; they do not call.

A verb is a generator that yields requests and receives the answers:

    Ask     -> tuple[str, ...]            n texts
    Score   -> tuple[Scored, ...]         log-probabilities of given answers
    Read    -> tuple[dict, ...]           hidden states at named sites, one dict an item
    Fit     -> Fitted                     trained parts

One driver runs a flow alone, another runs a thousand in lockstep and batches each kind, a third awaits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, TypeVar

from idiolect.core.errors import BadInput
from idiolect.core.idiolect import Computed, Edit, Idiolect, Past
from idiolect.core.types import Query

if TYPE_CHECKING:
    import torch
    from torch import Tensor

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, eq=False)
class Sampling:
    """How tokens are drawn; temperature 0 is greedy."""

    max_tokens: int = 48
    temperature: float = 0.0
    top_p: float = 1.0
    stop: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises:
        BadInput: a stop string that every text holds.
        """
        if "" in self.stop:
            raise BadInput("Sampling.stop", "an empty string ends every answer before it begins", "Leave it out.")


@dataclass(frozen=True, kw_only=True, eq=False)
class Item:
    """One (query, answer) under its own Idiolect; `rejected` makes it a preference pair; `user` picks the row."""

    query: Query
    answer: str = ""
    rejected: str = ""
    idiolect: Idiolect = field(default_factory=Idiolect)
    user: str = ""
    weight: float = 1.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Ask:
    """Text for a query."""

    query: Query
    idiolect: Idiolect = field(default_factory=Idiolect)
    sampling: Sampling = field(default_factory=Sampling)
    n: int = 1
    to: str = "base"


@dataclass(frozen=True, kw_only=True, eq=False)
class Score:
    """Log-probabilities of the given answers, each under its own Idiolect."""

    items: tuple[Item, ...]
    to: str = "base"


@dataclass(frozen=True, kw_only=True, eq=False)
class Scored:
    """`log_probs`: (T,) of the answer's tokens, end token included; `rejected`: the same of the other answer."""

    log_probs: Tensor
    rejected: Tensor | None = None

    @property
    def total(self) -> float:
        return float(self.log_probs.sum())


@dataclass(frozen=True, kw_only=True, eq=False)
class Read:
    """Hidden states at sites ("blocks.0.5" is the block at half depth; "blocks.-1" the last; or a module path).

    The answer names each site by its module path, so that an `Edit` can be put there. over: which tokens.
    reduce: "none" gives (T, d), "mean" and "last" give (d,). `past=True` adds the text's own keys, values and states
    as a `Past` under the name "past".
    """

    items: tuple[Item, ...]
    sites: tuple[str, ...] = ()
    over: Literal["answer", "prompt", "all"] = "answer"
    reduce: Literal["none", "mean", "last"] = "mean"
    past: bool = False
    to: str = "base"


@dataclass(frozen=True, slots=True)
class Site:
    """A place that a pattern named in the model at hand: `path`, its width in and out, its block's number."""

    path: str
    d_in: int
    d_out: int
    layer: int = -1


class Part(Protocol):
    """What to train. Frozen dataclasses (see `training.parts`), so that equal parts of many users become one run.

    sites: a pattern: "q,v" (names of linears), "linear" (all of the blocks' linears), "blocks.0.5" (output of the
        block at half depth), "prefix", "past", "head" (lm_head) or "weights" (everything: a derived model).
    shared: names of the tensors that all users of one `Fit` train together; the others are rows, one a user.
    frozen: names of tensors that are kept but not trained.
    """

    @property
    def sites(self) -> str: ...
    @property
    def shared(self) -> tuple[str, ...]: ...
    @property
    def frozen(self) -> tuple[str, ...]: ...
    @property
    def formula(self) -> Callable[..., Any]: ...
    def init(self, site: Site, generator: torch.Generator) -> dict[str, Tensor]:
        """The tensors at the start, without a slot axis."""
        ...

    def noise(self, site: Site, n: int, generator: torch.Generator) -> dict[str, Tensor]:
        """Random tensors of one step for n examples of one user, (n, ...); mostly none."""
        ...


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to train: AdamW, per-slot clipping; `steps` wins over `epochs` where it is given."""

    lr: float = 1e-3
    epochs: int = 3
    steps: int | None = None
    batch: int = 8  # examples of one user a step
    weight_decay: float = 0.0
    clip: float = 1.0  # norm of one user's gradient
    warmup: float = 0.0  # share of the steps
    schedule: Literal["constant", "linear"] = "constant"
    patience: int = 0  # steps without a better loss before a user's slot stops; 0: never

    def __post_init__(self) -> None:
        """Raises:
        BadInput: a number that no training can have.
        """
        for name in ("lr", "epochs", "steps", "batch", "weight_decay", "clip", "warmup", "patience"):
            value, least = getattr(self, name), 1 if name == "batch" else 0
            if value is not None and not value >= least:  # no comparison holds of NaN
                raise BadInput(f"Recipe.{name}", str(value), f"Give {least} or more.")


@dataclass(frozen=True, kw_only=True, eq=False)
class Fit:
    """Train parts on items. rows="user": one row for each item's user; rows="all": one row for everybody.

    start: edits (or a prefix) to go on from, by user ("" where rows="all"). objective: a name in
    `training.objectives` or a function ``(outputs, batch) -> loss (B,)``.
    """

    train: tuple[Part, ...]
    items: tuple[Item, ...]
    objective: str | Callable[..., Any] = "sft"
    recipe: Recipe = field(default_factory=Recipe)
    rows: Literal["user", "all"] = "user"
    start: Mapping[str, Trained] = field(default_factory=dict)
    reference: Idiolect | None = None  # dpo and its kin: the policy to stay near; None is each item without the parts
    options: Mapping[str, Any] = field(default_factory=dict)  # the objective's numbers (beta, weights)
    to: str = "base"


@dataclass(frozen=True, kw_only=True, eq=False)
class Trained:
    """What one user got: put it into a `Stream`."""

    edits: tuple[Edit, ...] = ()
    prefix: Computed | None = None
    past: Past | None = None
    model: str | None = None  # name of a derived model


@dataclass(frozen=True, kw_only=True, eq=False)
class Fitted:
    """`users`: by user id ("" where rows="all"); `losses`: one a step and user; `failed`: who could not go on."""

    users: Mapping[str, Trained]
    losses: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    failed: Mapping[str, Exception] = field(default_factory=dict)


Request: TypeAlias = Ask | Score | Read | Fit
Flow: TypeAlias = Generator[Request, Any, T]


@dataclass(frozen=True, slots=True)
class Key:
    """Names one request of one user in one run; every random number comes from it, never from a place in a batch."""

    seed: int = 0
    method: str = ""
    user: str = ""
    number: int = 0

    def derive(self, what: str) -> int:
        """A 63-bit seed for one use of this request's randomness."""
        text = f"{self.seed}\0{self.method}\0{self.user}\0{self.number}\0{what}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
