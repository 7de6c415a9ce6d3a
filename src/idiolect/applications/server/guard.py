"""Which requests are let in at all: by host, origin, kind of content and size; and what every answer bears.

Without keys only this machine may ask, under a name of this machine with our port (a foreign name that was rebound to
us is refused); with or without, a foreign page may not, and there is no CORS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse

from idiolect.applications.server.errors import Refusal
from idiolect.applications.server.settings import LOCAL
from idiolect.applications.server.watch import Seen, Watch

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

WRITING = ("POST", "PUT", "PATCH")
CONTENT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
BORNE = {
    "content-security-policy": CONTENT,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}


def segments(scope: Scope) -> Scope:
    """The same request with each segment of its path quoted for "%" and "/", so that an id may hold any character."""
    raw = scope.get("raw_path") or quote(scope["path"]).encode()
    twice = raw.partition(b"?")[0].replace(b"%25", b"%2525").replace(b"%2F", b"%252F").replace(b"%2f", b"%252F")
    return {**scope, "path": unquote(twice.decode("ascii", "replace"))}


def _bearing(scope: Scope, send: Send, seen: Seen) -> Send:
    """Sends with the headers that every answer bears."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            seen.answered(message["status"])
            headers = MutableHeaders(scope=message)
            headers["x-request-id"] = seen.id
            for name, value in BORNE.items():
                headers.setdefault(name, value)
            if scope["path"].startswith("/v1"):
                headers.setdefault("cache-control", "no-store")
        await send(message)

    return sending


class Guard:
    """ASGI middleware. keyless: the host must be this machine. port: ours. body: bytes at most. watch: notes each."""

    def __init__(self, app: ASGIApp, *, keyless: bool, port: int, body: int, watch: Watch) -> None:
        self.app, self.keyless, self.port, self.body, self.watch = app, keyless, port, body, watch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        scope = segments(scope)
        with self.watch.request(scope) as seen:
            await self._answer(scope, receive, _bearing(scope, send, seen))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope)
        if refusal is not None:
            response = JSONResponse(refusal.shape, refusal.status)
            await response(scope, receive, send)
            return
        await self.app(scope, self._measured(receive), send)

    def _refusal(self, scope: Scope) -> Refusal | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if self.keyless and not self._ours(host):
            return Refusal(403, f"host {host[:80]!r} is not this machine: without keys only it may ask", code="host")
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return Refusal(403, f"origin {origin[:80]!r} is another site", code="origin")
        if headers.get("sec-fetch-site") in ("cross-site", "same-site") and scope["path"].startswith("/v1"):
            return Refusal(403, "asked by another site", code="origin")
        if scope["method"] in WRITING and headers.get("content-type", "").partition(";")[0].strip().lower() != (
            "application/json"
        ):
            return Refusal(415, "the content type must be application/json")
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > self.body:
            return Refusal(413, f"more than {self.body} bytes")
        return None

    def _ours(self, host: str) -> bool:
        try:
            parts = urlsplit(f"//{host}")
            name, port = parts.hostname, parts.port or 80
        except ValueError:
            return False
        return name in LOCAL and port == self.port

    def _measured(self, receive: Receive) -> Receive:
        """Bodies without a length are counted as they come."""
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.body:
                raise Refusal(413, f"more than {self.body} bytes")
            return message

        return counted
