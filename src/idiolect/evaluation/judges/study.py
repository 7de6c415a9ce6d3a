"""What raters are shown: pairs of answers under a name, as a file that its pages and their answers are matched with."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import document, listing, mapping
from idiolect.evaluation.judges.pairwise import Pair

FORM = "See docs/judges.md for the form of a study."


@dataclass(frozen=True, slots=True)
class Study:
    """Pairs to be compared, under a name by which answers are matched again.

    Args:
        systems: who gave the first answers, and who the second; no rater is told.
        checks: how many of the pairs return with one side that says nothing of the question; who takes it did not read.
    """

    name: str
    pairs: tuple[Pair, ...]
    systems: tuple[str, str] = ("first", "second")
    checks: int = 3

    def __post_init__(self) -> None:
        ids = [p.id for p in self.pairs]
        if len(set(ids)) < len(ids):
            raise BadInput(self.name, "two pairs have one id", "Give each pair an id of its own")
        if not self.pairs or self.checks < 0:
            raise BadInput(self.name, "there is nothing to compare", "Give it at least one pair, and no checks below 0")
        if self.systems[0] == self.systems[1]:
            raise BadInput(self.name, f"both systems are called {self.systems[0]!r}", "Give each a name of its own")

    @property
    def digest(self) -> str:
        """Of all that a rater is shown: answers to other words are answers to another study."""
        shown = json.dumps([asdict(p) for p in self.pairs], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(f"{self.checks}\0{shown}".encode()).hexdigest()[:16]

    def save(self, path: Path) -> None:
        """Writes the study as JSON."""
        whole = {"study": self.name, "systems": list(self.systems), "checks": self.checks}
        path.parent.mkdir(parents=True, exist_ok=True)
        pairs = [asdict(p) for p in self.pairs]
        path.write_text(json.dumps({**whole, "pairs": pairs}, ensure_ascii=False, indent=1), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Study:
        """Raises:
        BadInput: the file is cut, or is no study; names the place.
        """
        raw = mapping(document(path), path, "study", "pairs")
        systems = listing(raw.get("systems", ["first", "second"]), f"{path}, systems")
        checks = raw.get("checks", 3)
        if len(systems) != 2 or type(checks) is not int:
            raise BadInput(path, "'systems' are two names, 'checks' is a whole number", FORM)
        pairs = tuple(_pair(one, f"{path}, pairs[{n}]") for n, one in enumerate(listing(raw["pairs"], path)))
        return cls(str(raw["study"]), pairs, (str(systems[0]), str(systems[1])), checks)


def _pair(raw: object, where: str) -> Pair:
    fields = mapping(raw, where, "id", "question", "first", "second")
    if odd := fields.keys() - set(Pair.__dataclass_fields__):
        raise BadInput(where, f"has the unknown field {sorted(odd)[0]!r}", FORM)
    if wrong := [name for name, value in fields.items() if not isinstance(value, str)]:
        raise BadInput(where, f"{wrong[0]!r} is no text", FORM)
    return Pair(**fields)
