"""The search for bytes that should be gone: thousands of pieces in one pass over the files.

Eight bytes of each piece are compared, as a hash of one number, with the eight bytes at each position of a file; where
they agree, the hash of the whole piece is. Pieces shorter than that cannot be told from chance and are not looked for.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path

WORD, LONGEST, STRIDE, CHUNK = 8, 32, 240, 2**22  # bytes
SALT, HALF = 16, 4  # bytes, of what is noted of pieces
MARK = HALF + 1 + WORD
ODD = 0x9E3779B97F4A7C15  # 2^64 over the golden ratio: spreads numbers evenly


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


def marks(wanted: Iterable[bytes]) -> bytes:
    """What to look for, as hashes: a search that was cut off can be done again, and nobody reads from it what it was.

    A salt; then of each piece 4 bytes to which its first eight lead, as 2^32 others do, its length, and a keyed hash
    of the whole.
    """
    salt = os.urandom(SALT)
    return salt + b"".join(_start(piece) + bytes([len(piece)]) + _hash(piece, salt) for piece in sorted(set(wanted)))


def search(files: Iterable[Path], sought: bytes) -> tuple[int, int, list[Path]]:
    """(bytes searched, pieces found, files that hold one), of what `marks` gave."""
    import numpy as np

    salt, by_start = sought[:SALT], dict[int, list[tuple[int, bytes]]]()
    for at in range(SALT, len(sought), MARK):
        start, length, digest = sought[at : at + HALF], sought[at + HALF], sought[at + HALF + 1 : at + MARK]
        by_start.setdefault(int.from_bytes(start, "little"), []).append((length, digest))
    starts = np.array(sorted(by_start), dtype=np.uint64)
    searched, found, places = 0, set[bytes](), list[Path]()
    for path, buffer in ((one, b) for one in files for b in _chunks(one)):
        searched += len(buffer)
        for shift in range(WORD if len(starts) else 0):
            count = max(len(buffer) - shift, 0) // WORD
            numbers = (np.frombuffer(buffer, "<u8", count, min(shift, len(buffer))) * np.uint64(ODD)) >> np.uint64(32)
            at_start = np.searchsorted(starts, numbers).clip(max=len(starts) - 1)
            for i in np.flatnonzero(starts[at_start] == numbers):
                position = shift + int(i) * WORD
                for length, digest in by_start[int(numbers[i])]:
                    if _hash(buffer[position : position + length], salt) == digest:
                        found.add(digest)
                        places += [path] if path not in places else []
    return searched, len(found), places


def _start(piece: bytes) -> bytes:
    number = int.from_bytes(piece[:WORD], "little") * ODD % 2**64 >> 32
    return number.to_bytes(HALF, "little")


def _hash(piece: bytes, salt: bytes) -> bytes:
    return blake2b(piece, digest_size=WORD, key=salt).digest()


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
