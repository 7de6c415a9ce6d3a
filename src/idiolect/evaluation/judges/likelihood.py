"""A judge that is not asked in words: which of two answers does knowing the person make likelier?

    r(y) = log p(y | question, person) - log p(y | question)          p as the model gives it, over the answer's tokens

The difference of both answers' r is the log-odds of the first, so that its certainty is a probability; a small model
that cannot follow a judge's instructions can be held against labels all the same. The order of the answers plays no
part.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from idiolect.core.idiolect import Block, Idiolect, Stream
from idiolect.core.layout import PROFILE
from idiolect.core.requests import Flow, Item, Score
from idiolect.core.types import Message, Query
from idiolect.evaluation.judges.pairwise import Choice, Pair, Side, Verdict

NEAR = 1e-6  # log-odds below which neither is likelier


@dataclass(frozen=True, kw_only=True)
class Likelihood:
    """Scores both answers for the person described and for nobody; `to`: the model that is asked."""

    heading: str = PROFILE
    to: str = "base"

    def flow(self, pair: Pair) -> Flow[Verdict]:
        """One request of four scores, two where nobody is described."""
        query = Query(messages=(Message("user", pair.question),))
        lines = tuple(pair.persona.splitlines())
        known = Idiolect(streams=(Stream(context=(Block(self.heading, lines, priority=1),)),))
        views = (known, Idiolect()) if lines else (Idiolect(),)
        items = [Item(query=query, answer=text, idiolect=v) for text in (pair.first, pair.second) for v in views]
        scored = yield Score(items=tuple(items), to=self.to)
        totals = [s.total for s in scored]
        if lines:
            odds = (totals[0] - totals[1]) - (totals[2] - totals[3])
        else:
            odds = totals[0] - totals[1]
        return self._verdict(pair, float(odds))

    def _verdict(self, pair: Pair, odds: float) -> Verdict:
        side: Side = "tie" if abs(odds) < NEAR else "first" if odds > 0 else "second"
        sure = 1 / (1 + math.exp(-min(abs(odds), 700.0)))
        choice = Choice(side=side, certainty=sure, abstained=False, text=f"log-odds {odds:+.3f}")
        return Verdict(pair=pair, forward=choice, backward=choice)
