"""What was learnt from the sentences of worlds: which part a phrase plays in a statement, what a question asks for.

A multinomial logistic regression over the words around the phrase (of the whole question) and the cues of the sentence,

    p(part | phrase) = softmax(W x / |x| + b)

where x are the features that are there (each 1) and |x| = sqrt(their number). `said.npz` and `asked.npz` hold what was
fitted: `features` (f,), `parts` (c,), `weights` (f, c) in steps of `step`, and `bias` (c,). They are made by
`benchmarks/said.py`, from the training side of the worlds' language and from `benchmarks/said.toml`; nothing of the
held-out side is in them. A part is a kind of fact (the phrase is its value, the question asks for it), KEY (the word
that is explained), WHO (somebody whose home is spoken of) or NONE.
"""

from __future__ import annotations

import math
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from idiolect.memory.facts import cues
from idiolect.memory.facts.reading import Reading, words
from idiolect.retrieval.stems import stem

if TYPE_CHECKING:
    from numpy.typing import NDArray

NONE, KEY, WHO = "none", "key", "who"
TINY = 1e-3
NEAR = 3  # words on each side whose distance counts
HEARD = ((2, "c"), (4, "C"))  # scores of a kind that are features


class Table(NamedTuple):
    """`rows`: the row of each feature; `parts` (c,); `weights` (f, c); `bias` (c,)."""

    rows: dict[str, int]
    parts: list[str]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]


@lru_cache(maxsize=2)
def table(name: str) -> Table:
    """`said.npz` or `asked.npz`."""
    with files("idiolect.memory.facts").joinpath(f"{name}.npz").open("rb") as file, np.load(file) as held:
        weights = held["weights"].astype(np.float32) * held["step"]
        rows = {str(feature): i for i, feature in enumerate(held["features"])}
        return Table(rows, [str(part) for part in held["parts"]], weights, held["bias"])


def parts(reading: Reading) -> dict[str, dict[str, float]]:
    """How likely each part is, by the mark of every phrase that stands out in a statement."""
    said = tokens(reading)
    return {mark: _shares(table("said"), features(reading, said, mark)) for mark in reading.texts("NVSP")}


def wanted(reading: Reading) -> dict[str, float]:
    """How likely a question asks for each kind of fact."""
    return _shares(table("asked"), features(reading, tokens(reading)))


def _shares(known: Table, seen: set[str]) -> dict[str, float]:
    rows = [known.rows[feature] for feature in seen if feature in known.rows]
    scores = known.weights[rows].sum(0) / max(len(rows), 1) ** 0.5 + known.bias
    shares = np.exp(scores - scores.max())
    return dict(zip(known.parts, (shares / shares.sum()).tolist(), strict=True))


def lean(reading: Reading, one: str, other: str) -> float:
    """The logarithm of how much likelier one phrase is explained by the other than the other way round."""
    found = parts(reading)
    straight = found[one][KEY] * found[other]["meaning"]
    return math.log((straight + TINY) / (found[other][KEY] * found[one]["meaning"] + TINY))


def tokens(reading: Reading) -> list[str]:
    """The pieces of a sentence as features name them: stems, R a relation, K a kind of thing, O what stands out."""
    return [token(piece.text.lower()) if not piece.sort else "O" for piece in reading.pieces]


def features(reading: Reading, said: list[str], mark: str = "") -> set[str]:
    """What is seen of a sentence, from one of its phrases where a mark is given."""
    line = ["^", *said, "$"]
    place = int(mark[1:]) + 1 if mark else 0
    line[place] = "@" if mark else "^"
    found = {f"u:{word}" for word in line} | {f"b:{a}_{b}" for a, b in pairwise(line)}
    found |= {f"t:{a}_{b}_{c}" for a, b, c in zip(line, line[1:], line[2:], strict=False)} | _cued(reading, mark)
    if not mark:
        return found
    found |= {f"own:{mark[0]}", f"B:{line[place - 1]}_{line[place + 1]}"}
    found |= {f"l:{word}" for word in line[:place]} | {f"r:{word}" for word in line[place + 1 :]}
    for far in range(1, NEAR + 1):
        found |= {f"-{far}:{word}" for word in line[max(place - far, 0) : place - far + 1]}
        found |= {f"+{far}:{word}" for word in line[place + far : place + far + 1]}
    return found


def _cued(reading: Reading, mark: str) -> set[str]:
    found = set()
    for kind in cues.cues():
        known = cues.heard(kind, reading.line(cues.LINE.get(kind, "")))
        found |= {f"{letter}:{kind}" for least, letter in HEARD if known.score >= least}
        found |= {f"m:{kind}"} if mark in known.marks else set()
    return found


@lru_cache(maxsize=20_000)
def token(low: str) -> str:
    """How a word in small letters is named."""
    if low in words()["relations"]:
        return "R"
    if low in words()["kinds"] or (low.removesuffix("s") in words()["kinds"] and low.endswith("s")):
        return "K"
    return stem(low)
