"""Which two answers to put to a user: the pair of most information on his weights."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import combinations
from secrets import randbits
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from idiolect.adaptation.alignment.decoding.pref import PReF
from idiolect.adaptation.alignment.dimensions import DIMENSIONS, measure
from idiolect.adaptation.alignment.evidence import Weights
from idiolect.adaptation.alignment.reward import information
from idiolect.applications.server.answering import dialogue
from idiolect.applications.server.answering.local import Job, Local
from idiolect.applications.server.answering.upstream import Upstream
from idiolect.applications.server.errors import Refusal
from idiolect.core.requests import Ask, Key, Sampling
from idiolect.core.types import Query

DRAWS, HEAT = 6, 0.9  # answers that a question is chosen among, and how warm they are drawn


class Wanted(BaseModel):
    """Which question; what he asked last where it is left out. candidates: answers to it; drawn where left out."""

    model_config = ConfigDict(extra="forbid")
    prompt: str | None = Field(default=None, min_length=1, max_length=4000)
    candidates: list[str] | None = Field(default=None, min_length=2, max_length=64)
    model: str | None = None


def chosen(method: PReF, own: Weights | None, query: Query, texts: Sequence[str]) -> dict[str, Any] | None:
    """The pair that tells most, in an order drawn by chance; None where none would tell anything.

    Returns:
        "prompt", "options" (two texts), "dimension" (in which they differ most, for what is not known of him), "nats".
    """
    there = list(dict.fromkeys(t.strip() for t in texts if t.strip()))
    pool = [Query(messages=query.messages, candidates=pair) for pair in combinations(there, 2)]
    place = method.inquire(None, own, pool)
    if place is None:
        return None
    a, b = pool[place].candidates
    known = own.known if own is not None else method.prior(None)
    apart = measure(a) - measure(b)
    spread = np.sqrt(np.diag(known.arrays[1]))
    about = DIMENSIONS[int(np.abs(apart * spread).argmax())]
    nats = float(information(known, apart[None])[0])
    options = [a, b] if randbits(1) else [b, a]
    return {"prompt": query.text, "options": options, "dimension": about.name, "nats": round(nats, 4)}


async def drawn_here(local: Local, query: Query, tokens: int, who: str) -> list[str]:
    """Different answers of the local engine, which nothing personal goes into.

    Raises:
        Refusal: see `Local.submit`.
    """
    said = [{"role": "user", "content": local.broken(query.text)}]
    sampling = Sampling(max_tokens=tokens, temperature=HEAT, top_p=0.95)
    ask = Ask(query=dialogue.query(said, query.time or 0.0), sampling=sampling, n=DRAWS)
    texts = [""] * ask.n
    job: Job | None = None
    async for job, piece in local.pieces(ask, Key(seed=randbits(62), method="question"), who):  # noqa: B007
        texts[piece.index] += piece.text
    return texts


async def drawn_there(upstream: Upstream, query: Query, model: str, tokens: int) -> list[str]:
    """Different answers of the upstream, asked for one by one: not every server gives several at once.

    Raises:
        Refusal: the upstream fails.
    """
    body = {"model": model, "messages": [{"role": "user", "content": query.text}], "max_tokens": tokens}
    asked = [upstream.post("chat/completions", {**body, "temperature": HEAT}) for _ in range(DRAWS)]
    texts = []
    for answer in await asyncio.gather(*asked):
        try:
            texts.append(str(answer["choices"][0]["message"]["content"] or ""))
        except (KeyError, IndexError, TypeError):
            raise Refusal(502, "the upstream's answer has no words") from None
    return texts
