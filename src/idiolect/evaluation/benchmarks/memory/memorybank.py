"""MemoryBank (Zhong et al. 2024): ten days of chats, English and Chinese, with questions that nobody answered."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from idiolect.core.errors import BadInput
from idiolect.core.types import Message, Query, Turn
from idiolect.data.dataset import Asked, Dataset
from idiolect.data.readers.text import listing, mapping, text
from idiolect.evaluation.benchmarks.card import Card

CARD = Card(
    title="MemoryBank",
    source="github.com/zhongwanjun/MemoryBank-SiliconFriend",
    version="cf61c4196e4cfdb0f2b7a0316249fa40312dc3a9",
    licence="MIT",
    split="all 15 users of each language",
    protocol="no gold answers: an input for demonstrations, and for whatever must not assume English",
    files=(
        "en/memory_bank_en.json",
        "cn/memory_bank_cn.json",
        "en/probing_questions_en.jsonl",
        "cn/probing_questions_cn.jsonl",
    ),
)


def read(folder: Path) -> dict[str, Dataset]:
    """By language.

    Raises:
        BadInput: a user has no history, or a day is no date.
    """
    return {language: _language(folder, language) for language in ("en", "cn")}


def _language(folder: Path, language: str) -> Dataset:
    file = f"{language}/memory_bank_{language}.json"
    raw = mapping(CARD.document(folder, file), folder / file)
    people = {user: tuple(_turns(item, f"{folder / file}, {user}")) for user, item in raw.items()}
    asked = []
    for place, line in CARD.lines(folder, f"{language}/probing_questions_{language}.jsonl"):
        for user, questions in mapping(line, place).items():
            for n, question in enumerate(listing(questions, place)):
                query = Query(messages=(Message("user", text(question, place)),), input=str(question))
                asked.append(Asked(id=f"{user}/{n}", user=user, task="probe", query=query, target=""))
    return Dataset(name=f"memorybank-{language}", people=people, questions=tuple(asked))


def _turns(raw: object, place: str) -> list[Turn]:
    history = mapping(mapping(raw, place, "history")["history"], place)
    found: list[Turn] = []
    for day, said in history.items():
        try:
            start = datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()
        except ValueError as error:
            raise BadInput(place, f"{day!r} is no date", "Write it like 2024-01-31") from error
        for n, pair in enumerate(listing(said, place)):
            item = mapping(pair, f"{place}, {day}", "query", "response")
            for role, field in (("user", "query"), ("assistant", "response")):
                at = start + 2 * n + (role == "assistant")
                turn = Turn(id=f"{day}/{n}/{role}", time=at, text=str(item[field]), session=day, role=role)  # type: ignore[arg-type]
                found.append(turn)
    return found


def count(data: dict[str, Dataset]) -> dict[str, int]:
    """What is in it."""
    found = {}
    for language, dataset in data.items():
        found[f"{language} users"] = len(dataset.people)
        found[f"{language} turns"] = sum(map(len, dataset.people.values()))
        found[f"{language} questions"] = len(dataset.questions)
    return found
