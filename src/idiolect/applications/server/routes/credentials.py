"""What every route begins with: the service, who speaks, the body."""

from __future__ import annotations

import json
from typing import Any

from fastapi import Request

from idiolect.applications.server.errors import Refusal
from idiolect.applications.server.service import Service
from idiolect.applications.server.speakers.identity import Speaker


def service_of(request: Request) -> Service:
    """The service behind this application."""
    service: Service = request.app.state.service
    return service


def speaker_of(request: Request) -> Speaker:
    """Who speaks, within his rate.

    Raises:
        Refusal: 401, 403 or 429.
    """
    service = service_of(request)
    speaker = service.door.speaker(request)
    service.rates.take(speaker.counted, speaker.per_minute or service.settings.limits.per_minute)
    return speaker


async def body_of(request: Request) -> dict[str, Any]:
    """The JSON object that was sent.

    Raises:
        Refusal: 400, it is none.
    """
    raw = await request.body()
    try:
        found = json.loads(raw, parse_constant=_no_number)
        if b"\\ud" in raw.lower():  # half a character, which nothing behind us can write down
            json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise Refusal(400, "the body is no JSON") from None
    if not isinstance(found, dict):
        raise Refusal(400, "the body must be a JSON object")
    return found


def _no_number(said: str) -> float:
    """NaN and Infinity are no JSON, though Python reads them."""
    raise ValueError(said)
