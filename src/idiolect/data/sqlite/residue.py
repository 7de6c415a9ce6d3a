"""The search for bytes that should be gone: thousands of pieces in one pass over the files.

Eight bytes of each piece are compared, as a hash of one number, with the eight bytes at each position of a file; where
they agree, the hash of the whole piece is. Pieces shorter than that cannot be told from chance and are not looked for.

A piece of at most `USUAL` bytes that stands in another user's folder too is not his alone, and no residue: others say
the same short things. Longer ones count wherever they stand outside users' folders.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WORD, LONGEST, STRIDE, CHUNK = 8, 64, 128, 2**22  # bytes
USUAL = 32  # bytes
ALONE = 128  # added to the length of what has to stand alone
SALT = 16  # bytes, before what is noted of pieces:
MARK = np.dtype([("start", "<u4"), ("length", "u1"), ("digest", "V8")])
NEAR = np.uint32(12)  # bits of a start that are left aside at first
CATALOGUE = "catalogue.db"
ODD, UPPER = np.uint64(0x9E3779B97F4A7C15), np.uint64(32)  # 2^64 over the golden ratio: spreads numbers evenly


@dataclass(frozen=True, kw_only=True)
class Traces:
    """What to look for. `names` have to stand alone: neither a letter nor a digit before or behind them."""

    pieces: frozenset[bytes] = frozenset()
    names: frozenset[bytes] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Found:
    """How many bytes were searched, and by the hash of each piece that was found, the files that hold it."""

    searched: int = 0
    places: dict[bytes, list[Path]] = field(default_factory=dict)

    @property
    def files(self) -> list[Path]:
        """All files that hold a piece."""
        return sorted({path for places in self.places.values() for path in places})

    def without(self, hashes: Collection[bytes]) -> Found:
        """As if some pieces had not been found."""
        left = {digest: places for digest, places in self.places.items() if digest not in hashes}
        return Found(searched=self.searched, places=left)


def pieces(content: bytes) -> list[bytes]:
    """What to look for of a content: its beginning, and a stretch every so many bytes, as pages may part it."""
    return [content[start : start + LONGEST] for start in range(0, len(content), STRIDE)]


def outside_units(home: Path, space: str | None = None) -> Iterator[Path]:
    """Every file of a home that belongs to no user; nor, where a space is named, the lists of others' users. What
    comes and goes meanwhile, as other users' folders do, is no reason to stop."""
    for place, folders, files in os.walk(home):
        within = Path(place).relative_to(home).parts
        if len(within) == 3 and (within[0], within[2]) == ("spaces", "users"):
            folders.clear()
        folders.sort()
        others = len(within) == 2 and within[0] == "spaces" and space is not None and within[1] != space
        wanted = (name for name in sorted(files) if not (others and name.startswith(CATALOGUE)))
        yield from (path for name in wanted if (path := Path(place, name)).is_file())


def inside_units(home: Path) -> Iterator[Path]:
    """Every file in users' folders."""
    yield from (path for path in sorted(home.glob("spaces/*/users/*/*/**/*")) if path.is_file())


def marks(wanted: Traces) -> bytes:
    """What to look for, as hashes: a search that was cut off can be done again, and nobody reads from it what it was.

    A salt; then of each piece 4 bytes to which its first eight lead, as 2^32 others do, its length, and a keyed hash
    of the whole.
    """
    salt = os.urandom(SALT)
    given = [(piece, len(piece)) for piece in wanted.pieces if len(piece) >= WORD]
    given += [(name, len(name) + ALONE) for name in wanted.names if WORD <= len(name) < ALONE]
    hashed = _hashing(salt)
    found = np.zeros(len(given), MARK)
    found["start"] = _starts(np.frombuffer(b"".join(piece[:WORD] for piece, _ in given), "<u8"))
    found["length"] = [length for _, length in given]
    found["digest"] = np.frombuffer(b"".join(hashed(piece) for piece, _ in given), MARK["digest"])
    return salt + found[np.argsort(found["start"])].tobytes()


def usual(sought: bytes, found: Collection[bytes]) -> bytes:
    """Of what `marks` gave, what others may have said too: the short ones of those that were found, by their hashes."""
    noted = np.frombuffer(sought, MARK, offset=SALT)
    short = [mark["digest"].tobytes() in found and mark["length"] % ALONE <= USUAL for mark in noted]
    return sought[:SALT] + noted[np.array(short, np.bool_)].tobytes()


def search(files: Iterable[Path], sought: bytes) -> Found:
    """What of that which `marks` gave stands in these files."""
    noted = np.frombuffer(sought, MARK, offset=SALT)
    noted = noted[np.argsort(noted["start"], kind="stable")]
    starts, hashed = noted["start"].copy(), _hashing(sought[:SALT])
    near = np.zeros(1 << (32 - NEAR), np.bool_)  # most bytes lead to nothing like it
    near[starts >> NEAR] = True
    searched, found = 0, dict[bytes, list[Path]]()
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
                    end = position + length % ALONE
                    if hashed(buffer[position:end]) == digest and (length < ALONE or alone(buffer, position, end)):
                        places = found.setdefault(digest, [])
                        places += [path] if path not in places else []
    return Found(searched=searched, places=found)


def alone(content: bytes, start: int, end: int) -> bool:
    """Whether neither a letter nor a digit stands before or behind a part of a content."""
    beside = content[max(start - 1, 0) : start] + content[end : end + 1]
    return not any(byte >= 128 or chr(byte).isalnum() for byte in beside)


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
    """A file in parts that overlap by more than the longest piece; one that goes meanwhile has ended."""
    try:
        with open(path, "rb") as file:
            kept = b""
            while part := file.read(CHUNK):
                yield kept + part
                kept = (kept + part)[-ALONE:]
    except FileNotFoundError:
        return
