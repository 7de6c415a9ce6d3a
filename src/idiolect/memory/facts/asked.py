"""Which slot a question asks for: "where do I live?" the home, "what do I call my dog?" the name of the dog.

The cues that tell of which kind a statement speaks tell it of a question too; what is asked for is not in it.
"""

from __future__ import annotations

import re

from idiolect.memory.facts import cues, learnt
from idiolect.memory.facts.place import has
from idiolect.memory.facts.reading import Reading, words

SURE = 0.6  # how likely a kind must be to be the only one
LONGEST = 40  # words and marks of a question that is looked at
PLAIN = ("name", "job", "home", "allergy", "language", "hobby")
MEANT = re.compile(
    r"(?<![\w'])(?:means?|meant|meaning|stands? for|refer|sense|definition|understand|word|term|code|say|call)(?![\w'])"
)


def slots(question: str) -> list[tuple[str, str]]:
    """(kind, key) of the slots that a question about oneself may ask for, the likeliest alone where one is."""
    reading = Reading(question)
    if len(reading.pieces) > LONGEST or not has("first", reading.plain):
        return []
    likely = learnt.wanted(reading)
    kind = max(PLAIN, key=lambda each: likely[each])
    if likely[kind] >= SURE:
        return [(kind, "")]
    scores = {each: cues.heard(each, reading.line(cues.LINE.get(each, ""))).score for each in PLAIN}
    best = max(scores.values())
    return _keyed(reading) + [(each, "") for each, score in scores.items() if score == best and score > 0]


def _keyed(reading: Reading) -> list[tuple[str, str]]:
    said = [p.text.lower() for p in reading.pieces if p.text[0].isalpha()]
    found = [("person", word) for word in said if word in words()["relations"]]
    found += [("like", form) for word in said for form in {word, word.removesuffix("s")}]
    unusual = [text.lower() for text in reading.texts("VSNP").values()]
    return found + [("meaning", word) for word in (*(said if MEANT.search(reading.plain) else ()), *unusual)]
