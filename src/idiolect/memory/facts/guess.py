"""The fact that a sentence states in words that no rule knows, by what was learnt of such sentences (`learnt`).

The same is refused as by the rules: what is wished, denied or another's, and what speaks of many other things.
"""

from __future__ import annotations

import math
from itertools import permutations

from idiolect.memory.facts import cues, learnt, roles
from idiolect.memory.facts.place import half, has
from idiolect.memory.facts.reading import Reading, rank
from idiolect.memory.facts.salient import SMALL
from idiolect.retrieval.stems import stem

Claimed = tuple[str, str, str]
SURE = 0.55  # how likely a part must be
LED = 0.4  # the same, where he says that something changed
SUREST = 0.9  # the same, where it may stand among more words, or beside a kind of thing
SURER = 0.7  # the same, where he does not name himself
DOUBT = 0.8  # how likely another part must be than the one that a rule sees
FAINT = 0.3  # how likely that one must be itself
ASTRAY = 2  # words, as for STRAYS, that a sentence with such a fact may have where a rule reads it
SPEAKING = frozenset({"hobby", "home", "job", "like", "meaning", "name"})  # kinds whose rules read by what stands out
TINY = 1e-3
LEAST = 0  # score of the kind
LONGEST = 20  # words and marks of a sentence
STRAYS = 1  # words of it that neither the cues of the kind nor what was learnt know
PAIRED = {"meaning": learnt.KEY, "residence": learnt.WHO}  # the part that the second phrase of a kind plays


def read(text: str, *, changed: bool = False) -> Claimed | None:
    """(kind, key, value) of the likeliest fact; None where none is likely. `changed`: the user says that something did,
    so that more likely than not a fact follows."""
    reading = Reading(text)
    if len(reading.pieces) > LONGEST or has("unreal", reading.plain):
        return None
    parts = learnt.parts(reading)
    likely = [(share, kind, mark) for mark, shares in parts.items() for kind, share in shares.items()]
    found = [
        (share, kind, mark)
        for share, kind, mark in likely
        if kind in cues.cues() and share >= (LED if changed else SURE)
    ]
    if not found:
        return None
    share, kind, mark = max(found)
    most = STRAYS + (share >= SUREST and kind != "like") + changed  # much is said beside a kind of thing
    if not (strays(reading, kind) <= most and _meant(reading, kind, share) and _stands(reading, kind, mark)):
        return None
    if kind in PAIRED:
        return _paired(reading, kind, parts)
    key = _key(reading, kind, mark)
    return None if key is None else (kind, key, reading.word(mark))


def doubts(text: str, claimed: Claimed) -> bool:
    """Whether a phrase that a rule takes for the value of a kind plays another part, the sentence is about more, or a
    name is only to be used."""
    reading, kind = Reading(text), claimed[0]
    if kind == "name" and cues.vetoed(kind, reading.line(cues.LINE[kind])):
        return True
    if kind in SPEAKING and strays(reading, kind) > ASTRAY:
        return True
    marks = [mark for mark, word in reading.texts("NVSP").items() if word == claimed[2]]
    if not marks:
        return False
    shares = learnt.parts(reading)[marks[0]]
    part, share = max(shares.items(), key=lambda each: each[1])
    return (part != kind and share >= DOUBT) or shares.get(kind, 1.0) < FAINT


def _meant(reading: Reading, kind: str, share: float) -> bool:
    """Whether it is said of himself, as something that is so."""
    line = reading.line(cues.LINE.get(kind, ""))
    if cues.vetoed(kind, line):
        return False
    if has("perhaps", reading.plain) and not (share >= SURER and kind in ("like", "allergy", "meaning")):
        return False
    if kind == "residence":
        return not has("myself", reading.plain)
    if kind == "allergy" and share < SUREST and "K" in {mark[0] for mark in cues.MARK.findall(reading.line("K"))}:
        return cues.heard(kind, line).score >= cues.FORM  # a kind of thing is liked, more often than not
    about = share >= SURER or kind == "meaning" or has("first", reading.plain)
    return about and not (kind in SMALL and has("others", reading.plain))


def _stands(reading: Reading, kind: str, mark: str) -> bool:
    """Whether the rules hear the kind at all, and a thing stands where no form of the kind does."""
    line = reading.line(cues.LINE.get(kind, ""))
    known = cues.heard(kind, line)
    return known.score >= LEAST and (kind not in SMALL or mark in known.marks or not half(line, mark, kind))


def strays(reading: Reading, kind: str) -> int:
    """How many words neither the cues of a kind nor what was learnt know."""
    said = [piece.text.lower() for piece in reading.pieces if not piece.sort and piece.text.isalpha()]
    telling = [word for word in said if rank(word) > cues.GRAMMAR]
    known = learnt.table("said").rows
    return sum(f"u:{learnt.token(w)}" not in known and stem(w) not in cues.vocabulary()[kind] for w in telling)


def _paired(reading: Reading, kind: str, parts: dict[str, dict[str, float]]) -> Claimed | None:
    """A fact of two phrases: the two that look most like it, the value and the one that it is of."""
    part, line = PAIRED[kind], reading.plain

    def looks(pair: tuple[str, str]) -> float:
        value, other = pair
        seen = {"key": other, "value": value} if kind == "meaning" else {"who": other, "where": value}
        return math.log(parts[value][kind] * parts[other][part] + TINY) + roles.looks(line, **seen)

    best = max(permutations(parts, 2), key=looks, default=None)
    if best is None:
        return None
    value, other = (reading.word(mark) for mark in best)
    return kind, other.lower() if kind == "meaning" else other, value


def _key(reading: Reading, kind: str, mark: str) -> str | None:
    if kind not in ("like", "person"):
        return ""
    line = reading.line(cues.LINE[kind])
    other = roles.related(line, mark) if kind == "person" else roles.thing(line, mark, sure=True)
    return None if other is None else reading.key(other)
