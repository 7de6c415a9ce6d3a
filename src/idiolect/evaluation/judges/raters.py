"""What people said on the page: who paid attention, how far they agree, and which system's answers they preferred."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import document, mapping
from idiolect.evaluation.comparison.within import plain
from idiolect.evaluation.judges.page import CHECK
from idiolect.evaluation.judges.pairwise import Side
from idiolect.evaluation.judges.quality import kappa
from idiolect.evaluation.judges.study import Study
from idiolect.evaluation.significance.effects import Effect, effect

CHOICES = ("left", "tie", "right")
WORTH: Mapping[str, float] = {"first": 1.0, "second": 0.0, "tie": 0.5}


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
        BadInput: it is of another study or of other words under its name, is not whole, names a pair that the study has
            not, or a choice that the page does not offer.
    """
    raw = mapping(document(path), path, "study", "digest", "rater", "said")
    if raw["study"] != study.name:
        raise BadInput(path, f"it belongs to the study {raw['study']!r}", f"Give answers to {study.name!r}")
    if raw["digest"] != study.digest:
        fix = "Read it with the file that its page was made from, or make the page again"
        raise BadInput(path, f"the study {study.name!r} showed other answers when this was said", fix)
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
    missing = len(known) + min(study.checks, len(known)) - len(sides) - len(checks)
    if missing:
        raise BadInput(path, f"{missing} of the page's pairs were not compared", "Go on with the page, and save again")
    return Rater(str(raw["rater"]), sides, sum(checks), len(checks))


def read_all(paths: Sequence[Path], study: Study) -> list[Rater]:
    """Everybody's files.

    Raises:
        BadInput: as `read`; or two files are of one rater, who would agree with himself.
    """
    found: dict[str, Path] = {}
    raters = []
    for path in paths:
        rater = read(path, study)
        if rater.name in found:
            what = f"it is the rater {rater.name!r}, whose answers stand in {found[rater.name]} already"
            raise BadInput(path, what, "Give each rater once, and each a page of his own")
        found[rater.name] = path
        raters.append(rater)
    return raters


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
            found.setdefault(id, []).append(WORTH[side])
    return {id: sum(values) / len(values) for id, values in found.items()}


def by_user(study: Study, raters: Sequence[Rater]) -> dict[str, float]:
    """By the user whose question it was, the mean over his pairs of `scores`; a pair of nobody's is its own user."""
    worth = scores(raters)
    found: dict[str, list[float]] = {}
    for pair in study.pairs:
        if pair.id in worth:
            found.setdefault(pair.user or pair.id, []).append(worth[pair.id])
    return {user: sum(values) / len(values) for user, values in found.items()}


def preferred(study: Study, raters: Sequence[Rater]) -> Effect:
    """The first system against the second: how much oftener its answers were preferred, paired over users.

    Raises:
        BadInput: no rater passed all checks, or the pairs are of fewer than two users.
    """
    first = by_user(study, raters)
    if not first:
        raise BadInput(study.name, "no rater passed all of his checks", "Ask people who read the answers")
    return effect(study.systems[0], first, study.systems[1], {user: 1 - worth for user, worth in first.items()})


def summary(study: Study, raters: Sequence[Rater]) -> dict[str, Any]:
    """Who rated, how far they agree, and the first system against the second, as plain data.

    Raises:
        BadInput: as `preferred`.
    """
    compared = preferred(study, raters)
    worth = scores(raters)
    return {
        "study": study.name,
        "systems": list(study.systems),
        "pairs": len(study.pairs),
        "raters": [{**{k: v for k, v in asdict(r).items() if k != "sides"}, "attentive": r.attentive} for r in raters],
        "kappa": agreement(raters),
        "share": sum(worth.values()) / len(worth),
        "comparison": plain(compared),
    }
