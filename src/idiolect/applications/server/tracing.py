"""Spans by OpenTelemetry's conventions for generative models: which model, how long, how many tokens; never words.

POST /v1/chat/completions      server        http.route, http.response.status_code
  chat small                   client        gen_ai.*, idiolect.methods, idiolect.sources (how many) ...

Off unless an address to send them to is configured, or a provider is given. No span names a user, a key or a path.
"""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

import idiolect
from idiolect.applications.server.answering.exchange import Exchange
from idiolect.applications.server.errors import Refusal
from idiolect.core.errors import MissingExtra

if TYPE_CHECKING:
    from opentelemetry.trace import Span, TracerProvider

OPERATION = "chat"
EXPORTER = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
ASKED = {  # field of a request -> attribute; `stop` and `user` are words of somebody's
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "max_tokens": "gen_ai.request.max_tokens",
    "max_completion_tokens": "gen_ai.request.max_tokens",
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "presence_penalty": "gen_ai.request.presence_penalty",
    "seed": "gen_ai.request.seed",
    "n": "gen_ai.request.choice.count",
    "stream": "gen_ai.request.stream",
}


def sender(address: str) -> TracerProvider:
    """A provider that sends spans to a collector, in batches.

    Args:
        address: of its traces over OTLP and HTTP, such as ``http://localhost:4318/v1/traces``.

    Raises:
        MissingExtra: the parts that send are not installed.
    """
    try:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        exporter = import_module(EXPORTER).OTLPSpanExporter
    except ImportError:
        raise MissingExtra("opentelemetry-exporter-otlp-proto-http", "trace") from None
    # made as it stands: detectors would add the command line and the machine's name
    resource = Resource({"service.name": "idiolect", "service.version": idiolect.__version__})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(exporter(endpoint=address)))
    return provider


class Tracing:
    """Makes spans, or does nothing where there is no provider."""

    def __init__(self, provider: TracerProvider | None = None) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("idiolect", idiolect.__version__) if provider else None

    @contextmanager
    def request(self, method: str, headers: Mapping[str, str]) -> Iterator[Span | None]:
        """The span of one HTTP request, that of its caller above it where its headers name one."""
        if self._tracer is None:
            yield None
            return
        from opentelemetry.trace import SpanKind
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        above = TraceContextTextMapPropagator().extract(dict(headers))
        given = {"http.request.method": method}
        with self._tracer.start_as_current_span(
            method, above, SpanKind.SERVER, given, record_exception=False, set_status_on_exception=False
        ) as span:
            yield span

    @contextmanager
    def answer(self, exchange: Exchange, *, local: bool) -> Iterator[None]:
        """The span of one answer, from the request to its last token; `exchange.trace` names it to the upstream.

        It is never the current one: a stream is begun and ended by whoever reads it.
        """
        if self._tracer is None:
            yield
            return
        from opentelemetry import trace
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        kind = trace.SpanKind.INTERNAL if local else trace.SpanKind.CLIENT
        span = self._tracer.start_span(f"{OPERATION} {exchange.name}", kind=kind, attributes=_asked(exchange))
        TraceContextTextMapPropagator().inject(exchange.trace, trace.set_span_in_context(span))
        try:
            yield
        except BaseException as error:
            span.set_attribute("error.type", _kind(error))
            span.set_status(trace.StatusCode.ERROR)
            raise
        finally:
            span.set_attributes(_came(exchange))
            span.end()

    def close(self) -> None:
        """Sends what waits."""
        if shutdown := getattr(self._provider, "shutdown", None):
            shutdown()


def ended(span: Span | None, method: str, route: str, status: int) -> None:
    """What is known of a request when its response begins."""
    if span is None:
        return
    span.update_name(f"{method} {route}")
    span.set_attributes({"http.route": route, "http.response.status_code": status})
    if status >= 500:
        from opentelemetry.trace import StatusCode

        span.set_attribute("error.type", str(status))
        span.set_status(StatusCode.ERROR)


def _kind(error: BaseException) -> str:
    match error:
        case Refusal(status=status):
            return str(status)
        case GeneratorExit() | CancelledError():
            return "cancelled"
    return type(error).__name__


def _asked(exchange: Exchange) -> dict[str, Any]:
    given = {
        "gen_ai.operation.name": OPERATION,
        "gen_ai.provider.name": "idiolect",
        "gen_ai.request.model": exchange.name,
    }
    numbers = {ASKED[name]: value for name, value in exchange.body.items() if name in ASKED}
    return {**given, **{name: value for name, value in numbers.items() if isinstance(value, (int, float))}}


def _came(exchange: Exchange) -> dict[str, Any]:
    shown = exchange.shown
    found = {
        "gen_ai.usage.input_tokens": exchange.prompt_tokens,
        "gen_ai.usage.output_tokens": exchange.completion_tokens,
        "gen_ai.response.finish_reasons": exchange.ends or None,
        "gen_ai.response.time_to_first_chunk": exchange.first,
        "idiolect.methods": exchange.methods or None,
        "idiolect.degraded": tuple(one["method"] for one in exchange.degraded) or None,
        "idiolect.sources": len(shown.sources),
        "idiolect.personal_tokens": shown.tokens,
        "idiolect.personal_milliseconds": shown.milliseconds,
        "idiolect.remembered": exchange.remembered,
    }
    return {name: value for name, value in found.items() if value is not None}
