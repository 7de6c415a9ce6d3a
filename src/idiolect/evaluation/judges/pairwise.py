"""Which of two answers is better, asked in both orders; for the person described, where one is.

A judge that changes its mind with the order has not decided: that counts as a tie, and is told apart from a stated one.
Personalised judging with stated certainty and leave to abstain: Dong et al. 2024.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from idiolect.core.requests import Flow
from idiolect.evaluation.judges.asking import certainty, choice, said

Side = Literal["first", "second", "tie"]
SIDES: dict[str, tuple[Side, Side]] = {"A": ("first", "second"), "B": ("second", "first"), "tie": ("tie", "tie")}
ABSTAIN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A question and two answers; `persona` is what is known of the person who asked, empty for nobody."""

    id: str
    question: str
    first: str
    second: str
    persona: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What one order brought: `side` None where it could not be read, or the judge abstained."""

    side: Side | None
    certainty: float | None
    abstained: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Both orders of one pair; `forward` shows the first answer as A."""

    pair: Pair
    forward: Choice
    backward: Choice

    @property
    def side(self) -> Side | None:
        """The side that both orders chose; a tie where they part; None where one could not be read or abstained."""
        a, b = self.forward.side, self.backward.side
        if a is None or b is None:
            return None
        return a if a == b else "tie"

    @property
    def consistent(self) -> bool | None:
        """Whether both orders said the same; None where one could not be read."""
        if self.forward.side is None or self.backward.side is None:
            return None
        return self.forward.side == self.backward.side

    @property
    def score(self) -> float:
        """1 for the first, 0 for the second, a half for a tie or no verdict."""
        return {"first": 1.0, "second": 0.0}.get(self.side or "tie", 0.5)

    @property
    def certainty(self) -> float | None:
        """The less certain of both orders."""
        stated = [c.certainty for c in (self.forward, self.backward) if c.certainty is not None]
        return min(stated) if stated else None


@dataclass(frozen=True, kw_only=True)
class Pairwise:
    """`ties`: whether a tie may be said; `certain`: whether certainty is asked for, and abstaining allowed."""

    ties: bool = True
    certain: bool = False
    to: str = "base"

    def flow(self, pair: Pair) -> Flow[Verdict]:
        """Asks twice."""
        forward = yield from self._asked(pair, pair.first, pair.second, 0)
        backward = yield from self._asked(pair, pair.second, pair.first, 1)
        return Verdict(pair=pair, forward=forward, backward=backward)

    def prompt(self, pair: Pair, a: str, b: str) -> str:
        """What the judge reads."""
        known = f"What is known of the person who asks:\n{pair.persona}\n\n" if pair.persona else ""
        whom = "for this person" if pair.persona else "in general"
        words = ["A", "B", *(["tie"] if self.ties else []), *([ABSTAIN] if self.certain else [])]
        lines = [f"Better: {' or '.join(words)}"]
        if self.certain:
            lines.append("Certainty: a percentage")
        return (
            f"{known}Question:\n{pair.question}\n\nAnswer A:\n{a}\n\nAnswer B:\n{b}\n\n"
            f"Which answer is better {whom}? Judge what is said, not its length or its place. Reply with:\n"
            + "\n".join(lines)
        )

    def _asked(self, pair: Pair, a: str, b: str, order: int) -> Flow[Choice]:
        text = yield from said(self.prompt(pair, a, b), self.to)
        options = ["A", "B", *(["tie"] if self.ties else []), *([ABSTAIN] if self.certain else [])]
        stated = choice(text, "Better", options)
        side = SIDES[stated][order] if stated in SIDES else None
        sure = certainty(text) if self.certain else None
        return Choice(side=side, certainty=sure, abstained=stated == ABSTAIN, text=text)
