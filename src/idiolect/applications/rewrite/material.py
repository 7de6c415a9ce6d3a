"""What of a user's records shows how he writes.

His posts of the asked task; where he has none, all his posts; where he has none of these, his longer turns. They stand
as examples of the task, so that every method that looks for examples finds them. What is stated of him, and which
answers he preferred, stays beside them; what he asked or rated does not.
"""

from __future__ import annotations

from dataclasses import replace

from idiolect.adaptation.alignment.evidence import RATING
from idiolect.core.types import Attribute, Interaction, Post, Preference, Record, Relation, Turn, UserData

WORDS = 6  # of a turn that shows how somebody writes
REWRITE, WRITE = "rewrite", "write"


def material(data: UserData, task: str) -> UserData:
    """The same user with what shows how he writes, in the order in which it came."""
    posts = [r for r in data.records if isinstance(r, Post)]
    kept = [r.id for r in posts if r.task == task] or [r.id for r in posts]
    if not kept:
        kept = [r.id for r in data.records if _telling(r)]
    examples = frozenset(kept)
    found = (_example(r, task) if r.id in examples else r for r in data.records if r.id in examples or _beside(r))
    return replace(data, records=tuple(found))


def examples(data: UserData) -> list[Post]:
    """The posts of what `material` gave."""
    return list(data.of(Post))


def _example(record: Record, task: str) -> Record:
    match record:
        case Post():
            return replace(record, task=task)
        case Turn():
            return Post(id=record.id, time=record.time, task=task, prompt="", text=record.text)
        case _:
            return record


def _telling(record: Record) -> bool:
    own = isinstance(record, Turn) and record.role == "user" and record.asserted_by == "user"
    return own and isinstance(record, Turn) and len(record.text.split()) >= WORDS


def _beside(record: Record) -> bool:
    stated = isinstance(record, (Attribute, Relation, Preference))
    return stated or (isinstance(record, Interaction) and record.task == RATING)
