"""How far two questions are apart as they are typed: the distance of Levenshtein (1966), as MemPrompt and MaLP use it.

Words of grammar, marks and case are left aside, so that only what tells the two apart counts.
"""

from __future__ import annotations

from idiolect.retrieval.stems import EMPTY
from idiolect.retrieval.terms import indexed

FAR = 6  # characters: what is closer is taken for the same question mistyped
ALIKE = 0.9  # cosine: what is nearer is taken for the same question in other words


def bare(text: str) -> str:
    """What is compared of a text."""
    return " ".join(term for term in indexed(text) if term not in EMPTY)


def distance(one: str, other: str) -> int:
    """Characters to put in, take out or change, to make one text the other."""
    row = list(range(len(other) + 1))
    for i, mine in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, theirs in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (mine != theirs))
    return row[-1]


def mistyped(question: str, key: str) -> float:
    """In [0, 1]: 1 for the same, 0 where they are `FAR` characters apart or one of them says nothing."""
    one, other = bare(question), bare(key)
    if not one or not other or abs(len(one) - len(other)) >= FAR:
        return 0.0
    return max(0.0, 1.0 - distance(one, other) / FAR)
