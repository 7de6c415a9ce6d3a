"""What is known of a user, as lines of prompt within a budget of tokens: facts first, then what bears on a question."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from idiolect.core.layout import HISTORY, PROFILE, line
from idiolect.core.types import Attribute, Preference, Record, Relation
from idiolect.memory.results import kind

BYTES = 3  # a token, where nobody counts them: more than there are, for most languages and tokenisers
Count = Callable[[str], int]


def estimate(text: str) -> int:
    """A rough number of tokens, from the length in UTF-8."""
    return -(-len(text.encode()) // BYTES)


def context(facts: Sequence[Record], rest: Sequence[Record], max_tokens: int, count: Count = estimate) -> str:
    """Two sections, as far as they fit; every record is one line, so that none can pass for a heading.

    Args:
        facts: what is stated of the user, most important first.
        rest: other records, best first; they are shown oldest first.
        max_tokens: the text never counts more than this.
        count: the tokeniser's, where it is known.
    """
    profile: list[str] = []
    history: list[tuple[float, int, str]] = []
    for record in facts:
        if count(_shown([*profile, line(record)], [])) <= max_tokens:
            profile.append(line(record))
    for place, record in enumerate(rest):
        more = [*history, (record.time, -place, line(record, dated=True))]
        if count(_shown(profile, more)) > max_tokens:
            break
        history = more
    return _shown(profile, history)


def _shown(profile: Iterable[str], history: Iterable[tuple[float, int, str]]) -> str:
    parts = ((PROFILE, list(profile)), (HISTORY, [text for _, _, text in sorted(history)]))
    return "\n".join("\n".join((heading, *lines)) for heading, lines in parts if lines)


def profile(records: Iterable[Record]) -> dict[str, dict[str, list[str]]]:
    """{"attributes": {name: values}, "relations": {name: values}, "wishes": {...}}, the newest value first."""
    found: dict[str, dict[str, list[str]]] = {"attributes": {}, "relations": {}, "wishes": {}}
    for record in sorted(records, key=lambda r: -r.time):
        match record:
            case Attribute():
                group, name, value = "attributes", record.name, record.value
            case Relation():
                group, name, value = "relations", record.name, record.value
            case Preference() if kind(record) == "fact":
                group, name, value = "wishes", record.dimension, f"{record.weight:g}"
            case _:
                continue
        values = found[group].setdefault(name, [])
        if value not in values:
            values.append(value)
    return found
