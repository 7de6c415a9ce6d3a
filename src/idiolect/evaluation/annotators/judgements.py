"""StudEmo's and LeWiDi's judgements, read and split by `benchmarks`, as records that methods learn from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from idiolect.core.errors import UnknownName
from idiolect.core.fingerprint import fingerprint
from idiolect.core.types import Interaction
from idiolect.data.policy import STUDY
from idiolect.data.store import MemoryStore
from idiolect.evaluation.benchmarks.annotators import Judgement, Set
from idiolect.evaluation.benchmarks.card import digest
from idiolect.evaluation.benchmarks.classification import lewidi, studemo

LABELS = ("no", "yes")
TASKS = (*studemo.EMOTIONS, *lewidi.SETS)


@dataclass(frozen=True, kw_only=True)
class Judgements:
    """`learnt` and `asked` are apart; `cold` readers show ten judgements, of `thin` ones nothing is known."""

    task: str
    learnt: tuple[Judgement, ...]
    asked: tuple[Judgement, ...]
    cold: frozenset[str]

    @property
    def wanted(self) -> list[str]:
        """The right label of each judgement that is asked."""
        return [LABELS[j.label] for j in self.asked]

    @cached_property
    def thin(self) -> frozenset[str]:
        known = {j.annotator for j in self.learnt}
        return frozenset(j.annotator for j in self.asked if j.annotator not in known)

    def group(self, reader: str) -> str:
        """Which kind of reader it is: "warm", "cold" or "thin"."""
        return "thin" if reader in self.thin else "cold" if reader in self.cold else "warm"

    @property
    def name(self) -> str:
        """What all that is learnt from and asked is known by."""
        parts = [[(j.item, j.annotator, j.label) for j in part] for part in (self.learnt, self.asked)]
        return fingerprint([self.task, *parts]).hex()

    @cached_property
    def strangers(self) -> dict[str, str]:
        """By reader another of his group, so that as much is known of either; the order is drawn once, by md5."""
        found: dict[str, str] = {}
        for group in ("warm", "cold", "thin"):
            of = sorted({j.annotator for j in self.asked if self.group(j.annotator) == group}, key=_drawn)
            found |= dict(zip(of, [*of[1:], *of[:1]], strict=True))
        return found

    def few(self, readers: int, seed: int) -> Judgements:
        """The same of so many readers alone, each with all that he judged; who stays is drawn."""
        names = sorted({j.annotator for j in (*self.learnt, *self.asked)}, key=lambda name: digest(f"{seed}/{name}"))
        kept = frozenset(names[:readers])
        learnt, asked = (tuple(j for j in part if j.annotator in kept) for part in (self.learnt, self.asked))
        return Judgements(task=self.task, learnt=learnt, asked=asked, cold=self.cold & kept)

    def store(self) -> MemoryStore:
        """What is learnt from, as records."""
        store, mine = MemoryStore(STUDY), dict[str, list[Interaction]]()
        for j in self.learnt:
            of = mine.setdefault(j.annotator, [])
            label = LABELS[j.label]
            of.append(Interaction(id=j.item, time=float(len(of)), task=self.task, prompt=j.text, text=label))
        for reader, records in mine.items():
            store.append(reader, records)
        return store


def _drawn(reader: str) -> int:
    return digest(f"stranger/{reader}")


def read(folder: Path, task: str) -> Judgements:
    """One emotion of StudEmo's folder, or one set of LeWiDi's.

    Raises:
        UnknownName: the task is none of `TASKS`.
        BadInput: the folder has not its files.
    """
    if task not in TASKS:
        raise UnknownName("task", task, TASKS)
    found: Set = studemo.split(studemo.read(folder), task) if task in studemo.EMOTIONS else lewidi.one(folder, task)
    return Judgements(
        task=task.lower(), learnt=found.train, asked=found.test, cold=found.groups.get("cold", frozenset())
    )
