"""Makes `said.npz` and `asked.npz` of `src/idiolect/memory/facts`: what statements of facts and questions for them look
like, learnt from the training side of worlds and from `said.toml`.

python benchmarks/said.py [--world FILE.toml] [--check]

--world adds the wording of a lexicon file, --check prints how well frames are read that were left out of the fit (five
parts) and writes nothing. A frame of the held-out side of either file is left out, those next to it too (the border
moves when lists grow), and a sentence of `said.toml` that is one of them.
"""

from __future__ import annotations

import argparse
import re
import tomllib
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from idiolect.memory.facts import asides, extract, learnt
from idiolect.memory.facts.guess import PAIRED
from idiolect.memory.facts.reading import Reading
from idiolect.simulation.facts import NAMED, uncapital
from idiolect.simulation.language import Language

FILLS, SEED = 3, 5  # sentences a frame
BORDER = 0.25  # of all CRCs: the held-out fifth lies below
LEAST = 3  # frames that must have a feature
STRENGTH = 30.0  # of the fit: the inverse of its penalty
STEPS = 127  # of a weight, each way
HERE = Path(__file__).parent
TARGET = HERE.parent / "src/idiolect/memory/facts"
LISTS = ("statements", "questions", "when_questions", "count_questions")
PLACES = NAMED | {"visit", "residence"}


class Example(NamedTuple):
    """One phrase of one sentence; `frame` numbers what the sentence was made of."""

    features: set[str]
    part: str
    frame: int


class Frames:
    """The training side of the shipped language and of another file."""

    def __init__(self, other: Path | None) -> None:
        files = [None, *([other] if other else [])]
        self.sides = [Language.load(file) for file in files]
        held = [Language.load(file, held=True) for file in files]
        self.apart = {_bare(frame) for lang in held for path in _paths(lang) for frame in lang.frames(*path)}
        self.words = self.sides[-1]

    def at(self, *path: str) -> list[str]:
        """Those of one list."""
        listed = dict.fromkeys(frame for lang in self.sides for frame in lang.frames(*path))
        far = [frame for frame in listed if zlib.crc32(frame.encode()) >= BORDER * 2**32]
        return self.allowed(far)

    def allowed(self, frames: Sequence[str]) -> list[str]:
        """Without those that are held out."""
        return [frame for frame in frames if _bare(frame) not in self.apart]


def sentences(frames: Frames) -> Iterator[tuple[int, str, dict[str, str], str]]:
    """(number of the frame, kind, slots, text)."""
    r, lang = Random(SEED), frames.words
    said = tomllib.loads((HERE / "said.toml").read_text(encoding="utf-8"))
    leads = [frames.at("lead", name) for name in ("changes", "statements", "tails")]
    small = [f for name in lang.data["clutter"] for f in frames.at("clutter", name)]
    small += [f for name in lang.data["preferences"] for f in frames.at("preferences", name, "statements")]
    listed = {kind: frames.at("facts", kind, "statements") for kind in lang.data["facts"]}
    listed[learnt.NONE] = [*small, *(fact["wrong"] for fact in lang.data["world"]["facts"])]
    number = 0
    for kind, own in listed.items():
        for frame in [*own, *frames.allowed(said[kind])]:
            number += 1
            for _ in range(FILLS if "{" in frame else 1):
                slots = drawn(r, lang, kind)
                text = lang.fill(frame, r, **slots)
                yield number, kind, slots, text if kind == learnt.NONE else _led(r, text, slots["v"], leads)


def drawn(r: Random, lang: Language, kind: str) -> dict[str, str]:
    """What stands in the slots: fresh words, but for keys and common things."""
    capital = kind in PLACES or (kind == learnt.NONE and r.random() < 0.3)
    keys = lang.words("relations" if kind == "person" else "keys")
    return {
        "v": lang.word(r).capitalize() if capital else " ".join(lang.word(r) for _ in range(1 + (r.random() < 0.2))),
        "k": lang.word(r) if kind == "meaning" else r.choice(keys),
        "n": lang.word(r).capitalize(),
        "w": r.choice(lang.words("common")),
    }


def examples(frames: Frames) -> Iterator[Example]:
    """Every phrase that stands out in the sentences."""
    for number, kind, slots, text in sentences(frames):
        for sentence in extract.sentences(text):
            reading = Reading(asides.closed(sentence))
            said = learnt.tokens(reading)
            for mark, word in reading.texts("NVSP").items():
                part = learnt.NONE if kind == learnt.NONE else _part(kind, slots, word)
                yield Example(learnt.features(reading, said, mark), part, number)


def questions(frames: Frames) -> Iterator[Example]:
    """Questions for facts, and what asks for none."""
    r, lang = Random(SEED), frames.words
    listed = {
        kind: [f for name in LISTS[1:] if name in own for f in frames.at("facts", kind, name)]
        for kind, own in lang.data["facts"].items()
    }
    listed[learnt.NONE] = [fact["q"] for fact in lang.data["world"]["facts"]]
    listed[learnt.NONE] += [f for name in lang.data["clutter"] for f in frames.at("clutter", name)]
    leads = frames.at("lead", "questions")
    for number, (kind, frame) in enumerate((kind, frame) for kind, own in listed.items() for frame in own):
        for _ in range(FILLS):
            text = lang.fill(frame, r, **drawn(r, lang, kind))
            reading = Reading(r.choice(leads) + uncapital(text) if r.random() < 0.2 else text)
            yield Example(learnt.features(reading, learnt.tokens(reading)), kind, number)


def fit(made: Sequence[Example]) -> dict[str, Any]:
    """The arrays of the table."""
    seen: dict[str, set[int]] = defaultdict(set)
    for example in made:
        for feature in example.features:
            seen[feature].add(example.frame)
    features = sorted(feature for feature, numbers in seen.items() if len(numbers) >= LEAST)
    rows = {feature: i for i, feature in enumerate(features)}
    fitted = LogisticRegression(C=STRENGTH, max_iter=300, tol=1e-3).fit(_matrix(made, rows), [e.part for e in made])
    weights = fitted.coef_.T
    step = float(np.abs(weights).max()) / STEPS
    return {
        "features": np.array(features),
        "parts": np.array(fitted.classes_.tolist()),
        "weights": np.round(weights / step).astype(np.int8),
        "bias": fitted.intercept_.astype(np.float32),
        "step": np.float32(step),
    }


def check(made: Sequence[Example]) -> float:
    """How often the likeliest part is right, of frames that the fit did not see."""
    right = 0
    for fold in range(5):
        out = [e for e in made if zlib.crc32(str(e.frame).encode()) % 5 == fold]
        held = fit([e for e in made if zlib.crc32(str(e.frame).encode()) % 5 != fold])
        rows = {str(feature): i for i, feature in enumerate(held["features"])}
        scores = _matrix(out, rows) @ (held["weights"] * held["step"]) + held["bias"]
        right += sum(held["parts"][best] == e.part for best, e in zip(scores.argmax(1), out, strict=True))
    return right / len(made)


def _matrix(made: Sequence[Example], rows: dict[str, int]) -> csr_matrix:
    known = [[rows[f] for f in sorted(e.features) if f in rows] for e in made]
    shares = [1 / len(each) ** 0.5 for each in known for _ in each]
    ends = np.cumsum([0, *(len(each) for each in known)])
    return csr_matrix((shares, [i for each in known for i in each], ends), shape=(len(made), len(rows)))


def _part(kind: str, slots: dict[str, str], word: str) -> str:
    other = {"meaning": slots["k"], "residence": slots["n"]}.get(kind, "")
    low = word.lower()
    return kind if low == slots["v"].lower() else PAIRED[kind] if low == other.lower() and other else learnt.NONE


def _led(r: Random, text: str, value: str, leads: list[list[str]]) -> str:
    """With what may stand before it, and behind."""
    draw = r.random()
    lead = r.choice(leads[0]) if draw < 0.25 else r.choice(leads[1]) if draw < 0.5 else ""
    tail = r.choice(leads[2]) if r.random() < 0.2 else ""
    text = text.rstrip(".") + tail + ("." if text.endswith(".") else "")
    return lead + uncapital(text, value) if lead else text


def _paths(lang: Language) -> Iterator[tuple[str, ...]]:
    yield from (("facts", k, name) for k, v in lang.data["facts"].items() for name in LISTS if name in v)
    yield from ((table, name) for table in ("lead", "clutter") for name in lang.data[table])
    yield from (("preferences", name, "statements") for name in lang.data["preferences"])


def _bare(frame: str) -> str:
    return re.sub(r"[^a-z{} ]", "", frame.lower())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--world", type=Path)
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    sides = Frames(given.world)
    for name, collected in (("said", list(examples(sides))), ("asked", list(questions(sides)))):
        if given.check:
            print(f"{name}: {check(collected):.3f} of {len(collected)} right, on frames left out")
        else:
            table, file = fit(collected), TARGET / f"{name}.npz"
            np.savez_compressed(file, **table)
            print(f"{name}: {len(table['features'])} features of {len(collected)}; {file.stat().st_size} bytes")
