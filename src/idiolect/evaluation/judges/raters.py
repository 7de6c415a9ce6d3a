"""What people said on the page: who paid attention, how far they agree, and scores for the same statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import document, mapping
from idiolect.evaluation.judges.page import CHECK, Study
from idiolect.evaluation.judges.pairwise import Side
from idiolect.evaluation.judges.quality import kappa

CHOICES = ("left", "tie", "right")


@dataclass(frozen=True, slots=True)
class Rater:
    """One person's verdicts by pair, and how many checks he passed."""

    name: str
    sides: Mapping[str, Side]
    passed: int
    checks: int

    @property
    def attentive(self) -> bool:
        """Whether he passed every check that he met."""
        return self.passed == self.checks


def read(path: Path, study: Study) -> Rater:
    """A file that the page saved.

    Raises:
        BadInput: it is of another study, names a pair that the study has not, or a choice that the page does not offer.
    """
    raw = mapping(document(path), path, "study", "rater", "said")
    if raw["study"] != study.name:
        raise BadInput(path, f"it belongs to the study {raw['study']!r}", f"Give answers to {study.name!r}")
    known = {p.id for p in study.pairs}
    sides: dict[str, Side] = {}
    checks: list[bool] = []
    for id, entry in mapping(raw["said"], path).items():
        side = _side(entry, f"{path}, pair {id}")
        if id.startswith(CHECK):
            checks.append(side == "first")
        elif id in known:
            sides[id] = side
        else:
            raise BadInput(path, f"the study has no pair {id!r}", "Give answers to this study's own page")
    return Rater(str(raw["rater"]), sides, sum(checks), len(checks))


def _side(raw: Any, place: str) -> Side:
    item = mapping(raw, place, "choice", "left")
    if item["choice"] not in CHOICES or item["left"] not in ("first", "second"):
        raise BadInput(place, "no choice that the page offers", "Save the answers from the page again")
    if item["choice"] == "tie":
        return "tie"
    first = (item["choice"] == "left") == (item["left"] == "first")
    return "first" if first else "second"


def agreement(raters: Sequence[Rater]) -> float | None:
    """Mean of Cohen's kappa over pairs of attentive raters, on what both compared; None where no two met."""
    found = []
    for one, other in combinations([r for r in raters if r.attentive], 2):
        both = sorted(one.sides.keys() & other.sides.keys())
        if both:
            found.append(kappa([one.sides[i] for i in both], [other.sides[i] for i in both]))
    return sum(found) / len(found) if found else None


def majority(raters: Sequence[Rater]) -> dict[str, Side]:
    """By pair, what most attentive raters said; a tie where as many said the one as the other."""
    votes: dict[str, int] = {}
    for rater in (r for r in raters if r.attentive):
        for id, side in rater.sides.items():
            votes[id] = votes.get(id, 0) + (side == "first") - (side == "second")
    return {id: "first" if v > 0 else "second" if v < 0 else "tie" for id, v in votes.items()}


def scores(raters: Sequence[Rater]) -> dict[str, float]:
    """By pair, the mean over attentive raters of 1 for the first, 0 for the second, a half for a tie."""
    found: dict[str, list[float]] = {}
    for rater in (r for r in raters if r.attentive):
        for id, side in rater.sides.items():
            found.setdefault(id, []).append({"first": 1.0, "second": 0.0, "tie": 0.5}[side])
    return {id: sum(values) / len(values) for id, values in found.items()}
