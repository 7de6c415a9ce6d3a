"""StudEmo and LeWiDi: one reader's judgement of one text, and the splits that their README files state."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from idiolect.core.errors import BadInput
from idiolect.core.types import Interaction
from idiolect.data.policy import STUDY
from idiolect.data.store import MemoryStore

NO, YES = LABELS = ("no", "yes")
NEWCOMER = 10  # labels that a cold reader shows
COLD = 4  # of StudEmo's readers


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """`label` is "no" or "yes"; `asked`: whether it is predicted, not learnt from."""

    user: str
    item: str
    text: str
    label: str
    asked: bool


@dataclass(frozen=True, kw_only=True)
class Judgements:
    """`learnt` and `asked` are apart; `cold` readers show ten judgements, of `thin` ones nothing is known."""

    task: str
    learnt: tuple[Judgement, ...]
    asked: tuple[Judgement, ...]
    cold: frozenset[str]

    @cached_property
    def thin(self) -> frozenset[str]:
        known = {j.user for j in self.learnt}
        return frozenset(j.user for j in self.asked if j.user not in known)

    def group(self, user: str) -> str:
        """Which kind of reader it is: "warm", "cold" or "thin"."""
        return "thin" if user in self.thin else "cold" if user in self.cold else "warm"

    def store(self) -> MemoryStore:
        """What is learnt from, as records."""
        store, mine = MemoryStore(STUDY), dict[str, list[Interaction]]()
        for j in self.learnt:
            of = mine.setdefault(j.user, [])
            of.append(Interaction(id=j.item, time=float(len(of)), task=self.task, prompt=j.text, text=j.label))
        for user, records in mine.items():
            store.append(user, records)
        return store


def read(folder: Path, emotion: str = "joy") -> Judgements:
    """StudEmo's folder (one emotion, of ten) or a folder of LeWiDi.

    Raises:
        BadInput: neither is there, or the emotion is none of StudEmo's.
    """
    if (folder / "annotation_data.csv").is_file():
        return studemo(folder, emotion)
    if list(folder.glob("*_train.json*")):
        return lewidi(folder)
    fix = "Give StudEmo's folder, or one of LeWiDi's sets that has a train and a dev file."
    raise BadInput(folder, "no annotation_data.csv and no *_train.json there", fix)


def studemo(folder: Path, emotion: str) -> Judgements:
    """Whether a reader felt an emotion at all (1 or more of 3)."""
    with gzip.open(folder / "text_data.csv.gz", "rt", encoding="utf-8", newline="") as file:
        texts = {row["text_id"]: row["text"] for row in csv.DictReader(file)}
    with (folder / "annotation_data.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows or emotion not in rows[0]:
        raise BadInput(folder, f"no emotion {emotion!r}", f"It has: {', '.join(list(rows[0])[2:] if rows else ())}.")
    found = [
        Judgement(
            user=row["annotator_id"],
            item=row["text_id"],
            text=texts[row["text_id"]],
            label=LABELS[float(row[emotion]) >= 1],
            asked=number(f"valid/{row['text_id']}") % 10 >= 8,
        )
        for row in rows
    ]
    users = sorted({j.user for j in found}, key=lambda u: number(f"cold/{u}"))
    return split(emotion, found, frozenset(users[:COLD]))


def lewidi(folder: Path) -> Judgements:
    """Whether a reader says of a text what the set asks (offence, hate); dev is asked, train learnt from."""
    found = [
        Judgement(user=user, item=f"{part}{item}", text=row["text"], label=LABELS[int(label)], asked=part == "dev")
        for part in ("train", "dev")
        for item, row in _items(folder, part)
        for user, label in zip(row["annotators"].split(","), row["annotations"].split(","), strict=True)
    ]
    cold = frozenset(j.user for j in found if number(f"cold/{j.user}") % 5 == 0)
    return split(folder.name.lower(), found, cold)


def split(task: str, found: Sequence[Judgement], cold: frozenset[str]) -> Judgements:
    """Cold readers keep the ten judgements with the smallest hashes."""
    shown: set[tuple[str, str]] = set()
    for user in cold:
        mine = [j.item for j in found if j.user == user and not j.asked]
        mine.sort(key=lambda item: number(f"{item.removeprefix('train')}/{user}"))
        shown |= {(user, item) for item in mine[:NEWCOMER]}
    learnt = tuple(j for j in found if not j.asked and (j.user not in cold or (j.user, j.item) in shown))
    return Judgements(task=task, learnt=learnt, asked=tuple(j for j in found if j.asked), cold=cold)


def number(text: str) -> int:
    """The README's number of a text: its md5."""
    return int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(), 16)


def _items(folder: Path, part: str) -> list[tuple[str, dict[str, Any]]]:
    (path,) = folder.glob(f"*_{part}.json*")
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        rows: dict[str, dict[str, Any]] = json.load(file)
    return list(rows.items())
