"""How texts are cut, and the longest common subsequence of the pieces."""

from __future__ import annotations

import re
from collections.abc import Sequence

_WORD = re.compile(r"[^\W_]+")
_TOKEN = re.compile(r"\w+|[^\w\s]")
_CJK = re.compile(r"([぀-ヿ㐀-鿿豈-﫿])")


def words(text: str) -> list[str]:
    """Runs of letters and digits, in lower case; every Chinese or Japanese character is a word."""
    return _WORD.findall(_CJK.sub(r" \1 ", text.lower()))


def tokens(text: str) -> list[str]:
    """The same with punctuation marks, one a token."""
    return _TOKEN.findall(_CJK.sub(r" \1 ", text.lower()))


def lcs(a: Sequence[str], b: Sequence[str]) -> int:
    """Length of the longest common subsequence, a row of the table at a time as bits of one number (Hyyrö 2004)."""
    places: dict[str, int] = {}
    for i, word in enumerate(a):
        places[word] = places.get(word, 0) | 1 << i
    full = (1 << len(a)) - 1
    row = full
    for word in b:
        here = row & places.get(word, 0)
        row = ((row + here) | (row - here)) & full
    return len(a) - row.bit_count()
