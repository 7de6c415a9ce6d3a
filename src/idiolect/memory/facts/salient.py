"""What stands out in a sentence about oneself: the one unusual phrase among everyday words that speak of one kind.

Nothing is claimed where two phrases could be meant, where somebody else is spoken of, or where it is wished, supposed
or denied. The less a sentence has the form in which such facts are stated, the less it may hold of other things.
"""

from __future__ import annotations

from idiolect.memory.facts import cues, learnt, roles
from idiolect.memory.facts.place import fits, half, has, pattern
from idiolect.memory.facts.reading import Reading

Claimed = tuple[str, str, str]
NEEDED = 2  # score of a kind; also what one way to read two phrases must have over the other
STRAYS = 4  # words that have nothing to do with the kind
FEW = 3  # the same, where no form of the kind is seen
COMMON = 800  # the commonest words, which are no value where nothing unusual stands
SHORT = 11  # words and marks of a sentence in which a word that is not unusual may be the value
LONGEST = 32  # words and marks of any sentence
STANDING = "vorquillam"  # an unusual word, in the place of any
NAMED = ("name", "person", "language", "home", "visit")
SMALL = ("allergy", "job", "hobby", "like")
OWN = ("allergy", "job", "hobby", "home", "language", "name")


def read(text: str) -> Claimed | None:
    """(kind, key, value) of what stands out; None where nothing does."""
    reading = Reading(text)
    if len(reading.pieces) > LONGEST or has("unreal", reading.plain) or has("perhaps", reading.plain):
        return None
    small = reading.texts("V")
    if found := _two(reading):
        return found
    if not has("first", reading.plain) and not has("view", reading.plain):
        return None
    names = reading.texts("NS") or reading.texts("P")
    if names and (found := named(reading, list(names), sure=bool(small))):
        return found
    if has("others", reading.plain):
        return None
    if marks := list(small) or list(reading.texts("S")):
        return simple(reading, marks)
    if len(reading.pieces) > SHORT:
        return None
    rarer = Reading(text, common=COMMON)
    return simple(rarer, list(rarer.texts("V")), rare=True)


def alone(text: str, kind: str, value: str) -> bool:
    """Whether a value is spoken of as the only one: "the name of my dog is Rex", "chess, my hobby"."""
    if kind not in ("person", "hobby", "language"):
        return False
    standing = text.replace(value, STANDING.capitalize() if value[0].isupper() else STANDING)
    reading = Reading(standing)
    line, marks = reading.line("R"), reading.texts("NVSP")
    return any(has(f"only_{kind}", line, mark) for mark, word in marks.items() if STANDING in word.lower())


def others(text: str, kind: str) -> bool:
    """Whether it is somebody else who likes, does or thinks it, or a relation who lives there, works or speaks so."""
    reading = Reading(text)
    thinks = kind in SMALL and has("others", reading.plain)
    return thinks or (kind in OWN and has("relations", reading.line("R")))


def named(reading: Reading, marks: list[str], *, sure: bool) -> Claimed | None:
    """A fact whose value is a name; `sure`: it must stand in a name's place."""
    best, found = NEEDED - 1, None
    for kind in NAMED:
        line = reading.line(cues.LINE.get(kind, ""))
        known = cues.heard(kind, line)
        mark = next((m for m in known.marks if m in marks), marks[0] if len(marks) == 1 and not sure else None)
        if mark is None or known.score <= best or (known.plain and not _understood(kind, line, known.score)):
            continue
        if kind in ("visit", "home") and half(line, mark, kind):
            continue
        key = roles.related(line, mark) if kind == "person" else ""
        if key is not None:
            best, found = known.score, (kind, reading.key(key) if key else "", reading.word(mark))
    return found


def simple(reading: Reading, marks: list[str], *, rare: bool = False) -> Claimed | None:
    """A fact whose value is a phrase in small letters; `rare`: it is only the rarest of everyday words."""
    if has("defines", reading.plain):
        return None
    about = has("first", pattern("related").sub(" ", reading.line("R")))
    best, found = NEEDED - 1, None
    for kind in SMALL if about else ("like",):
        line = reading.line(cues.LINE.get(kind, ""))
        known = cues.heard(kind, line)
        mark = next((m for m in known.marks if m in marks), marks[0] if len(marks) == 1 else None)
        if mark is None or known.score <= best or not _stands(reading, kind, mark, known, rare=rare):
            continue
        key = roles.thing(line, mark, sure=not known.plain) if kind == "like" else ""
        if key is not None:
            best, found = known.score, (kind, reading.key(key) if key else "", reading.word(mark))
    return found


def _two(reading: Reading) -> Claimed | None:
    """A fact of two phrases: whose home is where, or what a word means."""
    line, small, names = reading.plain, list(reading.texts("VS")), list(reading.texts("NSP"))
    if len(names) == 2 and not reading.texts("V") and not has("myself", line):
        surer, who, where = roles.living(line, *names)
        if surer >= NEEDED and cues.heard("residence", line).score >= NEEDED:
            return "residence", reading.word(who), reading.word(where)
    if not has("defines", line) and (any(mark[0] == "S" for mark in small) or _liked(reading)):
        return None
    if len(small) == 2 and cues.heard("meaning", line).score >= NEEDED:
        key, value = roles.explained(line, small[0], small[1], learnt.lean(reading, small[0], small[1]))
        if cues.strays("meaning", line) <= (STRAYS if has("defines", line) else FEW):
            return "meaning", reading.word(key).lower(), reading.word(value)
    return None


def _liked(reading: Reading) -> bool:
    """Whether a kind of thing is compared."""
    line = reading.line("K")
    return any(mark[0] == "K" for mark in cues.MARK.findall(line)) and cues.heard("like", line).score >= NEEDED


def _understood(kind: str, line: str, score: int) -> bool:
    strays = cues.strays(kind, line)
    if kind == "name" and score <= NEEDED:
        return strays == 0
    return strays <= (STRAYS if kind == "person" else FEW)


def _stands(reading: Reading, kind: str, mark: str, known: cues.Heard, *, rare: bool) -> bool:
    """Whether a phrase can be meant as the value of a kind."""
    line, placed = reading.line(cues.LINE.get(kind, "")), mark in known.marks
    most = 0 if rare else FEW if known.plain and kind != "allergy" else STRAYS
    if ((rare or not placed) and cues.strays(kind, line) > most) or (rare and known.plain):
        return False
    if kind != "hobby" and not placed and reading.word(mark).endswith("ing"):
        return False
    if rare or known.plain:
        return fits(reading.plain, mark, reading.word(mark), kind) and not half(line, mark, kind)
    return True
