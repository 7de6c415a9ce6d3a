"""Any server that speaks the OpenAI protocol: vLLM, SGLang, llama.cpp, Ollama, a vendor.

It gives text; with `top_logprobs` and the model's own tokenizer also the log-probabilities of given answers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from idiolect.core.errors import AccessError, BadInput, MissingExtra, UnknownName
from idiolect.core.method import Access
from idiolect.core.model import check
from idiolect.core.requests import Ask, Item, Key, Request, Score, Scored
from idiolect.forward.prompt import answer_ids, glue, prompt_ids
from idiolect.models.scripted import conversation
from idiolect.models.wire import Wire

WAITS = (0.5, 2.0, 8.0)  # seconds before each further try
REFUSED = (400, 404, 405, 422, 501)  # how servers say that they do not know an option or a path


@dataclass(eq=False)
class OpenAIModel:
    """`url` ends before "/chat/completions" ("http://localhost:8000/v1"); `model` is the server's name for it.

    key: the secret, if the server wants one; default is what the environment variable `key_variable` holds.
    top_logprobs: how many of a token's best alternatives the server was seen to give; set by `open`.
    tokenizer: the model's own, for `Score`; `open` takes it from a folder.
    together: requests on their way at once. timeout: seconds for one answer. waits: see `wire.Wire`.
    """

    url: str
    model: str
    key: str | None = field(default=None, repr=False)
    key_variable: str = "OPENAI_API_KEY"
    tokenizer: Any = field(default=None, repr=False)
    together: int = 8
    timeout: float = 120.0
    waits: tuple[float, ...] = WAITS
    transport: httpx.BaseTransport | None = field(default=None, repr=False)
    top_logprobs: int = field(default=0, init=False)

    @classmethod
    def open(
        cls, url: str, model: str, *, top_logprobs: int = 0, tokenizer: str | Path | None = None, **options: Any
    ) -> OpenAIModel:
        """A server's model; with `top_logprobs` one request asks whether the server gives them.

        Args:
            tokenizer: folder of the model's tokenizer and chat template, for `Score`.
            options: the fields of this class.

        Raises:
            AccessError: the server gives no log-probabilities, or fewer than asked.
            BadInput: it cannot be reached or refuses, or the folder holds no tokenizer.
        """
        opened = cls(url, model, tokenizer=_tokenizer(tokenizer) if tokenizer else None, **options)
        if top_logprobs:
            (opened.top_logprobs,) = opened.wire.many(opened._probed, [(top_logprobs,)])
        return opened

    @property
    def name(self) -> str:
        return self.model

    @property
    def access(self) -> Access:
        return Access.TOP_LOGITS if self.top_logprobs else Access.TEXT

    @property
    def digest(self) -> str:
        """Of address and name: what the server runs behind them cannot be seen."""
        return hashlib.sha256(f"{self.url}\0{self.model}".encode()).hexdigest()[:16]

    @cached_property
    def wire(self) -> Wire:
        return Wire(self.url, self.key, self.key_variable, self.timeout, self.waits, self.together, self.transport)

    def answer(self, requests: Sequence[Request], keys: Sequence[Key]) -> list[Any]:
        """Texts for `Ask`, log-probabilities for `Score`; several on their way at once.

        Raises:
            AccessError: a request needs more than this server gives.
            BadInput: a server that cannot be reached, refuses, or answers something else.
            UnknownName: a stream names another model.
        """
        for request, key in zip(requests, keys, strict=True):
            self._can(request, key.method or "a request")
        asks = [(r, k) for r, k in zip(requests, keys, strict=True) if isinstance(r, Ask)]
        if asks:
            return self.wire.many(self._texts, asks)
        scores = [r for r in requests if isinstance(r, Score)]
        given = [
            (i, text) for r in scores for i in r.items for text in (i.answer, *([i.rejected] if i.rejected else []))
        ]
        found = iter(self.wire.many(self._log_probs, given) if given else [])
        return [tuple(_scored(i, found) for i in r.items) for r in scores]

    def _can(self, request: Request, who: str) -> None:
        check(request, self, who)
        idiolects = [request.idiolect] if isinstance(request, Ask) else [i.idiolect for i in request.items]
        for name in {s.model for idiolect in idiolects for s in idiolect.streams} - {"base"}:
            raise UnknownName("model on this server", name, ["base"])
        if isinstance(request, Score) and self.tokenizer is None:
            raise AccessError(
                f"{who} scores given answers, for which {self.name} needs its own tokenizer here: "
                "OpenAIModel.open(..., top_logprobs=1, tokenizer=FOLDER)"
            )

    def _texts(self, client: httpx.Client, ask: Ask, key: Key) -> tuple[str, ...]:
        sampling = ask.sampling
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [{"role": m.role, "content": m.content} for m in conversation(ask)],
            "max_tokens": sampling.max_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": key.derive("sample") % 2**31,
            "n": ask.n,
        }
        if sampling.stop:
            body["stop"] = list(sampling.stop)
        response = self.wire.post(client, "chat/completions", body)
        content = self.wire.content(response)
        try:
            choices = sorted(content["choices"], key=lambda c: int(c.get("index", 0)))
            texts = tuple(str(c["message"]["content"] or "") for c in choices)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise self.wire.strange(response) from error
        if len(texts) < ask.n:
            raise BadInput(self.url, f"{len(texts)} texts where {ask.n} were asked", "Ask this server for n=1.")
        space = glue(self.tokenizer) if self.tokenizer else ""  # a server keeps what stands before an answer
        return tuple(t.removeprefix(space) for t in texts)

    def _log_probs(self, client: httpx.Client, item: Item, text: str) -> list[float]:
        """Of the answer's tokens: the server reads prompt and answer, and echoes how probable it found each token."""
        stream = item.idiolect.streams[0]
        read = replace(stream, context=(*stream.context, *stream.passages), passages=())
        prompt = prompt_ids(self.tokenizer, item.query, read)
        ids = prompt + answer_ids(self.tokenizer, text)
        body = {"model": self.model, "prompt": ids, "echo": True, "logprobs": 1, "max_tokens": 1, "temperature": 0.0}
        response = self.wire.post(client, "completions", body)
        if response.status_code in REFUSED:
            raise self._no_scores(f"status {response.status_code}: {self.wire.said(response)}")
        content = self.wire.content(response)
        try:
            echoed = content["choices"][0]["logprobs"]["token_logprobs"]
            own = [float(x) for x in echoed[len(prompt) : len(ids)]]
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise self._no_scores("its answer holds no log-probabilities of the prompt") from error
        if len(own) < len(ids) - len(prompt):
            raise self._no_scores("it does not echo the prompt")
        return own

    def _probed(self, client: httpx.Client, wanted: int) -> int:
        said = {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 1, "temperature": 0.0}
        body = {"model": self.model, **said, "logprobs": True, "top_logprobs": wanted}
        response = self.wire.post(client, "chat/completions", body)
        why = "the answer holds none"
        if response.status_code in set(REFUSED) - {404}:
            why = f"status {response.status_code}: {self.wire.said(response)}"
        else:
            content = self.wire.content(response)
            try:
                if len(content["choices"][0]["logprobs"]["content"][0]["top_logprobs"]) >= wanted:
                    return wanted
            except (KeyError, TypeError, IndexError):
                pass
        raise AccessError(
            f"{self.name} at {self.url} gives no {wanted} top log-probabilities ({why}): "
            "ask for fewer, or open it without top_logprobs, for text alone"
        )

    def _no_scores(self, why: str) -> AccessError:
        return AccessError(
            f"{self.name} at {self.url} does not score given answers ({why}): "
            "use a server whose /completions knows echo with logprobs (vLLM), or a local Hugging Face folder"
        )


def _scored(item: Item, found: Any) -> Scored:
    import torch

    own = torch.tensor(next(found))
    return Scored(log_probs=own, rejected=torch.tensor(next(found)) if item.rejected else None)


def _tokenizer(folder: str | Path) -> Any:
    try:
        from transformers import AutoTokenizer
    except ImportError:
        raise MissingExtra("transformers", "local") from None
    root = Path(folder).expanduser()
    try:
        return AutoTokenizer.from_pretrained(root, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError, TypeError) as error:
        what = f"holds no tokenizer ({str(error).splitlines()[0][:200]})"
        raise BadInput(root, what, "Give the folder that the server runs, or one with its tokenizer files.") from error
