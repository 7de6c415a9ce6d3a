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
    alike: dict[tuple[str, ...], list[str]] = {}  # by their words: what says the same has the same ones
    for line in (*summary, *new):
        said = alike.setdefault(tuple(sorted(telling(line.text)) or line.text.casefold().split()), [])
        if line.text.strip() and not any(same(line.text, text) for text in said):
            lines.append(line)
            said.append(line.text)
    words, costs = [frozenset(telling(line.text)) for line in lines], [count(line.text) for line in lines]
    often = Counter(word for bag in words for word in bag)
    worth = {word: math.log(1 + len(lines) / n) * n for word, n in often.items()}
    chosen, covered, left = set[int](), set[str](), max_tokens
    while True:
        gains = {
            i: math.fsum(worth[w] for w in words[i] - covered) / cost
            for i, cost in enumerate(costs)
            if i not in chosen and cost <= left
        }
        best = max(gains, key=lambda i: (gains[i], i), default=None)
        if best is None or gains[best] <= 0:
            break
        chosen.add(best)
        covered |= words[best]
        left -= costs[best]
    return tuple(lines[i] for i in sorted(chosen))
