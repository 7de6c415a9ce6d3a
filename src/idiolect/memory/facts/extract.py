"""A turn -> claims: what the user states of himself, sentence by sentence.

Only his own turns are read; what the assistant says, what stands in quotes and what was recalled for a prompt is
none of his statements. Recalled text is known by its headings, wherever they stand in a message, and each record is one
line below them. A sentence that states nothing gives nothing; the turn itself is kept as it is in any case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from idiolect.core.layout import HISTORY, IDENTIFIER, PROFILE
from idiolect.core.types import Record, Turn
from idiolect.memory.facts import asides, guess, over, rules, salient
from idiolect.memory.facts.slots import Claim

LONGEST = 300  # characters of a sentence that is read
ASKED = 9  # words of a question that one answers oneself
PAST = frozenset(("visit", "event"))  # kinds that are over as soon as they are said
YOU = re.compile(r"\b(?:you|your|he|she|they)\b", re.I)
SENTENCE = re.compile(r"(?<=[.!])\s+(?=[A-Z\"'])|\n+")
TOLD = re.compile(
    r"\b(?:did I (?:tell|mention)|have I (?:told|mentioned)|(?:do|did) you know that|you know that)\b", re.I
)
CLAUSE = re.compile(r",? (?:and|but) (?=(?:I|my|we|our)\b)", re.I)
HEADING = "|".join(map(re.escape, (PROFILE, HISTORY, IDENTIFIER)))
RECALLED = re.compile(rf"(?:{HEADING})[^\n]*(?:[\s>|]*\n[ \t>|]*-\s[^\n]*)*")  # the lines may be quoted, or spaced
QUOTED = re.compile(r"[\"“][^\"”]*[\"”]")


def claims(record: Record) -> list[Claim]:
    """What a record states; only turns of the user himself do."""
    if not isinstance(record, Turn) or record.role != "user" or record.asserted_by != "user":
        return []
    said = RECALLED.sub("\n", record.text)  # without recalled text that came back
    return list(dict.fromkeys(claim for text in sentences(said) for claim in joined(text)))


def joined(text: str) -> list[Claim]:
    """The claims of a sentence: each clause's, where more than one states something; else the whole's."""
    if told := over.told(asides.closed(text)):
        found = [(stated(part), was) for part, was in told]
        return [
            replace(claim, changed=True, over=was) for claim, was in found if claim and not (was and claim.kind in PAST)
        ]
    clauses = CLAUSE.split(text)
    each = [claim for clause in clauses if (claim := stated(clause)) is not None] if len(clauses) > 1 else []
    if len(each) > 1:
        return each
    whole = stated(text)
    return [whole] if whole is not None else []


def sentences(text: str) -> Iterator[str]:
    """Sentences; a question stays with the answer that follows it."""
    for said in SENTENCE.split(QUOTED.sub(" ", text)):
        part = asides.led(said) if "?" in said else said  # "since you ask, " asks nobody
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
    changed, bare = asides.changes(text), asides.plain(text)
    found = _read(bare, changed) or (_read(text, changed) if bare != text else None)
    if found is None:
        return None
    kind, key, value = found
    return Claim(kind=kind, key=key, value=value, changed=changed, only=salient.alone(bare, kind, value))


def _read(text: str, changed: bool) -> salient.Claimed | None:
    """(kind, key, value) by rules, or by what was learnt where none fires or is doubted."""
    found = salient.read(text) or rules.match(text)
    if found is None or guess.doubts(text, found):
        found = guess.read(text, changed=changed)
    return None if found is None or salient.others(text, found[0]) else found
