"""Candidates for one user: what fits him, or what would tell most of him, as the dial `explore` says.

    score = (1 - explore) (everybody + records + model) + explore * unsure

| part | from | in |
|---|---|---|
| `everybody` | the items' popularity, where they state it | -0.1 .. 0.1 |
| `records` | his opinions of what is like the item (`taste.regression`) | about -1 .. 1 |
| `model` | how far a method moves a language model towards it (`leaning`), where one is given | -0.25 .. 0.25 |
| `unsure` | how little his records tell of it, beside what stands above it | 0 .. 1 |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from idiolect.applications.recommend.items import Given, Item, items
from idiolect.applications.recommend.leaning import REQUEST, leanings
from idiolect.applications.taste.judged import Judged, Reason, judged
from idiolect.applications.taste.known import NOTHING_KNOWN, known
from idiolect.applications.taste.opinions import Opinion, opinions
from idiolect.core.errors import BadInput
from idiolect.core.model import Model
from idiolect.core.types import UserData
from idiolect.memory.space import Space

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

ALL_JUDGED = "he has judged all of these before: ask for them again, or give others"
POPULAR, MODEL = 0.1, 0.25  # the most that popularity and a model add or take


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """One item in its place. parts: what its score is made of. reasons: records that moved it most, up or down."""

    item: Item
    score: float
    parts: Mapping[str, float]
    reasons: tuple[Reason, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "id": self.item.id,
            "text": self.item.shown,
            "score": round(self.score, 4),
            "parts": {name: round(value, 4) for name, value in self.parts.items()},
            "reasons": [reason.plain() for reason in self.reasons],
            "item": dict(self.item.given),
        }


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """personal: whether anything that is known of him moved an item; else `note` says why not, and the order is what
    everybody gets. known: ids of items that were left out, as he judged them before."""

    user: str
    results: tuple[Ranked, ...]
    personal: bool
    explore: float
    note: str = ""
    known: tuple[str, ...] = ()
    methods: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "user": self.user,
            "personal": self.personal,
            "explore": self.explore,
            "note": self.note,
            "known": list(self.known),
            "methods": {name: list(ids) for name, ids in self.methods.items()},
            "results": [one.plain() for one in self.results],
        }


def recommend(
    space: Space,
    user: str,
    candidates: Iterable[Given] | str | Path,
    *,
    explore: float = 0.0,
    top_k: int = 10,
    again: bool = False,
    model: Model | None = None,
    pipeline: str = "pag",
    request: str = REQUEST,
) -> Ranking:
    """Puts candidates in an order for a user, from what is known of him; nothing is written but his audit trail.

    Args:
        candidates: texts, objects (`items`), or the path of a file of them.
        explore: 0 takes what fits best, 1 what his records tell least of.
        again: also what he has judged before.
        model: adds how far `pipeline` moves it towards each item, asked for `request`; must give log-probabilities.

    Raises:
        BadInput: no candidates, or a dial that is not from 0 to 1.
        ConsentError: the model is elsewhere, and his records may not leave this machine.
        AccessError, UnknownName: see `leaning`.
    """
    if not 0 <= explore <= 1:
        raise BadInput("explore", f"{explore} is not from 0 to 1", "0 takes what fits, 1 what is not known yet.")
    given = items(candidates)
    data, note = known(space, user, "recommend", model_at=getattr(model, "url", "") if model else "")
    held = opinions(data.records, {item.id: item.text for item in given})
    there = _judged_before(given, held)
    free = given if again else [item for item in given if item.id not in there]
    taste = judged([item.text for item in free], held, space.encoder)
    parts = {"everybody": _spread([item.popularity for item in free], POPULAR)}
    methods: dict[str, list[str]] = {}
    if model is not None:
        leaning, methods = _model(model, pipeline, data, free, request)
        parts["model"] = leaning
    found = _ordered(free, taste, parts, explore, top_k)
    moved = taste.bears or bool(np.any(parts.get("model", 0.0)))
    why = f"this is the order that everybody gets: {note or NOTHING_KNOWN}" if free else ALL_JUDGED
    return Ranking(
        user=data.user_id,
        results=found,
        personal=moved,
        explore=explore,
        note="" if moved else why,
        known=() if again else tuple(item.id for item in given if item.id in there),
        methods=methods,
    )


def _judged_before(given: Sequence[Item], held: Sequence[Opinion]) -> set[str]:
    """Ids of items that an opinion names, by id or word for word."""
    named = {o.item for o in held if o.item} | {o.text.casefold().strip() for o in held}
    return {item.id for item in given if {item.id, item.text.casefold().strip(), item.shown.casefold()} & named}


def _model(
    model: Model, pipeline: str, data: UserData, free: Sequence[Item], request: str
) -> tuple[Array, dict[str, list[str]]]:
    """(each item's part, the methods with the records that they used); nothing of somebody unknown."""
    if not data.records or not free:
        return np.zeros(len(free)), {}
    numbers, used = leanings(model, pipeline, data, [item.shown for item in free], request)
    return _spread(numbers, MODEL) if used else np.zeros(len(free)), {pipeline: sorted(used)}


def _ordered(
    free: Sequence[Item], taste: Judged, parts: Mapping[str, Array], explore: float, top_k: int
) -> tuple[Ranked, ...]:
    prior = np.sum(list(parts.values()), axis=0)
    order, unsure = taste.expected.order(prior, explore, top_k)
    found = []
    for i, doubt in zip(order, unsure, strict=True):
        records = float(taste.expected.mean[i])
        own = {name: float(part[i]) for name, part in parts.items()} | {"records": records, "unsure": doubt}
        score = (1 - explore) * (float(prior[i]) + records) + explore * doubt
        found.append(Ranked(item=free[i], score=score, parts=own, reasons=taste.reasons(i)))
    return tuple(found)


def _spread(values: Sequence[float | None], most: float) -> Array:
    """(n,) of numbers of any scale: -most for the lowest, most for the highest; 0 where none is given or all agree."""
    given = [v for v in values if v is not None]
    if not given or max(given) / 2 - min(given) / 2 < 1e-12:
        return np.zeros(len(values))
    low, half = min(given), max(given) / 2 - min(given) / 2  # halved first: their distance may be no number
    return np.array([0.0 if v is None else ((v / 2 - low / 2) / half * 2 - 1) * most for v in values])
