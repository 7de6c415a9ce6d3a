"""How records and tasks become lines of prompt: one layout, written by methods, learnt by the embedded model.

A prompt is a conversation. What a method adds stands in the system message as sections, each a heading and lines:

    About the user:                 PROFILE   attributes, relations, stated wishes, summaries
    - wants: short answers
    Past examples by the user:      HISTORY   retrieved records, oldest first
    - a film about ships => salty
    User code: ka lo mi             IDENTIFIER  tokens that name the user (UserIdentifier)

`FINGERPRINT` is stored in the embedded model's config; a test fails when layout and model part.
"""

from __future__ import annotations

import hashlib
import time as clock
from collections.abc import Iterable

from idiolect.core.types import (
    Attribute,
    Interaction,
    Message,
    Post,
    Preference,
    Query,
    Record,
    Relation,
    Turn,
)

PROFILE = "About the user:"
HISTORY = "Past examples by the user:"
IDENTIFIER = "User code:"
INSTRUCTIONS = {  # task -> how its query is put
    "tag": "Tag: {input}",
    "rate": "Rate: {input}",
    "headline": "Headline: {input}",
    "rewrite": "Rewrite: {input}",
    "review": "Review: {input}",
    "recommend": "Recommend: {input}",
    "choose": "Choose: {input}",
    "summarise": "Summarise: {input}",
    "extract": "Extract: {input}",
}
CHAT_TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}"
    "{% if m['role'] == 'system' %}<|system|> {{ m['content'] }}"
    "{% elif m['role'] == 'assistant' %}<|assistant|> {{ m['content'] }}{{ eos_token }}"
    "{% else %}<|user|> {{ m['content'] }}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def ask(task: str, input: str, *, candidates: tuple[str, ...] = (), time: float | None = None) -> Query:
    """The query of a task about one item; a task without an instruction asks the input itself."""
    text = INSTRUCTIONS.get(task, "{input}").replace("{input}", input)
    return Query(messages=(Message("user", text),), task=task, input=input, candidates=candidates, time=time)


def date(seconds: float) -> str:
    """POSIX seconds as an ISO date, UTC."""
    return clock.strftime("%Y-%m-%d", clock.gmtime(seconds))


def line(record: Record, *, dated: bool = False) -> str:
    """One record as one line of prompt."""
    match record:
        case Attribute() | Relation():
            text = f"{record.name}: {record.value}"
        case Turn():
            text = record.text if record.role == "user" else f"{record.role}: {record.text}"
        case Post() | Interaction():
            text = f"{record.prompt} => {record.text}"
        case Preference() if record.prompt:
            text = f"{record.prompt} => {record.chosen} (not: {record.rejected})"
        case Preference():
            text = f"wants: {record.dimension}"
    when = f"{date(record.time)}: " if dated else ""
    return f"- {when}{' '.join(text.split())}"


def count_line(task: str, label: str, word: str = "") -> str:
    """A counted habit as the value of a profile line: the usual label of a task, or the one that goes with a word."""
    return f"{task} for {word}: {label}" if word else f"usual {task}: {label}"


def section(heading: str, lines: Iterable[str]) -> str:
    """A heading and its lines; empty where there are none."""
    body = "\n".join(lines)
    return f"{heading}\n{body}" if body else ""


def system(sections: Iterable[str], given: str = "") -> str:
    """The system message: what the application gave first, then each section on lines of its own."""
    return "\n".join(s for s in (given, *sections) if s)


def messages(query: Query, sections: Iterable[str] = ()) -> tuple[Message, ...]:
    """The conversation with the sections in its system message, after the application's own system text."""
    given = "\n".join(m.content for m in query.messages if m.role == "system")
    text = system(sections, given)
    rest = tuple(m for m in query.messages if m.role != "system")
    return (Message("system", text), *rest) if text else rest


FINGERPRINT = hashlib.sha256(
    "\n".join(
        [
            *(PROFILE, HISTORY, IDENTIFIER, *(f"{k}={v}" for k, v in sorted(INSTRUCTIONS.items())), CHAT_TEMPLATE),
            line(Attribute(id="", name="n", value="v")),
            line(Turn(id="", text="t", time=1e9), dated=True),
            line(Turn(id="", text="t", role="assistant")),
            line(Post(id="", task="x", prompt="p", text="t")),
            line(Preference(id="", prompt="p", chosen="c", rejected="r")),
            line(Preference(id="", dimension="d")),
            count_line("x", "l"),
            count_line("x", "l", "w"),
            system(["a", "b"], "given"),
        ]
    ).encode()
).hexdigest()[:16]
