"""Compressing: a rolling summary within a budget, without a model or through one.

A summary is made of lines that were said, word for word: the lines whose words cover most of what the period was about
(a greedy cover by summed idf, after Filatova and Hatzivassiloglou 2004). When new lines come, the old summary's
lines and the new ones are summed up together; old lines so fade as others cover more.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from idiolect.memory.consolidate import same, telling
from idiolect.memory.context import Count, estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a summary, and the record that it comes from."""

    source: str
    text: str


def roll(summary: Sequence[Line], new: Sequence[Line], max_tokens: int, count: Count = estimate) -> tuple[Line, ...]:
    """The summary after more was said, in the order it was said; never more tokens than allowed.

    Args:
        count: the tokens of a text, the tokeniser's where it is known.
    """
    lines: list[Line] = []
    for line in (*summary, *new):
        if line.text.strip() and not any(same(line.text, kept.text) for kept in lines):
            lines.append(line)
    words = [frozenset(telling(line.text)) for line in lines]
    often = Counter(word for bag in words for word in bag)
    worth = {word: math.log(1 + len(lines) / n) * n for word, n in often.items()}
    chosen: list[int] = []
    covered: set[str] = set()
    left = max_tokens
    while True:
        gains = {
            i: sum(worth[w] for w in words[i] - covered) / count(line.text)
            for i, line in enumerate(lines)
            if i not in chosen and count(line.text) <= left
        }
        best = max(gains, key=lambda i: (gains[i], i), default=None)
        if best is None or gains[best] <= 0:
            break
        chosen.append(best)
        covered |= words[best]
        left -= count(lines[best].text)
    return tuple(lines[i] for i in sorted(chosen))
