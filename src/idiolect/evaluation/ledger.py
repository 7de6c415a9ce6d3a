"""What was answered: `examples.jsonl`, one JSON object a line, only ever appended to, and on disk before we go on.

A run that was killed goes on where it stopped: what stands in the ledger is not asked again, and a last line that was
cut off is dropped. Costs that belong to no single example (seconds to adapt a user, bytes, parameters) lie beside, in
`costs.jsonl`, one line a method, arm and seed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from idiolect.core.errors import BadInput

Line: TypeAlias = dict[str, Any]
Done: TypeAlias = tuple[str, str, int, str, int, str, str]  # method, task, seed, arm, history, user, query

FULL = -1  # history: all of it
REQUIRED = {
    "method": str,
    "task": str,
    "seed": int,
    "user": str,
    "query": str,
    "arm": str,
    "prediction": str,
    "target": str,
    "score": (int, float),
    "prompt_tokens": int,
    "milliseconds": (int, float),
}


class Ledger:
    """The two files of one folder."""

    def __init__(self, folder: Path) -> None:
        """Opens the folder, which is made where there is none.

        Raises:
            BadInput: a line other than a cut last one cannot be read.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.examples_path, self.costs_path = folder / "examples.jsonl", folder / "costs.jsonl"
        for path in (self.examples_path, self.costs_path):
            _mend(path)
        self._done = {done(e) for e in self.examples()}

    def __contains__(self, key: Done) -> bool:
        return key in self._done

    def examples(self) -> Iterator[Line]:
        """All answers so far, in the order they were given."""
        return read(self.examples_path, REQUIRED)

    def costs(self) -> Iterator[Line]:
        """All costs so far."""
        return read(self.costs_path, {"method": str, "seed": int, "arm": str})

    def add(self, examples: Iterable[Line]) -> None:
        """Appends answers and returns when they are on disk."""
        lines = list(examples)
        _append(self.examples_path, lines)
        self._done.update(done(e) for e in lines)

    def add_costs(self, costs: Line) -> None:
        """Appends one line of costs and returns when it is on disk."""
        _append(self.costs_path, [costs])


def done(example: Mapping[str, Any]) -> Done:
    """What names an answer."""
    e = example
    return e["method"], e["task"], e["seed"], e["arm"], e.get("history", FULL), e["user"], e["query"]


def read(path: Path, required: Mapping[str, Any]) -> Iterator[Line]:
    """The lines of one file; none where there is no file.

    Raises:
        BadInput: names the file, the line and what is wrong with it.
    """
    if not path.exists():
        return
    with path.open(encoding="utf-8") as file:
        for number, text in enumerate(file, 1):
            try:
                line = json.loads(text)
                bad = [k for k, kind in required.items() if not isinstance(line.get(k), kind)]
            except (ValueError, AttributeError) as error:
                raise BadInput(f"{path}:{number}", "the line is no JSON object", "Delete this line") from error
            if bad:
                fix = "Delete this line, or take the folder's files as idiolect wrote them"
                raise BadInput(f"{path}:{number}", f"{', '.join(bad)} missing or of the wrong type", fix)
            yield line


def _append(path: Path, lines: Iterable[Line]) -> None:
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    with path.open("ab") as file:
        file.write(text.encode("utf-8", errors="replace"))
        file.flush()
        os.fsync(file.fileno())


def _mend(path: Path) -> None:
    """Drops a last line that was cut off: without its line feed, nobody knows whether it is whole."""
    if not path.exists():
        return
    with path.open("r+b") as file:
        content = file.read()
        keep = content.rfind(b"\n") + 1
        if keep < len(content):
            file.truncate(keep)
            os.fsync(file.fileno())
