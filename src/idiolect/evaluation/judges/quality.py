"""How far a judge can be trusted: against itself, against position, and against labels from people or a world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from idiolect.core.errors import BadInput
from idiolect.evaluation.judges.pairwise import Side, Verdict
from idiolect.evaluation.significance.bootstrap import Interval, paired

CHANCE = 0.5
SURE = 0.8
UNREAD = "The judge cannot be judged: it named a side in both orders of no pair."


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Shares of pairs, but `position_bias`: how much oftener A was chosen than B, in [-1, 1], over decided orders."""

    pairs: int
    unread: float
    abstained: float
    disagreement: float
    ties: float
    position_bias: float


def quality(verdicts: Sequence[Verdict]) -> Quality:
    """Raises:
    BadInput: there is no verdict.
    """
    if not verdicts:
        raise BadInput("judge", "it judged nothing", "Give it at least one pair")
    orders = [(v.forward, "first", "second") for v in verdicts] + [(v.backward, "second", "first") for v in verdicts]
    decided = [(c.side, a, b) for c, a, b in orders if c.side in ("first", "second")]
    read = [v for v in verdicts if v.consistent is not None]
    lean = sum(side == a for side, a, _ in decided) - sum(side == b for side, _, b in decided)
    return Quality(
        pairs=len(verdicts),
        unread=sum(c.side is None and not c.abstained for c, *_ in orders) / len(orders),
        abstained=sum(c.abstained for c, *_ in orders) / len(orders),
        disagreement=sum(not v.consistent for v in read) / len(read) if read else 0.0,
        ties=sum(v.side == "tie" for v in verdicts) / len(verdicts),
        position_bias=lean / len(decided) if decided else 0.0,
    )


def validate(verdicts: Sequence[Verdict], labels: Mapping[str, Side]) -> dict[str, Any]:
    """A judge against labels: agreement over chance with limits, Cohen's kappa, and agreement where it was certain.

    Args:
        labels: by the pair's id, which side is better. A judge's tie, or no verdict, counts as half right.

    Raises:
        BadInput: labels and verdicts are not of the same pairs.
    """
    ids = [v.pair.id for v in verdicts]
    if set(ids) != labels.keys() or len(set(ids)) != len(ids):
        odd = sorted(set(ids) ^ labels.keys()) or sorted(i for i in set(ids) if ids.count(i) > 1)
        raise BadInput("labels", f"pair {odd[0]!r} is judged or labelled alone, or twice", "Give each pair one label")
    right = {v.pair.id: _right(v.side, labels[v.pair.id]) for v in verdicts}
    people: dict[str, list[float]] = {}
    for v in verdicts:
        people.setdefault(v.pair.user or v.pair.id, []).append(right[v.pair.id] - CHANCE)
    over = paired([sum(values) / len(values) for values in people.values()])
    sure = [v for v in verdicts if (v.certainty or 0.0) >= SURE and v.side is not None]
    return {
        **asdict(quality(verdicts)),
        "accuracy": sum(right.values()) / len(right),
        "kappa": kappa([v.side or "tie" for v in verdicts], [labels[i] for i in ids]),
        "over_chance": asdict(over),
        "certain": len(sure) / len(verdicts),
        "accuracy_certain": sum(right[v.pair.id] for v in sure) / len(sure) if sure else None,
        "sentence": _sentence(over) if any(v.side for v in verdicts) else UNREAD,
    }


def _right(side: Side | None, label: Side) -> float:
    if side == label:
        return 1.0
    return 0.5 if side in (None, "tie") or label == "tie" else 0.0


def kappa(one: Sequence[str], other: Sequence[str]) -> float:
    """Cohen 1960: agreement beyond what both would reach by their own shares; 0 where they say one thing only."""
    same = sum(a == b for a, b in zip(one, other, strict=True)) / len(one)
    chance = sum(one.count(x) * other.count(x) for x in set(one)) / len(one) ** 2
    return (same - chance) / (1 - chance) if chance < 1 else 0.0


def _sentence(over: Interval) -> str:
    limits = f"{CHANCE + over.low:.3f} to {CHANCE + over.high:.3f}, {over.users} users"
    if not over.clear:
        return f"The judge cannot be told from a coin: it may agree by chance (95 % limits {limits})."
    word = "agrees" if over.mean > 0 else "disagrees"
    return f"The judge {word} with the labels beyond chance (mean over users {CHANCE + over.mean:.3f}, {limits})."
