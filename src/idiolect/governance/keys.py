"""The key file of a space's backups: one key a user, wrapped by one that a passphrase opens, and the tombstones.

    <home>/spaces/<space>/backup.keys

    {"format": "idiolect-keys", "version": 1, "serial": n,
     "scrypt": {"n", "r", "p", "salt"}, "master": wrapped, "units": {unit: wrapped}, "tombstones": [unit]}

Whoever has archives and this file's newest copy, and knows the passphrase, gets everybody back but those who were
erased: erasing takes a user's key out and writes his unit's name among the tombstones, for which no passphrase is
needed. Keep a copy apart from the archives, and renew it after each backup and each erasure; `serial` counts these.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from idiolect.core.errors import BadInput, MissingExtra
from idiolect.data import header
from idiolect.data.sqlite import folder

FILE, FORMAT, VERSION = "backup.keys", "idiolect-keys", 1
COST, BLOCK, LANES = 2**17, 8, 1  # of scrypt: 128 MiB and some tenths of a second a guess
HIGHEST = 2**20  # the highest cost that a file may ask for
KEY, SALT, NONCE = 32, 16, 12  # bytes
NEWEST = "Give the newest copy of the key file."


@dataclass(frozen=True, kw_only=True)
class KeyFile:
    """What a key file says; `master` is known once it was opened with the passphrase."""

    serial: int
    scrypt: Mapping[str, Any]
    wrapped: str
    units: Mapping[str, str]
    tombstones: frozenset[str]
    master: bytes = field(default=b"", repr=False)

    def key(self, unit: str) -> bytes | None:
        """A user's key; None where he has none, as those have who were erased.

        Raises:
            BadInput: the file was not made with this master key.
        """
        wrapped = self.units.get(unit)
        return None if wrapped is None else _unwrap(self.master, wrapped, unit.encode(), f"key of {unit}")

    def having(self, units: Iterable[str]) -> KeyFile:
        """With a key for each of these; the same file where none is new."""
        new = {unit: _wrap(self.master, secrets.token_bytes(KEY), unit.encode()) for unit in units}
        fresh = {unit: wrapped for unit, wrapped in new.items() if unit not in self.units}
        return replace(self, units={**self.units, **fresh}, serial=self.serial + 1) if fresh else self

    def without(self, units: Iterable[str]) -> KeyFile:
        """With these among the tombstones, and without their keys; the same file where all of them are."""
        gone = frozenset(units)
        if gone <= self.tombstones:
            return self
        left = {unit: wrapped for unit, wrapped in self.units.items() if unit not in gone}
        return replace(self, units=left, tombstones=self.tombstones | gone, serial=self.serial + 1)

    def write(self, path: Path) -> None:
        """Writes the file whole or not at all, so that only its owner reads it."""
        shown = {"format": FORMAT, "version": VERSION, "serial": self.serial, "scrypt": dict(self.scrypt)}
        shown |= {"master": self.wrapped, "units": dict(self.units), "tombstones": sorted(self.tombstones)}
        publish(path, (json.dumps(shown, indent=1) + "\n").encode())


def make(passphrase: str) -> KeyFile:
    """A key file of nobody yet.

    Raises:
        BadInput: an empty passphrase.
    """
    salt, master = secrets.token_bytes(SALT), secrets.token_bytes(KEY)
    scrypt = {"n": COST, "r": BLOCK, "p": LANES, "salt": _text(salt)}
    wrapped = _wrap(_stretched(passphrase, scrypt), master, b"master")
    return KeyFile(serial=1, scrypt=scrypt, wrapped=wrapped, units={}, tombstones=frozenset(), master=master)


def opened(path: Path, passphrase: str) -> KeyFile:
    """A key file with its master key.

    Raises:
        BadInput: no key file, or another passphrase.
    """
    found = read(path)
    key = _stretched(passphrase, found.scrypt)
    return replace(found, master=_unwrap(key, found.wrapped, b"master", f"{path}, or the passphrase"))


def read(path: Path) -> KeyFile:
    """What can be read without the passphrase.

    Raises:
        BadInput: not there, a symbolic link, or no key file.
    """
    with open(header.open_regular(path), "rb") as file:
        raw = file.read()
    try:
        given = json.loads(raw)
        scrypt, units, tombstones = given["scrypt"], given["units"], given["tombstones"]
        whole = (given["format"], given["version"]) == (FORMAT, VERSION) and type(given["serial"]) is int
        whole = whole and all(type(scrypt[name]) is int for name in "nrp") and 1 < scrypt["n"] <= HIGHEST
        whole = whole and scrypt["r"] == BLOCK and scrypt["p"] == LANES and isinstance(scrypt["salt"], str)
        whole = whole and all(isinstance(t, str) for t in (given["master"], *units, *units.values(), *tombstones))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        whole = False
    if not whole:
        raise BadInput(path, f"not {FORMAT} {VERSION}", NEWEST)
    return KeyFile(
        serial=given["serial"],
        scrypt=scrypt,
        wrapped=given["master"],
        units=units,
        tombstones=frozenset(tombstones),
    )


def bury(space: Path, units: Iterable[str]) -> None:
    """Takes users' keys out of a space's key file, if it has one, and writes them among the tombstones."""
    path = space / FILE
    if path.exists():
        with alone(space):
            before = read(path)
            after = before.without(units)
            if after is not before:
                after.write(path)


@contextmanager
def alone(space: Path) -> Iterator[None]:
    """Nobody else changes the space's key file meanwhile: of two who do at once, one would lose a key or a
    tombstone. A killed process lets go."""
    descriptor = os.open(space, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def publish(path: Path, content: bytes) -> None:
    """Replaces a file at once, on the disk when this returns."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    descriptor = os.open(partial, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW, folder.FILE)
    with open(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
    folder.synchronise(path.parent)


def _stretched(passphrase: str, scrypt: Mapping[str, Any]) -> bytes:
    """scrypt (RFC 7914)."""
    if not passphrase:
        raise BadInput("passphrase", "empty", "Give one that nobody guesses, and keep it where the archives are not.")
    try:
        from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
    except ImportError as error:
        raise MissingExtra("cryptography", "store") from error
    salt = _bytes(scrypt["salt"], "scrypt's salt")
    return Scrypt(salt, KEY, scrypt["n"], scrypt["r"], scrypt["p"]).derive(passphrase.encode())


def _wrap(key: bytes, secret: bytes, about: bytes) -> str:
    """ChaCha20-Poly1305 (RFC 8439) under a random nonce; each key wraps few secrets."""
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    nonce = secrets.token_bytes(NONCE)
    return _text(nonce + ChaCha20Poly1305(key).encrypt(nonce, secret, about))


def _unwrap(key: bytes, wrapped: str, about: bytes, where: str) -> bytes:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    raw = _bytes(wrapped, where)
    try:
        return ChaCha20Poly1305(key).decrypt(raw[:NONCE], raw[NONCE:], about)
    except (InvalidTag, ValueError):
        raise BadInput(where, "does not open", "Give the passphrase with which the key file was made.") from None


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _bytes(text: str, where: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadInput(where, "no base64", NEWEST) from None
