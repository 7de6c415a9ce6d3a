"""Messages as clients send them, and which of the user's turns are new.

Clients send the whole dialogue with every request. Each user turn has a mark, a keyed hash of all that was said up to
it; what follows the last mark that is known is new. A client that sends only the end of a dialogue is recognised by
pairs of a turn and the answer it got.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from idiolect.applications.server.errors import Refusal
from idiolect.core import layout
from idiolect.core.types import Message, Query

ROLES = {"system", "developer", "user", "assistant", "tool", "function"}
SENTENCE = re.compile(r"(?<=[.!?。！？؟])\s*")
QUESTION, TOLD = ("?", "？", "؟"), (".", "!", "。", "！")  # how sentences that ask, and that tell, end
PREFIXES = {form.partition("{")[0]: task for task, form in layout.INSTRUCTIONS.items()}


@dataclass(frozen=True, kw_only=True)
class Said:
    """One turn of the user's. mark: of the dialogue up to it. pair: of it and the answer that follows, if one does."""

    text: str
    mark: bytes
    pair: bytes | None = None

    @property
    def record(self) -> str:
        """The id of the record that it becomes."""
        return self.mark.hex()


def checked(messages: Any) -> list[dict[str, Any]]:
    """The messages of a request.

    Raises:
        Refusal: 400, naming the place of what is none.
    """
    if not isinstance(messages, list) or not messages:
        raise Refusal(400, "messages must be a list of at least one message", param="messages")
    for place, one in enumerate(messages):
        if not isinstance(one, dict) or one.get("role") not in ROLES:
            raise Refusal(400, f"message {place} has no role that is known", param=f"messages.{place}.role")
        if not isinstance(one.get("content"), (str, list, type(None))):
            raise Refusal(400, "content must be a text or a list of parts", param=f"messages.{place}.content")
    return messages


def text(message: Mapping[str, Any]) -> str:
    """The words of a message: its text, or the text parts of its list."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = [p for p in content or () if isinstance(p, Mapping) and p.get("type") == "text"]
    return "\n".join(p["text"] for p in parts if isinstance(p.get("text"), str))


def stored(message: Mapping[str, Any]) -> dict[str, Any]:
    """A message as it is kept with an answer: its words, and which call it makes or answers."""
    linked = {name: message[name] for name in ("tool_calls", "tool_call_id") if message.get(name)}
    return {"role": message["role"], "content": text(message), **linked}


def turns(messages: Sequence[Mapping[str, Any]], salt: bytes, conversation: str = "") -> list[Said]:
    """The user's turns that hold words, oldest first."""
    found: list[Said] = []
    state = _hash(salt, b"", "conversation", conversation)
    for place, one in enumerate(messages):
        if one["role"] not in ("user", "assistant"):
            continue
        words = text(one)
        state = _hash(salt, state, one["role"], words)
        if one["role"] == "user" and words.strip():
            after = messages[place + 1] if place + 1 < len(messages) else {"role": ""}
            answered = after["role"] == "assistant"
            twin = pair(salt, conversation, words, text(after)) if answered else None
            found.append(Said(text=words, mark=state, pair=twin))
    return found


def pair(salt: bytes, conversation: str, said: str, answer: str) -> bytes:
    """The mark of a turn and its answer."""
    return _hash(salt, _hash(salt, b"", "pair", conversation), said, answer)


def fresh(said: Sequence[Said], known: Collection[bytes]) -> list[Said]:
    """The turns behind the longest prefix that is known."""
    by_mark = [i for i, one in enumerate(said) if one.mark in known]
    by_pair = [i for i, one in enumerate(said) if one.pair in known]
    last = max(by_mark or by_pair, default=-1)
    return list(said[last + 1 :])


def asks(words: str) -> bool:
    """Whether a turn is a question and nothing else: it tells nothing of the user, and would be found before what does
    whenever he asks again."""
    said = words.strip()
    return said.endswith(QUESTION) and not any(part.endswith(TOLD) for part in SENTENCE.split(said))


def alike(one: str, other: str) -> bool:
    """Whether two texts are the same but for spaces and capitals."""
    begins = one.lstrip()[:1].casefold() == other.lstrip()[:1].casefold()  # quick: most differ here
    return begins and one.casefold().split() == other.casefold().split()


def query(messages: Sequence[Mapping[str, Any]], time: float) -> Query:
    """The dialogue as methods see it; a last turn that is worded as a known task is that task."""
    roles = {"developer": "system", "function": "tool"}
    said = tuple(Message(roles.get(m["role"], m["role"]), text(m)) for m in messages)
    last = next((m.content for m in reversed(said) if m.role == "user"), "")
    for prefix, task in PREFIXES.items():
        if last.startswith(prefix):
            return Query(messages=said, task=task, input=last.removeprefix(prefix), time=time)
    return Query(messages=said, input=last, time=time)


def _hash(salt: bytes, state: bytes, kind: str, words: str) -> bytes:
    """Spaces do not count: clients trim."""
    content = b"\0".join((state, kind.encode("utf-8", "replace"), " ".join(words.split()).encode("utf-8", "replace")))
    return blake2b(content, key=salt, digest_size=16).digest()
