"""Paired gains over no feedback, one number a person, with intervals of the bootstrap over people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from idiolect.applications.loop.run import COPY, NONE, SWAPPED, Answered, Measured
from idiolect.evaluation.significance.bootstrap import between, per_user


@dataclass(frozen=True, kw_only=True)
class Row:
    """score: mean satisfaction; gain over `against` with 95 % limits; about: share of answers about the question."""

    arm: str
    after: int
    against: str
    score: float
    gain: float
    low: float
    high: float
    p: float
    users: int
    about: float


def rows(found: Measured) -> list[Row]:
    """Every arm after every stage against no feedback; then the last stage against the first."""
    made = []
    for stage in found.plan.stages:
        for arm in (*found.plan.arms, SWAPPED, COPY):
            made.append(_row(found.answers, (arm, stage), (NONE, 0), NONE))
    first, last = found.plan.stages[0], found.plan.stages[-1]
    if first != last:
        made += [_row(found.answers, (arm, last), (arm, first), f"after {first}") for arm in found.plan.arms]
    return made


def text(found: Measured) -> str:
    """The rows as lines."""
    head = f"{'arm':<9}{'after':>6}  {'against':<9}{'score':>7}{'gain':>8}   95 %             about"
    none = [a for a in found.answers if a.arm == NONE]
    lines = [head, f"{NONE:<9}{0:>6}  {'':<9}{_mean(none):>7.3f}{'':>27}{sum(a.about for a in none) / len(none):>9.2f}"]
    for r in rows(found):
        limits = f"[{r.low:+.3f}, {r.high:+.3f}]"
        lines.append(
            f"{r.arm:<9}{r.after:>6}  {r.against:<9}{r.score:>7.3f}{r.gain:>+8.3f}   {limits:<18}{r.about:>5.2f}"
        )
    return "\n".join(lines)


def plain(found: Measured) -> dict[str, object]:
    """The plan, the rows and every answer, as JSON."""
    answers = [asdict(a) for a in found.answers]
    return {"plan": asdict(found.plan), "rows": [asdict(r) for r in rows(found)], "answers": answers}


def _row(answers: Iterable[Answered], this: tuple[str, int], that: tuple[str, int], against: str) -> Row:
    ours, theirs = ([a for a in answers if (a.arm, a.stage) == which] for which in (this, that))
    gain = between(_each(ours), _each(theirs))
    assert gain is not None
    about = sum(a.about for a in ours) / len(ours)
    limits = {"gain": gain.mean, "low": gain.low, "high": gain.high, "p": gain.p}
    return Row(arm=this[0], after=this[1], against=against, score=_mean(ours), users=gain.users, about=about, **limits)


def _each(answers: Iterable[Answered]) -> dict[str, float]:
    return per_user((a.user, a.question, 0, a.score) for a in answers)


def _mean(answers: Iterable[Answered]) -> float:
    scores = list(_each(answers).values())
    return sum(scores) / len(scores)
