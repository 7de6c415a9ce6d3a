"""Who writes the answer: the local engine or the upstream, whole or as a stream of chunks.

A stream's last chunk before [DONE] bears our field; chunks are held back only from the first that ends a text.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from secrets import randbits
from typing import TYPE_CHECKING, Any

from idiolect.applications.server.answering import chat, fields, shapes
from idiolect.applications.server.answering.chat import Exchange
from idiolect.applications.server.answering.local import Job, Local
from idiolect.applications.server.answering.pipeline import Shown
from idiolect.applications.server.answering.upstream import Upstream
from idiolect.applications.server.errors import Refusal
from idiolect.core.layout import section
from idiolect.core.requests import Ask, Key

if TYPE_CHECKING:
    from idiolect.applications.server.service import Service

PATH = "chat/completions"
LONG = "context_length_exceeded"
Chunk = dict[str, Any]


async def whole(service: Service, exchange: Exchange) -> dict[str, Any]:
    """A `chat.completion` with our field.

    Raises:
        Refusal: the engine is full, the upstream fails, the messages are too long.
    """
    if service.local is not None:
        answer, text = await _local_whole(service.local, exchange, _ask(service, exchange))
    else:
        assert service.upstream is not None
        answer = await _upstream_whole(service, service.upstream, exchange)
        text = _texts(answer)
    return {**answer, "idiolect": await _finished(service, exchange, text)}


async def chunks(service: Service, exchange: Exchange) -> AsyncIterator[Chunk]:
    """`chat.completion.chunk`s as soon as they are there, the last one with our field; leaving the loop cancels."""
    made = _local_chunks(service.local, exchange, _ask(service, exchange)) if service.local else None
    if made is None:
        assert service.upstream is not None
        made = _upstream_chunks(service, service.upstream, exchange)
    held: Chunk | None = None
    text = ""
    async for chunk in made:
        if held is not None:
            yield held
            held = None
        choices = chunk.get("choices") or []
        text += "".join(str(c.get("delta", {}).get("content") or "") for c in choices if c.get("index", 0) == 0)
        if not choices or any(c.get("finish_reason") for c in choices):
            held = chunk
        else:
            yield chunk
    last = held or {**shapes.Reply(model=exchange.model).last({}), "usage": None}
    yield {**last, "idiolect": await _finished(service, exchange, text)}


async def _finished(service: Service, exchange: Exchange, text: str) -> dict[str, Any]:
    await asyncio.to_thread(chat.kept, service, exchange, text)
    service.metrics.answered(exchange)
    return exchange.extension()


def _ask(service: Service, exchange: Exchange) -> tuple[Ask, Key]:
    """What the engine is asked; nobody's words may open a turn in another role."""
    wanted = fields.sampled(exchange.body, service.tokens)
    assert service.local is not None
    said = tuple(replace(m, content=service.local.broken(m.content)) for m in exchange.query.messages)
    query = replace(exchange.query, messages=said)
    key = Key(seed=randbits(62) if wanted.seed is None else wanted.seed, method="chat")
    return Ask(query=query, idiolect=exchange.shown.idiolect, sampling=wanted.sampling, n=wanted.n), key


def _who(exchange: Exchange) -> str:
    """Whose line a request waits in."""
    return f"{exchange.speaker.space}\0{exchange.user}" if exchange.user else f"key {exchange.speaker.id}"


async def _local_whole(local: Local, exchange: Exchange, asked: tuple[Ask, Key]) -> tuple[dict[str, Any], str]:
    ask, key = asked
    texts, ends = [""] * ask.n, [""] * ask.n
    job: Job | None = None
    async for job, piece in local.pieces(ask, key, _who(exchange)):  # noqa: B007
        texts[piece.index] += piece.text
        ends[piece.index] = shapes.ENDS.get(piece.finish, "")
    _counted(exchange, job)
    usage = shapes.usage(exchange.prompt_tokens or 0, exchange.completion_tokens or 0)
    reply = shapes.Reply(model=exchange.model)
    return reply.whole(list(zip(texts, ends, strict=True)), usage), texts[0]


async def _local_chunks(local: Local, exchange: Exchange, asked: tuple[Ask, Key]) -> AsyncIterator[Chunk]:
    ask, key = asked
    reply = shapes.Reply(model=exchange.model)
    begun: set[int] = set()
    job: Job | None = None
    async for job, piece in local.pieces(ask, key, _who(exchange)):
        if piece.index not in begun:
            begun.add(piece.index)
            yield reply.chunk(piece.index, {"role": "assistant", "content": ""})
        if piece.text:
            yield reply.chunk(piece.index, {"content": piece.text})
        if piece.finish:
            _counted(exchange, job)
            yield reply.chunk(piece.index, {}, shapes.ENDS[piece.finish])
    if fields.with_usage(exchange.body):
        yield reply.last(shapes.usage(exchange.prompt_tokens or 0, exchange.completion_tokens or 0))


def _counted(exchange: Exchange, job: Job | None) -> None:
    if job is not None:
        exchange.prompt_tokens, exchange.completion_tokens = job.prompt_tokens, job.completion_tokens


async def _upstream_whole(service: Service, upstream: Upstream, exchange: Exchange) -> dict[str, Any]:
    while True:
        try:
            answer = await upstream.post(PATH, forwarded(exchange))
        except Refusal as refusal:
            await _shrunk(service, exchange, refusal)
        else:
            break
    if not isinstance(answer, dict):
        raise Refusal(502, "the upstream's answer is no object")
    _used(exchange, answer)
    return answer


async def _upstream_chunks(service: Service, upstream: Upstream, exchange: Exchange) -> AsyncIterator[Chunk]:
    begun = False
    while True:
        try:
            async for chunk in upstream.events(PATH, forwarded(exchange)):
                begun = True
                if "error" in chunk:
                    raise Refusal(502, "the upstream's stream ended in an error", body={"error": chunk["error"]})
                _used(exchange, chunk)
                yield chunk
            return
        except Refusal as refusal:
            if begun:
                raise
            await _shrunk(service, exchange, refusal)


async def _shrunk(service: Service, exchange: Exchange, refusal: Refusal) -> None:
    """After an overflow less is shown of the user, in the end nothing; the application's messages stay whole.

    Raises:
        Refusal: it was another error, or there is nothing left to take away.
    """
    if refusal.code != LONG or not exchange.shown.tokens or exchange.data is None:
        raise refusal
    budget = exchange.shown.tokens // 2
    less = replace(exchange.wanted, budget=budget, pinned=exchange.wanted.pinned if budget > 32 else frozenset())
    shown = await asyncio.to_thread(service.pipeline.shown, exchange.speaker.space, exchange.data, exchange.query, less)
    exchange.shown = shown if shown.tokens < exchange.shown.tokens else Shown(pipeline=exchange.shown.pipeline)


def forwarded(exchange: Exchange) -> dict[str, Any]:
    """The request as the upstream sees it: fields of ours and who it is about are taken out, all others untouched."""
    body = without(exchange.body, exchange.speaker.field)
    body = {name: value for name, value in body.items() if name not in fields.OURS}
    notes = "\n".join(section(b.heading, b.lines) for b in exchange.shown.blocks)
    return {**body, "model": exchange.name, "messages": noted(list(exchange.messages), notes)}


def without(body: Mapping[str, Any], path: str) -> dict[str, Any]:
    """A body without one field; "a.b" is b within a."""
    name, _, rest = path.partition(".")
    if not rest:
        return {k: v for k, v in body.items() if k != name}
    inner = body.get(name)
    return {**body, name: without(inner, rest)} if isinstance(inner, Mapping) else dict(body)


def noted(messages: list[Any], notes: str) -> list[Any]:
    """The messages with notes behind the application's own system message."""
    if not notes:
        return messages
    for place, one in enumerate(messages):
        if one["role"] not in ("system", "developer"):
            break
        if place + 1 == len(messages) or messages[place + 1]["role"] not in ("system", "developer"):
            return [*messages[:place], {**one, "content": _behind(one.get("content"), notes)}, *messages[place + 1 :]]
    return [{"role": "system", "content": notes}, *messages]


def _behind(content: Any, notes: str) -> Any:
    if isinstance(content, list):
        return [*content, {"type": "text", "text": notes}]
    return f"{content}\n\n{notes}" if content else notes


def _used(exchange: Exchange, answer: Mapping[str, Any]) -> None:
    usage = answer.get("usage")
    if isinstance(usage, Mapping):
        exchange.prompt_tokens, exchange.completion_tokens = usage.get("prompt_tokens"), usage.get("completion_tokens")


def _texts(answer: Mapping[str, Any]) -> str:
    try:
        return str(answer["choices"][0]["message"].get("content") or "")
    except (KeyError, IndexError, TypeError, AttributeError):
        return ""
