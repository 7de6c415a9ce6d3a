"""One learner: whoever draws batches by himself. A user of a `Fit`, or all of its users where they share tensors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from idiolect.core.errors import IdiolectError, TrainingError
from idiolect.core.requests import Fit, Item, Key, Trained
from idiolect.training.examples import Example
from idiolect.training.parts import Weights


def generator(key: Key, what: str, user: str) -> torch.Generator:
    """Random numbers for one use by one user: the same whoever else trains, in this `Fit` or beside it."""
    seed = (replace(key, user=user) if user else key).derive(what)
    return torch.Generator().manual_seed(seed)


def shares(fit: Fit) -> bool:
    """Whether all users of a `Fit` train some tensor together; frozen ones do not count."""
    return any(isinstance(p, Weights) or set(p.shared) - set(p.frozen) for p in fit.train)


@dataclass(eq=False)
class Learner:
    """Draws batches, keeps its own count, and stops by itself.

    number: of its `Fit` in the call. users: whose rows it trains, in the order of its slots ("" for everybody).
    items: indices into `Fit.items`. result and error: one of them is set when it leaves.
    """

    fit: Fit
    number: int
    key: Key
    users: tuple[str, ...]
    items: tuple[int, ...]
    examples: list[Example] = field(default_factory=list)
    first: int = 0  # its first slot
    step: int = 0
    losses: dict[str, list[float]] = field(default_factory=dict)
    result: dict[str, Trained] | None = None
    error: IdiolectError | None = None
    left: dict[int, IdiolectError] = field(default_factory=dict)  # why a user among several goes on no more, by slot

    def __post_init__(self) -> None:
        owner = self.users[0] if len(self.users) == 1 else ""
        self.batches, self.chance = (generator(self.key, what, owner) for what in ("batches", "noise"))
        self.queue: list[int] = []
        self.best, self.stale = float("inf"), 0

    @property
    def total(self) -> int:
        """Steps it takes if nothing stops it."""
        recipe = self.fit.recipe
        return recipe.epochs * -(-len(self.items) // recipe.batch) if recipe.steps is None else recipe.steps

    @property
    def size(self) -> int:
        """Characters of its longest item, a guess at its length before anything is tokenised."""
        return max(sum(len(m.content) for m in i.query.messages) + len(i.answer) for i in self.mine())

    @property
    def tokens(self) -> int:
        """Tokens of its largest step."""
        return max(e.tokens for e in self.examples) * min(self.fit.recipe.batch, len(self.examples))

    def mine(self) -> list[Item]:
        return [self.fit.items[i] for i in self.items]

    def draw(self) -> list[Example]:
        """The next batch: a permutation an epoch, cut in pieces; the last piece may be short, and so is one that loses
        examples of users who were left out."""
        batch: list[Example] = []
        while not batch:
            if not self.queue:
                self.queue = torch.randperm(len(self.examples), generator=self.batches).tolist()
            taken, self.queue = self.queue[: self.fit.recipe.batch], self.queue[self.fit.recipe.batch :]
            batch = [self.examples[i] for i in taken if self.examples[i].slot not in self.left]
        return batch

    def leave_out(self, slots: Sequence[int]) -> None:
        """Goes on without these users' examples."""
        for slot in slots:
            what = f"the loss or gradient of these examples is no number at step {self.step + 1}"
            self.left[slot] = TrainingError(f"user {self.users[slot]!r}", what)

    def note(self, batch: Sequence[Example], losses: Tensor, norm: float) -> bool:
        """Take down a step's losses (B,); False if the step must not be taken.

        Loss or gradient that is no number ends this learner with an error; the others go on.
        """
        for slot in sorted({e.slot for e in batch}):
            own = [float(x) for e, x in zip(batch, losses, strict=True) if e.slot == slot]
            self.losses.setdefault(self.users[slot], []).append(sum(own) / len(own))
        self.step += 1
        loss = float(losses.mean())
        for what, value in (("loss", loss), ("gradient", norm)):
            if not math.isfinite(value):
                self.error = TrainingError(self.who, f"the {what} is {value} at step {self.step}")
                return False
        self.stale = 0 if loss < self.best else self.stale + 1
        self.best = min(self.best, loss)
        return True

    def failed(self, error: Exception) -> None:
        """Take down why this learner cannot go on."""
        if isinstance(error, IdiolectError):
            self.error = error
            return
        self.error = TrainingError(self.who, f"{type(error).__name__}: {error}")
        self.error.__cause__ = error

    @property
    def done(self) -> bool:
        patience = self.fit.recipe.patience
        return self.error is not None or self.step >= self.total or bool(patience and self.stale >= patience)

    @property
    def who(self) -> str:
        """Whose training it is, for a message."""
        return f"user {self.users[0]!r}" if len(self.users) == 1 and self.users[0] else "all users together"
