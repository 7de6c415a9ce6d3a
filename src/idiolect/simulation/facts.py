"""Planted facts: what a person states about himself, over dated sessions, with updates and clutter; questions on it.

Kinds: like (favourite of a kind), person (name of a relation), meaning (a private sense of a word), and one each of
name, job, home, allergy, language, hobby; visits are additive events, residences are other people's homes.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from idiolect.simulation.language import Language

KEYED = ("like", "person", "meaning")
SINGLE = ("name", "job", "home", "allergy", "language", "hobby")
NAMED = {"person", "name", "home", "language"}  # kinds whose values are capitalised
UNKNOWN = "something I do not know"  # stands in the value's place: the key is repeated before the decision is due
PROFILE_NAMES = {"like": "favourite {k}", "person": "{k}", "meaning": "{k} means"}


@dataclass(kw_only=True)
class Fact:
    """One planted fact; `old` is the value it had before an update. `key` is "" for single facts."""

    kind: str
    value: str
    key: str = ""
    old: str = ""
    day: int = 0
    lines: list[tuple[int, str]] = field(default_factory=list)  # (day, what the user said)

    @property
    def slot(self) -> tuple[str, str]:
        return self.kind, self.key

    @property
    def attribute(self) -> str:
        """The name under which a profile lists it."""
        return PROFILE_NAMES.get(self.kind, self.kind).replace("{k}", self.key)


def draw_key(r: Random, lang: Language, kind: str) -> str:
    """What a keyed fact is about; in training, keys are fresh words too."""
    if kind == "person":
        return lang.word(r) if lang.wild and r.random() < 0.1 else r.choice(lang.words("relations"))
    if kind == "meaning":
        return lang.word(r)
    if not lang.wild:
        return r.choice(lang.words("keys"))
    draw = r.random()
    return (
        r.choice(lang.words("keys")) if draw < 0.6 else lang.word(r) if draw < 0.82 else r.choice(lang.words("common"))
    )


def draw_fact(r: Random, lang: Language, used: set[tuple[str, str]], *, updated: bool = False) -> Fact:
    """A fact on a slot not used yet, stated once, or twice with another value before."""
    while True:
        kind = r.choices(("like", "person", "meaning", "single"), (42, 18, 8, 32))[0]
        kind = r.choice(SINGLE) if kind == "single" else kind
        key = draw_key(r, lang, kind) if kind in KEYED else ""
        if (kind, key) not in used:
            used.add((kind, key))
            break
    name = kind in NAMED
    fact = Fact(kind=kind, key=key, value=lang.value(r, name=name), old=lang.value(r, name=name) if updated else "")
    days = sorted(r.sample(range(1400), 2))
    fact.day = days[-1]
    if updated:
        fact.lines = [
            (days[0], state(r, lang, fact, fact.old)),
            (days[1], state(r, lang, fact, fact.value, changed=True)),
        ]
    else:
        fact.lines = [(days[-1], state(r, lang, fact, fact.value))]
    return fact


def state(r: Random, lang: Language, fact: Fact, value: str, *, changed: bool = False) -> str:
    """What the user says to state a fact."""
    lead = r.choice(lang.frames("lead", "changes")) if changed and r.random() < 0.8 else ""
    if lang.wild and fact.key and r.random() < 0.3:
        return lead + any_statement(r, lang, fact.key, value)
    text = lang.fill(r.choice(lang.frames("facts", fact.kind, "statements")), r, k=fact.key, v=value)
    if lang.wild and r.random() < 0.35:
        text = disturb(r, lang, text, {*value.split(), *fact.key.split()})
    if not lead and r.random() < 0.3:
        lead = r.choice(lang.frames("lead", "statements"))
    tail = r.choice(lang.frames("lead", "tails")) if r.random() < 0.2 else ""
    text = text.rstrip(".") + tail + ("." if text.endswith(".") else "")
    return lead + uncapital(text, value) if lead else text


def uncapital(text: str, value: str = "") -> str:
    """The sentence as it stands after a lead-in: its first letter small, unless it is I or the value."""
    first = text.split(" ")[0]
    keep = first.rstrip(",.") in ("I", value) or first.startswith(("I'", "I’")) or (value and text.startswith(value))
    return text if keep else text[:1].lower() + text[1:]


def disturb(r: Random, lang: Language, text: str, keep: set[str]) -> str:
    """Some of the words swapped, dropped or doubled by filler: the frame matters less than key and value."""
    out: list[str] = []
    for w in text.split(" "):
        draw = 1.0 if w.strip(string.punctuation) in keep else r.random()
        out += (
            lang.some(r, 1, 1)
            if draw < 0.08
            else []
            if draw < 0.12
            else [w, *lang.some(r, 1, 1)]
            if draw < 0.2
            else [w]
        )
    return " ".join(out)


def any_statement(r: Random, lang: Language, key: str, value: str) -> str:
    """A statement whose words mean nothing: only key, value and "my" or "I" in one line carry the fact."""
    first, last = (key, value) if r.random() < 0.6 else (value, key)
    parts = [lang.some(r, 0, 4), [first], lang.some(r, 1, 4), [last], lang.some(r, 0, 4)]
    place = parts[r.choice((0, 2))]
    place.insert(r.randint(0, len(place)), r.choice(("my", "my", "I", "me")))
    return " ".join(w for p in parts for w in p) + r.choice((".", ".", "", "!"))


def question(r: Random, lang: Language, kind: str, key: str) -> str:
    """A question on a slot."""
    if lang.wild and key and r.random() < 0.25:
        cues = {
            "like": ("what is my", "my favourite", "I like", "I told you", "which"),
            "person": ("name of my", "my", "who is my"),
        }
        cue = r.choice(cues.get(kind, ("I mean by", "meaning of", "what is")))
        parts = [*lang.some(r, 0, 3), cue, *lang.some(r, 0, 2), key, *lang.some(r, 0, 2)]
        return " ".join(parts) + r.choice(("?", "?", ""))
    text = lang.fill(r.choice(lang.frames("facts", kind, "questions")), r, k=key)
    if lang.wild and r.random() < 0.25:
        text = disturb(r, lang, text, set(key.split()))
    return with_lead(r, lang, text)


def with_lead(r: Random, lang: Language, text: str) -> str:
    """The question, sometimes after a short lead-in."""
    return r.choice(lang.frames("lead", "questions")) + uncapital(text) if r.random() < 0.2 else text


def answer(lang: Language, kind: str, key: str, value: str) -> tuple[str, str, str]:
    """(before the value, the value, after it) of the plain answer."""
    template = lang.data["facts"][kind]["answer"].replace("{k}", key)
    head, tail = template.split("{v}")
    return head, value, tail


def clutter(r: Random, lang: Language, facts: Sequence[Fact]) -> str:
    """A line that states nothing about the user: daily life, or another person's favourite."""
    if r.random() < 0.45:
        keys = [f.key for f in facts if f.kind == "like"]
        key = r.choice(keys) if keys and r.random() < 0.5 else r.choice(lang.words("keys"))
        frame = r.choice(lang.frames("clutter", "others"))
        return lang.fill(frame, r, n=lang.value(r, name=True), k=key, v=lang.value(r))
    frame = r.choice(lang.frames("clutter", "chat"))
    return lang.fill(frame, r, n=lang.value(r, name=True), w=r.choice(lang.words("common")))
