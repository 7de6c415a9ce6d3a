"""The search for bytes that should be gone: thousands of pieces in one pass over the files.

Eight bytes of each piece are compared, as one number, with the eight bytes at each position of a file; where they
agree, the whole piece is. Pieces shorter than that cannot be told from chance and are not looked for.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

WORD, LONGEST, STRIDE, CHUNK = 8, 32, 240, 2**22  # bytes


def pieces(content: bytes) -> Iterator[bytes]:
    """What to look for of a content: its beginning, and a stretch every few hundred bytes, as pages may part it."""
    for start in range(0, len(content), STRIDE):
        piece = content[start : start + LONGEST]
        if len(piece) >= WORD and any(piece):
            yield piece


def outside_units(home: Path) -> Iterator[Path]:
    """Every file of a home that belongs to no user. What comes and goes meanwhile, as other users' folders do, is no
    reason to stop."""
    for place, folders, files in os.walk(home):
        within = Path(place).relative_to(home).parts
        if len(within) == 3 and (within[0], within[2]) == ("spaces", "users"):
            folders.clear()
        folders.sort()
        yield from (path for name in sorted(files) if (path := Path(place, name)).is_file())


def search(files: Iterable[Path], wanted: Iterable[bytes]) -> tuple[int, int]:
    """(bytes searched, pieces found)."""
    import numpy as np

    by_start: dict[int, list[bytes]] = {}
    for piece in set(wanted):
        by_start.setdefault(int.from_bytes(piece[:WORD], "little"), []).append(piece)
    starts = np.array(sorted(by_start), dtype="<u8")
    searched, found = 0, set[bytes]()
    for buffer in (b for path in files for b in _chunks(path)):
        searched += len(buffer)
        for shift in range(WORD if len(starts) else 0):
            numbers = (
                np.frombuffer(buffer, "<u8", (len(buffer) - shift) // WORD, shift)
                if len(buffer) > shift
                else starts[:0]
            )
            at = np.searchsorted(starts, numbers).clip(max=len(starts) - 1)
            for i in np.flatnonzero(starts[at] == numbers):
                position = shift + int(i) * WORD
                found.update(p for p in by_start[int(numbers[i])] if buffer.startswith(p, position))
    return searched, len(found)


def _chunks(path: Path) -> Iterator[bytes]:
    """A file in parts that overlap by the longest piece; one that goes meanwhile has ended."""
    try:
        with open(path, "rb") as file:
            kept = b""
            while part := file.read(CHUNK):
                yield kept + part
                kept = (kept + part)[-LONGEST:]
    except FileNotFoundError:
        return
