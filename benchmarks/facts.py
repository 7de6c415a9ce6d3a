"""Facts: learns the tagger's weights on the training side of worlds, and measures extraction on the held-out side.

    python benchmarks/facts.py learn        writes src/idiolect/memory/facts/weights.json
    python benchmarks/facts.py              slot F1, supersession, as-of and additive facts on held-out frames and users
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from idiolect.core.types import Turn
from idiolect.memory.facts import tagger
from idiolect.memory.facts.extract import claims
from idiolect.memory.facts.slots import Claim, supersedes
from idiolect.simulation import facts as planted
from idiolect.simulation import world
from idiolect.simulation.language import Language

WEIGHTS = Path(__file__).parent.parent / "src/idiolect/memory/facts/weights.json"
KINDS = ("like", "person", "meaning", "name", "job", "home", "allergy", "language", "hobby", "visit", "residence")
NAMED = {*planted.NAMED, "visit", "residence"}
EACH, ROUNDS, SMALL = 700, 6, 0.5
MORE = {"like": 3, "person": 2, "meaning": 2, "residence": 2}  # keyed kinds vary more
SLOTS = {"qkq": "K", "qvq": "V", "qnq": "N"}
Sample = tuple[list[str], list[str], str]  # tokens, labels, kind


def samples(seed: int, each: int) -> list[Sample]:
    """Sentences of the training side with a label a token; a few known words are made unknown."""
    r, lang = Random(seed), Language.load(held=False)
    found = [_stated(r, lang, kind) for kind in KINDS for _ in range(each * MORE.get(kind, 1))]
    found += [_other(r, lang) for _ in range(4 * each)]
    r.shuffle(found)
    return [_blurred(r, lang, sample) for sample in found]


def _stated(r: Random, lang: Language, kind: str) -> Sample:
    fact = planted.Fact(kind=kind, key="qkq", value="qvq")
    if kind in ("visit", "residence"):
        text = lang.fill(r.choice(lang.frames("facts", kind, "statements")), r, n="qnq", v="qvq")
        lead = r.choice(lang.frames("lead", "statements")) if r.random() < 0.3 else ""
        text = lead + planted.uncapital(text) if lead else text
    else:
        text = planted.state(r, lang, fact, "qvq", changed=r.random() < 0.4)
    named = kind in NAMED
    values = {"qvq": lang.value(r, name=named), "qnq": lang.value(r, name=True)}
    values["qkq"] = planted.draw_key(r, lang, kind) if kind in planted.KEYED else ""
    return *_filled(tagger.tokens(text), values), kind


def _filled(tokens: Sequence[str], values: dict[str, str]) -> tuple[list[str], list[str]]:
    words: list[str] = []
    labels: list[str] = []
    for token in tokens:
        mark = token.lower()[:3]
        new = values[mark].split() if mark in values else [token]
        if mark in values and len(token) > 3:
            new[-1] += token[3:]
        words += new
        labels += [SLOTS.get(mark, "O")] * len(new)
    return words, labels


def _other(r: Random, lang: Language) -> Sample:
    """A line that states none of the kinds: clutter, or a wish."""
    if r.random() < 0.75:
        text = planted.clutter(r, lang, ())
    else:
        wish = r.choice(("short", "formal", "warm", "call"))
        text = lang.fill(r.choice(lang.frames("preferences", wish, "statements")), r, n=lang.value(r, name=True))
    words = tagger.tokens(text)
    return words, ["O"] * len(words), "none"


def _blurred(r: Random, lang: Language, sample: Sample) -> Sample:
    words, labels, kind = sample
    blurred = [lang.word(r) if g == "O" and w.isalpha() and r.random() < 0.1 else w for w, g in zip(words, labels)]
    return blurred, labels, kind


class Perceptron:
    """An averaged perceptron (Collins 2002)."""

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels, self.weights, self.sums, self.step = labels, {}, {}, 0

    def learn(self, features: Sequence[str], truth: str) -> str:
        scores = dict.fromkeys(self.labels, 0.0) | tagger.scored(self.weights, features)
        guess = max(scores, key=lambda label: (scores[label], label))
        self.step += 1
        if guess != truth:
            for feature in features:
                for label, change in ((truth, 1.0), (guess, -1.0)):
                    row, total = self.weights.setdefault(feature, {}), self.sums.setdefault(feature, {})
                    row[label] = row.get(label, 0.0) + change
                    total[label] = total.get(label, 0.0) + change * self.step
        return guess

    def averaged(self) -> dict[str, dict[str, float]]:
        found = {}
        for feature, row in self.weights.items():
            mean = {label: round(w - self.sums[feature][label] / self.step, 1) for label, w in row.items()}
            if kept := {label: w for label, w in mean.items() if abs(w) >= SMALL}:
                found[feature] = kept
        return found


def learn() -> None:
    """Learns both tables and writes them."""
    given = samples(1, EACH)
    usual = Counter(w.lower().replace("’", "'") for words, labels, _ in given for w, g in zip(words, labels) if g == "O")
    known = frozenset(w for w, count in usual.items() if count >= 5)
    kinds, labels = Perceptron([*KINDS, "none"]), Perceptron(["O", "K", "V", "N"])
    for round_ in range(ROUNDS):
        wrong = 0
        for words, truth, kind in given:
            wrong += kinds.learn(tagger.sentence(words, known), kind) != kind
            if kind != "none":
                for place, label in enumerate(truth):
                    labels.learn(tagger.token(words, place, kind, known, truth[:place]), label)
        print(f"round {round_ + 1}: {wrong} of {len(given)} kinds wrong", flush=True)
    data = {"known": sorted(known), "kind": kinds.averaged(), "label": labels.averaged(), "measured": {}}
    WEIGHTS.write_text(json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def truths(made: world.World, user: str) -> set[tuple[str, str, str]]:
    """What a person of a world states, as (kind, key, value) in small letters."""
    truth = made.truth[user]
    found = {(f["kind"], f["key"], v) for f in truth["facts"] for v in (f["value"], f["old"]) if v}
    found |= {("visit", "", town) for town in truth["visits"]}
    names = {r.name: r.value for r in made.records(user) if r.kind == "relation"}
    found |= {("residence", names[relation], place) for relation, place in truth["homes"].items()}
    return {(kind, key.lower(), value.lower()) for kind, key, value in found}


def said(made: world.World, user: str) -> Iterator[tuple[Turn, Claim]]:
    """(turn, claim), oldest first."""
    for record in made.records(user):
        if isinstance(record, Turn):
            yield from ((record, claim) for claim in claims(record))


def measure(seed: int = 31, users: int = 60) -> dict[str, float]:
    """Figures on held-out frames, values and users."""
    made = world.make(seed=seed, users=users, history=1, probes=1)
    hits = given = wanted = 0
    right = retired = due = 0
    for user in made.users:
        found = {(c.kind, c.key.lower(), c.value.lower()) for _, c in said(made, user)}
        truth = truths(made, user)
        hits, given, wanted = hits + len(found & truth), given + len(found), wanted + len(truth)
        olds = {(f["kind"], f["key"].lower(), f["old"].lower()) for f in made.truth[user]["facts"] if f["old"]}
        gone = _retired([claim for _, claim in said(made, user)])
        right, retired, due = right + len(gone & olds), retired + len(gone), due + len(olds)
    precision, recall = hits / max(given, 1), hits / max(wanted, 1)
    return {
        "slot precision": precision,
        "slot recall": recall,
        "slot F1": 2 * precision * recall / max(precision + recall, 1e-9),
        "supersession precision": right / max(retired, 1),
        "supersession recall": right / max(due, 1),
    }


def _retired(stated: Sequence[Claim]) -> set[tuple[str, str, str]]:
    held: list[Claim] = []
    gone: set[tuple[str, str, str]] = set()
    for claim in stated:
        old = [c for c in held if (c.kind, c.key) == (claim.kind, claim.key) and supersedes(claim, c.value)]
        gone |= {(c.kind, c.key.lower(), c.value.lower()) for c in old}
        held = [c for c in held if c not in old] + [claim]
    return gone


if __name__ == "__main__":
    if sys.argv[1:] == ["learn"]:
        learn()
    for name, figure in measure().items():
        print(f"{name:24} {figure:.3f}")
