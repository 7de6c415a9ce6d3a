"""From a credential to a speaker, and from him and a request to the one user whose data may be reached.

A request that names nobody, or somebody unknown whom the speaker may not create, is nobody's: there is no default user.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from fastapi import Request

from idiolect.applications.server.errors import Refusal, missing
from idiolect.applications.server.speakers.keys import Keys

COOKIE, CSRF = "idiolect_session", "x-csrf-token"
TOKEN = "idt_"  # how a user's token begins
SESSION = 12 * 3600  # seconds that a login lasts
LINK = 600  # seconds in which a login link is good
LENT = (900, SESSION)  # seconds that a token is good for, and at most
EVERYTHING = ("chat", "memory:read", "memory:write", "train", "admin", "users:create")
OWN = ("chat", "memory:read", "memory:write")  # what a user may do with what is his
CHANGING = ("POST", "PUT", "PATCH", "DELETE")
HANDED_ON = (
    "field",
    "per_minute",
    "pipeline",
    "budget",
    "strength",
)  # from a key to the logins and tokens it asked for


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """Whoever holds a credential. user: the one whom he is bound to; None: any of the space (`field` says which).

    kind: of his key; "login" and "token" where he holds what a key asked for. csrf: what a change must bring along,
    where the credential is a cookie. key: id of the key that he holds, or that asked for his login or token; empty
    where there is none.
    """

    id: str
    kind: str
    space: str
    scopes: tuple[str, ...]
    user: str | None = None
    field: str = "user"
    quota: int = 0
    per_minute: int = 0
    pipeline: str = ""
    budget: int | None = None
    strength: float | None = None
    csrf: str | None = None
    key: str = ""

    @property
    def counted(self) -> str:
        """Under what his requests are counted: what a key gave out is held to the key's own rate."""
        return self.key or self.id

    def needs(self, *scopes: str) -> None:
        """Raises:
        Refusal: 403, he has none of these scopes.
        """
        if not set(scopes) & set(self.scopes):
            raise Refusal(403, f"this credential lacks the scope {scopes[0]!r}", code="missing_scope")

    def names(self, body: Mapping[str, Any]) -> str | None:
        """Whom a request is about; None: nobody.

        Raises:
            Refusal: 403 where he is bound to somebody else, 400 where the field holds no text.
        """
        found: Any = body
        for part in self.field.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        if found is not None and not isinstance(found, str):
            raise Refusal(400, f"{self.field} must be a text", param=self.field)
        if self.user is not None and found not in (None, "", self.user):
            raise Refusal(403, "this credential is bound to another user", param=self.field, code="user_conflict")
        return self.user if self.user is not None else (found or None)

    def reaches(self, user: str) -> str:
        """The user of a path.

        Raises:
            Refusal: 404, where he is bound to somebody else.
        """
        if self.user not in (None, user):
            raise missing("there is no such user")
        return user


class Door:
    """Tells who speaks. `keys` is None while there are none: then a token opens the space, or nothing is asked."""

    def __init__(self, keys: Keys, *, space: str, token: str | None) -> None:
        self.keys, self.space, self.token = keys, space, token
        self.keyless = not keys.any
        self._fernet = Fernet(_fernet_key(keys))

    def speaker(self, request: Request) -> Speaker:
        """Raises:
        Refusal: 401 for no or a wrong credential, 403 for a change without its CSRF token.
        """
        if said := _borne(request):
            return self._bearer(said, request)
        if cookie := request.cookies.get(COOKIE):
            return self._cookie(cookie, request)
        if self.keyless and self.token is None:
            return self._anyone(request)
        raise Refusal(401, "no credential: send Authorization: Bearer, with the token printed at the start or a key")

    def ticket(
        self, space: str, user: str, what: str, scopes: Sequence[str] = OWN, *, key: str = "", seconds: int = SESSION
    ) -> str:
        """What is signed for one user: "login" works once, "session" and "token" until they are old or were ended.

        Args:
            scopes: what it allows at most.
            key: id of the key that asks for it, with which it goes; empty where whoever runs the server does.
            seconds: how long it is good for at most.
        """
        said: dict[str, Any] = {"space": space, "user": user, "what": what, "id": secrets.token_hex(8), "key": key}
        said |= {"scopes": [s for s in OWN if s in scopes], "until": self.keys.clock() + seconds}
        return (TOKEN if what == "token" else "") + self._fernet.encrypt(json.dumps(said).encode()).decode()

    def lent(self, speaker: Speaker, user: str, scopes: Sequence[str], seconds: int) -> str:
        """A token with which a client is that one user, for so many seconds.

        Raises:
            Refusal: 403, a login or a token asks: neither can be made to last longer than it was given for.
        """
        if speaker.kind in ("login", "token"):
            raise Refusal(403, "a token is asked for with a key", code="missing_scope")
        return self.ticket(speaker.space, user, "token", scopes, key=speaker.key, seconds=seconds)

    def redeem(self, code: str) -> str:
        """The session's token for a login code, once.

        Raises:
            Refusal: 401, it is old, used, or none.
        """
        said = self._read(code, "login", LINK)
        if said is None or not self.keys.spend(said["id"]):
            raise Refusal(401, "this link was used or is too old: ask for another")
        return self.ticket(said["space"], said["user"], "session", said["scopes"], key=said["key"])

    def leave(self, request: Request) -> None:
        """Ends the logins that a request bears: their tokens open nothing any more, whoever has them."""
        for said in (_borne(request), request.cookies.get(COOKIE)):
            session = self._read(said, "session", SESSION) or self._read(said, "token", SESSION) if said else None
            if session is not None:
                self.keys.spend(session["id"])

    def _bearer(self, said: str, request: Request) -> Speaker:
        if said.startswith(TOKEN):  # it binds even where nothing else is asked for
            if lent := self._read(said, "token", SESSION):
                return self._bound(lent, "token")
        elif self.keyless:
            if self.token is None or hmac.compare_digest(said.encode(), self.token.encode()):
                return self._anyone(request)
        elif key := self.keys.find(said):
            names = ("id", "kind", "space", "scopes", "user", "quota", *HANDED_ON)
            return Speaker(**{name: getattr(key, name) for name in names}, key=key.id)
        elif session := self._read(said, "session", SESSION):
            return self._bound(session, "login")
        raise Refusal(401, "the credential opens nothing here")

    def _cookie(self, cookie: str, request: Request) -> Speaker:
        session = self._read(cookie, "session", SESSION)
        if session is None:
            raise Refusal(401, "the login is over: ask for another link")
        csrf = self.keys.signed(f"csrf\0{cookie}")[:32]
        given = request.headers.get(CSRF, "")
        if request.method in CHANGING and not hmac.compare_digest(given.encode(), csrf.encode()):
            raise Refusal(403, f"changes by cookie need the header {CSRF}, as /v1/session gives it", code="csrf")
        return self._bound(session, "login", csrf)

    def _bound(self, said: Mapping[str, Any], kind: str, csrf: str | None = None) -> Speaker:
        """Whoever was let in as one user, held to what holds for the key that asked for it."""
        key = self.keys.get(said["key"]) if said["key"] else None
        given: dict[str, Any] = {name: getattr(key, name) for name in HANDED_ON} if key else {}
        names = {name: said[name] for name in ("space", "user", "key")}
        return Speaker(id=f"user {said['id']}", kind=kind, scopes=tuple(said["scopes"]), csrf=csrf, **names, **given)

    def _anyone(self, request: Request) -> Speaker:
        asked = request.headers.get("x-idiolect-space", self.space)
        if asked not in (self.space, "demo"):
            raise missing("there is no such space here")
        return Speaker(id="local", kind="app", space=asked, scopes=EVERYTHING)

    def _read(self, token: str, what: str, age: int) -> dict[str, Any] | None:
        """What a token of ours says, while it opens something."""
        try:
            said: dict[str, Any] = json.loads(self._fernet.decrypt(token.removeprefix(TOKEN).encode(), ttl=age))
        except (InvalidToken, ValueError):
            return None
        good = said["what"] == what and said.get("until", 0.0) > self.keys.clock()
        return said if good and self.keys.stands(said["id"], said.get("key")) else None


def _borne(request: Request) -> str:
    """What a request says as its bearer; empty where it does not."""
    kind, _, said = request.headers.get("authorization", "").partition(" ")
    return said.strip() if kind.lower() == "bearer" else ""


def _fernet_key(keys: Keys) -> bytes:
    return base64.urlsafe_b64encode(bytes.fromhex(keys.signed("tickets")))
