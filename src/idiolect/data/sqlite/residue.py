"""The search for bytes that should be gone: thousands of pieces in one pass over the files.

Eight bytes of each piece are compared, as a hash of one number, with the eight bytes at each position of a file; where
they agree, the hash of the whole piece is. Pieces shorter than that cannot be told from chance and are not looked for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WORD, LONGEST, STRIDE, CHUNK = 8, 32, 240, 2**22  # bytes
SALT = 16  # bytes, before what is noted of pieces:
MARK = np.dtype([("start", "<u4"), ("length", "u1"), ("digest", "V8")])
NEAR = np.uint32(12)  # bits of a start that are left aside at first
ODD, UPPER = np.uint64(0x9E3779B97F4A7C15), np.uint64(32)  # 2^64 over the golden ratio: spreads numbers evenly


def pieces(content: bytes) -> list[bytes]:
    """What to look for of a content: its beginning, and a stretch every few hundred bytes, as pages may part it."""
    if len(content) <= STRIDE:  # most are
        cut = [content[:LONGEST]]
    else:
        cut = [content[start : start + LONGEST] for start in range(0, len(content), STRIDE)]
    return [piece for piece in cut if len(piece) >= WORD and any(piece)]


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
    salt, given = os.urandom(SALT), list(set(wanted))
    hashed = _hashing(salt)
    found = np.zeros(len(given), MARK)
    found["start"] = _starts(np.frombuffer(b"".join(piece[:WORD] for piece in given), "<u8"))
    found["length"] = [len(piece) for piece in given]
    found["digest"] = np.frombuffer(b"".join(map(hashed, given)), MARK["digest"])
    return salt + found[np.argsort(found["start"])].tobytes()


def search(files: Iterable[Path], sought: bytes) -> tuple[int, int, list[Path]]:
    """(bytes searched, pieces found, files that hold one), of what `marks` gave."""
    noted = np.frombuffer(sought, MARK, offset=SALT)
    noted = noted[np.argsort(noted["start"], kind="stable")]
    starts, hashed = noted["start"].copy(), _hashing(sought[:SALT])
    near = np.zeros(1 << (32 - NEAR), np.bool_)  # most bytes lead to nothing like it
    near[starts >> NEAR] = True
    searched, found, places = 0, set[bytes](), list[Path]()
    for path, buffer in ((one, b) for one in files for b in _chunks(one)):
        searched += len(buffer)
        for shift in range(WORD if len(starts) else 0):
            count = max(len(buffer) - shift, 0) // WORD
            numbers = _starts(np.frombuffer(buffer, "<u8", count, min(shift, len(buffer))))
            likely = np.flatnonzero(near[numbers >> NEAR])
            first = np.searchsorted(starts, numbers[likely])
            agree = starts[first.clip(max=len(starts) - 1)] == numbers[likely]
            for i, at in zip(likely[agree].tolist(), first[agree].tolist(), strict=True):
                position = shift + i * WORD
                for _, length, digest in noted[at : np.searchsorted(starts, starts[at], "right")].tolist():
                    if hashed(buffer[position : position + length]) == digest:
                        found.add(digest)
                        places += [path] if path not in places else []
    return searched, len(found), places


def _starts(words: NDArray[np.uint64]) -> NDArray[np.uint32]:
    """Of eight bytes each, as a number, the four to which they lead."""
    return ((words * ODD) >> UPPER).astype(np.uint32)


def _hashing(salt: bytes) -> Callable[[bytes], bytes]:
    keyed = blake2b(digest_size=WORD, key=salt)

    def hashed(piece: bytes) -> bytes:
        made = keyed.copy()
        made.update(piece)
        return made.digest()

    return hashed


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
