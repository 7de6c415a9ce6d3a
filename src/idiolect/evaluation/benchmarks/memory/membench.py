"""MemBench (Tan et al. 2025): four answers to a question on what was told, or said in talk, many messages ago."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import document, listing, mapping, text
from idiolect.evaluation.benchmarks import finding
from idiolect.evaluation.benchmarks.card import Card
from idiolect.evaluation.benchmarks.finding import Histories, Question
from idiolect.evaluation.benchmarks.rows import Row
from idiolect.retrieval.protocol import Encoder

CARD = Card(
    title="MemBench",
    source="github.com/import-myself/Membench, the folder MemData with FirstAgent/*.json and ThirdAgent/*.json",
    version="fields as benchmark/load_test_data.py (85d75a04eb354fc99bf5492a24aad846373e6e65) and benchmark/env/"
    "Membenenv.py (7c21e46264f1ad4b34241a9502a75ed1e730c483) of github.com/zjxx/Membench read and write them",
    licence="none stated in the README",
    split="every file that is there, without the noise that upstream draws at random before a test",
    protocol="the messages that hold the answer among the trajectory's own: recall@5, recall@10, MRR, by file",
    files=(),
)
AGENTS = ("FirstAgent", "ThirdAgent")
SAID = (("message",), ("user_message", "assistant_message"), ("user", "assistant"))  # told; or said in talk, two ways


def read(folder: Path) -> Histories:
    """Raises:
    BadInput: no file is there, a trajectory lacks a field, or many refer to messages that are not there.
    """
    paths = [p for agent in AGENTS for p in sorted((folder / agent).glob("*.json"))]
    if not paths:
        raise BadInput(folder, f"neither {' nor '.join(AGENTS)} with JSON files is in it", f"Take {CARD.source}")
    documents: dict[str, dict[str, str]] = {}
    asked: list[tuple[str, Question]] = []
    for path in paths:
        kind = f"{path.parent.name}/{path.stem}"
        for scenario, trajectories in mapping(document(path), path).items():
            for i, raw in enumerate(listing(trajectories, path)):
                place, owner = f"{path}, {scenario}, trajectory {i}", f"{kind}/{scenario}/{i}"
                item = mapping(raw, place, "message_list", "QA")
                documents[owner] = {str(n): m for n, m in enumerate(_messages(item["message_list"], place))}
                asked.append((place, _question(owner, kind, item["QA"], place)))
    return finding.joined(documents, asked)


def _messages(raw: object, place: str) -> Iterator[str]:
    """One after the other, whether they come in sessions or not: by that place the evidence is named."""
    for entry in listing(raw, place):
        if isinstance(entry, list):
            yield from _messages(entry, place)
            continue
        message = mapping(entry, place, "time", "place")
        names = next((n for n in SAID if all(name in message for name in n)), None)
        if names is None:
            raise BadInput(place, f"a message of {sorted(message)}", f"Take {CARD.source}")
        said = " ".join(text(message[name], place) for name in names)
        yield f"{said} (place: {message['place']}; time: {message['time']})"


def _question(owner: str, kind: str, raw: object, place: str) -> Question:
    item = mapping(raw, place, "question", "target_step_id", "choices", "ground_truth")
    choices = mapping(item["choices"], place)
    if (letter := text(item["ground_truth"], place)) not in choices:
        raise BadInput(place, f"no choice {letter!r}", "Fetch the file again")
    steps = [
        s[0] if isinstance(s, list) and s else s for s in listing(item["target_step_id"], place)
    ]  # or (step, session)
    wanted = tuple(dict.fromkeys(text(s, place) for s in steps))
    return Question(owner, kind, text(item["question"], place), str(choices[letter]), wanted)


count = finding.count


def measure(data: Histories, encoder: Encoder | None) -> Iterator[Row]:
    """BM25 over the trajectory's messages."""
    del encoder  # a million messages would be encoded for days
    yield from finding.measure(data)
