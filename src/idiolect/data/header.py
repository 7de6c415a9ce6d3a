"""The check of a safetensors file before anything is allocated.

The format (huggingface/safetensors, README): eight bytes N (little endian), N bytes of JSON
``{name: {"dtype", "shape", "data_offsets": [begin, end]}}``, then the data, without a hole or an overlap.
A file that lies in any of it is refused here, so that no parser ever allocates what a stranger asked for.
"""

from __future__ import annotations

import json
import math
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from idiolect.core.errors import BadInput

LARGEST_HEADER = 16 * 2**20  # bytes; a model of ten thousand tensors needs about one million
BITS = {"BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16}
BITS |= {"I32": 32, "U32": 32, "F32": 32, "I64": 64, "U64": 64, "F64": 64}
PICKLES = (b"\x80", b"PK\x03\x04", b"\x1f\x8b", b"(lp", b"(dp")
REFUSED = "Nothing but safetensors is loaded: convert it with safetensors.torch.save_file where you trust it."
DAMAGED = "The file is damaged or was made to do harm: fetch or write it again."


@dataclass(frozen=True, slots=True)
class Entry:
    """One tensor: where its bytes lie, counted from the end of the header."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


def open_regular(path: Path) -> int:
    """A read-only descriptor of a regular file; a link at its end is not followed.

    Raises:
        BadInput: no such file, a symbolic link, a folder, a device or a pipe.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise BadInput(path, "no such file", "Give the path of a file that exists.") from None
    except OSError as e:
        what = "a symbolic link" if path.is_symlink() else str(e.strerror)
        raise BadInput(path, what, "Give the file itself, readable by this user.") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise BadInput(path, "not a regular file", "Give the path of a file.")
    return descriptor


def check(path: str | Path) -> dict[str, Entry]:
    """The tensors of a file whose header is consistent with its size.

    Raises:
        BadInput: not safetensors (a pickle, say), or a header that is too large, no JSON, or wrong in any entry.
    """
    with open(open_regular(Path(path)), "rb") as file:
        size = os.fstat(file.fileno()).st_size
        first = file.read(8)
        length = header_length(first, size, path)
        return entries(file.read(length), size - 8 - length, path)


def header_length(first: bytes, size: int, where: object) -> int:
    """N of a file of `size` bytes that begins with `first`."""
    length = int.from_bytes(first, "little")
    if len(first) < 8 or length > min(size - 8, LARGEST_HEADER) or length < 2:
        if first.startswith(PICKLES):  # only now: a sound header may be 128 bytes long, or 256 n + 128
            raise BadInput(where, "a pickle or an archive, which could run code", REFUSED)
        claim = f"its header claims {length} bytes in a file of {size}"
        raise BadInput(where, f"not a safetensors file: {claim}", DAMAGED)
    return length


def entries(header: bytes, size: int, where: object) -> dict[str, Entry]:
    """The entries of a header over `size` bytes of data."""
    try:
        raw = json.loads(header.decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as e:
        raise BadInput(where, f"its header is no JSON ({e})", DAMAGED) from None
    if not isinstance(raw, dict):
        raise BadInput(where, "its header is no JSON object", DAMAGED)
    notes = raw.pop("__metadata__", {})
    if not isinstance(notes, dict) or not all(isinstance(v, str) for v in notes.values()):
        raise BadInput(where, "its metadata must map text to text", DAMAGED)
    found = {name: _entry(value, f"{where}, tensor {name[:80]!r}") for name, value in raw.items()}
    _without_hole_or_overlap(found, size, where)
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands there twice")
    return found


def _entry(raw: object, where: str) -> Entry:
    def wrong(what: str) -> NoReturn:
        raise BadInput(where, what, DAMAGED)

    if not isinstance(raw, Mapping) or set(raw) != {"dtype", "shape", "data_offsets"}:
        wrong("an entry must hold dtype, shape and data_offsets, nothing else")
    dtype, shape, offsets = raw["dtype"], raw["shape"], raw["data_offsets"]
    if not isinstance(dtype, str) or dtype not in BITS:
        wrong(f"unknown dtype {str(dtype)[:40]!r}")
    if not _naturals(shape) or len(shape) > 16:
        wrong("a shape must be a list of at most 16 natural numbers")
    if not _naturals(offsets) or len(offsets) != 2:
        wrong("data_offsets must be two natural numbers")
    begin, end = offsets
    if (end - begin) * 8 != math.prod(shape) * BITS[dtype]:
        wrong(f"shape {shape} of {dtype} does not fill bytes {begin} to {end}")
    return Entry(dtype, tuple(shape), begin, end)


def _naturals(raw: object) -> bool:
    return isinstance(raw, list) and all(type(n) is int and 0 <= n < 2**62 for n in raw)


def _without_hole_or_overlap(found: Mapping[str, Entry], size: int, where: object) -> None:
    position = 0
    for name, entry in sorted(found.items(), key=lambda item: (item[1].begin, item[1].end)):
        if entry.begin != position:
            what = "overlaps another" if entry.begin < position else "leaves a hole before it"
            raise BadInput(f"{where}, tensor {name[:80]!r}", what, DAMAGED)
        position = entry.end
    if position != size:
        raise BadInput(where, f"its tensors end at byte {position} of {size}", DAMAGED)
