"""Fresh pseudo-words. A model that meets new ones in almost every example has to copy; it cannot learn the list.

Words whose CRC-32 is divisible by 8 belong to the tests and never enter training.
"""

from __future__ import annotations

import zlib
from random import Random

ONSETS = [*"bcdfghjklmnprstvwz", *"br cl dr fl gr pl st tr sh ch th sp sk".split(), "", ""]  # noqa: SIM905
VOWELS = [*"aeiouaeiou", *"ai ea oo ee ou y ia".split()]  # noqa: SIM905
CODAS = ["", "", "", "", *"n r l m s t x k nd rt st ck ng p d".split()]  # noqa: SIM905


def held_out(word: str) -> bool:
    """Whether the word belongs to the tests."""
    return zlib.crc32(word.encode()) % 8 == 0


def fresh_word(r: Random, *, held: bool, known: frozenset[str] = frozenset()) -> str:
    """A made-up lower-case word of three to ten letters that is none of `known`."""
    while True:
        n = r.choices((1, 2, 3), (2, 12, 6))[0]
        word = "".join(
            r.choice(ONSETS) + r.choice(VOWELS) + (r.choice(CODAS) if i == n - 1 or r.random() < 0.4 else "")
            for i in range(n)
        )
        if 3 <= len(word) <= 10 and word not in known and held_out(word) == held:
            return word
