"""A stream of bytes that only a key opens, and of which nothing can be changed, moved or cut off unnoticed.

    header, one line of JSON    says what the rest is, and the salt from which this stream's own key is made
    chunk, chunk, ..., last     2^20 bytes each, 16 more with its tag

Each stream has a key of its own, HKDF-SHA256 of the user's key under a random salt, so that counting nonces never meet.
A nonce is the chunk's number and whether it is the last (STREAM: Hoang, Reyhanitabar, Rogaway and Vizár 2015); the
header is authenticated with every chunk.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from typing import IO, Any

from idiolect.core.errors import BadInput, MissingExtra

try:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF
except ImportError as error:
    raise MissingExtra("cryptography", "store") from error

CHUNK, TAG, SALT = 2**20, 16, 32  # bytes
LONGEST = 2**16  # of a header
DAMAGED = "Take another copy of it."


class Sealer:
    """A file to write to; `close` seals the last chunk.

    Args:
        about: what stands in the header for everybody to read; it must not hold "salt".
    """

    def __init__(self, file: IO[bytes], key: bytes, about: Mapping[str, Any]) -> None:
        salt = secrets.token_bytes(SALT)
        self._header = json.dumps({**about, "salt": base64.b64encode(salt).decode()}).encode() + b"\n"
        self._file, self._cipher, self._number, self._waiting = file, _cipher(key, salt), 0, bytearray()
        file.write(self._header)

    def write(self, content: bytes) -> int:
        """Takes bytes, and seals every whole chunk that is not the last."""
        self._waiting += content
        while len(self._waiting) > CHUNK:
            self._seal(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]
        return len(content)

    def close(self) -> None:
        """Seals what is left."""
        self._seal(bytes(self._waiting), last=True)

    def _seal(self, chunk: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number, last), chunk, self._header))
        self._number += 1


class Opener:
    """A file to read from; nothing that is not authentic is ever given.

    Raises:
        BadInput: no such stream, another key, or a stream that was changed or cut off.
    """

    def __init__(self, file: IO[bytes], key: bytes, where: object) -> None:
        self._where, self._file = where, file
        self._header, self.about = _headed(file, where)
        try:
            salt = base64.b64decode(self.about["salt"], validate=True)
        except (KeyError, ValueError, TypeError):
            raise BadInput(where, "no sealed stream", DAMAGED) from None
        self._cipher, self._number, self._ready, self._ended = _cipher(key, salt), 0, b"", False
        self._next = file.read(CHUNK + TAG)

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes; fewer only at the end."""
        while not self._ended and (size < 0 or len(self._ready) < size):
            self._ready += self._opened()
        taken, self._ready = (self._ready, b"") if size < 0 else (self._ready[:size], self._ready[size:])
        return taken

    def _opened(self) -> bytes:
        sealed, self._next = self._next, self._file.read(CHUNK + TAG)
        self._ended = not self._next
        try:
            chunk = self._cipher.decrypt(_nonce(self._number, self._ended), sealed, self._header)
        except InvalidTag:
            raise BadInput(self._where, "another key, or it was changed or cut off", DAMAGED) from None
        self._number += 1
        return chunk


def about(file: IO[bytes], where: object) -> dict[str, Any]:
    """What a stream's header says; not authentic before the stream was opened.

    Raises:
        BadInput: no sealed stream.
    """
    return _headed(file, where)[1]


def _headed(file: IO[bytes], where: object) -> tuple[bytes, dict[str, Any]]:
    raw = file.readline(LONGEST)
    try:
        found = json.loads(raw) if raw.endswith(b"\n") else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadInput(where, "no sealed stream", DAMAGED)
    return raw, found


def _cipher(key: bytes, salt: bytes) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(HKDF(SHA256(), 32, salt, b"idiolect backup").derive(key))


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
