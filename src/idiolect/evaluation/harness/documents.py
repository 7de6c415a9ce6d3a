"""The official files of a benchmark as the harness's documents.

A document is flat: `id`, `user`, `task`, `input` (what retrieval searches by), `question` (what is asked), `target`,
and `profile`, the user's records as one JSON text. The folder comes from the harness's `--metadata '{"data": ...}'`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from idiolect.core.errors import BadInput, MissingExtra
from idiolect.core.types import Attribute, Record, Turn
from idiolect.data.dataset import Dataset
from idiolect.data.records import plain
from idiolect.evaluation.benchmarks.card import digest
from idiolect.evaluation.benchmarks.generation import lamp as lamp_reader
from idiolect.evaluation.benchmarks.generation import longlamp as longlamp_reader
from idiolect.evaluation.benchmarks.memory import locomo as locomo_reader
from idiolect.evaluation.benchmarks.memory import longmemeval as longmemeval_reader
from idiolect.evaluation.benchmarks.memory import prefeval as prefeval_reader

Document: TypeAlias = dict[str, str]
FIELDS = ("id", "user", "task", "input", "question", "target", "profile")
LETTERS = "ABCD"


def lamp(task: str, data: str = "", **_: Any) -> Mapping[str, Any]:
    """One of LaMP_1 to LaMP_7."""
    return _split(_asked(_of(lamp_reader.read(_folder(data, task)), task, data)))


def longlamp(task: str, data: str = "", **_: Any) -> Mapping[str, Any]:
    """abstract_generation, product_review or topic_writing."""
    return _split(_asked(_of(longlamp_reader.read(_folder(data, task)), task, data)))


def locomo(data: str = "", **_: Any) -> Mapping[str, Any]:
    """Questions that the conversation answers; the adversarial ones have no right answer and are left out."""
    found = locomo_reader.read(_folder(data, "locomo"))
    return _split(d for d in _asked(found) if d["task"] != "adversarial")


def prefeval(data: str = "", **_: Any) -> Mapping[str, Any]:
    """One stated preference a person, a question that would break it, and four options in the order of md5."""
    cases = prefeval_reader.read(_folder(data, "prefeval"))
    return _split(_choice(case, n) for n, case in enumerate(cases))


def longmemeval(data: str = "", **_: Any) -> Mapping[str, Any]:
    """Every question after its own sessions; of abstentions the answer says that it was never said."""
    cases = longmemeval_reader.read(_folder(data, "longmemeval"))
    return _split(_recalled(case) for case in cases)


def _folder(data: str, task: str) -> Path:
    if not data or not Path(data).is_dir():
        what = f"there is no folder {data!r}" if data else "where the official files lie was not said"
        raise BadInput(f"task {task}", what, """Give it with --metadata '{"data": "FOLDER"}'""")
    return Path(data)


def _of(found: Mapping[str, Dataset], task: str, data: str) -> Dataset:
    if task not in found:
        raise BadInput(data, f"there is no folder of {task} in it", f"It holds {', '.join(found)}")
    return found[task]


def _asked(data: Dataset) -> Iterable[Document]:
    profiles = {user: profile(records) for user, records in data.people.items()}
    for q in data.questions:
        yield {
            "id": q.id,
            "user": q.user,
            "task": q.task,
            "input": q.query.input or q.query.text,
            "question": q.query.text,
            "target": q.target,
            "profile": profiles[q.user],
        }


def _choice(case: prefeval_reader.Case, number: int) -> Document:
    shown = sorted(range(len(case.options)), key=lambda i: digest(case.options[i]))
    lines = [f"{LETTERS[place]}. {case.options[i]}" for place, i in enumerate(shown)]
    question = "\n".join([case.question, *lines, "Answer with the letter alone."])
    known = Attribute(id="preference", name="wants", value=case.preference)
    return {
        "id": str(number),
        "user": f"prefeval-{number}",
        "task": case.topic,
        "input": case.question,
        "question": question,
        "target": LETTERS[shown.index(0)],
        "profile": profile([known]),
    }


def _recalled(case: longmemeval_reader.Case) -> Document:
    said = [(n, turn.partition(": ")) for n, session in enumerate(case.sessions) for turn in session]
    records = [
        Turn(
            id=f"{n}/{i}", text=text, role="assistant" if role == "assistant" else "user", session=str(n), time=float(i)
        )
        for i, (n, (role, _, text)) in enumerate(said)
    ]
    return {
        "id": case.id,
        "user": f"longmemeval-{case.id}",
        "task": case.kind,
        "input": case.question,
        "question": case.question,
        "target": case.answer,
        "profile": profile(records),
    }


def profile(records: Sequence[Record]) -> str:
    """Records as one JSON text."""
    return json.dumps([plain(r) for r in records], ensure_ascii=False)


def _split(documents: Iterable[Document]) -> Mapping[str, Any]:
    """The harness's only split; its fingerprint is of what the documents say, so that no library has to pickle it."""
    try:
        from datasets import Dataset as Table
        from datasets.table import InMemoryTable
    except ImportError as error:
        raise MissingExtra("datasets", "harness") from error
    rows = list(documents)
    columns = {name: [row[name] for row in rows] for name in FIELDS}
    named = hashlib.sha256(json.dumps(columns).encode()).hexdigest()[:16]
    return {"test": Table(InMemoryTable.from_pydict(columns), fingerprint=named)}
