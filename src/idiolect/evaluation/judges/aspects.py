"""ExPerT (Salemi et al., Findings of ACL 2025): a text is taken apart into aspects, each with its evidence, and matched
with those of what the person wrote himself.

    recall    = sum over the reference's aspects of s / number of them       s of an aspect without a match is 0
    precision = sum over the answer's aspects of s / number of them          F1: the harmonic mean
    s         = (content + style) / 2,    each 1 or 0: is the evidence of both alike in what it says, and in how?

Each side looks for its own matches among all aspects of the other, as published. `weigh` holds the published variants.
A judge whose answer cannot be read is asked again, each time more warmly; after that the aspect counts as unmatched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from idiolect.core.requests import Flow
from idiolect.evaluation.judges.asking import choice, field, insisted

Weigh = Literal["average", "content", "style", "and", "or"]
SCORES: Mapping[Weigh, Callable[[bool, bool], float]] = {
    "average": lambda content, style: (content + style) / 2,
    "content": lambda content, style: float(content),
    "style": lambda content, style: float(style),
    "and": lambda content, style: float(content and style),
    "or": lambda content, style: float(content or style),
}
LONGEST = 800  # tokens of a text taken apart
BLOCK = re.compile(r"^\W*aspect[^\n:=]{0,5}[:=]", re.IGNORECASE | re.MULTILINE)
EVIDENCE = re.compile(r"^\W*evidence[^\n:=]{0,5}[:=]\s*(.+?)\s*\Z", re.IGNORECASE | re.MULTILINE | re.DOTALL)
NONE = 0  # the number by which a judge says that nothing matches


@dataclass(frozen=True, slots=True)
class Aspect:
    """What a part of a text is about, and the sentences that show it."""

    title: str
    description: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An aspect and its partner in the other text: whether they are alike in content and in style."""

    aspect: Aspect
    partner: Aspect | None
    content: bool = False
    style: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """By side the matches that its aspects found; `unread`: questions to the judge that brought nothing readable."""

    answer: tuple[Match, ...]
    reference: tuple[Match, ...]
    unread: int
    weigh: Weigh = "average"

    @property
    def precision(self) -> float:
        """Mean over the answer's aspects; 0 where it has none."""
        return self._mean(self.answer)

    @property
    def recall(self) -> float:
        """Mean over the reference's aspects; 0 where it has none."""
        return self._mean(self.reference)

    @property
    def f1(self) -> float:
        """2PR / (P + R); 0 where nothing matches."""
        whole = self.precision + self.recall
        return 2 * self.precision * self.recall / whole if whole else 0.0

    def _mean(self, matches: Sequence[Match]) -> float:
        scores = [SCORES[self.weigh](m.content, m.style) if m.partner else 0.0 for m in matches]
        return sum(scores) / len(scores) if scores else 0.0


@dataclass(frozen=True, kw_only=True)
class Aspects:
    """Asks a text for its aspects, each aspect for its match, and each match twice whether the evidence is alike."""

    weigh: Weigh = "average"
    to: str = "base"

    def flow(self, question: str, answer: str, reference: str) -> Flow[Matched]:
        """How far the answer has what the person's own text has."""
        mine = yield from self._apart(question, answer)
        theirs = yield from self._apart(question, reference)
        forward = yield from self._matches(mine or [], theirs or [])
        backward = yield from self._matches(theirs or [], mine or [])
        unread = (mine is None) + (theirs is None) + forward[1] + backward[1]
        return Matched(answer=forward[0], reference=backward[0], unread=unread, weigh=self.weigh)

    def _apart(self, question: str, text: str) -> Flow[list[Aspect] | None]:
        prompt = (
            f"Question:\n{question}\n\nText:\n{text}\n\nTake the text apart: which separate aspects of the question "
            "does it treat? For each reply with three lines:\nAspect: a short title\nAbout: what the text says of it\n"
            "Evidence: the sentences of the text that show it, word for word"
        )
        return (yield from insisted(prompt, _listed, self.to, longest=LONGEST)) if text.strip() else []

    def _matches(self, ours: Sequence[Aspect], others: Sequence[Aspect]) -> Flow[tuple[tuple[Match, ...], int]]:
        found, unread = [], 0
        for one in ours:
            place = yield from self._partner(one, others)
            if not place:
                unread += place is None
                found.append(Match(aspect=one, partner=None))
                continue
            partner = others[place - 1]
            content = yield from self._alike(one, partner, "say the same about it", "Same content")
            style = yield from self._alike(one, partner, "use the same words, tone and length", "Same style")
            unread += (content is None) + (style is None)
            found.append(Match(aspect=one, partner=partner, content=content is True, style=style is True))
        return tuple(found), unread

    def _partner(self, one: Aspect, others: Sequence[Aspect]) -> Flow[int | None]:
        """The number of the aspect that matches, from 1; `NONE` where none does, None where it cannot be read."""
        if not others:
            return NONE
        listed = "\n".join(f"{n}. {o.title}: {o.description}" for n, o in enumerate(others, 1))
        prompt = (
            f"Aspect:\n{one.title}: {one.description}\n\nOther aspects:\n{listed}\n\n"
            "Which of the others is about the same? Reply with:\nMatch: its number, or none"
        )
        return (yield from insisted(prompt, lambda text: _numbered(text, len(others)), self.to))

    def _alike(self, one: Aspect, other: Aspect, how: str, name: str) -> Flow[bool | None]:
        prompt = (
            f"Text 1:\n{one.evidence}\n\nText 2:\n{other.evidence}\n\nBoth are about: {one.title}. "
            f"Do they {how}? Reply with:\n{name}: yes or no"
        )
        return (yield from insisted(prompt, lambda text: _yes(text, name), self.to))


def _listed(text: str) -> list[Aspect] | None:
    """Aspects with a title and evidence; None where there is none."""
    blocks = [f"Aspect:{block}" for block in BLOCK.split(text)[1:]]
    shown = [EVIDENCE.search(b) for b in blocks]
    found = [
        Aspect(field(b, "Aspect"), field(b, "About"), e[1] if e else "") for b, e in zip(blocks, shown, strict=True)
    ]
    whole = list(dict.fromkeys(a for a in found if a.title and a.evidence))
    return whole or None


def _numbered(text: str, count: int) -> int | None:
    stated = field(text, "Match").casefold()
    if stated.startswith("none"):
        return NONE
    number = re.match(r"\d+", stated)
    return int(number[0]) if number and 1 <= int(number[0]) <= count else None


def _yes(text: str, name: str) -> bool | None:
    stated = choice(text, name, ("yes", "no"))
    return None if stated is None else stated == "yes"
