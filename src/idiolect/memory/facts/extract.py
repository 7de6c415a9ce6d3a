"""A turn -> claims: what the user states of himself, sentence by sentence.

Only his own turns are read; what the assistant says, what stands in quotes and what was recalled for a prompt is
none of his statements. A sentence that states nothing gives nothing; the turn itself is kept as it is in any case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from idiolect.core.layout import HISTORY, PROFILE
from idiolect.core.types import Record, Turn
from idiolect.memory.facts import asides, guess, rules, salient
from idiolect.memory.facts.slots import Claim

LONGEST = 300  # characters of a sentence that is read
ASKED = 9  # words of a question that one answers oneself
YOU = re.compile(r"\b(?:you|your|he|she|they)\b", re.I)
SENTENCE = re.compile(r"(?<=[.!])\s+(?=[A-Z\"'])|\n+")
TOLD = re.compile(
    r"\b(?:did I (?:tell|mention)|have I (?:told|mentioned)|(?:do|did) you know that|you know that)\b", re.I
)
CLAUSE = re.compile(r",? (?:and|but) (?=(?:I|my|we|our)\b)", re.I)
QUOTED = re.compile(r"[\"“][^\"”]*[\"”]")


def claims(record: Record) -> list[Claim]:
    """What a record states; only turns of the user himself do."""
    if not isinstance(record, Turn) or record.role != "user" or record.asserted_by != "user":
        return []
    if record.text.startswith((PROFILE, HISTORY)):  # recalled text that came back
        return []
    return list(dict.fromkeys(claim for text in sentences(record.text) for claim in joined(text)))


def joined(text: str) -> list[Claim]:
    """The claims of a sentence: each clause's, where more than one states something; else the whole's."""
    clauses = CLAUSE.split(text)
    each = [claim for clause in clauses if (claim := stated(clause)) is not None] if len(clauses) > 1 else []
    if len(each) > 1:
        return each
    whole = stated(text)
    return [whole] if whole is not None else []


def sentences(text: str) -> Iterator[str]:
    """Sentences; a question stays with the answer that follows it."""
    for part in SENTENCE.split(QUOTED.sub(" ", text)):
        question, mark, answer = part.partition("?")
        asked = len(question.split()) > ASKED or YOU.search(question)
        for sentence in (question + mark, answer) if asked else (part,):
            if sentence.strip():
                yield sentence.strip()


def stated(text: str) -> Claim | None:
    """The claim that a sentence makes; None for most."""
    text = asides.closed(text)
    if len(text) > LONGEST or (text.rstrip().endswith("?") and not TOLD.search(text)):
        return None
    found = salient.read(text) or rules.match(asides.plain(text))
    if found is None or guess.doubts(text, found):
        found = guess.read(text)
    if found is None or (found[0] in salient.SMALL and salient.others(text)):
        return None
    kind, key, value = found
    return Claim(kind=kind, key=key, value=value, changed=asides.changes(text))
