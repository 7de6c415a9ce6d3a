"""JSON and JSON lines from a file (gzip or not), with the place of every mistake."""

from __future__ import annotations

import gzip
import hashlib
import json
import math
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from idiolect.core.errors import BadInput

LARGEST = 2 * 2**30  # bytes, unpacked


def document(path: Path) -> Any:
    """A whole file as one JSON value.

    Raises:
        BadInput: no such file, not UTF-8, cut off or no JSON.
    """
    return _json(whole(path), path)


def lines(path: Path) -> Iterator[tuple[str, Any]]:
    """(place, value) of every line that is not empty.

    Raises:
        BadInput: as `document`, with the line's number.
    """
    for number, line in enumerate(whole(path).split("\n"), 1):
        if line.strip():
            yield f"{path}, line {number}", _json(line, f"{path}, line {number}")


def mapping(raw: object, where: object, *needed: str) -> dict[str, Any]:
    """An object that has certain fields.

    Raises:
        BadInput: something else, or a field is not there.
    """
    if not isinstance(raw, dict):
        raise BadInput(where, f"an object is wanted, not a {type(raw).__name__}", "Compare it with docs/data.md.")
    for name in needed:
        if name not in raw:
            raise BadInput(where, f"the field {name!r} is missing", "Compare it with docs/data.md.")
    return raw


def listing(raw: object, where: object) -> list[Any]:
    """A list.

    Raises:
        BadInput: something else.
    """
    if not isinstance(raw, list):
        raise BadInput(where, f"a list is wanted, not a {type(raw).__name__}", "Compare it with docs/data.md.")
    return raw


def instant(raw: object, where: object, otherwise: float = 0.0) -> float:
    """POSIX seconds of a number or of an ISO date and time (UTC where it names no zone); null: `otherwise`.

    Raises:
        BadInput: none of these.
    """
    if raw is None:
        return otherwise
    if isinstance(raw, (int, float)) and not isinstance(raw, bool) and math.isfinite(raw):
        return float(raw)
    try:
        when = datetime.fromisoformat(str(raw))
    except ValueError:
        fix = "Write POSIX seconds, or a time like 2024-05-01T09:30:00."
        raise BadInput(where, f"{raw!r} is no time", fix) from None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def ident(*parts: object) -> str:
    """An id from what a record says, so that reading a file twice gives the same records."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:16]


def text(raw: object, where: object) -> str:
    """A text, or a number as text.

    Raises:
        BadInput: anything else.
    """
    if isinstance(raw, (str, int, float)) and not isinstance(raw, bool):
        return str(raw)
    raise BadInput(where, f"a text is wanted, not a {type(raw).__name__}", "Write it between quotes.")


def whole(path: Path) -> str:
    """A file as text, unpacked.

    Raises:
        BadInput: no such file, not UTF-8, or too large.
    """
    try:
        with open(path, "rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if packed else open(path, "rb") as file:
            raw = file.read(LARGEST + 1)
        if len(raw) > LARGEST:
            raise BadInput(path, f"larger than {LARGEST} bytes", "Split it.")
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        line = raw[: e.start].count(b"\n") + 1
        raise BadInput(f"{path}, line {line}", "is not UTF-8", "Save the file as UTF-8.") from None
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise BadInput(path, "its gzip stream is cut off or damaged", "Fetch the file again.") from None
    except OSError as e:
        raise BadInput(path, str(e.strerror or e), "Give the path of a file that can be read.") from None


def _json(source: str, where: object) -> Any:
    try:
        return json.loads(source)
    except json.JSONDecodeError as e:
        place = (
            f"{where}, line {e.lineno}, column {e.colno}"
            if e.lineno > 1 or "\n" in source
            else f"{where}, column {e.colno}"
        )
        what = "ends in the middle" if e.pos >= len(source.rstrip()) else f"is no JSON ({e.msg})"
        raise BadInput(place, what, "Mend that place, or write the file again.") from None
    except RecursionError:
        raise BadInput(where, "is nested too deeply", "Write it flat.") from None
