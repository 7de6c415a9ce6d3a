"""Which model of the upstream answers a request: the base, or the base under his adapter."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from idiolect.applications.server.adapters.loaded import Unserved
from idiolect.applications.server.answering.exchange import Exchange
from idiolect.applications.server.answering.serving import Serving
from idiolect.applications.server.errors import Refusal


@asynccontextmanager
async def answering(service: Serving, exchange: Exchange) -> AsyncIterator[str]:
    """The name to ask for while this lasts; that his adapter was or was not used is noted in the exchange.

    Raises:
        Refusal: 400, his adapter cannot answer and nothing may be left out.
    """
    async with AsyncExitStack() as stack:
        name, wanted = exchange.name, exchange.shown.served
        if service.adapters is not None and wanted and exchange.user:
            try:
                name = await stack.enter_async_context(service.adapters.held(exchange.speaker.space, exchange.user))
            except Unserved as why:
                if service.settings.pipeline.degrade == "refuse":
                    refused = f"{wanted[0]}: {why}"
                    raise Refusal(400, refused, param="idiolect.pipeline", code="method_unavailable") from None
                exchange.unserved = tuple({"method": method, "why": str(why)} for method in wanted)
            else:
                exchange.adapters = wanted
        yield name


def lost(service: Serving, exchange: Exchange, refusal: Refusal, name: str) -> bool:
    """Whether the server was started anew and has his adapter no more: then it is loaded again, once."""
    if service.adapters is None or name == exchange.name or refusal.status != 404 or exchange.reloaded:
        return False
    service.adapters.forget(name)
    exchange.reloaded = True
    return True
