"""What a user's feedback says of his reward, as differences between what he preferred and what he did not; and what is
kept of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from idiolect.adaptation.alignment.dimensions import DIMENSIONS, NAMES, USUAL, measure
from idiolect.adaptation.alignment.reward import Array, Belief
from idiolect.core.idiolect import Source
from idiolect.core.types import Interaction, Preference, UserData

RATING = "rating"  # the task of an interaction that holds what he thinks of one answer, in `item`


@dataclass(frozen=True, kw_only=True)
class Population:
    """theta: how people's weights are spread, and the measures of the answers that they were shown (D,)."""

    prior: Belief
    usual: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Weights:
    """own: what his feedback tells of lambda_i, from which records, up to which."""

    known: Belief
    sources: tuple[Source, ...]
    upto: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    """differences (n, D) that he decided for, weights (n,), the n records; shown: measures of all answers (m, D)."""

    differences: Array
    weights: Array
    sources: tuple[Source, ...]
    shown: Array


def evidence(user: UserData, typical: Array, *, rating: float) -> Evidence:
    """Choices and edits as they are; a rating as a choice between that answer and the usual one.

    Args:
        typical: the measures of the usual answer (D,).
        rating: how much a rating counts, where a choice counts 1.
    """
    rows: list[tuple[Array, float, str]] = []
    shown: list[Array] = []
    for record in user.records:
        match record:
            case Preference() if record.prompt:
                ends = measure(record.chosen), measure(record.rejected)
                rows.append((ends[0] - ends[1], 1.0, record.id))
                shown += ends
            case Interaction(task="rating") if record.item and _sign(record.text):
                one = measure(record.item)
                rows.append((_sign(record.text) * (one - typical), rating, record.id))
                shown.append(one)
            case _:
                continue
    telling = [(d, w, id) for d, w, id in rows if d.any()]
    none = np.zeros((0, len(DIMENSIONS)))
    return Evidence(
        differences=np.array([d for d, _, _ in telling]) if telling else none,
        weights=np.array([w for _, w, _ in telling]),
        sources=tuple((user.user_id, id) for _, _, id in telling),
        shown=np.array(shown) if shown else none,
    )


def settings(user: UserData) -> dict[int, tuple[float, Preference]]:
    """What he set by hand: dimension -> dial from -1 to 1, with the record that says so; the latest counts."""
    return {NAMES.index(r.dimension): (r.weight, r) for r in user.of(Preference) if r.dimension in NAMES}


def _sign(text: str) -> int:
    """1 for a good rating, -1 for a bad one, 0 for neither."""
    return {"+1": 1, "-1": -1}.get(text.strip(), 0)


def usual(theta: Population | None) -> Array:
    """The measures of the usual answer (D,)."""
    return np.array(theta.usual) if theta else USUAL
