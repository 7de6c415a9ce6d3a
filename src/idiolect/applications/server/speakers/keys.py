"""Keys: shown once, kept as HMAC-SHA256 under a secret of this home; found by the id that stands in them.

idk_<id>_<secret>

app         opens one space and may act for any of its users, through the one field that it names
user        bound to one user of one space
operator    manages, and reads no content
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from idiolect.core.errors import BadInput, UnknownName
from idiolect.data.sqlite import folder
from idiolect.data.sqlite.connection import Database, values
from idiolect.governance.keys import alone, publish

SCOPES = ("chat", "memory:read", "memory:write", "train", "admin", "users:create")
USUAL = {
    "app": ("chat", "memory:read", "memory:write"),
    "user": ("chat", "memory:read", "memory:write"),
    "operator": ("admin",),
}
STEPS = (
    """
    CREATE TABLE key (
      id TEXT PRIMARY KEY,
      kind TEXT NOT NULL,
      name TEXT NOT NULL,
      space TEXT NOT NULL,
      user TEXT,
      field TEXT NOT NULL,
      scopes TEXT NOT NULL,
      quota INTEGER NOT NULL,
      per_minute INTEGER NOT NULL,
      pipeline TEXT NOT NULL,
      created REAL NOT NULL,
      revoked REAL,
      digest TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE spent (code TEXT PRIMARY KEY) WITHOUT ROWID;
    """,
    """
    ALTER TABLE key ADD COLUMN budget INTEGER;
    ALTER TABLE key ADD COLUMN strength REAL;
    """,
)
FIELDS = "id, kind, name, space, user, field, scopes, quota, per_minute, pipeline, created, revoked, budget, strength"
ID = 6  # bytes
BOUNDS = {"budget": (0, 10**6), "strength": (0, 1), "quota": (0, 10**9), "per_minute": (0, 10**9)}


@dataclass(frozen=True, kw_only=True)
class Key:
    """One key, without its secret.

    Args:
        user: whom a user key is bound to.
        field: of a request's body, where an app key finds the user.
        quota: users that an app key may create, with the scope "users:create".
        per_minute: requests; 0: as the server's limits say.
        pipeline: methods for its users; empty: as the server's settings say.
        created, revoked: POSIX seconds.
        budget: tokens of personal context at most; None: as the server's settings say.
        strength: 0 generic to 1 personal, where a request states none; None: as the server's settings say.
    """

    id: str
    kind: str
    name: str = ""
    space: str = "default"
    user: str | None = None
    field: str = "user"
    scopes: tuple[str, ...] = ()
    quota: int = 0
    per_minute: int = 0
    pipeline: str = ""
    created: float = 0.0
    revoked: float | None = None
    budget: int | None = None
    strength: float | None = None


class Keys:
    """The keys of a home, in ``<home>/keys.db``; several processes may have it open."""

    def __init__(self, home: str | Path | None, clock: Callable[[], float] = time.time) -> None:
        self.home, self.clock = folder.home(home), clock
        self._database = Database(folder.file(self.home / "keys.db"), STEPS)
        self._secret = _secret(folder.file(self.home / "keys.secret"))

    def create(self, kind: str, *, scopes: Iterable[str] | None = None, **fields: Any) -> tuple[Key, str]:
        """A new key, and what its holder sends: it is shown here and never again.

        Raises:
            UnknownName: no such kind or scope.
            BadInput: a user key without a user, another with one, an operator's key that reads content, a bad space, a
                number out of bounds.
        """
        if kind not in USUAL:
            raise UnknownName("kind of key", kind, USUAL)
        wanted = tuple(dict.fromkeys(USUAL[kind] if scopes is None else scopes))
        for scope in wanted:
            if scope not in SCOPES:
                raise UnknownName("scope", scope, SCOPES)
        key = Key(id=secrets.token_hex(ID), kind=kind, scopes=wanted, created=self.clock(), **fields)
        _check(key)
        return key, self._write(key)

    def list(self) -> tuple[Key, ...]:
        """All keys, oldest first, revoked ones too."""
        with self._database.reading() as connection:
            found: Any = connection.execute(f"SELECT {FIELDS} FROM key ORDER BY created, id").fetchall()
        return tuple(_key(row) for row in found)

    def revoke(self, id: str) -> Key:
        """From now on the key opens nothing.

        Raises:
            BadInput: there is no such key.
        """
        key = self._known(id)
        with self._database.writing() as connection:
            connection.execute("UPDATE key SET revoked = ? WHERE id = ? AND revoked IS NULL", (self.clock(), id))
        return key

    def rotate(self, id: str) -> str:
        """A new secret for a key; the old one opens nothing any more.

        Raises:
            BadInput: there is no such key, or it was revoked.
        """
        key = self._known(id)
        if key.revoked is not None:
            raise BadInput(f"key {key.id!r}", "it was revoked", "Make a new one with: idiolect keys create")
        return self._write(key)

    def find(self, said: str) -> Key | None:
        """The key that a credential is; None for what is none, or was revoked."""
        start, _, secret = said.rpartition("_")
        id = start.removeprefix("idk_")
        if not secret or id == start or not said.isascii():
            return None
        with self._database.reading() as connection:
            row: Any = connection.execute(f"SELECT {FIELDS}, digest FROM key WHERE id = ?", (id,)).fetchone()
        if row is None or not hmac.compare_digest(row[-1], self._digest(secret)):
            return None
        key = _key(row[:-1])
        return key if key.revoked is None else None

    def get(self, id: str) -> Key | None:
        """The key of an id, while it opens something."""
        with self._database.reading() as connection:
            row: Any = connection.execute(
                f"SELECT {FIELDS} FROM key WHERE id = ? AND revoked IS NULL", (id,)
            ).fetchone()
        return None if row is None else _key(row)

    @property
    def any(self) -> bool:
        """Whether there is a key that opens something."""
        with self._database.reading() as connection:
            return connection.execute("SELECT 1 FROM key WHERE revoked IS NULL LIMIT 1").fetchone() is not None

    def spend(self, code: str) -> bool:
        """Whether a code that is good once was not spent before; now it is."""
        with self._database.writing() as connection:
            spent = "INSERT INTO spent VALUES (?) ON CONFLICT DO NOTHING RETURNING code"
            return bool(values(connection, spent, code))

    def stands(self, code: str, key: str | None) -> bool:
        """Whether a login still opens something: neither it was ended, nor the key that asked for it revoked.

        Args:
            code: what `spend` ends.
            key: id of that key; empty where whoever runs the server asked. None stands for nothing.
        """
        asked = "?2 = '' OR EXISTS (SELECT 1 FROM key WHERE id = ?2 AND revoked IS NULL)"
        query = f"SELECT ({asked}) AND NOT EXISTS (SELECT 1 FROM spent WHERE code = ?1)"
        return bool(self._database.first(query, code, key))

    def signed(self, what: str) -> str:
        """An HMAC for other uses of this home's secret."""
        return hmac.new(self._secret, what.encode(), hashlib.sha256).hexdigest()

    def close(self) -> None:
        """Lets go of the file."""
        self._database.close()

    def _write(self, key: Key) -> str:
        secret = secrets.token_hex(24)
        row = (*(getattr(key, name) for name in FIELDS.split(", ")), self._digest(secret))
        given = tuple(json.dumps(v) if isinstance(v, tuple) else v for v in row)
        marks = ",".join("?" * len(given))
        with self._database.writing() as connection:
            connection.execute(f"INSERT OR REPLACE INTO key ({FIELDS}, digest) VALUES ({marks})", given)
        return f"idk_{key.id}_{secret}"

    def _known(self, id: str) -> Key:
        found = next((key for key in self.list() if key.id == id), None)
        if found is None:
            shown = id[: 2 * ID]  # never all of a key that was given in its id's place
            raise BadInput(f"key {shown!r}", "there is none of that id", "See: idiolect keys list")
        return found

    def _digest(self, secret: str) -> str:
        return self.signed(f"key\0{secret}")


def _secret(path: Path) -> bytes:
    """The secret of this home, made once: of several processes that begin at once one writes it, and all read that."""
    if not path.stat().st_size:
        with alone(path.parent):
            if not path.stat().st_size:
                publish(path, secrets.token_bytes(32))
    return path.read_bytes()


def _key(row: tuple[Any, ...]) -> Key:
    found = dict(zip(FIELDS.split(", "), row, strict=True))
    return Key(**{**found, "scopes": tuple(json.loads(found["scopes"]))})


def _check(key: Key) -> None:
    if not folder.SPACE.fullmatch(key.space):
        raise BadInput(f"space {key.space[:80]!r}", "not a name for a space", "Use small letters, digits, '-' and '_'.")
    if (key.kind == "user") != bool(key.user):
        fix = "Give --user with --kind user, and only there."
        raise BadInput("key", "a user key is bound to a user, and no other is", fix)
    for name, (least, most) in BOUNDS.items():
        given = getattr(key, name)
        if given is not None and not least <= given <= most:
            what, fix = f"{given} is out of bounds", f"Give a number from {least} to {most}."
            raise BadInput(f"{name.replace('_', ' ')} of a key", what, fix)
    if key.kind == "operator" and set(key.scopes) - {"admin"}:
        raise BadInput("key", "an operator's key reads no content", "Give it the scope admin alone.")
    if key.kind == "user" and {"admin", "users:create"} & set(key.scopes):
        raise BadInput("key", "a user's key neither manages nor makes users", "Make an app or operator key for that.")
