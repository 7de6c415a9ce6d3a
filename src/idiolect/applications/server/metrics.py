"""Counts and times for Prometheus: of routes, methods and queues, never of users."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from idiolect.applications.server.answering.exchange import Exchange

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """One registry a service. waiting, running: requests in the engine's queue, and answers that it writes, now."""

    def __init__(self, waiting: Callable[[], float], running: Callable[[], float]) -> None:
        self.registry = CollectorRegistry()
        named: dict[str, Any] = {"namespace": "idiolect", "registry": self.registry}
        self.requests = Counter("requests", "Answered requests.", ("route", "status"), **named)
        self.seconds = Histogram("request_seconds", "Until the response began.", ("route",), buckets=SECONDS, **named)
        self.personal = Histogram("personal_seconds", "Spent on personal context.", buckets=SECONDS, **named)
        self.methods = Counter("methods", "Answers that a method had a part in.", ("method",), **named)
        self.degraded = Counter("degraded", "Methods that were left out.", ("method",), **named)
        self.tokens = Counter("tokens", "Tokens.", ("kind",), **named)
        self.remembered = Counter("remembered_turns", "New turns that were kept.", **named)
        queued = Gauge("queue_waiting", "Requests that wait for the engine.", **named)
        queued.set_function(waiting)
        written = Gauge("queue_running", "Answers that are being written.", **named)
        written.set_function(running)

    def request(self, route: str, status: int, seconds: float) -> None:
        """One request, by the route's own path."""
        self.requests.labels(route, str(status)).inc()
        self.seconds.labels(route).observe(seconds)

    def answered(self, exchange: Exchange) -> None:
        """One answer that was given."""
        self.personal.observe(exchange.shown.milliseconds / 1e3)
        for name in exchange.methods:
            self.methods.labels(name).inc()
        for one in exchange.degraded:
            self.degraded.labels(one["method"]).inc()
        counts = {"prompt": exchange.prompt_tokens, "completion": exchange.completion_tokens}
        for kind, count in (*counts.items(), ("personal", exchange.shown.tokens)):
            self.tokens.labels(kind).inc(count or 0)
        self.remembered.inc(exchange.remembered)

    def text(self) -> bytes:
        """In Prometheus' own form."""
        return generate_latest(self.registry)
