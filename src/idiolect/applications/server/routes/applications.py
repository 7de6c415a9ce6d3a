"""`/v1/users/{id}/recommend`, `.../search`, `.../rewrite`: the three applications behind the door."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from secrets import randbits
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from idiolect.applications.recommend import recommend
from idiolect.applications.rewrite.material import material
from idiolect.applications.rewrite.writing import asked, written
from idiolect.applications.search import search
from idiolect.applications.server.answering.chat import wanted
from idiolect.applications.server.answering.fields import Extension
from idiolect.applications.server.answering.pipeline import Shown
from idiolect.applications.server.answering.writers import noted
from idiolect.applications.server.errors import Refusal
from idiolect.applications.server.routes.memories import Reached
from idiolect.applications.server.service import Service
from idiolect.applications.taste.known import known
from idiolect.core.layout import section
from idiolect.core.requests import Ask, Key, Sampling
from idiolect.core.types import Query

router = APIRouter(prefix="/v1/users/{id}", tags=["applications"])
MOST = 500  # items or documents of one request
LONG = 20_000  # characters of a document


class Thing(BaseModel):
    """An item: what it is called, what is said of it, how popular it is."""

    model_config = ConfigDict(extra="forbid")
    id: str | None = Field(default=None, min_length=1, max_length=200)
    title: str | None = Field(default=None, max_length=500)
    text: str | None = Field(default=None, max_length=4000)
    description: str | None = Field(default=None, max_length=4000)
    tags: list[str] | None = Field(default=None, max_length=50)
    popularity: float | None = Field(default=None, allow_inf_nan=False)


class Candidates(BaseModel):
    """What to put in an order; `explore` from 0, what fits best, to 1, what is known least."""

    model_config = ConfigDict(extra="forbid")
    candidates: list[str | Thing] = Field(min_length=1, max_length=MOST)
    explore: float = Field(default=0.0, ge=0, le=1)
    top_k: int = Field(default=10, ge=1, le=MOST)
    again: bool = False


class Text(BaseModel):
    """A document."""

    model_config = ConfigDict(extra="forbid")
    id: str | None = Field(default=None, min_length=1, max_length=200)
    title: str = Field(default="", max_length=500)
    text: str = Field(max_length=LONG)
    time: float | str | None = None


class Looked(BaseModel):
    """What to look for, and in which documents; `strength` from 0, everybody's order, to 1, his alone."""

    model_config = ConfigDict(extra="forbid")
    query: str = Field(min_length=1, max_length=4000)
    documents: list[str | Text] = Field(min_length=1, max_length=MOST)
    strength: float = Field(default=0.4, ge=0, le=1)
    top_k: int = Field(default=10, ge=1, le=MOST)


class Draft(BaseModel):
    """A draft, or with the kind "write" an instruction. pipeline: methods with bars between; else the door's."""

    model_config = ConfigDict(extra="forbid")
    text: str = Field(min_length=1, max_length=LONG)
    kind: Literal["rewrite", "write"] = "rewrite"
    model: str | None = None
    pipeline: str | None = None
    tokens: int | None = Field(default=None, ge=1, le=4096)


@router.post("/recommend")
def recommended(request: Request, id: str, body: Candidates) -> dict[str, Any]:
    """The candidates in an order for him, with the records that each place rests on."""
    who = Reached(request, id, "memory:read")
    given = [one if isinstance(one, str) else one.model_dump(exclude_none=True) for one in body.candidates]
    space = who.service.space(who.space)
    found = recommend(space, who.handle.id, given, explore=body.explore, top_k=body.top_k, again=body.again)
    return found.plain()


@router.post("/search")
def found(request: Request, id: str, body: Looked) -> dict[str, Any]:
    """Documents that bear on a question, of these first what bears on him; his memories are searched by `/memories`."""
    who = Reached(request, id, "memory:read")
    given = [one if isinstance(one, str) else one.model_dump(exclude_none=True) for one in body.documents]
    space = who.service.space(who.space)
    return search(space, who.handle.id, body.query, given, strength=body.strength, top_k=body.top_k).plain()


@router.post("/rewrite")
async def rewritten(request: Request, id: str, body: Draft) -> dict[str, Any]:
    """A text as he writes, with those of his own that it was made from; needs the scope `chat` besides."""
    who = await asyncio.to_thread(Reached, request, id, "memory:read")
    who.speaker.needs("chat")
    service = who.service
    model, spec = service.named(body.model or _only(service))
    wish = replace(wanted(service, who.speaker, Extension(pipeline=body.pipeline), spec), also=False)
    query = asked(body.text, body.kind)
    url = service.settings.upstream.url
    data, note = await asyncio.to_thread(known, service.space(who.space), who.handle.id, "rewrite", model_at=url)
    his = material(data, query.task)
    shown = await asyncio.to_thread(service.pipeline.shown, who.space, his, query, wish)
    said = await _said(service, query, shown, model, body.tokens or service.tokens, f"{who.space}\0{who.handle.id}")
    sources = frozenset(source.id for source in shown.sources)
    made = written(his, body.text, said, sources, kind=body.kind, pipeline=shown.pipeline, note=note)
    return {**made.plain(), "degraded": list(shown.degraded)}


def _only(service: Service) -> str:
    """The model that is asked where none is named.

    Raises:
        Refusal: 400, an upstream may have several.
    """
    if service.local is None:
        raise Refusal(400, "name the model that is to write", param="model")
    return service.model_name


async def _said(service: Service, query: Query, shown: Shown, model: str, tokens: int, who: str) -> str:
    """What the local engine, or the upstream, makes of it; greedily.

    Raises:
        Refusal: the engine is full, or the upstream fails.
    """
    if service.local is not None:
        local = service.local
        broken = tuple(replace(m, content=local.broken(m.content)) for m in query.messages)
        ask = Ask(query=replace(query, messages=broken), idiolect=shown.idiolect, sampling=Sampling(max_tokens=tokens))
        return "".join([piece.text async for _, piece in local.pieces(ask, Key(seed=randbits(62)), who)])
    assert service.upstream is not None
    notes = "\n".join(section(b.heading, b.lines) for b in shown.blocks)
    messages = noted([{"role": m.role, "content": m.content} for m in query.messages], notes)
    body = {"model": model, "messages": messages, "max_tokens": tokens, "temperature": 0}
    answer = await service.upstream.post("chat/completions", body)
    try:
        return str(answer["choices"][0]["message"]["content"] or "")
    except (KeyError, IndexError, TypeError):
        raise Refusal(502, "the upstream's answer has no words") from None
