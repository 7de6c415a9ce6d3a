"""What is noted of every request: counts, a span, a line of the log where they are wanted; its route, not its path."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from secrets import token_hex
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from idiolect.applications.server.logs import LOGGER
from idiolect.applications.server.metrics import Metrics
from idiolect.applications.server.tracing import Tracing, ended

if TYPE_CHECKING:
    from opentelemetry.trace import Span
    from starlette.types import Scope


@dataclass(kw_only=True)
class Seen:
    """One request. id: made up here, told to the client and to the log."""

    scope: Scope
    metrics: Metrics
    span: Span | None
    id: str = field(default_factory=lambda: token_hex(8))
    status: int = 499  # the client went before the response began
    began: float = field(default_factory=time.perf_counter)

    @property
    def route(self) -> str:
        """The path of its route, in which no user is named."""
        return getattr(self.scope.get("route"), "path", "other")

    @property
    def milliseconds(self) -> float:
        """Since it began."""
        return round(1e3 * (time.perf_counter() - self.began), 2)

    def answered(self, status: int) -> None:
        """Its response begins."""
        self.status = status
        self.metrics.request(self.route, status, time.perf_counter() - self.began)
        ended(self.span, self.scope["method"], self.route, status)


class Watch:
    """lines: whether each request is a line of the log."""

    def __init__(self, metrics: Metrics, tracing: Tracing, *, lines: bool) -> None:
        self._metrics, self._tracing, self._lines = metrics, tracing, lines

    @contextmanager
    def request(self, scope: Scope) -> Iterator[Seen]:
        """One request, until the last byte of its response."""
        with self._tracing.request(scope["method"], Headers(scope=scope)) as span:
            seen = Seen(scope=scope, metrics=self._metrics, span=span)
            try:
                yield seen
            finally:
                if self._lines:
                    said = {"request": seen.id, "method": scope["method"], "route": seen.route, "status": seen.status}
                    LOGGER.info("request", extra={"said": {**said, "milliseconds": seen.milliseconds}})
