"""ChatGPT's export: `conversations.json`, a list of trees of messages.

Of each conversation the branch that ends at `current_node` is read: what was said to and by the user, in words. Custom
instructions stand as facts. Hidden messages, tools, and what was said to tools are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from idiolect.core.errors import BadInput
from idiolect.core.types import Attribute, Record, Turn
from idiolect.data.dataset import Dataset, timeless
from idiolect.data.readers.messages import ALONE
from idiolect.data.readers.text import document, ident, instant, mapping, text

INSTRUCTIONS = {"user_profile": "about", "user_instructions": "wants"}
FORM = "Give the conversations.json of an export, unpacked."


def recognises(raw: object) -> bool:
    """Whether a JSON value has this form."""
    return isinstance(raw, list) and bool(raw) and isinstance(raw[0], dict) and "mapping" in raw[0]


def read(path: str | Path) -> Dataset:
    """Everything of the one person whose export it is.

    Raises:
        BadInput: names the conversation and the message that cannot be read.
    """
    path = Path(path)
    raw = document(path)
    if not isinstance(raw, list):
        raise BadInput(path, "no list of conversations", FORM)
    found: dict[str, Record] = {}
    for place, one in enumerate(raw):
        where = f"{path}, conversation {place}"
        conversation = mapping(one, where, "mapping", "current_node")
        for record in _records(conversation, where):
            found.setdefault(record.id, record)
    people = {ALONE: tuple(sorted(found.values(), key=lambda r: r.time))}
    return Dataset(name="chatgpt", people=people, undated=timeless(people))


def _records(conversation: dict[str, Any], where: str) -> Iterator[Record]:
    began = instant(conversation.get("create_time"), where)
    session = text(conversation.get("conversation_id") or conversation.get("id") or ident(where), where)
    for node in _branch(conversation, where):
        message = mapping(node["message"], where)
        place = f"{where}, message {message.get('id')!r}"
        when = instant(message.get("create_time"), place, began)
        content = mapping(message.get("content"), place, "content_type")
        role = mapping(message.get("author"), place, "role")["role"]
        if content["content_type"] == "user_editable_context":
            for field, name in INSTRUCTIONS.items():
                if said := _words(content.get(field) or "", place):
                    yield Attribute(id=ident("chatgpt", name, said), name=name, value=said, time=when)
        elif _shown(message, role) and (said := _said(content, place)):
            speaker = "user" if role == "user" else "assistant"
            yield Turn(
                id=text(message.get("id"), place), text=said, role=role, session=session, time=when, asserted_by=speaker
            )


def _branch(conversation: dict[str, Any], where: str) -> list[dict[str, Any]]:
    """The nodes with a message from the root to the current one."""
    nodes, found, seen = mapping(conversation["mapping"], where), list[dict[str, Any]](), set[str]()
    at = conversation["current_node"]
    while at is not None:
        if at in seen or not isinstance(at, str) or at not in nodes:
            raise BadInput(where, f"its branch is broken at {at!r}", "Export the conversations again.")
        seen.add(at)
        node = mapping(nodes[at], f"{where}, node {at}")
        if node.get("message"):
            found.append(node)
        at = node.get("parent")
    return found[::-1]


def _shown(message: dict[str, Any], role: object) -> bool:
    hidden = (message.get("metadata") or {}).get("is_visually_hidden_from_conversation")
    return role in ("user", "assistant") and message.get("recipient", "all") == "all" and not hidden


def _said(content: dict[str, Any], where: str) -> str:
    """Its words; pictures and what is no text have none."""
    if content["content_type"] not in ("text", "multimodal_text"):
        return ""
    parts = content.get("parts")
    if not isinstance(parts, list):
        raise BadInput(where, "its content has no list of parts", FORM)
    return "\n".join(part for part in parts if isinstance(part, str)).strip()


def _words(said: object, where: str) -> str:
    return text(said, where).strip()
