"""Who writes the answer: the local engine or the upstream, whole or as a stream of chunks.

A stream's last chunk before [DONE] bears our field; chunks are held back only from the first that ends a text.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from secrets import randbits
from typing import Any

from idiolect.applications.server.adapters.asked import answering, lost
from idiolect.applications.server.answering import chat, fields, shapes
from idiolect.applications.server.answering.exchange import Exchange
from idiolect.applications.server.answering.local import Job, Local, Piece
from idiolect.applications.server.answering.pipeline import Shown
from idiolect.applications.server.answering.serving import Serving
from idiolect.applications.server.answering.upstream import LONG, Upstream
from idiolect.applications.server.errors import Refusal
from idiolect.applications.server.feedback.learnt import Choice
from idiolect.core.layout import section
from idiolect.core.requests import Ask, Key

PATH = "chat/completions"
SALT = "cache_salt"
Chunk = dict[str, Any]


async def whole(service: Serving, exchange: Exchange) -> dict[str, Any]:
    """A `chat.completion` with our field.

    Raises:
        Refusal: the engine is full, the upstream fails, the messages are too long.
    """
    with service.tracing.answer(exchange, local=service.local is not None):
        if service.local is not None:
            answer, text = await _local_whole(service.local, exchange, _ask(service, exchange))
        else:
            assert service.upstream is not None
            answer = await _upstream_whole(service, service.upstream, exchange)
            text = _texts(answer)
            exchange.calls = _calls(answer)
        exchange.ends = _ends(answer)
        return {**answer, "idiolect": await _finished(service, exchange, text)}


async def chunks(service: Serving, exchange: Exchange) -> AsyncIterator[Chunk]:
    """`chat.completion.chunk`s as soon as they are there, the last one with our field; leaving the loop cancels."""
    made = _local_chunks(service.local, exchange, _ask(service, exchange)) if service.local else None
    if made is None:
        assert service.upstream is not None
        made = _upstream_chunks(service, service.upstream, exchange)
    held: Chunk | None = None
    text = ""
    with service.tracing.answer(exchange, local=service.local is not None):
        async for chunk in made:
            exchange.first = exchange.first or time.perf_counter() - exchange.began
            if held is not None:
                yield held
                held = None
            choices = chunk.get("choices") or []
            for delta in (c.get("delta") or {} for c in choices if c.get("index", 0) == 0):
                text += str(delta.get("content") or "")
                exchange.calls = shapes.gathered(exchange.calls, delta)
            exchange.ends += _ends(chunk)
            if not choices or _ends(chunk):
                held = chunk
            else:
                yield chunk
        last = held or {**shapes.Reply(model=exchange.model).last({}), "usage": None}
        finished = await _finished(service, exchange, text)
    yield {**last, "idiolect": finished}


def _ends(answer: Mapping[str, Any]) -> tuple[str, ...]:
    """Why choices ended that did."""
    choices = [c for c in answer.get("choices") or () if isinstance(c, Mapping)]
    return tuple(str(c["finish_reason"]) for c in choices if c.get("finish_reason"))


async def _finished(service: Serving, exchange: Exchange, text: str) -> dict[str, Any]:
    await asyncio.to_thread(chat.kept, service, exchange, text)
    service.answered(exchange)
    return exchange.extension()


def _ask(service: Serving, exchange: Exchange) -> tuple[Ask, Key]:
    """What the engine is asked; nobody's words may open a turn in another role."""
    wanted = fields.sampled(exchange.body, service.tokens)
    assert service.local is not None
    said = tuple(replace(m, content=service.local.broken(m.content)) for m in exchange.query.messages)
    query = replace(exchange.query, messages=said)
    key = Key(seed=randbits(62) if wanted.seed is None else wanted.seed, method="chat")
    choice = _choice(exchange, wanted.n)
    sampling, n = (choice.sampling(wanted.sampling), choice.draws) if choice else (wanted.sampling, wanted.n)
    return Ask(query=query, idiolect=exchange.shown.idiolect, sampling=sampling, n=n), key


def _choice(exchange: Exchange, n: int) -> Choice | None:
    """Among which draws the answer is chosen; where several answers are asked for, the application chooses."""
    return exchange.shown.choice if n == 1 else None


async def _pieces(local: Local, exchange: Exchange, asked: tuple[Ask, Key]) -> AsyncIterator[tuple[Job, Piece]]:
    """As the engine gives them; where he is given the best of several draws, that one once all are there."""
    ask, key = asked
    choice = _choice(exchange, fields.count(exchange.body))
    texts, ends = [""] * ask.n, [""] * ask.n
    job: Job | None = None
    async for job, piece in local.pieces(ask, key, _who(exchange)):
        if choice is None:
            yield job, piece
        texts[piece.index] += piece.text
        ends[piece.index] = piece.finish or ends[piece.index]
    if choice is not None and job is not None:
        place = choice.best(texts)
        yield job, Piece(index=0, text=texts[place], finish=ends[place])


def _who(exchange: Exchange) -> str:
    """Whose line a request waits in."""
    return f"{exchange.speaker.space}\0{exchange.user}" if exchange.user else f"key {exchange.speaker.id}"


async def _local_whole(local: Local, exchange: Exchange, asked: tuple[Ask, Key]) -> tuple[dict[str, Any], str]:
    count = fields.count(exchange.body)
    texts, ends = [""] * count, [""] * count
    job: Job | None = None
    async for job, piece in _pieces(local, exchange, asked):  # noqa: B007
        texts[piece.index] += piece.text
        ends[piece.index] = shapes.ENDS.get(piece.finish, "")
    _counted(exchange, job)
    usage = shapes.usage(exchange.prompt_tokens or 0, exchange.completion_tokens or 0)
    reply = shapes.Reply(model=exchange.model)
    return reply.whole(list(zip(texts, ends, strict=True)), usage), texts[0]


async def _local_chunks(local: Local, exchange: Exchange, asked: tuple[Ask, Key]) -> AsyncIterator[Chunk]:
    reply = shapes.Reply(model=exchange.model)
    begun: set[int] = set()
    job: Job | None = None
    async for job, piece in _pieces(local, exchange, asked):
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


async def _upstream_whole(service: Serving, upstream: Upstream, exchange: Exchange) -> dict[str, Any]:
    while True:
        async with answering(service, exchange) as model:
            try:
                body = forwarded(exchange, model=model, salt=service.salt(exchange))
                answer = await upstream.post(PATH, body, exchange.trace)
            except Refusal as refusal:
                if not lost(service, exchange, refusal, model):
                    await _shrunk(service, exchange, refusal)
            else:
                break
    if not isinstance(answer, dict):
        raise Refusal(502, "the upstream's answer is no object")
    _used(exchange, answer)
    return {**answer, "model": exchange.name} if exchange.adapters else answer


async def _upstream_chunks(service: Serving, upstream: Upstream, exchange: Exchange) -> AsyncIterator[Chunk]:
    begun = False
    while True:
        async with answering(service, exchange) as model:
            try:
                body = forwarded(exchange, model=model, salt=service.salt(exchange))
                async for chunk in upstream.events(PATH, body, exchange.trace):
                    begun = True
                    if "error" in chunk:
                        raise Refusal(502, "the upstream's stream ended in an error", body={"error": chunk["error"]})
                    _used(exchange, chunk)
                    yield {**chunk, "model": exchange.name} if exchange.adapters else chunk
                return
            except Refusal as refusal:
                if begun:
                    raise
                if not lost(service, exchange, refusal, model):
                    await _shrunk(service, exchange, refusal)


async def _shrunk(service: Serving, exchange: Exchange, refusal: Refusal) -> None:
    """After an overflow less is shown of the user, in the end nothing; the application's messages stay whole.

    Raises:
        Refusal: it was another error, or there is nothing left to take away.
    """
    if refusal.code != LONG or not exchange.shown.tokens or exchange.data is None:
        raise refusal
    budget = exchange.shown.tokens // 2
    less = replace(exchange.wanted, budget=budget, pinned=exchange.wanted.pinned if budget > 32 else frozenset())
    shown = await asyncio.to_thread(service.pipeline.shown, exchange.speaker.space, exchange.data, exchange.query, less)
    less_still = Shown(pipeline=shown.pipeline, served=shown.served)
    exchange.shown = shown if shown.tokens < exchange.shown.tokens else less_still


def forwarded(exchange: Exchange, *, model: str = "", salt: str = "") -> dict[str, Any]:
    """The request as the upstream sees it: fields of ours and who it is about are taken out, all others untouched.

    Args:
        model: his adapter's name, instead of the base model's.
        salt: of cached prefixes; a client's own is never passed on.
    """
    body = without(exchange.body, exchange.speaker.field)
    body = {name: value for name, value in body.items() if name not in (*fields.OURS, SALT)}
    notes = "\n".join(section(b.heading, b.lines) for b in exchange.shown.blocks)
    salted = {SALT: salt} if salt else {}
    return {**body, **salted, "model": model or exchange.name, "messages": noted(list(exchange.messages), notes)}


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


def _calls(answer: Mapping[str, Any]) -> list[shapes.Call]:
    try:
        return shapes.calls_of(answer["choices"][0]["message"])
    except (KeyError, IndexError, TypeError, AttributeError):
        return []


def _texts(answer: Mapping[str, Any]) -> str:
    try:
        return str(answer["choices"][0]["message"].get("content") or "")
    except (KeyError, IndexError, TypeError, AttributeError):
        return ""
