"""Any OpenAI-compatible server behind us: what we do not know is passed on untouched, both ways.

A busy or silent server is asked again before its first word, never after it; one that fails time after time is left
alone for a while.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

from idiolect.applications.server.errors import Refusal
from idiolect.applications.server.settings import Upstream as Settings
from idiolect.core.errors import BadInput

BUSY = (408, 429, 500, 502, 503, 504)  # worth asking again
DOWN = (500, 502, 503, 504)  # what the breaker counts
WAIT, LONGEST = 0.25, 8.0  # seconds before the first further try, doubled each time; at most
LONG = "context_length_exceeded"
# vLLM and llama.cpp name an overflow in words alone
OVERFLOW = re.compile("maximum context length|maximum model length|available context size", re.IGNORECASE)
FRESH = 30.0  # seconds for which a list of models is believed


class Breaker:
    """Counts failures in a row; after `most` of them nothing is let through for `rest` seconds."""

    def __init__(self, most: int, rest: float) -> None:
        self.most, self.rest, self.failures, self.until = most, rest, 0, 0.0

    @property
    def open(self) -> bool:
        """Whether it lets nothing through."""
        return time.monotonic() < self.until

    def check(self) -> None:
        """Raises:
        Refusal: 503 with Retry-After, while it rests.
        """
        left = self.until - time.monotonic()
        if left > 0:
            wait = str(max(1, round(left)))
            raise Refusal(503, "the upstream failed time after time and is left alone", headers={"Retry-After": wait})

    def tell(self, well: bool) -> None:
        """How a request went."""
        self.failures = 0 if well else self.failures + 1
        if self.failures >= self.most:
            self.until, self.failures = time.monotonic() + self.rest, 0


class Upstream:
    """One server. transport: instead of the network's, for tests and for servers within the process."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.settings, self._transport = settings, transport
        self.breaker = Breaker(settings.breaker, settings.rest)
        self._client: httpx.AsyncClient | None = None
        self._models: tuple[float, list[dict[str, Any]]] = (float("-inf"), [])

    @property
    def client(self) -> httpx.AsyncClient:
        """Made when it is first needed, in the loop that uses it."""
        if self._client is None:
            secret = os.environ.get(self.settings.key_variable, "").strip()
            if not (secret.isascii() and secret.isprintable()):
                fix = "Copy the key again."
                raise BadInput(self.settings.key_variable, "it holds characters that no header can carry", fix)
            headers = {"Authorization": f"Bearer {secret}"} if secret else {}
            timeout = httpx.Timeout(self.settings.timeout, connect=min(10.0, self.settings.timeout))
            limits = httpx.Limits(max_connections=256, max_keepalive_connections=64)
            self._client = httpx.AsyncClient(headers=headers, timeout=timeout, limits=limits, transport=self._transport)
        return self._client

    async def close(self) -> None:
        """Lets go of all connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def post(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Any:
        """The JSON of an answer.

        Raises:
            Refusal: the upstream's own status and words, 502, 503 or 504.
        """
        async with self._opened("POST", path, body, headers) as response:
            await response.aread()
            return _json(response)

    async def tell(self, path: str, body: Mapping[str, Any]) -> None:
        """A request about one user's adapter, answered by its status alone: said once, and its failure counts for
        nothing, as vLLM has status 500 for an adapter that does not fit, while all others can be answered.

        Raises:
            Refusal: the upstream's own status and words, 502 where it is silent.
        """
        self.breaker.check()
        try:
            response = await self.client.post(self._url(path), json=body)
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise Refusal(502, f"the upstream cannot be reached ({type(error).__name__})") from error
        if not response.is_success:
            raise _refusal(response)

    async def events(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[dict[str, Any]]:
        """The events of a stream up to its [DONE].

        Raises:
            Refusal: see `post`; 502 where the stream breaks off.
        """
        async with self._opened("POST", path, body, headers) as response:
            over = False
            async for line in response.aiter_lines():
                if not line.startswith("data:"):
                    continue
                said = line.removeprefix("data:").strip()
                if said == "[DONE]":
                    return
                event = _event(said)
                over = over or _over(event)
                yield event
            if not over:  # some servers leave out [DONE], but none the reason why a text ends
                raise Refusal(502, "the upstream's stream broke off before its end")

    async def models(self) -> list[dict[str, Any]]:
        """What the upstream lists, at most half a minute old."""
        when, found = self._models
        if time.monotonic() - when > FRESH:
            async with self._opened("GET", "models", None) as response:
                await response.aread()
                content = _json(response)
            data = content.get("data") if isinstance(content, Mapping) else None
            found = [dict(m) for m in data or () if isinstance(m, Mapping) and isinstance(m.get("id"), str)]
            self._models = (time.monotonic(), found)
        return found

    def _url(self, path: str) -> str:
        return f"{self.settings.url.rstrip('/')}/{path}"

    @asynccontextmanager
    async def _opened(
        self, method: str, path: str, body: Mapping[str, Any] | None, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[httpx.Response]:
        """A successful response, its body unread; what fails while it is read is told like what fails before."""
        response = await self._asked(method, path, body, headers)
        try:
            if not response.is_success:
                await response.aread()
                if response.status_code not in DOWN:
                    self.breaker.tell(True)
                raise _refusal(response)
            yield response
            self.breaker.tell(True)  # it came to its end
        except httpx.TimeoutException as error:
            self.breaker.tell(False)
            raise Refusal(504, f"the upstream was silent for {self.settings.timeout:g} s in its answer") from error
        except httpx.RequestError as error:
            self.breaker.tell(False)
            raise Refusal(502, f"the upstream's answer broke off ({type(error).__name__})") from error
        finally:
            await response.aclose()

    async def _asked(
        self, method: str, path: str, body: Mapping[str, Any] | None, headers: Mapping[str, str] | None
    ) -> httpx.Response:
        self.breaker.check()
        for left in range(self.settings.retries, -1, -1):
            wait = min(WAIT * 2 ** (self.settings.retries - left), LONGEST) * random.uniform(0.5, 1.5)
            try:
                request = self.client.build_request(method, self._url(path), json=body, headers=headers)
                response = await self.client.send(request, stream=True)
            except httpx.TimeoutException as error:
                self.breaker.tell(False)
                raise Refusal(504, f"the upstream gave no answer in {self.settings.timeout:g} s") from error
            except (httpx.TransportError, httpx.InvalidURL) as error:
                self.breaker.tell(False)
                if not left:
                    raise Refusal(502, f"the upstream cannot be reached ({type(error).__name__})") from error
            else:
                if response.status_code in DOWN:
                    self.breaker.tell(False)
                if response.status_code not in BUSY or not left:
                    return response
                told = response.headers.get("retry-after", "")
                wait = max(wait, min(float(told), LONGEST)) if told.isdigit() else wait
                await response.aclose()
            await asyncio.sleep(wait)
        raise AssertionError("the last try returns or raises")


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        raise Refusal(502, "the upstream's answer is no JSON") from None


def _event(said: str) -> dict[str, Any]:
    try:
        found = json.loads(said)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Refusal(502, "the upstream's stream holds something that is no JSON object")
    return found


def _over(event: Mapping[str, Any]) -> bool:
    """Whether it says that a text ended, or why none does."""
    choices = event.get("choices")
    ended = isinstance(choices, list) and any(isinstance(c, Mapping) and c.get("finish_reason") for c in choices)
    return ended or "error" in event


def _refusal(response: httpx.Response) -> Refusal:
    """The upstream's own words under its own status; a key of ours that it refuses is no fault of the client's."""
    try:
        body = response.json()
    except ValueError:
        body = None
    if response.status_code in (401, 403):
        return Refusal(502, "the upstream refuses the server's key")
    wait = response.headers.get("retry-after")
    error = body.get("error") if isinstance(body, Mapping) else None
    said = error if isinstance(error, Mapping) else {}
    loose: Mapping[str, Any] = body if isinstance(body, Mapping) else {}  # {"error": "..."}, {"message": "..."}
    words = said.get("message") or next((w for w in (error, loose.get("message"), loose.get("detail")) if w), None)
    message = words if isinstance(words, str) else f"the upstream answered with status {response.status_code}"
    code = LONG if response.status_code == 400 and OVERFLOW.search(message) else said.get("code")
    return Refusal(
        response.status_code if response.status_code >= 400 else 502,
        message,
        code=str(code) if code else None,
        headers={"Retry-After": wait} if wait else {},
        body=body if said else None,
    )
