"""What other programs keep: a small file of each form, and its malformed twin."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from idiolect.core.errors import BadInput, IdiolectError
from idiolect.core.types import Attribute, Record, Relation, Turn
from idiolect.data.readers import chat, chatgpt, foreign, letta, mem0
from idiolect.data.readers.messages import ALONE


def node(id: str, parent: str | None, role: str, content: dict[str, Any], **more: Any) -> dict[str, Any]:
    message = {"id": id, "author": {"role": role}, "content": content, "recipient": "all", "metadata": {}, **more}
    return {"id": id, "parent": parent, "children": [], "message": message}


def words(*parts: Any) -> dict[str, Any]:
    return {"content_type": "text", "parts": list(parts)}


CHATGPT: list[dict[str, Any]] = [
    {
        "title": "Tea",
        "create_time": 1700000000.5,
        "current_node": "a2",
        "conversation_id": "c1",
        "mapping": {
            "root": {"id": "root", "parent": None, "children": ["s"], "message": None},
            "s": node("s", "root", "system", words(""), metadata={"is_visually_hidden_from_conversation": True}),
            "i": node(
                "i",
                "s",
                "user",
                {"content_type": "user_editable_context", "user_profile": "I bake", "user_instructions": "Be brief"},
            ),
            "u1": node("u1", "i", "user", words("Which tea?"), create_time=1700000001.0),
            "old": node("old", "u1", "assistant", words("Coffee."), create_time=1700000002.0),
            "t": node("t", "u1", "assistant", {"content_type": "code", "text": "search()"}, recipient="browser"),
            "u2": node(
                "u2",
                "t",
                "user",
                {"content_type": "multimodal_text", "parts": [{"content_type": "image_asset_pointer"}, "This one?"]},
                create_time=1700000003.0,
            ),
            "a2": node("a2", "u2", "assistant", words("Green tea."), create_time=1700000004.0),
        },
    }
]
MEM0: dict[str, Any] = {
    "results": [
        {
            "id": "m2",
            "memory": "Likes green tea",
            "hash": "x",
            "user_id": "ann",
            "metadata": {"topic": "food"},
            "categories": ["drinks"],
            "created_at": "2024-05-01T09:30:00-07:00",
            "updated_at": None,
        },
        {"id": "m1", "memory": "Lives in Kyoto", "user_id": "ann", "created_at": "2024-04-01T00:00:00+00:00"},
    ],
    "relations": [
        {"source": "ann", "relationship": "sister_of", "target": "bob"},
        {"source": "bob", "relationship": "lives_in", "target": "osaka"},
    ],
}
LETTA: dict[str, Any] = {
    "agent_type": "memgpt_agent",
    "name": "tea bot",
    "core_memory": [
        {"label": "human", "value": "- Her name is Ann\n- She bakes\n", "limit": 5000},
        {"label": "persona", "value": "I am a bot"},
    ],
    "messages": [
        {"role": "system", "content": [{"type": "text", "text": "You are a bot"}]},
        {
            "role": "user",
            "created_at": "2025-01-02T03:04:05+00:00",
            "content": [{"type": "text", "text": json.dumps({"type": "user_message", "message": "Hi there"})}],
        },
        {
            "role": "assistant",
            "created_at": "2025-01-02T03:04:06+00:00",
            "content": [{"type": "text", "text": "thinking"}],
            "tool_calls": [{"function": {"name": "send_message", "arguments": json.dumps({"message": "Hello Ann"})}}],
        },
        {"role": "tool", "content": [{"type": "text", "text": "{}"}]},
        {"role": "user", "content": [{"type": "text", "text": json.dumps({"type": "heartbeat", "reason": "x"})}]},
    ],
}
LETTA_2: dict[str, Any] = {
    "agents": [
        {
            "id": "agent-0",
            "name": "tea bot",
            "block_ids": ["block-1"],
            "messages": [{"id": "message-0", "role": "user", "content": "Plain words"}],
        }
    ],
    "blocks": [
        {"id": "block-0", "label": "human", "value": "Somebody else"},
        {"id": "block-1", "label": "human", "value": "Her name is Ann"},
    ],
    "tools": [],
}
WHATSAPP = """[12/05/2024, 09:30:15] Messages and calls are end-to-end encrypted.
[12/05/2024, 09:30:15] Ann: See you at noon
and bring tea
\u200e[13/05/2024, 10:00:00] Ben: note: done
"""


def written(tmp_path: Path, content: object, name: str = "file.json") -> Path:
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def said(records: tuple[Record, ...]) -> list[tuple[str, str]]:
    return [(r.role, r.text) for r in records if isinstance(r, Turn)]


def test_chatgpts_branch_that_was_kept_is_read_with_the_instructions(tmp_path: Path) -> None:
    records = chatgpt.read(written(tmp_path, CHATGPT)).people[ALONE]
    assert said(records) == [("user", "Which tea?"), ("user", "This one?"), ("assistant", "Green tea.")]
    facts = [(r.name, r.value) for r in records if isinstance(r, Attribute)]
    assert facts == [("about", "I bake"), ("wants", "Be brief")]
    turn = next(r for r in records if isinstance(r, Turn))
    assert (turn.id, turn.session, turn.time, turn.asserted_by) == ("u1", "c1", 1700000001.0, "user")


def test_mem0s_memories_are_facts_with_what_was_noted_and_relations(tmp_path: Path) -> None:
    found = mem0.read(written(tmp_path, MEM0))
    facts = [(r.id, r.value, r.time) for r in found.people["ann"] if isinstance(r, Attribute)]
    assert facts == [("m1", "Lives in Kyoto", 1711929600.0), ("m2", "Likes green tea", 1714581000.0)]
    relations = [(r.name, r.value) for r in found.people["ann"] if isinstance(r, Relation)]
    assert relations == [("sister of", "bob"), ("bob lives in", "osaka")]
    assert found.notes == {("ann", "m2"): {"topic": "food", "categories": ["drinks"]}}


def test_mem0s_older_list_is_read_too(tmp_path: Path) -> None:
    found = mem0.read(written(tmp_path, [{"id": "m", "memory": "Likes tea"}]))
    assert [r.id for r in found.people[ALONE]] == ["m"]


@pytest.mark.parametrize(
    ("given", "facts", "turns"),
    [
        (LETTA, ["Her name is Ann", "She bakes"], [("user", "Hi there"), ("assistant", "Hello Ann")]),
        (LETTA_2, ["Her name is Ann"], [("user", "Plain words")]),
    ],
)
def test_lettas_human_and_what_was_said_is_read(
    tmp_path: Path, given: object, facts: list[str], turns: list[tuple[str, str]]
) -> None:
    records = letta.read(written(tmp_path, given, "agent.af")).people[ALONE]
    assert [r.value for r in records if isinstance(r, Attribute)] == facts
    assert said(records) == turns


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        (
            WHATSAPP,
            [("user", "See you at noon\nand bring tea", 1715506215.0), ("Ben", "note: done", 1715594400.0)],
        ),
        (
            "5/13/24, 9:30\u202fPM - Ann: Hi\n5/14/24, 12:05 AM - Ben: Yo\n",
            [("user", "Hi", 1715635800.0), ("Ben", "Yo", 1715645100.0)],
        ),
        (
            "2024-05-12 09:30 <Ann> Hi\n2024-05-12 09:31 <Ben> Yo\n",
            [("user", "Hi", 1715506200.0), ("Ben", "Yo", 1715506260.0)],
        ),
        ("Ann: Hi\nBen: Yo: you\nyes\n", [("user", "Hi", 0.0), ("Ben", "Yo: you\nyes", 1.0)]),
        (
            "1/2/24, 09:00 - Ann: Hi\n2/1/24, 09:00 - Ben: Yo\n",
            [("user", "Hi", 1704186000.0), ("Ben", "Yo", 1706778000.0)],
        ),
    ],
)
def test_chat_logs_are_read_in_each_form(tmp_path: Path, log: str, expected: list[tuple[str, str, float]]) -> None:
    records = chat.read(written(tmp_path, log, "chat.txt"), "Ann").people[ALONE]
    assert [(r.asserted_by, r.text, r.time) for r in records if isinstance(r, Turn)] == expected


def broken_branch() -> object:
    twin = json.loads(json.dumps(CHATGPT))
    twin[0]["mapping"]["u2"]["parent"] = "gone"
    return twin


def circle() -> object:
    twin = json.loads(json.dumps(CHATGPT))
    twin[0]["mapping"]["u1"]["parent"] = "u2"
    return twin


def unreadable_answer() -> object:
    twin = json.loads(json.dumps(LETTA))
    twin["messages"][2]["tool_calls"][0]["function"]["arguments"] = "{"
    return twin


@pytest.mark.parametrize(
    ("form", "content", "what"),
    [
        ("chatgpt", broken_branch(), "conversation 0: its branch is broken at 'gone'"),
        ("chatgpt", circle(), "its branch is broken at 'u2'"),
        ("chatgpt", [{"mapping": {}}], "conversation 0: the field 'current_node' is missing"),
        ("chatgpt", json.dumps(CHATGPT)[:-40], "is no JSON"),
        ("mem0", {"results": [{"id": "m"}]}, "result 0: the field 'memory' is missing"),
        ("mem0", {"results": [{"id": "m", "memory": "x", "created_at": "soon"}]}, "'soon' is no time"),
        ("mem0", {"results": {}}, "no list of results"),
        ("letta", unreadable_answer(), "message 2: what it sends with send_message cannot be read"),
        ("letta", {"agents": [], "blocks": {}, "x": 1} | {"agents": [{"messages": []}]}, "no list of blocks"),
        ("letta", {}, "neither 'core_memory'"),
        ("chat", "no names here\n", "holds no messages"),
        ("chat", "Ben: Yo\n", "nobody in it is called 'Ann'. Name the user: Ben."),
        ("chat", "[32/05/2024, 09:30] Ann: Hi\n", "line 1: no such date"),
        ("chat", "[12/05/2024, 25:30] Ann: Hi\n", "line 1: no such date or time"),
    ],
)
def test_a_malformed_file_is_named_with_the_place(tmp_path: Path, form: str, content: object, what: str) -> None:
    with pytest.raises(BadInput) as caught:
        foreign.read(written(tmp_path, content), form, speaker="Ann")
    assert what in str(caught.value)
    assert "file.json" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "form"),
    [
        ("conversations.json", CHATGPT, "chatgpt"),
        ("dump.json", MEM0, "mem0"),
        ("dump.json", MEM0["results"], "mem0"),
        ("agent.af", LETTA, "letta"),
        ("agent.json", LETTA_2, "letta"),
        ("chat.txt", WHATSAPP, "chat"),
        ("own.jsonl", '{"text": "Hi"}', "messages"),
        ("own.json", [{"text": "Hi"}], "messages"),
    ],
)
def test_a_form_is_told_from_the_file(tmp_path: Path, name: str, content: object, form: str) -> None:
    assert foreign.recognised(written(tmp_path, content, name)) == form


def test_what_is_of_no_form_is_refused_with_the_forms(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="chatgpt, mem0, letta, messages, chat"):
        foreign.read(written(tmp_path, {"a": 1}))
    with pytest.raises(IdiolectError, match="did you mean chatgpt"):
        foreign.read(written(tmp_path, CHATGPT), "chatgtp")


@pytest.mark.parametrize("content", [CHATGPT, MEM0, LETTA, LETTA_2])
def test_reading_twice_gives_the_same_records(tmp_path: Path, content: object) -> None:
    path = written(tmp_path, content)
    assert foreign.read(path) == foreign.read(path)
