"""`/healthz`, `/readyz`, `/metrics`, `/v1/results`: for whoever runs the server; none names users."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from idiolect.applications.server.measured import measured
from idiolect.applications.server.routes.credentials import service_of, speaker_of

router = APIRouter(tags=["operation"])


@router.get("/healthz")
def alive() -> dict[str, Any]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
def ready(request: Request) -> Response:
    """Whether requests are taken: the engine runs, or the upstream is not being left alone."""
    failing = service_of(request).failing
    return JSONResponse({"status": "failing" if failing else "ok", "failing": failing}, 503 if failing else 200)


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """Counts and times for Prometheus; a credential with the scope admin."""
    service, speaker = service_of(request), speaker_of(request)
    speaker.needs("admin")
    return Response(service.metrics.text(), media_type=CONTENT_TYPE_LATEST)


@router.get("/v1/results")
def results(request: Request) -> dict[str, Any]:
    """What methods brought where they were measured; a credential with the scope admin."""
    service, speaker = service_of(request), speaker_of(request)
    speaker.needs("admin")
    return measured(service.settings.server.results)
