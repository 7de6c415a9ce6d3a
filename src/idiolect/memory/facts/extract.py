"""A turn -> claims: what the user states of himself, sentence by sentence.

Only his own turns are read; what the assistant says, what stands in quotes and what was recalled for a prompt is
none of his statements. A sentence that states nothing gives nothing; the turn itself is kept as it is in any case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from idiolect.core.layout import HISTORY, PROFILE
from idiolect.core.types import Record, Turn
from idiolect.memory.facts import rules
from idiolect.memory.facts.slots import Claim

LONGEST = 300  # characters of a sentence that is read
SENTENCE = re.compile(r"(?<=[.!])\s+(?=[A-Z\"'])|\n+")
CHANGE = re.compile(
    r"\b(?:updat\w+|chang\w+|no longer|not any ?more|from now on|starting today|since today|as of today|unlike before|"
    r"used to|forget what|was wrong|this is new|news|old answer|these days instead|switched|different)\b",
    re.I,
)
LEADING = re.compile(r"^(?:[^,.:;!?]{1,40}[,:]\s+)(?=\S)")
QUOTED = re.compile(r"[\"“][^\"”]*[\"”]")


def claims(record: Record) -> list[Claim]:
    """What a record states; only turns of the user himself do."""
    if not isinstance(record, Turn) or record.role != "user" or record.asserted_by != "user":
        return []
    if record.text.startswith((PROFILE, HISTORY)):  # recalled text that came back
        return []
    return list(dict.fromkeys(claim for text in sentences(record.text) if (claim := stated(text)) is not None))


def sentences(text: str) -> Iterator[str]:
    """Sentences; a question stays with the answer that follows it."""
    for part in SENTENCE.split(QUOTED.sub(" ", text)):
        if part.strip():
            yield part.strip()


def stated(text: str) -> Claim | None:
    """The claim that a sentence makes; None for most."""
    if len(text) > LONGEST or text.rstrip().endswith("?"):
        return None
    found = rules.match(plain(text))
    if found is None:
        return None
    kind, key, value = found
    return Claim(kind=kind, key=key, value=value, changed=CHANGE.search(text) is not None)


def plain(text: str) -> str:
    """The sentence without what only leads up to it: "Here is an update: ", "From now on, "."""
    lead = LEADING.match(text)
    leads = lead is not None and (lead[0].rstrip().endswith(":") or CHANGE.search(lead[0]) is not None)
    return text[lead.end() :] if lead is not None and leads else text
