"""Readers: small files of each format, and files that are damaged in each way that happens."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from idiolect.core.errors import BadInput
from idiolect.core.types import Interaction, Turn
from idiolect.data.dataset import Dataset
from idiolect.data.readers import lamp, locomo, messages
from idiolect.data.store import MemoryStore

Reader = Callable[[Path], Dataset]

CONVERSATION = {
    "sample_id": "conv-0",
    "conversation": {
        "speaker_a": "Ada",
        "speaker_b": "Ben",
        "session_2_date_time": "9:05 am on 2 April, 2024",
        "session_2": [{"speaker": "Ben", "dia_id": "D2:1", "text": "How is the parrot?"}],
        "session_1_date_time": "1:00 pm on 1 March, 2024",
        "session_1": [{"speaker": "Ada", "dia_id": "D1:1", "text": "I adopted one.", "blip_caption": "a green bird"}],
    },
    "qa": [
        {"question": "Which pet?", "answer": "A parrot", "evidence": ["D1:1; D9:9"], "category": 4},
        {"question": "Which year?", "answer": 2024, "evidence": [], "category": 2},
        {"question": "Which cat?", "adversarial_answer": "none", "evidence": ["D2:1"], "category": 5},
    ],
}
QUESTIONS = [
    {
        "id": "310",
        "input": "What is the score of the following review on a scale of 1 to 5? review: Fine tea.",
        "profile": [
            {"id": "b", "text": "Good cups.", "score": "5", "date": "2020-02-01"},
            {"id": "a", "text": "Bad pot.", "score": 1, "date": "2019-02-01"},
        ],
    }
]
OUTPUTS = {"task": "LaMP_3", "golds": [{"id": "310", "output": "4"}]}


def lamp_folder(folder: Path, questions: Any = QUESTIONS, outputs: Any = OUTPUTS) -> Path:
    (folder / "dev_questions.json").write_text(json.dumps(questions))
    (folder / "dev_outputs.json").write_text(json.dumps(outputs))
    return folder


def written(tmp_path: Path, content: object, name: str = "file.json") -> Path:
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_locomo_gives_turns_in_order_with_their_pictures_and_times(tmp_path: Path) -> None:
    turns = locomo.read(written(tmp_path, [CONVERSATION])).people["conv-0"]
    assert [(t.id, t.text) for t in turns if isinstance(t, Turn)] == [
        ("D1:1", "Ada: I adopted one. [image: a green bird]"),
        ("D2:1", "Ben: How is the parrot?"),
    ]
    assert turns[0].time == 1709298000  # 2024-03-01T13:00:00Z


def test_locomo_gives_questions_with_the_evidence_that_exists(tmp_path: Path) -> None:
    asked = locomo.read(written(tmp_path, [CONVERSATION])).questions
    assert [(q.task, q.target, q.evidence) for q in asked] == [
        ("single-hop", "A parrot", ("D1:1",)),
        ("temporal", "2024", ()),
        ("adversarial", "none", ("D2:1",)),
    ]


def test_locomo_is_found_gzipped_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "locomo.json.gz").write_bytes(gzip.compress(json.dumps([CONVERSATION]).encode()))
    assert list(locomo.read(tmp_path).people) == ["conv-0"]


def test_lamp_gives_a_user_a_question_with_his_profile_by_date(tmp_path: Path) -> None:
    data = lamp.read(lamp_folder(tmp_path))
    records = [r for r in data.people["lamp-310"] if isinstance(r, Interaction)]
    assert [(r.id, r.task, r.prompt, r.text) for r in records] == [
        ("a", "rate", "Bad pot.", "1"),
        ("b", "rate", "Good cups.", "5"),
    ]
    asked = data.questions[0]
    assert (asked.user, asked.query.input, asked.target) == ("lamp-310", "Fine tea.", "4")


def test_messages_as_in_the_openai_api_become_turns(tmp_path: Path) -> None:
    talk = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    turns = messages.read(written(tmp_path, [{"user": "ann", "messages": talk}])).people["ann"]
    assert [(t.role, t.text) for t in turns if isinstance(t, Turn)] == [("user", "Hi"), ("assistant", "Hello")]


def test_messages_a_line_each_are_put_in_order_of_time_by_user(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        '{"user": "ann", "text": "second", "time": "2024-05-01T09:30:00"}\n\n'
        '{"user": "bob", "text": "other", "time": 7}\n'
        '{"user": "ann", "text": "first", "time": "2024-05-01T11:00:00+02:00"}\n',
        "mine.jsonl",
    )
    people = messages.read(path).people
    assert [t.text for t in people["ann"] if isinstance(t, Turn)] == ["first", "second"]
    assert people["bob"][0].time == 7.0


def test_a_single_persons_file_need_not_name_him(tmp_path: Path) -> None:
    path = written(tmp_path, '{"text": "a"}\n{"text": "b"}', "mine.jsonl")
    assert [t.id for t in messages.read(path).people["me"]] == ["m0", "m1"]


def test_a_data_set_fills_a_store(tmp_path: Path) -> None:
    store = MemoryStore()
    locomo.read(written(tmp_path, [CONVERSATION])).fill(store)
    assert len(store.records("conv-0")) == 2


MISTAKES: list[tuple[Reader, object, str]] = [
    (messages.read, '{"text": "a"}\n{"text": 5}', "line 2: the text of a message is int"),
    (messages.read, '{"text": "a"}\n{"text": "b', "line 2, column 10: ends in the middle|line 2.*no JSON"),
    (messages.read, '{"txt": "a"}', "unknown field 'txt'"),
    (messages.read, '{"messages": [{"role": "boss", "content": ""}]}', "message 0: no role 'boss'"),
    (messages.read, '{"messages": "hello"}', "'messages' is no list"),
    (messages.read, '{"text": "a", "time": "noon"}', "'noon' is no time"),
    (messages.read, "", "holds no messages"),
    (messages.read, "[1]", "an object is wanted"),
    (locomo.read, json.dumps([CONVERSATION])[:-40], "column .*ends in the middle|no JSON"),
    (locomo.read, "[]", "no list of conversations"),
    (locomo.read, '[{"sample_id": "a"}]', "conversation 0: the field 'conversation' is missing"),
]


@pytest.mark.parametrize(("read", "content", "says"), MISTAKES)
def test_a_damaged_file_is_one_error_with_file_place_and_fix(
    read: Reader, content: str, says: str, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match=f"file.jsonl.*({says})"):
        read(written(tmp_path, content, "file.jsonl"))


def test_another_encoding_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_bytes('{"text": "a"}\n{"text": "é"}'.encode("latin-1"))
    with pytest.raises(BadInput, match=r"x\.jsonl, line 2: is not UTF-8\. Save the file as UTF-8"):
        messages.read(tmp_path / "x.jsonl")


def test_a_gzip_file_cut_in_half_is_called_that(tmp_path: Path) -> None:
    packed = gzip.compress(json.dumps([CONVERSATION]).encode())
    (tmp_path / "locomo.json.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(BadInput, match="gzip stream is cut off"):
        locomo.read(tmp_path)


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(BadInput, match="nowhere.json: No such file"):
        messages.read("nowhere.json")


def test_lamp_without_an_answer_for_a_question_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="question 0: no output has its id '310'"):
        lamp.read(lamp_folder(tmp_path, outputs={"task": "LaMP_3", "golds": []}))


def test_lamp_names_the_profile_entry_without_a_field(tmp_path: Path) -> None:
    broken = [{**QUESTIONS[0], "profile": [{"id": "a", "text": "x"}]}]
    with pytest.raises(BadInput, match="question 0, profile entry 0: the field 'score' is missing"):
        lamp.read(lamp_folder(tmp_path, questions=broken))
