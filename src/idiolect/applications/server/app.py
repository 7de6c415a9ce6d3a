"""The application: routes, guard, errors, and the life of the service behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

import idiolect
from idiolect.applications.server import demo, errors
from idiolect.applications.server.guard import Guard
from idiolect.applications.server.routes import (
    answers,
    applications,
    chat,
    facts,
    feedback,
    memories,
    operation,
    other,
    person,
    session,
)
from idiolect.applications.server.service import Service
from idiolect.applications.server.watch import Watch


def create(service: Service) -> FastAPI:
    """The ASGI application of a service; its engine runs from startup to shutdown."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        service.start()
        demo.begin(service)
        yield
        await service.stop()

    app = FastAPI(
        title="idiolect",
        version=idiolect.__version__,
        description="Answers each user in his own terms, and shows, corrects and erases what is known of him.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/v1/openapi.json",
        lifespan=life,
    )
    app.state.service = service
    errors.attach(app)
    server = service.settings.server
    watch = Watch(service.metrics, service.tracing, lines=service.settings.telemetry.logs == "requests")
    app.add_middleware(Guard, keyless=service.door.keyless, port=server.port, body=server.body, watch=watch)
    for router in (
        chat.router,
        other.router,
        session.router,
        memories.router,
        facts.router,
        person.router,
        answers.router,
        applications.router,
        feedback.router,
        operation.router,
    ):
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=session.PAGE), name="static")
    return app
