"""Which slot a question asks for: "where do I live?" the home, "what do I call my dog?" the name of the dog.

The cues that tell of which kind a statement speaks tell it of a question too; what is asked for is not in it.
"""

from __future__ import annotations

import re

from idiolect.memory.facts import cues, learnt
from idiolect.memory.facts.place import has
from idiolect.memory.facts.reading import Reading, words

SURE = 0.9  # how likely a kind must be to be the only one
HEARD = 4  # score of a kind's cues that doubles how likely it is
SURER = 0.5  # the same, where he does not speak of himself
FAINT = 0.1  # how likely a kind must be to be looked for at all
LONGEST = 40  # words and marks of a question that is looked at
PLAIN = ("name", "job", "home", "allergy", "language", "hobby")
MEANT = re.compile(
    r"(?<![\w'])(?:means?|meant|meaning|stands? for|refer|sense|definition|understand|word|term|code|say|call)(?![\w'])"
)


def slots(question: str) -> list[tuple[str, str]]:
    """(kind, key) of the slots that a question about oneself may ask for: keys that are named in it, then kinds, the
    likeliest first; one alone where it is sure."""
    reading = Reading(question)
    if len(reading.pieces) > LONGEST:
        return []
    likely = learnt.wanted(reading)
    if not has("first", reading.plain):
        return _unsaid(reading, likely)
    if not (reading.texts("NSP") or cues.MARK.search(reading.line("R"))):  # nobody else's
        likely["home"] += likely["residence"]
    kind = max(PLAIN, key=lambda each: likely[each])
    if likely[kind] >= SURE:
        return [(kind, "")]
    scores = {each: cues.heard(each, reading.line(cues.LINE.get(each, ""))).score for each in PLAIN}
    shares = {each: likely[each] * (1 + max(score, 0) / HEARD) for each, score in scores.items()}
    ranked = sorted(PLAIN, key=lambda each: -shares[each])
    return _keyed(reading) + [(each, "") for each in ranked if shares[each] >= FAINT]


def _unsaid(reading: Reading, likely: dict[str, float]) -> list[tuple[str, str]]:
    """The same where he does not speak of himself: "who is talking to you?", "what is drimmel short for?"."""
    if likely["name"] >= SURER and has("you", reading.plain):
        return [("name", "")]
    if MEANT.search(reading.plain) or likely["meaning"] >= SURER:
        return [("meaning", text.lower()) for text in reading.texts("VS").values()]
    return []


def _keyed(reading: Reading) -> list[tuple[str, str]]:
    said = [p.text.lower() for p in reading.pieces if p.text[0].isalpha()]
    found = [("person", word) for word in said if word in words()["relations"]]
    found += [("like", form) for word in said for form in {word, word.removesuffix("s")}]
    unusual = [text.lower() for text in reading.texts("VSNP").values()]
    return found + [("meaning", word) for word in (*(said if MEANT.search(reading.plain) else ()), *unusual)]
