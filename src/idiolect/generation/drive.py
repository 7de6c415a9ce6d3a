"""Drivers: what runs a flow. A method asks; the driver has the models answer and sends the answers back.

run(flow, models, key)          one flow alone
run_many(flows, models)         many in lockstep: like requests of all flows are answered in one batch
run_async(flow, models, key)    one flow without blocking an event loop
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from idiolect.core.errors import UnknownName
from idiolect.core.model import Model, check
from idiolect.core.requests import Flow, Key, Request

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


def run(flow: Flow[T], models: Mapping[str, Model], key: Key = Key()) -> T:  # noqa: B008
    """One flow to its end. Its requests are numbered from `key.number` on; errors are thrown into it.

    Raises:
        AccessError: a request needs more than its model gives.
    """
    answer: Any = None
    error: Exception | None = None
    try:
        while True:
            request = flow.throw(error) if error else flow.send(answer)
            try:
                (answer,) = _model(request, models, key).answer([request], [key])
                error = answer if isinstance(answer, Exception) else None
            except Exception as raised:
                error = raised
            key = replace(key, number=key.number + 1)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]


def run_many(flows: Mapping[Key, Flow[T]], models: Mapping[str, Model]) -> dict[Key, T]:
    """All flows to their ends, in lockstep: each round groups what they ask by kind and model, one call each.

    A flow's answers and random numbers are those it would get alone. An error in a batch is thrown into the flow that
    caused it: the batch is then answered one by one.

    Raises:
        Exception: what a flow did not catch; the other flows are closed.
    """
    results: dict[Key, T] = {}
    sent: dict[Key, tuple[Any, Exception | None]] = dict.fromkeys(flows, (None, None))
    number = {k: k.number for k in flows}
    try:
        while sent:
            asked: dict[Key, Request] = {}
            for key, (answer, error) in sent.items():
                try:
                    asked[key] = flows[key].throw(error) if error else flows[key].send(answer)
                except StopIteration as end:
                    results[key] = end.value
            sent = _round(asked, models, number)
    finally:
        for flow in flows.values():
            flow.close()
    return {key: results[key] for key in flows}


async def run_async(flow: Flow[T], models: Mapping[str, Model], key: Key = Key()) -> T:  # noqa: B008
    """One flow; the models work in a thread of their own, one call after another.

    Raises:
        AccessError: a request needs more than its model gives.
    """
    answer: Any = None
    error: Exception | None = None
    try:
        while True:
            request = flow.throw(error) if error else flow.send(answer)
            try:
                (answer,) = await asyncio.to_thread(_model(request, models, key).answer, [request], [key])
                error = answer if isinstance(answer, Exception) else None
            except Exception as raised:
                error = raised
            key = replace(key, number=key.number + 1)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]


def _round(
    asked: Mapping[Key, Request], models: Mapping[str, Model], number: dict[Key, int]
) -> dict[Key, tuple[Any, Exception | None]]:
    groups: dict[tuple[type, str], list[Key]] = {}
    sent: dict[Key, tuple[Any, Exception | None]] = {}
    for key, request in asked.items():
        try:
            _model(request, models, key)
        except Exception as error:
            sent[key] = (None, error)
        else:
            groups.setdefault((type(request), request.to), []).append(key)
    for (_, to), keys in groups.items():
        numbered = {k: replace(k, number=number[k]) for k in keys}
        sent |= _answers(models[to], {k: (asked[k], numbered[k]) for k in keys})
    for key in asked:
        number[key] += 1
    return {key: sent[key] for key in asked}


def _answers(model: Model, asked: Mapping[Key, tuple[Request, Key]]) -> dict[Key, tuple[Any, Exception | None]]:
    requests, keys = [r for r, _ in asked.values()], [k for _, k in asked.values()]
    try:
        answers = model.answer(requests, keys)
        return {k: (a, a if isinstance(a, Exception) else None) for k, a in zip(asked, answers, strict=True)}
    except Exception as error:
        if len(asked) == 1:
            return dict.fromkeys(asked, (None, error))
    alone = [_answers(model, {k: one}) for k, one in asked.items()]
    return {k: v for part in alone for k, v in part.items()}


def _model(request: Request, models: Mapping[str, Model], key: Key) -> Model:
    if request.to not in models:
        raise UnknownName("model", request.to, models)
    check(request, models[request.to], key.method or "a method")
    return models[request.to]
