"""Typed fixtures in the form that each official source documents, and one malformed twin of each."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from evaluation.benchmarks.official import MORE, Files
from evaluation.benchmarks.official_asked import ASKED
from evaluation.benchmarks.official_people import PEOPLE
from idiolect.core.errors import BadInput, UnknownName
from idiolect.evaluation import benchmarks


def written(folder: Path, files: Files) -> Path:
    """Lists under .jsonl become lines, lists of lists under .csv rows, texts stay, all else JSON."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            path.write_text(content, encoding="utf-8")
        elif name.endswith(".jsonl"):
            path.write_text("\n".join(map(json.dumps, content)), encoding="utf-8")
        elif name.endswith(".csv"):
            text = io.StringIO()
            csv.writer(text).writerows(content)
            path.write_text(text.getvalue(), encoding="utf-8")
        else:
            path.write_text(json.dumps(content), encoding="utf-8")
    return folder


def lamp(task: str = "LaMP_3") -> Files:
    question = {"id": "1", "input": "review: dull", "profile": [{"id": "a", "text": "fine", "score": "4"}]}
    outputs = {"task": task, "golds": [{"id": "1", "output": "2"}]}
    return {"LaMP_3/dev_questions.json": [question], "LaMP_3/dev_outputs.json": outputs}


def longlamp(written_: str = "reviewText") -> Files:
    entry = {"description": "a kettle", "overall": 4, written_: "It boils.", "summary": "ok"}
    row = {"reviewerId": "R1", "input": "Write a review of a pan.", "output": "It fries.", "profile": [entry]}
    return {"product_review_user/test.json": [row]}


def longmemeval(evidence: str = "s2") -> Files:
    sessions = [[{"role": "user", "content": t}] for t in ("I like tea.", "My dog is called Rex.")]
    case = {
        "question_id": "q1",
        "question_type": "single-session-user",
        "question": "What is my dog called?",
        "answer": "Rex",
        "question_date": "2023/05/20 (Sat) 02:21",
        "haystack_session_ids": ["s1", "s2"],
        "haystack_dates": ["2023/05/01 (Mon) 09:00", "2023/05/02 (Tue) 09:00"],
        "haystack_sessions": sessions,
        "answer_session_ids": [evidence],
    }
    return {"longmemeval_s.json": [case]}


def personamem(letter: str = "(b)") -> Files:
    options = "['(a) go hiking', '(b) play the cello', '(c) cook', '(d) swim']"
    head = [
        "persona_id",
        "question_id",
        "question_type",
        "user_question_or_message",
        "correct_answer",
        "all_options",
        "shared_context_id",
        "end_index_in_shared_context",
    ]
    rows = [head, *([str(p), f"q{p}", "recall", "What now?", letter, options, "c1", "2"] for p in range(2))]
    said = [{"role": "user", "content": "I love the cello"}, {"role": "assistant", "content": "Nice"}]
    return {"questions_32k.csv": rows, "shared_contexts_32k.jsonl": [{"c1": [*said, {"role": "user", "content": "x"}]}]}


def perltqa(memory: str = "['1_0_0']") -> Files:
    person = {
        "profile": {"Protagonist": "Ann", "Gender": "female"},
        "social_relationship": {"1_0": {"Supporting Characters": "Ben", "Relationship": "brother"}},
        "events": {"1_0_0": {"content": "They sailed to Oslo.", "summary": "A trip"}},
        "dialogues": {"1_0_0#0": {"contents": {"2022-05-15 10:00": ["Ann: hi", "Ben: ho"]}}},
    }
    entry = {"Question": "Where did they sail?", "Answer": "Oslo", "Reference Memory": memory}
    gender = {"Question": "What is her gender?", "Answer": "female", "Reference Memory": "Gender"}
    asked = {"Ann": {"profile": [gender], "events": [{"1_0_0": [entry]}]}}
    return {"perltmem_en_v2.json": {"Ann": person}, "perltqa_en_v2.json": [asked]}


def prism(field: str = "chosen") -> Files:
    pair = {
        "id": "1",
        "user_info": "The person is tall.",
        "question": "Q?",
        "rejected": "No.",
        "conversation_type": "u",
    }
    return {"prism_pairs.jsonl": [{**pair, field: "Yes, of course."}]}


def vpl(label: str = "1") -> Files:
    pair = {"Index": "3", "prompt": "Human: hi", "responses": "['short', 'longer reply']", "label": label}
    return {"helpful.jsonl": [pair], "harmless.jsonl": [pair]}


def tallrec(answer: str = "Yes.") -> Files:
    asked = 'Whether the user will like the target movie "D"?'
    said = f'User Preference: "A (1990)", "B, The"\nUser Unpreference: "C"\n{asked}'
    row = {"instruction": "", "input": said, "output": answer}
    return {"movie/valid.json": [row], "book/valid.json": [row]}


def s3rec(line: str = "7 1 2 3 4") -> Files:
    return {"Beauty.txt": line, "LastFM.txt": "1 1 2 3"}


def movielens(stars: str = "4.5") -> Files:
    rows = [["userId", "movieId", "rating", "timestamp"], ["1", "9", stars, "10"], ["1", "8", "3.0", "10"]]
    return {"ratings.csv": rows, "movies.csv": [["movieId", "title", "genres"], ["9", "A, B", "Comedy"]]}


def studemo(item: str = "5") -> Files:
    rows = [["text_id", "annotator_id", "joy", "anger", "sadness"], [item, "2", "1.0", "0.0", "3.0"]]
    return {"annotation_data.csv": rows, "text_data.csv": [["text_id", "text"], ["5", "The porter joked."]]}


def memorybank(day: str = "2024-01-01") -> Files:
    bank = {"Ada": {"history": {day: [{"query": "hello", "response": "hi"}]}}}
    asked = [{"Ada": ["What did I say?"]}]
    return {
        **{f"{la}/memory_bank_{la}.json": bank for la in ("en", "cn")},
        **{f"{la}/probing_questions_{la}.jsonl": asked for la in ("en", "cn")},
    }


def pgraphrag(rating: Any = 4) -> Files:
    return {"amazon_dev.json": [{"id": "U", "profile": [{"rating": rating, "title": "t", "text": "x", "pid": "P"}]}]}


def amulet(field: str = "question") -> Files:
    names = ("HelpSteer_train", "UltraFeedback_truthful_qa", "UltraFeedback_ultrachat")
    return {f"{n}.json": [{field: "Why?"}] for n in (*names, "personal_preference_eval_preference_data")}


def aloe(text: str = '"A retired baker." "A nurse."') -> Files:
    return dict.fromkeys(("profile.jsonl", "profile_eval.jsonl", "personality.jsonl", "personality_eval.jsonl"), text)


SETS: dict[str, tuple[Callable[..., Files], Any, str]] = {
    "lamp": (lamp, "LaMP_9", "no task"),
    "longlamp": (longlamp, "text", "'reviewText' is missing"),
    "longmemeval": (longmemeval, "s9", "not among its sessions"),
    "personamem": (personamem, "(x)", "not four options"),
    "perltqa": (perltqa, "['9_9']", "no document has the id '9_9'"),
    "prism": (prism, "picked", "'chosen' is missing"),
    "vpl": (vpl, "2", "label of 0 or 1"),
    "tallrec": (tallrec, "Perhaps.", "Yes or No"),
    "s3rec": (s3rec, "7 1 2", "three item numbers"),
    "movielens": (movielens, "many", "could not convert"),
    "studemo": (studemo, "6", "no text has the id '6'"),
    "memorybank": (memorybank, "Monday", "is no date"),
    "pgraphrag": (pgraphrag, "four", "is no number"),
    "amulet": (amulet, "prompt", "'question' is missing"),
    "aloe": (aloe, "[1]", "where a text is wanted"),
    **MORE,
    **PEOPLE,
    **ASKED,
}
ENDS: tuple[Any, ...] = (None, 7, {})


def test_every_reader_has_its_typed_files() -> None:
    assert sorted(SETS) == benchmarks.names()


@pytest.mark.parametrize("name", SETS)
def test_the_official_form_is_read_and_counted(name: str, tmp_path: Path) -> None:
    module = benchmarks.get(name)
    data = module.read(written(tmp_path, SETS[name][0]()))
    assert any(module.count(data).values())


@pytest.mark.parametrize("name", SETS)
def test_a_malformed_twin_is_refused_with_its_place_and_a_fix(name: str, tmp_path: Path) -> None:
    made, wrong, said = SETS[name]
    with pytest.raises(BadInput, match=said) as caught:
        benchmarks.get(name).read(written(tmp_path, made(wrong)))
    assert str(tmp_path) in caught.value.where
    assert caught.value.fix


def damaged(value: Any) -> Iterator[Any]:
    """The value with one part of it lost or replaced, for every part and each of `ENDS`; of a list the first two."""
    yield from (end for end in ENDS if end != value)
    parts = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for key, part in parts:
        kept = dict(value) if isinstance(value, dict) else list(value)
        del kept[key]
        yield kept
        for broken in damaged(part):
            changed = dict(value) if isinstance(value, dict) else list(value)
            changed[key] = broken
            yield changed


def refusal(name: str, folder: Path) -> BadInput | None:
    """What the reader says against a folder; None where it reads it."""
    try:
        benchmarks.get(name).count(benchmarks.get(name).read(folder))
    except BadInput as error:
        return error
    return None


@pytest.mark.parametrize("name", SETS)
def test_any_damage_is_read_or_refused_with_its_place_and_never_a_crash(name: str, tmp_path: Path) -> None:
    whole = SETS[name][0]()
    written(tmp_path, whole)
    done: list[Any] = []  # files of one form are damaged once
    for file, content in whole.items():
        if isinstance(content, str) or file.endswith(".csv") or content in done:
            continue
        done.append(content)
        for broken in damaged(content):
            if file.endswith(".jsonl") and not isinstance(broken, list):
                continue
            written(tmp_path, {file: broken if not isinstance(broken, str) else [broken]})
            refused = refusal(name, tmp_path)
            assert refused is None or (str(tmp_path) in refused.where and refused.fix)
        written(tmp_path, {file: content})


@pytest.mark.parametrize("name", [n for n in benchmarks.names() if benchmarks.get(n).CARD.files])
def test_a_missing_file_says_where_it_comes_from(name: str, tmp_path: Path) -> None:
    card = benchmarks.get(name).CARD
    with pytest.raises(BadInput, match="there is no such file") as caught:
        benchmarks.get(name).read(tmp_path)
    assert card.source in caught.value.fix
    assert card.version in caught.value.fix


@pytest.mark.parametrize("name", benchmarks.names())
def test_every_card_is_whole(name: str) -> None:
    card = benchmarks.get(name).CARD
    assert all((card.title, card.source, card.version, card.licence, card.split, card.protocol))


def test_an_unknown_benchmark_is_refused_with_near_names() -> None:
    with pytest.raises(UnknownName, match="did you mean prism"):
        benchmarks.get("prizm")


def test_evidence_is_found_among_a_questions_own_sessions(tmp_path: Path) -> None:
    module = benchmarks.get("longmemeval")
    rows = list(module.measure(module.read(written(tmp_path, longmemeval())), None))
    assert [(r.method, r.value) for r in rows if r.metric == "recall@5"] == [("BM25", 1.0)]


def test_the_context_of_a_question_ends_where_it_says(tmp_path: Path) -> None:
    case, _ = benchmarks.get("personamem").read(written(tmp_path, personamem()))
    assert [content for _, content in case.said] == ["I love the cello", "Nice"]


def test_titles_with_commas_and_quotes_are_kept_whole(tmp_path: Path) -> None:
    (case,) = benchmarks.get("tallrec").read(written(tmp_path, tallrec()))["movie"]
    assert (case.liked, case.disliked, case.target) == (("A (1990)", "B, The"), ("C",), "D")
