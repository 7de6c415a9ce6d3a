"""What choices between two answers tell: objectives along which users differ, and where one user stands.

    delta_ij = f(y+) - f(y-)                                 f: measures of a text (D,); j: a pair of user i
    a_1..a_K = top eigenvectors of sum_i sum_{j != j'} delta_ij delta_ij'^T       the objectives
    r_k(y)   = a_k . f(y)                                    its reward
    w_i      = argmin_w  sum_j (1 - w . s_ij)^2 + ridge |w|^2,     s_ij = a . delta_ij (K,)

Products of a user's different pairs alone enter, so that what changes from pair to pair by chance makes no objective.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from zlib import crc32

import torch
from torch import Tensor

from idiolect.core.idiolect import Source
from idiolect.core.requests import Fit, Flow, Item, Part, Recipe, Trained
from idiolect.core.types import Example, UserData
from idiolect.retrieval.bm25 import words

BUCKETS = 128  # hashed words
SHAPE = 6  # measures of form before them
FAINT = 1e-5  # of a sum of s: what is below is rounding


def measures(text: str) -> Tensor:
    """f(y), (SHAPE + BUCKETS,): length, figures, marks, capitals, and which words stand in it."""
    tokens = words(text)
    out = torch.zeros(SHAPE + BUCKETS)
    out[0] = math.log2(1 + len(tokens))
    out[1] = float(any(c.isdigit() for c in text))
    out[2], out[3], out[4] = (math.log2(1 + text.count(mark)) for mark in "!?,")
    out[5] = float(text[:1].isupper())
    out[[SHAPE + crc32(w.encode()) % BUCKETS for w in tokens]] = 1.0
    return out


def pairs(user: UserData) -> list[Example]:
    """The user's choices between two answers, oldest first."""
    return [e for e in user.examples("reply") if e.rejected]


def differences(examples: Sequence[Example]) -> Tensor:
    """delta (n, D): what the chosen answer has more of than the other."""
    rows = [measures(e.target) - measures(e.rejected) for e in examples]
    return torch.stack(rows) if rows else torch.zeros(0, SHAPE + BUCKETS)


def objectives(users: Iterable[UserData], count: int) -> Tensor:
    """a (K, D), unit rows, the strongest first; of the two directions the one whose largest entry is positive."""
    each = [differences(pairs(u)).double() for u in users]
    size = SHAPE + BUCKETS
    every = sum((d.T @ d for d in each), torch.zeros(size, size, dtype=torch.float64))
    across = sum((torch.outer(d.sum(0), d.sum(0)) for d in each), torch.zeros_like(every)) - every
    if max((len(d) for d in each), default=0) < 2:  # nobody chose twice: all that was chosen counts
        across = every
    axes = torch.linalg.eigh(across).eigenvectors.flip(1)[:, :count].T
    largest = axes.gather(1, axes.abs().argmax(1, keepdim=True))
    found: Tensor = (axes * largest.sign()).float()
    return found


@dataclass(frozen=True, kw_only=True, eq=False)
class Standing:
    """own: sums over the user's pairs of s s^T (K, K) and of s (K,); the pairs, and the last record seen."""

    gram: Tensor
    total: Tensor
    sources: tuple[Source, ...]
    upto: str

    @property
    def silent(self) -> bool:
        """Whether his choices cancel, or tell nothing of the objectives: then he wants neither end of any."""
        return not bool((self.total.abs() > FAINT).any())

    def weights(self, ridge: float = 1.0) -> Tensor:
        """w (K,): how much of each objective he wants, below zero where he wants less of it."""
        solved: Tensor = torch.linalg.solve(self.gram + ridge * torch.eye(len(self.total)), self.total)
        return solved


def standing(user: UserData, axes: Tensor, own: Standing | None) -> Standing | None:
    """Where a user stands, from `own` on over the pairs that it has not seen; None where there are none."""
    fresh = user.after(own.upto) if own else user
    ids = {r.id for r in fresh.records}
    unseen = [e for e in pairs(user) if e.source in ids]
    if not unseen:
        return own
    s = differences(unseen) @ axes.T
    seen = tuple((user.user_id, e.source) for e in unseen)
    start = own or Standing(gram=torch.zeros(len(axes), len(axes)), total=torch.zeros(len(axes)), sources=(), upto="")
    return Standing(
        gram=start.gram + s.T @ s,
        total=start.total + s.sum(0),
        sources=(*start.sources, *seen),
        upto=user.records[-1].id,
    )


def ordered(example: Example, direction: Tensor) -> Example:
    """The pair as a direction (D,) orders it; as its user did where the direction is silent."""
    reward = float(direction @ (measures(example.target) - measures(example.rejected)))
    return replace(example, target=example.rejected, rejected=example.target) if reward < 0 else example


def items(examples: Iterable[Example], user: str) -> list[Item]:
    """Pairs to train on: the chosen and the rejected reply to the prompt."""
    return [Item(query=e.query, answer=e.target, rejected=e.rejected, user=user) for e in examples]


def rewarded(users: Iterable[UserData], axes: Tensor) -> tuple[tuple[Item, ...], Tensor]:
    """Both replies of every pair as items of their own, and their rewards a . f(y) (n, K), each objective's mean 0 and
    spread 1."""
    told = [(e, text, user.user_id) for user in users for e in pairs(user) for text in (e.target, e.rejected)]
    answers = tuple(Item(query=e.query, answer=text, user=user) for e, text, user in told)
    found = torch.stack([axes @ measures(text) for _, text, _ in told])
    return answers, (found - found.mean(0)) / found.std(0, correction=0).clamp(min=1e-6)


@dataclass(frozen=True, kw_only=True, eq=False)
class Policies:
    """theta: the objectives (K, D), and a policy for more and one for less of each."""

    axes: Tensor
    more: tuple[Trained, ...]
    less: tuple[Trained, ...]

    def chosen(self, weights: Tensor) -> list[Trained]:
        """The K policies that pull where the signs of w (K,) point."""
        ends = zip(weights.tolist(), self.more, self.less, strict=True)
        return [more if w >= 0 else less for w, more, less in ends]


@dataclass(frozen=True)
class Preferring:
    """How a policy is trained on pairs: DPO of one part."""

    part: Part
    recipe: Recipe
    beta: float

    def policies(self, users: Sequence[UserData], count: int, theta: Policies | None) -> Flow[Policies | None]:
        """2K policies, each by DPO on everybody's pairs as its end of its objective orders them."""
        if not any(pairs(u) for u in users):
            return theta
        axes = theta.axes if theta else objectives(users, count)
        ends: tuple[list[Trained], list[Trained]] = ([], [])
        for sign, found in zip((1, -1), ends, strict=True):
            for k, axis in enumerate(axes):
                train = [i for u in users for i in items((ordered(e, sign * axis) for e in pairs(u)), u.user_id)]
                start = {"": (theta.more if sign > 0 else theta.less)[k]} if theta else {}
                fitted = yield Fit(
                    train=(self.part,),
                    items=tuple(train),
                    objective="dpo",
                    recipe=self.recipe,
                    rows="all",
                    start=start,
                    options={"beta": self.beta},
                )
                found.append(fitted.users[""])
        return Policies(axes=axes, more=tuple(ends[0]), less=tuple(ends[1]))
