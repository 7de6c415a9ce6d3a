"""ExPerT (Salemi et al. 2025): a text is taken apart into aspects, matched with those of the person's own.

precision = mean over the answer's aspects of match        recall = mean over the reference's aspects of match
match     = content similarity and style similarity of the best partner, each in [0, 1], multiplied
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from idiolect.core.requests import Flow
from idiolect.evaluation.judges.asking import number, said

MOST = 8  # aspects of one text
LISTED = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s*(.+?)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """`pairs`: (aspect of the answer, of the reference, content, style); `unread`: comparisons that could not be."""

    precision: float
    recall: float
    pairs: tuple[tuple[str, str, float, float], ...]
    unread: int

    @property
    def f1(self) -> float:
        """2PR / (P + R); 0 where nothing matches."""
        whole = self.precision + self.recall
        return 2 * self.precision * self.recall / whole if whole else 0.0


@dataclass(frozen=True, kw_only=True)
class Aspects:
    """Asks once a text for its aspects, then twice a pair of aspects."""

    to: str = "base"

    def flow(self, answer: str, reference: str) -> Flow[Matched]:
        """How far the answer has what the person's own text has."""
        mine = yield from self._apart(answer)
        theirs = yield from self._apart(reference)
        found: dict[tuple[str, str], tuple[float, float]] = {}
        unread = 0
        for one in mine:
            for other in theirs:
                content = yield from self._like(one, other, "in what they say")
                style = yield from self._like(one, other, "in how they are written")
                unread += (content is None) + (style is None)
                found[one, other] = (content or 0.0, style or 0.0)
        best = [theirs[_highest([_product(found[a, o]) for o in theirs])] for a in mine] if theirs else []
        pairs = tuple((a, o, *found[a, o]) for a, o in zip(mine, best, strict=False))
        backward = [max((_product(found[a, o]) for a in mine), default=0.0) for o in theirs]
        return Matched(
            precision=sum(_product((c, s)) for *_, c, s in pairs) / len(mine) if mine else 0.0,
            recall=sum(backward) / len(theirs) if theirs else 0.0,
            pairs=pairs,
            unread=unread,
        )

    def _apart(self, text: str) -> Flow[list[str]]:
        prompt = f"List the separate aspects of this text, each as a line that begins with a dash:\n\n{text}"
        listed = LISTED.findall((yield from said(prompt, self.to)))
        return list(dict.fromkeys(listed))[:MOST] or [text]

    def _like(self, one: str, other: str, how: str) -> Flow[float | None]:
        prompt = (
            f"Text 1:\n{one}\n\nText 2:\n{other}\n\nHow alike are they {how}? Reply with:\nAlike: a number from 0 to 10"
        )
        grade = number((yield from said(prompt, self.to)), "Alike", 0, 10)
        return None if grade is None else grade / 10


def _highest(values: list[float]) -> int:
    return values.index(max(values))


def _product(pair: tuple[float, float]) -> float:
    return pair[0] * pair[1]
