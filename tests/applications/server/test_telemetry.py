"""Spans and log lines: what they say, and that they quote nobody."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from openai import APIError
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes

from idiolect.applications.server import tracing
from idiolect.core.errors import MissingExtra

if TYPE_CHECKING:
    from tests.applications.conftest import Opener, Running

CANARY = "canary-e4d7"
CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def door(opened: Opener, tracer: TracerProvider) -> Running:
    found = opened(upstream=True, tracer=tracer, telemetry={"logs": "requests"})
    found.user(CANARY).add(f"my sister is {CANARY}")
    return found


def ask(door: Running, **more: Any) -> Any:
    messages = [{"role": "user", "content": f"{CANARY}: who is my sister?"}]
    given = {"model": "small", "messages": messages, "user": CANARY, "temperature": 0.5, "stop": [CANARY], **more}
    return door.client().chat.completions.create(**given)


def named(spans: InMemorySpanExporter, start: str) -> ReadableSpan:
    (found,) = [span for span in spans.get_finished_spans() if span.name.startswith(start)]
    return found


def test_an_answer_is_a_span_by_the_conventions_below_that_of_its_request(
    door: Running, spans: InMemorySpanExporter
) -> None:
    ask(door)
    chat, request = named(spans, "chat small"), named(spans, "POST")
    assert request.name == "POST /v1/chat/completions"
    assert chat.parent is not None
    assert request.context is not None
    assert chat.parent.span_id == request.context.span_id
    given = dict(chat.attributes or {})
    assert given["gen_ai.operation.name"] == "chat"
    assert (given["gen_ai.request.model"], given["gen_ai.request.temperature"]) == ("small", 0.5)
    assert (given["gen_ai.usage.input_tokens"], given["gen_ai.usage.output_tokens"]) == (7, 2)
    assert given["gen_ai.response.finish_reasons"] == ("stop",)
    assert (given["idiolect.methods"], given["idiolect.sources"]) == (("ipa",), 1)
    known = {value for name, value in vars(gen_ai_attributes).items() if name.startswith("GEN_AI_")}
    assert {name for name in given if name.startswith("gen_ai.")} <= known


def test_a_stream_is_one_span_that_says_when_its_first_chunk_came(door: Running, spans: InMemorySpanExporter) -> None:
    list(ask(door, stream=True, stream_options={"include_usage": True}))
    given = dict(named(spans, "chat small").attributes or {})
    assert given["gen_ai.response.time_to_first_chunk"] > 0
    assert given["gen_ai.usage.output_tokens"] == 2


def test_an_upstream_that_fails_is_an_error_without_its_words(door: Running, spans: InMemorySpanExporter) -> None:
    door.stub.failures = [httpx.Response(400, json={"error": {"message": CANARY}})]
    door.http.post(
        "/v1/chat/completions",
        json={"model": "small", "messages": [{"role": "user", "content": CANARY}]},
        headers=door.bearer,
    )
    chat = named(spans, "chat small")
    assert dict(chat.attributes or {})["error.type"] == "400"
    assert not chat.status.is_ok


def test_no_span_quotes_anybody(door: Running, spans: InMemorySpanExporter) -> None:
    ask(door)
    list(ask(door, stream=True))
    for path in (f"/v1/users/{CANARY}/memories?query={CANARY}", f"/{CANARY}", "/metrics"):
        door.http.get(path, headers={**door.bearer, "traceparent": CANARY})
    said = "\n".join(span.to_json() for span in spans.get_finished_spans())
    assert "/v1/users/{id}/memories" in said
    assert CANARY not in said


def test_a_callers_trace_goes_on_to_the_upstream(door: Running, spans: InMemorySpanExporter) -> None:
    ask(door, extra_headers={"traceparent": CALLER})
    passed = door.stub.headers[-1]["traceparent"]
    assert passed.split("-")[1] == CALLER.split("-")[1]
    assert passed != CALLER
    request = named(spans, "POST")
    assert request.parent is not None
    assert f"{request.parent.span_id:x}" == CALLER.split("-")[2]


def test_without_a_provider_nothing_is_made(relay: Running) -> None:
    ask(relay)
    assert "traceparent" not in relay.stub.headers[-1]


def test_an_address_without_the_parts_that_send_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "EXPORTER", "nowhere.to.be.found")
    with pytest.raises(MissingExtra, match=r"idiolect\[trace\]"):
        tracing.sender("http://localhost:4318/v1/traces")


def test_each_request_is_a_line_that_names_its_route_alone(door: Running, lines: io.StringIO) -> None:
    found = door.http.get(f"/v1/users/{CANARY}/memories?query={CANARY}", headers=door.bearer)
    (line,) = [json.loads(text) for text in lines.getvalue().splitlines()]
    assert (line["event"], line["method"], line["route"]) == ("request", "GET", "/v1/users/{id}/memories")
    assert (line["status"], line["request"]) == (200, found.headers["x-request-id"])
    assert line["milliseconds"] > 0
    ask(door)
    assert CANARY not in lines.getvalue()


def test_only_failures_are_logged_unless_more_is_asked_for(relay: Running, lines: io.StringIO) -> None:
    ask(relay)
    assert lines.getvalue() == ""


def test_what_was_not_foreseen_is_logged_by_kind_and_place_and_quotes_nobody(
    relay: Running, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay.stub.say = lambda body: "one two"

    def broken(*_: Any) -> None:
        raise ValueError(f"{CANARY} is odd")

    monkeypatch.setattr("idiolect.applications.server.answering.chat.kept", broken)
    with pytest.raises(APIError, match="its log says why"):  # the status is sent: the error is its last event
        list(ask(relay, stream=True))
    (line,) = [json.loads(text) for text in lines.getvalue().splitlines()]
    assert (line["level"], line["error"]) == ("error", "ValueError")
    assert line["at"][0].endswith("broken")
    assert CANARY not in lines.getvalue()


def test_the_servers_own_errors_go_through_the_same_lines(lines: io.StringIO) -> None:
    try:
        raise KeyError(CANARY)
    except KeyError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
    line = json.loads(lines.getvalue())
    assert (line["event"], line["error"]) == ("Exception in ASGI application", "KeyError")
    assert CANARY not in lines.getvalue()
