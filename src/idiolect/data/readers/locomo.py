"""LoCoMo (Maharana et al., 2024): long conversations of two persons, and questions whose evidence lies in known turns.

One user a conversation; a turn's text is ``speaker: text [image: caption]``, its id LoCoMo's own ("D3:12").
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from idiolect.core.errors import BadInput
from idiolect.core.types import Message, Query, Turn
from idiolect.data.dataset import Asked, Dataset
from idiolect.data.readers.text import document, listing, mapping, text

CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop", 5: "adversarial"}


def read(path: str | Path) -> Dataset:
    """Every conversation of a file, or of the `locomo.json(.gz)` in a folder.

    Raises:
        BadInput: names the conversation and the turn or question that cannot be read.
    """
    path = Path(path)
    if path.is_dir():
        path = next(iter(sorted(path.glob("locomo*.json*"))), path / "locomo.json")
    samples = document(path)
    if not isinstance(samples, list) or not samples:
        raise BadInput(path, "no list of conversations", "Give LoCoMo's JSON.")
    people, questions = {}, []
    for i, raw in enumerate(samples):
        where = f"{path}, conversation {i}"
        sample = mapping(raw, where, "sample_id", "conversation", "qa")
        user = text(sample["sample_id"], where)
        people[user] = _turns(mapping(sample["conversation"], where), where)
        known = {t.id for t in people[user]}
        questions += [
            _asked(q, user, known, n, f"{where}, question {n}") for n, q in enumerate(listing(sample["qa"], where))
        ]
    return Dataset(name="locomo", people=people, questions=tuple(questions))


def _turns(conversation: dict[str, Any], where: str) -> tuple[Turn, ...]:
    numbers = sorted(int(k.removeprefix("session_")) for k in conversation if re.fullmatch(r"session_\d+", k))
    found: list[Turn] = []
    for n in numbers:
        place = f"{where}, session_{n}"
        when = _time(text(conversation.get(f"session_{n}_date_time", ""), place), place)
        for i, raw in enumerate(listing(conversation[f"session_{n}"], place)):
            turn = mapping(raw, f"{place}, turn {i}", "speaker", "dia_id", "text")
            caption = f" [image: {turn['blip_caption']}]" if turn.get("blip_caption") else ""
            said = f"{turn['speaker']}: {turn['text']}{caption}"
            found.append(Turn(id=text(turn["dia_id"], place), text=said, session=str(n), time=when + i))
    return tuple(sorted(found, key=lambda t: t.time))


def _time(stated: str, where: str) -> float:
    try:
        return datetime.strptime(stated, "%I:%M %p on %d %B, %Y").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise BadInput(where, f"{stated!r} is no date", 'Write it like "1:56 pm on 8 May, 2023".') from None


def _asked(raw: object, user: str, known: set[str], number: int, where: str) -> Asked:
    item = mapping(raw, where, "question", "category")
    if not isinstance(item["category"], int) or item["category"] not in CATEGORIES:
        raise BadInput(where, f"no category {item['category']!r}", "LoCoMo's categories are 1 to 5.")
    stated = re.findall(r"D\d+:\d+", " ".join(text(e, where) for e in listing(item.get("evidence") or [], where)))
    return Asked(
        id=f"{user}/{number}",
        user=user,
        task=CATEGORIES[item["category"]],
        query=Query(messages=(Message("user", item["question"]),), input=item["question"]),
        target=text(item.get("answer", item.get("adversarial_answer", "")), where),
        evidence=tuple(dict.fromkeys(e for e in stated if e in known)),
    )
