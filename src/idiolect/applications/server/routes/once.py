"""`Idempotency-Key`: the same request gives the same answer for a day."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from idiolect.applications.server.answering import fields, shapes
from idiolect.applications.server.answering.exchange import Exchange
from idiolect.applications.server.errors import Refusal
from idiolect.applications.server.service import Service
from idiolect.applications.server.speakers.identity import Speaker

HEADERS = {"idempotent-replayed": "true", "cache-control": "no-store"}


class Once:
    """One request under one key; another request under the same key is refused."""

    def __init__(self, service: Service, speaker: Speaker, body: Mapping[str, Any], key: str | None) -> None:
        self.service, self.speaker = service, speaker
        self.key = f"{speaker.counted} {key}" if key else None
        self._mine: tuple[str, str, str] | None = None
        self.digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest() if key else ""

    def before(self, exchange: Exchange) -> dict[str, Any] | None:
        """The answer that was given before; None where this request is to be answered, and no twin of it until `over`.

        Raises:
            Refusal: 409, the key was used for another request, or a twin is being answered: the client comes again.
        """
        if not (self.key and exchange.user):
            return None
        self._mine = (self.speaker.space, exchange.user, self.key)
        if self.service.underway.setdefault(self._mine, self) is not self:
            what = "a request under this Idempotency-Key is being answered"
            raise Refusal(409, what, code="idempotency_in_progress", headers={"Retry-After": "1"})
        try:
            found = self._found(exchange.user, self.key)
        except BaseException:
            self.over()
            raise
        if found is not None:
            self.over()
        return found

    def over(self) -> None:
        """From now on a twin finds what was answered, or is answered itself."""
        if self._mine and self.service.underway.get(self._mine) is self:
            del self.service.underway[self._mine]

    def _found(self, user: str, key: str) -> dict[str, Any] | None:
        with self.service.notebook(self.speaker.space).of(user) as notes:
            found = notes.once(key) if notes else None
        if found is None:
            return None
        if found[0] != self.digest:
            raise Refusal(409, "this Idempotency-Key was used for another request", code="idempotency_conflict")
        return found[1]

    def after(self, exchange: Exchange, answer: dict[str, Any]) -> None:
        """Keeps what was answered, where anything may be kept of whom it is about."""
        space = self.speaker.space
        if not (self.key and exchange.user and "memory:write" in self.speaker.scopes):
            return
        if not self.service.space(space).user(exchange.user).remembered:
            return
        with self.service.notebook(space).of(exchange.user) as notes:
            if notes is not None:
                notes.done(self.key, self.digest, answer)

    async def noted(self, exchange: Exchange, chunks: AsyncIterator[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
        """The chunks as they come; what they make together is kept at their end."""
        try:
            async for chunk in self._gathered(exchange, chunks):
                yield chunk
        finally:
            self.over()

    async def _gathered(
        self, exchange: Exchange, chunks: AsyncIterator[dict[str, Any]]
    ) -> AsyncIterator[dict[str, Any]]:
        texts: dict[int, str] = {}
        ends: dict[int, str] = {}
        calls: dict[int, list[shapes.Call]] = {}
        probable: dict[int, list[Any]] = {}
        last: dict[str, Any] = {}
        async for last in chunks:
            for choice in last.get("choices") or ():
                place = int(choice.get("index", 0))
                calls[place] = shapes.gathered(calls.get(place, []), choice.get("delta", {}))
                texts[place] = texts.get(place, "") + str(choice.get("delta", {}).get("content") or "")
                probable.setdefault(place, []).extend((choice.get("logprobs") or {}).get("content") or ())
                ends[place] = choice.get("finish_reason") or ends.get(place, "")
            yield last
        if self.key and last:
            usage = last.get("usage") or shapes.usage(exchange.prompt_tokens or 0, exchange.completion_tokens or 0)
            reply = shapes.Reply(model=exchange.model, id=last["id"], created=last["created"])
            made = reply.whole([(texts[i], ends[i]) for i in sorted(texts)], usage)
            for choice, place in zip(made["choices"], sorted(texts), strict=True):
                choice["message"] |= {"tool_calls": calls[place]} if calls[place] else {}
                choice["logprobs"] = {"content": probable[place]} if probable[place] else None
            await asyncio.to_thread(self.after, exchange, {**made, "idiolect": last["idiolect"]})


async def again(answer: dict[str, Any], exchange: Exchange) -> AsyncIterator[dict[str, Any]]:
    """The chunks of an answer that was given before."""
    reply = shapes.Reply(model=exchange.model, id=answer["id"], created=answer["created"])
    made = []
    for choice in answer["choices"]:
        delta = {"role": "assistant", "content": choice["message"].get("content")}
        calls = shapes.calls_of(choice["message"])
        delta |= {"tool_calls": [{"index": i, **call} for i, call in enumerate(calls)]} if calls else {}
        made.append(reply.chunk(choice["index"], delta, choice["finish_reason"]))
        made[-1]["choices"][0]["logprobs"] = choice.get("logprobs")
    if fields.with_usage(exchange.body):
        made.append(reply.last(answer["usage"]))
    made[-1] = {**made[-1], "idiolect": answer["idiolect"]}
    for chunk in made:
        yield chunk
