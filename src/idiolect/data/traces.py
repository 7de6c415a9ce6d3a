"""What to look for of a user who is to be erased: collected while he is still there, searched for once he is gone.

    records, all versions     each sentence of their texts and of what the application noted beside them (metadata),
                              in plain UTF-8 and as JSON escapes it
    ids, his own too          the whole id, standing alone: "customer-1" is not in "customer-10"
    vectors                   stretches of each, in half and in single precision
    what methods learnt       the hash of each file in `own/`, stretches of each file of tensors
    answers of the service    each sentence
    the audit trail           times of its lines, to the microsecond

What is short or usual stands in many places without being his. Texts count from `TEXT` bytes on; ids too, or from
`NAME` bytes on where they hold letters and other signs; stretches of numbers where they are not nearly all alike. What
may be somebody else's as well is told apart when it is found (`residue`).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from idiolect.data import answers
from idiolect.data.sqlite import vectors
from idiolect.data.sqlite.connection import values
from idiolect.data.sqlite.residue import LONGEST, STRIDE, WORD, Traces, pieces

if TYPE_CHECKING:
    from apsw import Connection

TEXT, NAME = 16, WORD  # bytes
CLOSED = frozenset(("role", "task", "name"))  # words of the application, not of the user
APART = re.compile(r"[\x00-\x1f\"\\]+|(?<=[.!?])\s+|(?<=[。！？])")  # what JSON escapes; sentences
MIXED = re.compile(rb"(?=.*[A-Za-z\x80-\xff])(?=.*[^A-Za-z])", re.DOTALL)
MADE = re.compile(r"[0-9a-f]{16,}")  # an id that was drawn at random
TOLD = 32  # bytes of a vector that are looked for
VARIED = 8  # different bytes among them, at least
PLACES = 64  # stretches of a file of tensors
LINES = 4096  # of an audit trail
OWN = "own"


def of(connection: Connection, place: Path, user: str) -> Traces:
    """What to look for of the user whose unit lies in a folder."""
    bodies, notes = (values(connection, f"SELECT {name} FROM record") for name in ("body", "metadata"))
    said = [text for body in bodies for text in leaves(json.loads(body), CLOSED)]
    said += [text for note in set(notes) - {None} for text in leaves(json.loads(note))]
    told = (text for body in answers.bodies(place) for text in leaves(json.loads(body)))
    spoken = (text for text in told if not text.isascii() or " " in text)  # else names of models
    found = {piece for text in (*said, *spoken) for piece in sentences(text)}
    found |= set(_vectors(connection, place))
    found |= {piece for path in sorted((place / OWN).rglob("*")) if path.is_file() for piece in _learnt(path)}
    found |= set(_moments(connection))
    ids = (user, *values(connection, "SELECT DISTINCT id FROM record"), *answers.ids(place))
    names = {name for id in ids if telling(name := id.encode())}
    long = {name for name in names if len(name) > LONGEST or MADE.fullmatch(name.decode())}
    return Traces(pieces=frozenset(found | {name[-LONGEST:] for name in long}), names=frozenset(names - long))


def sentences(text: str) -> Iterator[bytes]:
    """Pieces of each sentence of a text, or of the whole where all of them are short."""
    parts = [part for one in APART.split(text) if len((part := one.strip()).encode()) >= TEXT]
    for part in parts or [text.strip()]:
        for form in {part, json.dumps(part)[1:-1]}:
            yield from (piece for piece in pieces(form.encode()) if len(piece) >= TEXT)


def leaves(found: Any, without: Collection[str] = ()) -> Iterator[str]:
    """The texts in a nest of JSON, but for those of some names."""
    if isinstance(found, str):
        yield found
    elif isinstance(found, dict):
        yield from (text for name, part in found.items() if name not in without for text in leaves(part))
    elif isinstance(found, list):
        yield from (text for part in found for text in leaves(part))


def telling(name: bytes) -> bool:
    """Whether an id can be told from words and numbers that stand anywhere."""
    return len(name) >= TEXT or (len(name) >= NAME and MIXED.match(name) is not None)


def _vectors(connection: Connection, place: Path) -> Iterator[bytes]:
    import numpy as np

    for path, dim in vectors.files(connection, place):
        raw = np.fromfile(path, np.float16)
        rows = raw[: len(raw) // dim * dim].reshape(-1, dim)
        half, single = rows.tobytes(), rows[:, : TOLD // 4].astype(np.float32)
        for start in range(0, len(half), dim):  # bytes: the beginning and the middle of each row
            yield from _varied(half[start : start + min(dim, TOLD)])
        yield from (piece for row in single for piece in _varied(row.tobytes()))


def _learnt(path: Path) -> Iterator[bytes]:
    content = path.read_bytes()
    yield hashlib.sha256(content).hexdigest()[:16].encode()  # the name of the file holds it too
    if path.suffix == ".safetensors":
        start = 8 + int.from_bytes(content[:8], "little")
        for at in range(start, len(content), max((len(content) - start) // PLACES, STRIDE)):
            yield from _varied(content[at : at + TOLD])


def _varied(piece: bytes) -> Iterable[bytes]:
    return (piece,) if len(piece) >= WORD and len(set(piece)) >= VARIED else ()


def _moments(connection: Connection) -> Iterator[bytes]:
    """Times of the newest lines, as they are shown and as they are exported; whole seconds are many things' times."""
    for when in values(connection, "SELECT time FROM audit ORDER BY n DESC LIMIT ?", LINES):
        if when % 1 and 0 < when < 2**34:
            yield from (repr(when).encode(), datetime.fromtimestamp(when, UTC).isoformat().encode())
