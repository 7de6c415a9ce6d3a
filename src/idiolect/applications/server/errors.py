"""Refusals in OpenAI's shape: ``{"error": {"message", "type", "param", "code"}}``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from idiolect.applications.server.logs import LOGGER, failure
from idiolect.core.errors import AccessError, BadInput, ConsentError, IdiolectError, StoreError, UnknownName

KINDS = {  # status -> (type, code)
    400: ("invalid_request_error", None),
    401: ("authentication_error", "invalid_api_key"),
    403: ("permission_error", "forbidden"),
    404: ("invalid_request_error", "not_found"),
    405: ("invalid_request_error", "method_not_allowed"),
    409: ("invalid_request_error", "conflict"),
    413: ("invalid_request_error", "too_large"),
    415: ("invalid_request_error", "unsupported_media_type"),
    429: ("rate_limit_error", "rate_limit_exceeded"),
    500: ("server_error", None),
    502: ("server_error", "upstream_failed"),
    503: ("server_error", "unavailable"),
    504: ("server_error", "upstream_timeout"),
}


@dataclass(eq=False)
class Refusal(IdiolectError):
    """What a client is told; `body`: an upstream's own words, passed on as they are."""

    status: int
    message: str
    param: str | None = None
    code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None

    def __str__(self) -> str:
        return self.message

    @property
    def shape(self) -> Any:
        """The JSON of the answer."""
        if self.body is not None:
            return self.body
        kind, code = KINDS.get(self.status, KINDS[400])
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code or code}}


def missing(what: str = "there is nothing of that id") -> Refusal:
    """The same words whether it never was, or is somebody else's."""
    return Refusal(404, what)


def refused(error: Exception) -> Refusal:
    """Any error as what a client may know of it: our own messages name the fix, others say nothing."""
    match error:
        case Refusal():
            return error
        case ConsentError():
            return Refusal(403, str(error), code="no_consent")
        case StoreError():
            return Refusal(503, "what is kept of users cannot be read now; the server's log says why")
        case BadInput(where="query"):
            return Refusal(400, str(error), param="messages", code="context_length_exceeded")
        case BadInput() | UnknownName() | AccessError() | IdiolectError():
            return Refusal(400, str(error))
        case RequestValidationError():
            first = error.errors()[0]
            place = [str(part) for part in first["loc"] if part not in ("body", "query", "path")]
            return Refusal(400, f"{'.'.join(place) or 'body'}: {first['msg']}", param=".".join(place) or None)
        case HTTPException():
            return Refusal(error.status_code, str(error.detail), headers=error.headers or {})
    return Refusal(500, "the server failed at this; its log says why")


def noticed(error: Exception) -> Refusal:
    """As `refused`; what a client is not told is written to the log."""
    refusal = refused(error)
    if refusal.status >= 500 and error is not refusal:
        kept = {"message": str(error)} if isinstance(error, StoreError) else {}  # of files, not of what is in them
        LOGGER.error("failed", extra={"said": {**failure(error), **kept}})
    return refusal


async def answer(_: Request, error: Exception) -> JSONResponse:
    """An error as a response; one that was not foreseen is raised again behind us, and logged by the server."""
    refusal = noticed(error) if isinstance(error, IdiolectError) else refused(error)
    return JSONResponse(refusal.shape, refusal.status, headers=dict(refusal.headers))


def attach(app: FastAPI) -> None:
    """Every error that a route raises is answered in OpenAI's shape."""
    for kind in (IdiolectError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, answer)
