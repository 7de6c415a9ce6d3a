"""Any server that speaks the OpenAI chat protocol: vLLM, SGLang, llama.cpp, Ollama, a vendor. It gives text."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx

from idiolect.core.errors import BadInput
from idiolect.core.method import Access
from idiolect.core.requests import Ask, Key, Request
from idiolect.models.scripted import conversation

BUSY = (429, 500, 502, 503, 504)  # worth asking again
WAITS = (0.5, 2.0, 8.0)  # seconds before each further try


@dataclass(eq=False)
class OpenAIModel:
    """`url` ends before "/chat/completions" ("http://localhost:8000/v1"); `model` is the server's name for it.

    key_variable: the environment variable that holds the secret, if the server wants one; it is never stored here.
    together: requests on their way at once. timeout: seconds for one answer.
    """

    url: str
    model: str
    key_variable: str = "OPENAI_API_KEY"
    together: int = 8
    timeout: float = 120.0
    waits: tuple[float, ...] = WAITS
    transport: httpx.BaseTransport | None = field(default=None, repr=False)
    access: Access = field(default=Access.TEXT, init=False)

    @property
    def name(self) -> str:
        return self.model

    @property
    def digest(self) -> str:
        """Of address and name: what the server runs behind them cannot be seen."""
        return hashlib.sha256(f"{self.url}\0{self.model}".encode()).hexdigest()[:16]

    def answer(self, requests: Sequence[Request], keys: Sequence[Key]) -> list[Any]:
        """Texts for `Ask`, several on their way at once.

        Raises:
            BadInput: another kind of request, a server that cannot be reached, refuses, or answers something else.
        """
        secret = os.environ.get(self.key_variable, "")
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        with (
            httpx.Client(headers=headers, timeout=self.timeout, transport=self.transport) as client,
            ThreadPoolExecutor(self.together) as pool,
        ):
            return list(pool.map(lambda pair: self._texts(client, *pair), zip(requests, keys, strict=True)))

    def _texts(self, client: httpx.Client, request: Request, key: Key) -> tuple[str, ...]:
        if not isinstance(request, Ask):
            fix = "Open the model as a local folder with HFModel.open."
            raise BadInput(self.url, f"a server cannot answer {type(request).__name__}", fix)
        sampling = request.sampling
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [{"role": m.role, "content": m.content} for m in conversation(request)],
            "max_tokens": sampling.max_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": key.derive("sample") % 2**31,
            "n": request.n,
        }
        if sampling.stop:
            body["stop"] = list(sampling.stop)
        return self._read(self._send(client, body), request.n)

    def _send(self, client: httpx.Client, body: dict[str, Any]) -> httpx.Response:
        for wait in (*self.waits, None):
            try:
                response = client.post(f"{self.url.rstrip('/')}/chat/completions", json=body)
            except httpx.HTTPError as error:
                what = f"no answer ({type(error).__name__}: {error})"
                raise BadInput(self.url, what, "Start the server, or correct the URL.") from error
            if response.status_code not in BUSY or wait is None:
                break
            time.sleep(wait)
        if response.status_code in (401, 403):
            raise BadInput(self.url, "the server refuses the key", f"Set {self.key_variable} to a key that it knows.")
        if response.is_error:
            what = f"status {response.status_code}: {response.text[:200]}"
            raise BadInput(self.url, what, "Correct the model's name or shorten the prompt.")
        return response

    def _read(self, response: httpx.Response, count: int) -> tuple[str, ...]:
        try:
            choices = sorted(response.json()["choices"], key=lambda c: int(c.get("index", 0)))
            texts = tuple(str(c["message"]["content"] or "") for c in choices)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            what = f"not a chat completion: {response.text[:200]}"
            raise BadInput(self.url, what, "Give the URL of an OpenAI-compatible server, up to /v1.") from error
        if len(texts) < count:
            raise BadInput(self.url, f"{len(texts)} texts where {count} were asked", "Ask this server for n=1.")
        return texts
