"""What holds for a space's users until they say otherwise: one small TOML file beside the catalogue, `space.toml`.

[consent]                        # true: unless he withdraws it; false: only once he allows it
remember = true                  # keep what he says
assist = true                    # use it to answer him
train = false                    # learn from it
share = false                    # let it help others
share_with_provider = false      # let it leave this machine for a model that is not trusted

[sensitive]                      # in which contexts what is sensitive may be used; "*" stands for all
health = ["health"]

[upstreams]
trusted = ["https://models.example.org/v1"]      # count as local, as loopback does
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from idiolect.core.errors import BadInput, UnknownName

FILE = "space.toml"
MEND = "Mend that place; docs/governance.md shows the form."
PURPOSES = ("remember", "assist", "train", "share")
PROVIDER = "share_with_provider"
KNOWN = (*PURPOSES, PROVIDER)
CATEGORIES = ("health", "sexuality", "religion", "politics", "origin", "money", "law", "numbers")
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The defaults of one space.

    Args:
        consents: what a user allows who has not been asked ("remember" is not among them: see `remember`).
        remember: whether anything is kept of a user who has not been asked.
        sensitive: by category, the contexts in which records of that kind may be used.
        trusted: addresses of models that count as local.
    """

    consents: frozenset[str] = frozenset({"assist"})
    remember: bool = True
    sensitive: Mapping[str, frozenset[str]] = field(default_factory=lambda: {c: frozenset({c}) for c in CATEGORIES})
    trusted: frozenset[str] = frozenset()

    def local(self, address: str) -> bool:
        """Whether a model at this address counts as this machine: loopback, or trusted by scheme, host, port and path.

        A trusted address covers what lies below its path. Names are not looked up: only "localhost" is loopback.
        """
        given = _address(address)
        if given is None:
            return False
        if _loopback(given[1]):
            return True
        for one in self.trusted:
            known = _address(one)
            if known is not None and given[:3] == known[:3] and f"{given[3]}/".startswith(f"{known[3]}/"):
                return True
        return False


STUDY = Policy(consents=frozenset({"assist", "train"}), sensitive={})  # data sets whose people gave them for study


def checked(purposes: Iterable[str]) -> frozenset[str]:
    """What a user allows, each of which must mean something: a typo would withdraw what he meant to allow.

    Raises:
        UnknownName: no such purpose, or no such kind of what is sensitive before a colon.
    """
    given = frozenset(purposes)
    for purpose in sorted(given):
        kind, colon, context = purpose.partition(":")
        if colon and not context:
            raise BadInput(f"consent {purpose!r}", "no context after the colon", f"Write {kind}:work, or {kind}:*.")
        _known("kind of what is sensitive" if colon else "purpose", (kind,), CATEGORIES if colon else KNOWN)
    return given


def read(path: Path) -> Policy:
    """The policy of a space; the package's own where there is no such file.

    Raises:
        BadInput: no TOML, or a value of another type.
        UnknownName: a table, purpose or category that does not exist.
    """
    if not path.exists():
        return Policy()
    if path.is_symlink():
        raise BadInput(path, "a symbolic link", "Put the file itself there.")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(path, f"no TOML ({error})", MEND) from None
    return parsed(text, path)


def parsed(text: str, path: object) -> Policy:
    """The policy that a text states; `path` names where it lies.

    Raises:
        BadInput, UnknownName: as `read`.
    """
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(path, f"no TOML ({error})", MEND) from None
    _known("table", given, ("consent", "sensitive", "upstreams"))
    tables = {name: _table(given, name, path) for name in ("consent", "sensitive", "upstreams")}
    consent, sensitive, upstreams = tables["consent"], tables["sensitive"], tables["upstreams"]
    _known("purpose", consent, KNOWN)
    _known("kind of what is sensitive", sensitive, CATEGORIES)
    _known("setting of upstreams", upstreams, ("trusted",))
    for name, value in consent.items():
        if not isinstance(value, bool):
            raise BadInput(f"{path}, consent.{name}", f"{value!r} is neither true nor false", "Write true or false.")
    standing = {"assist": True} | {name: value for name, value in consent.items() if name != "remember"}
    kinds = {name: _texts(value, f"{path}, sensitive.{name}") for name, value in sensitive.items()}
    return Policy(
        consents=frozenset(name for name, value in standing.items() if value),
        remember=consent.get("remember", True),
        sensitive={**Policy().sensitive, **kinds},
        trusted=_texts(upstreams.get("trusted", []), f"{path}, upstreams.trusted"),
    )


def _known(kind: str, given: Iterable[str], names: tuple[str, ...]) -> None:
    for name in given:
        if name not in names:
            raise UnknownName(kind, name, names)


def _table(given: Mapping[str, Any], name: str, path: object) -> Mapping[str, Any]:
    found = given.get(name, {})
    if not isinstance(found, dict):
        raise BadInput(f"{path}, {name}", "no table", f"Write [{name}] and its values below.")
    return found


def _texts(given: object, where: str) -> frozenset[str]:
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise BadInput(where, f"{given!r} is no list of texts", 'Write ["one", "other"].')
    return frozenset(given)


def _address(text: str) -> tuple[str, str, int, str] | None:
    """(scheme, host, port, path); None for what is no address of a server, or names credentials."""
    try:
        parts = urlsplit(text)
        port = parts.port or PORTS.get(parts.scheme)
    except ValueError:
        return None
    if parts.scheme not in PORTS or not parts.hostname or port is None or "@" in parts.netloc:
        return None
    path = parts.path.rstrip("/")
    return None if ".." in path.split("/") else (parts.scheme, parts.hostname, port, path)


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
