"""Letta's agent files (`.af`): one agent's blocks of memory and its messages.

Two forms: ``{"core_memory": [...], "messages": [...]}``, and ``{"agents": [...], "blocks": [...]}``. The block "human"
holds facts about the user, a line each; "persona" and the rest are about the agent and left out. Letta wraps what a
user says (``{"type": "user_message", "message": ...}``) and sends answers through a tool: both are unwrapped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from idiolect.core.errors import BadInput
from idiolect.core.types import Attribute, Record, Turn
from idiolect.data.dataset import Dataset, timeless
from idiolect.data.readers.messages import ALONE
from idiolect.data.readers.text import document, ident, instant, mapping, text

HUMAN, ANSWER = "human", "send_message"
FORM = "Give an agent file as Letta exports it."


def recognises(raw: object) -> bool:
    """Whether a JSON value has this form."""
    return isinstance(raw, dict) and ({"core_memory", "messages"} <= set(raw) or {"agents", "blocks"} <= set(raw))


def read(path: str | Path) -> Dataset:
    """What the agents know of their user, and what was said.

    Raises:
        BadInput: names the block or message that cannot be read.
    """
    path = Path(path)
    raw = document(path)
    if not recognises(raw):
        raise BadInput(path, "neither 'core_memory' with 'messages' nor 'agents' with 'blocks'", FORM)
    found: dict[str, Record] = {}
    for place, agent in enumerate(raw.get("agents", [raw])):
        where = f"{path}, agent {place}"
        known: list[Record] = [*_facts(mapping(agent, where), raw, where), *_turns(agent, where)]
        for record in known:
            found.setdefault(record.id, record)
    people = {ALONE: tuple(sorted(found.values(), key=lambda r: r.time))}
    return Dataset(name="letta", people=people, undated=timeless(people))


def _facts(agent: dict[str, Any], whole: dict[str, Any], where: str) -> Iterator[Attribute]:
    given = whole["blocks"] if "blocks" in whole else whole["core_memory"]
    if not isinstance(given, list):
        raise BadInput(where, "its memory is no list of blocks", FORM)
    mine = set(agent.get("block_ids") or [])
    for place, one in enumerate(given):
        block = mapping(one, f"{where}, block {place}", "label", "value")
        if block["label"] != HUMAN or (mine and block.get("id") not in mine):
            continue
        for line in text(block["value"], f"{where}, block {place}").splitlines():
            if said := line.strip(" \t-*"):
                yield Attribute(id=ident("letta", said), name="note", value=said, asserted_by="letta")


def _turns(agent: dict[str, Any], where: str) -> Iterator[Turn]:
    given = agent.get("messages")
    if not isinstance(given, list):
        raise BadInput(where, "its messages are no list", FORM)
    session = str(agent.get("name") or agent.get("id") or "letta")
    for place, one in enumerate(given):
        at = f"{where}, message {place}"
        message = mapping(one, at, "role")
        when = instant(message.get("created_at"), at)
        role = message["role"]
        said = (
            _user(_content(message, at)) if role == "user" else _assistant(message, at) if role == "assistant" else ""
        )
        if said:
            name = ident("letta", session, place, role, said)
            yield Turn(id=name, text=said, role=role, session=session, time=when, asserted_by=role)


def _content(message: dict[str, Any], where: str) -> str:
    """The text of a message: a list of parts, or plain."""
    content = message.get("content", message.get("text"))
    if isinstance(content, list):
        return "\n".join(
            str(mapping(p, where).get("text", "")) for p in content if mapping(p, where).get("type") == "text"
        )
    return "" if content is None else text(content, where)


def _user(said: str) -> str:
    """What the user said; heartbeats and notices of the system are nothing of his."""
    try:
        wrapped = json.loads(said)
    except ValueError:
        return said.strip()
    if not isinstance(wrapped, dict) or "type" not in wrapped:
        return said.strip()
    return str(wrapped.get("message", "")).strip() if wrapped["type"] == "user_message" else ""


def _assistant(message: dict[str, Any], where: str) -> str:
    """What was sent to the user; without that tool, the message itself where it called none."""
    calls = message.get("tool_calls") or []
    if not calls:
        return _content(message, where).strip()
    sent = []
    for call in calls:
        function = mapping(mapping(call, where).get("function"), where, "name", "arguments")
        if function["name"] == ANSWER:
            try:
                sent.append(str(json.loads(function["arguments"])["message"]))
            except (ValueError, KeyError, TypeError):
                raise BadInput(where, f"what it sends with {ANSWER} cannot be read", FORM) from None
    return "\n".join(sent).strip()
