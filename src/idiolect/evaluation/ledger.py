"""What was answered: `examples.jsonl`, one JSON object a line, only ever appended to, and on disk before we go on.

A run that was killed goes on where it stopped: what stands in the ledger is not asked again, and a last line that was
cut off, or is still being written, is not read; it is dropped when the next are added. Reading changes no file. Costs
that belong to no single example (seconds to adapt a user, bytes, parameters) lie beside, in `costs.jsonl`, one line a
method, arm, seed and the tasks learnt for.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from idiolect.core.errors import BadInput

Line: TypeAlias = dict[str, Any]
Done: TypeAlias = tuple[str, str, int, str, int, str, str]  # method, task, seed, arm, history, user, query

EXAMPLES, COSTS = "examples.jsonl", "costs.jsonl"
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


def _refused(name: str) -> None:
    raise ValueError(f"{name} is no number")


DECODER = json.JSONDecoder(parse_constant=_refused)  # NaN and infinities are no JSON


class Ledger:
    """The two files of one folder."""

    def __init__(self, folder: Path) -> None:
        """
        Raises:
            BadInput: a line other than a cut last one cannot be read, or a question was answered twice.
        """
        self.folder = folder
        self.examples_path, self.costs_path = folder / EXAMPLES, folder / COSTS
        self._done: set[Done] = set()
        for number, e in enumerate(self.examples(), 1):
            if done(e) in self._done:
                what = f"{e['method']} on {e['task']} ({e['arm']}) has answered {e['query']!r} of {e['user']!r} before"
                raise BadInput(f"{self.examples_path}:{number}", what, "Delete one of the two lines")
            self._done.add(done(e))

    def __len__(self) -> int:
        """How many answers there are."""
        return len(self._done)

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
    with path.open("rb") as file:
        for number, text in enumerate(file, 1):
            if not text.endswith(b"\n"):
                return  # nobody knows whether it is whole
            try:
                line = DECODER.decode(text.decode("utf-8"))
                bad = [k for k, kind in required.items() if not isinstance(line.get(k), kind)]
            except (ValueError, AttributeError) as error:
                raise BadInput(f"{path}:{number}", "the line is no JSON object", "Delete this line") from error
            if bad:
                fix = "Delete this line, or take the folder's files as idiolect wrote them"
                raise BadInput(f"{path}:{number}", f"{', '.join(bad)} missing or of the wrong type", fix)
            yield line


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Holds a folder, which is made where there is none, so that no second run answers the same questions into it.

    Raises:
        BadInput: another run holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        fix = "Wait for it to end, or give another folder with --out"
        raise BadInput(folder, "another run is writing there", fix) from error
    finally:
        os.close(held)


def _append(path: Path, lines: Iterable[Line]) -> None:
    text = "".join(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n" for line in lines)
    path.parent.mkdir(parents=True, exist_ok=True)
    _mend(path)
    with path.open("ab") as file:
        file.write(text.encode("utf-8", errors="replace"))
        file.flush()
        os.fsync(file.fileno())


def _mend(path: Path) -> None:
    """Drops a last line that was cut off."""
    if not path.exists() or not path.stat().st_size:
        return
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        if file.read() == b"\n":
            return
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)
        os.fsync(file.fileno())
