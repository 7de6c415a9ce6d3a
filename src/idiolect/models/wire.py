"""JSON to a server and back: the secret, tries again, and what goes wrong as errors that say the fix."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx

from idiolect.core.errors import BadInput

T = TypeVar("T")
BUSY = (408, 429, 500, 502, 503, 504)  # worth asking again
SHOWN = 200  # characters of a server's own words in an error


@dataclass(frozen=True, eq=False)
class Wire:
    """Posts to `url`, several requests at once.

    waits: seconds before each further try, drawn between half and three halves of it, so that many that were turned
        away together do not come back together; a server that says how long (Retry-After) is believed up to a minute.
    secret: given here or held by the environment variable `variable`; it is in no representation and no error.
    """

    url: str
    secret: str | None = field(repr=False)
    variable: str
    timeout: float
    waits: Sequence[float]
    together: int
    transport: httpx.BaseTransport | None = field(default=None, repr=False)

    def many(self, work: Callable[..., T], jobs: Sequence[Sequence[Any]]) -> list[T]:
        """``work(client, *job)`` for each job, in their order; after an error none is started any more.

        Raises:
            BadInput: what `work` raised, or a secret that no header can carry.
        """
        secret = self._found()
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        with (
            httpx.Client(headers=headers, timeout=self.timeout, transport=self.transport) as client,
            ThreadPoolExecutor(self.together) as pool,
        ):
            return list(pool.map(lambda job: work(client, *job), jobs))

    def post(self, client: httpx.Client, path: str, body: dict[str, Any]) -> httpx.Response:
        """The answer, whatever its status; a busy or silent server is asked again.

        Raises:
            BadInput: no answer at all.
        """
        for wait in (*self.waits, None):
            try:
                response = client.post(f"{self.url.rstrip('/')}/{path}", json=body)
            except (httpx.ConnectError, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
                what = self._clean(f"cannot be reached ({error})")
                raise BadInput(self.url, what, "Start the server, or correct the URL.") from error
            except httpx.TransportError as error:
                if wait is None:
                    what = self._clean(f"no answer within {self.timeout:g} s ({type(error).__name__})")
                    raise BadInput(self.url, what, "Give it more `timeout`, or ask fewer `together`.") from error
                time.sleep(_drawn(wait, None))
            else:
                if response.status_code not in BUSY or wait is None:
                    return response
                time.sleep(_drawn(wait, response.headers.get("Retry-After")))
        raise AssertionError("the last try returns or raises")

    def content(self, response: httpx.Response) -> dict[str, Any]:
        """The JSON object of an answer.

        Raises:
            BadInput: the server refuses, or says something that is no JSON object.
        """
        status, said = response.status_code, self.said(response)
        if status in (401, 403):
            fix = f"Give a `key` that it knows, or set {self.variable}."
            raise BadInput(self.url, f"the server refuses the key (status {status})", fix)
        if status == 404:
            raise BadInput(self.url, f"404: {said}", "Correct the model's name (see /models) or the URL (up to /v1).")
        if status in BUSY:
            fix = "Ask again later, ask fewer `together`, or look into the server's own log."
            raise BadInput(self.url, f"status {status} after {len(self.waits) + 1} tries: {said}", fix)
        if not response.is_success:
            raise BadInput(self.url, f"status {status}: {said}", "Shorten the prompt or mend what the server names.")
        try:
            found = response.json()
        except ValueError as error:
            raise self.strange(response) from error
        if not isinstance(found, dict):
            raise self.strange(response)
        return found

    def strange(self, response: httpx.Response) -> BadInput:
        """The error for an answer that does not follow the protocol."""
        what = f"not an answer of the OpenAI protocol: {self.said(response)}"
        return BadInput(self.url, what, "Give the URL of an OpenAI-compatible server, up to /v1.")

    def said(self, response: httpx.Response) -> str:
        """The start of what the server said."""
        return self._clean(response.text)[:SHOWN]

    def _found(self) -> str:
        secret = (self.secret if self.secret is not None else os.environ.get(self.variable, "")).strip()
        if not (secret.isascii() and secret.isprintable()):
            raise BadInput(self.variable, "the key holds characters that no header can carry", "Copy the key again.")
        return secret

    def _clean(self, text: str) -> str:
        secret = (self.secret or os.environ.get(self.variable, "")).strip()
        return text.replace(secret, "***") if secret else text


def _drawn(wait: float, told: str | None) -> float:
    least = min(float(told), 60.0) if told and told.isdigit() else 0.0
    return max(wait * random.uniform(0.5, 1.5), least)  # not the request's own randomness: it changes no answer
