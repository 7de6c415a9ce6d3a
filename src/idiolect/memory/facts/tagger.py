"""A linear tagger: which kind of fact a sentence states, and which of its words are key, value and name.

    kind(s)   = argmax_c sum_{f in features(s)} w_c(f)                  c: a kind, or "none"
    label(t)  = argmax_l sum_{f in features(t, kind(s))} w_l(f)         l: O, K (key), V (value), N (somebody's name)

The weights are an averaged perceptron's (Collins 2002), learnt on the training side of simulated worlds by
`benchmarks/facts.py`; a word that the language file does not know is "?" to it, so that what it has learnt are forms.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files

SILENT, UNCUED = 8.0, 8.0  # by how much "none", and a kind without one of its words, must lead
TOKEN = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|[,.;:!?]")
Weights = Mapping[str, Mapping[str, float]]


def tokens(text: str) -> list[str]:
    return TOKEN.findall(text)


def kind(found: Sequence[str], cued: frozenset[str]) -> str:
    """The kind of fact that a sentence states, or "none"; kinds without one of their words must lead by far."""
    weights, known, _ = model()
    scores = scored(weights["kind"], sentence(found, known))
    bent = {k: s - (SILENT if k == "none" else 0.0 if k in cued else UNCUED) for k, s in scores.items()}
    return max(bent, key=lambda k: (bent[k], k), default="none")


def labels(found: Sequence[str], kind: str, wanted: str) -> list[str]:
    """One of O, K, V, N a token; each of the wanted labels at least once where a new word is left for it."""
    weights, known, _ = model()
    given: list[str] = []
    rows: list[dict[str, float]] = []
    for place in range(len(found)):
        rows.append(scored(weights["label"], token(found, place, kind, known, given)))
        given.append(max(rows[-1], key=lambda label: (rows[-1][label], label), default="O"))
    for label in wanted:
        if label not in given:
            new = [i for i, word in enumerate(found) if shape(word, known).startswith("?")]
            if left := [i for i in new if given[i] == "O" or given.count(given[i]) > 1]:
                best = max(left, key=lambda i: rows[i].get(label, 0.0) - rows[i].get("O", 0.0))
                given[best] = label
    return given


def sentence(found: Sequence[str], known: frozenset[str]) -> list[str]:
    """Features of a whole sentence: its words and pairs of them, in the order of the forms."""
    plain = [shape(word, known) for word in found]
    pairs = [f"{a} {b}" for a, b in zip(plain, plain[1:], strict=False)]
    wide = [f"{a} _ {b}" for a, b in zip(plain, plain[2:], strict=False)]
    new = [word for word in plain if word.startswith("?")]
    own = [f"own {word}" for word in ("i", "my", "me", "we") if word in plain]
    return list(dict.fromkeys(["", *plain, *pairs, *wide, *own, f"new {' '.join(new[:4])}", f"first {plain[0] if plain else ''}"]))


def token(found: Sequence[str], place: int, kind: str, known: frozenset[str], before: Sequence[str]) -> list[str]:
    """Features of one token under a kind: its neighbours, its shape, and the label before it."""
    around = [shape(found[i], known) if 0 <= i < len(found) else "|" for i in range(place - 3, place + 4)]
    far_left, left2, left, own, right, right2, _ = around
    last = before[-1] if before else "|"
    given = [f"0 {own}", f"1 {left}", f"2 {right}", f"3 {left2} {left}", f"4 {right} {right2}", f"5 {left} {right}"]
    given += [f"6 {last}", f"7 {last} {own}", f"8 {own} {left}", f"9 {own} {right}", f"a {far_left} {left2} {left}"]
    given += ["b first" if place == 0 else "b later", f"c {found[place][:1].isupper()} {place == 0}", f"d {left2}"]
    return [f"{kind} {feature}" for feature in given]


def shape(word: str, known: frozenset[str]) -> str:
    """The word itself where it is known, else whether it is capitalised."""
    low = word.lower().replace("’", "'")
    return low if low in known else "?A" if word[:1].isupper() else "?a"


def scored(weights: Weights, features: Iterable[str]) -> dict[str, float]:
    totals: dict[str, float] = {}
    for feature in features:
        for label, weight in weights.get(feature, {}).items():
            totals[label] = totals.get(label, 0.0) + weight
    return totals


@cache
def model() -> tuple[dict[str, Weights], frozenset[str], Mapping[str, float]]:
    """(weights by table, the words that are known, measures of the training)."""
    text = files("idiolect.memory.facts").joinpath("weights.json").read_text(encoding="utf-8")
    data = json.loads(text)
    return {name: data[name] for name in ("kind", "label")}, frozenset(data["known"]), data["measured"]
