"""JSON and JSON lines from a file (gzip or not), with the place of every mistake."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from idiolect.core.errors import BadInput

LARGEST = 2 * 2**30  # bytes, unpacked


def document(path: Path) -> Any:
    """A whole file as one JSON value.

    Raises:
        BadInput: no such file, not UTF-8, cut off or no JSON.
    """
    return _json(_text(path), path)


def lines(path: Path) -> Iterator[tuple[str, Any]]:
    """(place, value) of every line that is not empty.

    Raises:
        BadInput: as `document`, with the line's number.
    """
    for number, line in enumerate(_text(path).split("\n"), 1):
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


def text(raw: object, where: object) -> str:
    """A text, or a number as text.

    Raises:
        BadInput: anything else.
    """
    if isinstance(raw, (str, int, float)) and not isinstance(raw, bool):
        return str(raw)
    raise BadInput(where, f"a text is wanted, not a {type(raw).__name__}", "Write it between quotes.")


def _text(path: Path) -> str:
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
