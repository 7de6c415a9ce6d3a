"""Four interpretable measures of an answer, read off its words by rules that anybody can check.

| dimension | measure |
|---|---|
| brevity | - log2(1 + words) |
| formality | formal words - casual words - contractions |
| warmth | exclamation marks + half of the warm words + smileys |
| concreteness | log2(1 + numbers) |

The lists are everyday English; another language needs lists of its own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d+(?:[.,]\d+)*")
SMILEY = re.compile(r"[:;=]-?[)D]|[☺😀-😊🙂❤]")
FORMAL = frozenset(
    WORD.findall(
        """
        accordingly allow ascertain assist assistance certainly concerning consequently dear ensure furthermore hence
        however indeed inquiry kindly madam may moreover nevertheless obtain please pleasure provide question regarding
        regards require respectfully shall sincerely sir subsequently sufficient thank therefore thus upon very well
        whilst whom would
        """
    )
)
CASUAL = frozenset(
    WORD.findall(
        """
        alright awesome btw bye cool cuz dude dunno easy folks gonna gotta guess guys hey hi kinda lol lots nah nope oh
        ok okay omg plus pretty problem really so sorta stuff super sure thing totally tons wanna whatever wow ya yeah
        yep yo yup
        """
    )
)
WARM = frozenset(
    WORD.findall(
        """
        amazing best care caring comfort congratulations delighted enjoy friend friends fun glad great happy heart hope
        hug hugs joy kind love lovely luck nice proud smile sorry sweet together welcome wish wonderful
        """
    )
)


@dataclass(frozen=True)
class Dimension:
    """`more` and `less`: the wishes at its two ends, as a profile states them."""

    name: str
    more: str
    less: str


DIMENSIONS = (
    Dimension("brevity", "short replies", "long replies"),
    Dimension("formality", "a formal tone", "a casual tone"),
    Dimension("warmth", "warm words", "no warm words"),
    Dimension("concreteness", "exact figures", "no figures"),
)
NAMES = tuple(d.name for d in DIMENSIONS)
USUAL = np.array([-3.6, 0.0, 0.6, 0.7])  # of an answer of eleven words; where nobody's answers are known


def measure(text: str) -> NDArray[np.float64]:
    """phi(y), (D,)."""
    words = WORD.findall(text.lower())
    formal = sum(w in FORMAL for w in words) - sum(w in CASUAL or "'" in w or "’" in w for w in words)
    warm = text.count("!") + sum(w in WARM for w in words) / 2 + len(SMILEY.findall(text))
    numbers = sum(w[0].isdigit() for w in words)
    return np.array([-math.log2(1 + len(words)), formal, warm, math.log2(1 + numbers)], dtype=np.float64)


def best(texts: Sequence[str], wanted: NDArray[np.float64]) -> int:
    """Which of n answers has the largest reward; of equals the first, and one without words never."""
    rewards = [float(measure(t) @ wanted) if t.strip() else float("-inf") for t in texts]
    return rewards.index(max(rewards))


def wish(k: int, value: float) -> str:
    """A dimension's end as a line of profile."""
    return f"- wants: {DIMENSIONS[k].more if value > 0 else DIMENSIONS[k].less}"
