"""A turn -> claims: what the user states of himself, sentence by sentence.

Only his own turns are read; what the assistant says, what stands in quotes and what was recalled for a prompt is none of
his statements. A sentence that states nothing gives nothing; the turn itself is kept as it is in any case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from idiolect.core.layout import HISTORY, PROFILE
from idiolect.core.types import Record, Turn
from idiolect.memory.facts import rules, tagger
from idiolect.memory.facts.slots import KEYED, Claim

LONGEST = 48  # tokens of a sentence that is read
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
    changed = CHANGE.search(text) is not None
    text = plain(text)
    found = tagger.tokens(text)
    if not 2 <= len(found) <= LONGEST or text.rstrip().endswith("?"):
        return None
    if (exact := rules.match(text)) is not None:
        kind, key, value = exact
        return Claim(kind=kind, key=key, value=value, changed=changed)
    kind = tagger.kind(found, rules.cued(text))
    if kind == "none":
        return None
    owner = "N" if kind == "residence" else "K" if kind in KEYED else ""
    labels = tagger.labels(found, kind, f"V{owner}")
    value, key = longest(found, labels, "V"), longest(found, labels, owner) if owner else ""
    if not value or (owner and not key):
        return None
    return Claim(kind=kind, key=key if kind == "residence" else key.lower(), value=value, changed=changed)


def plain(text: str) -> str:
    """The sentence without what only leads up to it: "Here is an update: ", "From now on, "."""
    lead = LEADING.match(text)
    leads = lead is not None and (lead[0].rstrip().endswith(":") or CHANGE.search(lead[0]) is not None)
    return text[lead.end() :] if lead is not None and leads else text


def longest(found: list[str], labels: list[str], label: str) -> str:
    """The longest run of tokens with a label, the first of equals."""
    runs: list[list[str]] = [[]]
    for token, given in zip(found, labels, strict=True):
        if given == label and token not in ",.;:!?":
            runs[-1].append(token)
        elif runs[-1]:
            runs.append([])
    return re.sub(r"['’]s$", "", " ".join(max(runs, key=len)))
