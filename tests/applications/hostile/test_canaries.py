"""Many users at once, each with a canary of his own: in his name, his words, his keys; nobody else ever meets it."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from idiolect.applications.server.speakers.keys import Keys

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    from tests.applications.conftest import Opener, Running

CANARY = re.compile(r"canary-[0-9a-f]{16}")
AT_ONCE = 16
ASKED = "What is my secret word?"
FINE = {200, 204, 404, 409}  # what one request of his erases, another may miss; twins of one key wait for each other


def found(content: Any) -> set[str]:
    return set(CANARY.findall(str(content)))


def echoed(body: dict[str, Any]) -> str:
    """What an upstream would give away: all that it was shown."""
    return f"shown: {' '.join(sorted(found(body)))}"


@dataclass(eq=False)
class Person:
    """One user: what he holds, and what of his is there to be asked for."""

    name: str
    canary: str
    keys: tuple[str, str]  # the application's, which acts for him, and his own
    chance: Random
    answer: str = "ans_none"
    response: str | None = None
    memories: list[str] = field(default_factory=lambda: ["none"])

    @property
    def path(self) -> str:
        return f"/v1/users/{quote(self.name)}"

    def said(self, words: str = ASKED) -> list[dict[str, str]]:
        return [{"role": "user", "content": f"{words} {self.chance.random():.9f}"}]


@dataclass(frozen=True)
class Asked:
    """A request; `whose`: 0 with the application's key, 1 with his own, None with either."""

    method: str
    path: str
    body: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    whose: int | None = None


Way = Callable[[Person, Person], Asked]  # of him, and of another


def answering(path: str, streamed: bool = False, **headers: str) -> Way:
    """One of OpenAI's forms."""

    def asked(one: Person, _: Person) -> Asked:
        forms: dict[str, dict[str, Any]] = {
            "chat/completions": {"messages": one.said(), "conversation": one.canary, "metadata": {"x": one.canary}},
            "responses": {"input": one.said(), "previous_response_id": one.response},
            "completions": {"prompt": f"{ASKED} {one.canary}"},
            "embeddings": {"input": one.canary},
        }
        sent = {"model": "small", "user": one.name, **forms[path], **({"stream": True} if streamed else {})}
        return Asked("POST", f"/v1/{path}", sent, {k: v.format(one=one) for k, v in headers.items()})

    return asked


def own(method: str, path: str, **body: Any) -> Way:
    """A route below his path; marks in braces are filled with what is his."""

    def filled(one: Person, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: filled(one, inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [filled(one, inner) for inner in value]
        return value.format(one=one, memory=one.chance.choice(one.memories)) if isinstance(value, str) else value

    def asked(one: Person, _: Person) -> Asked:
        return Asked(method, f"{one.path}{filled(one, path)}", filled(one, body) if method != "GET" else None)

    return asked


def told(**said: Any) -> Way:
    """Feedback to his last answer."""

    def asked(one: Person, _: Person) -> Asked:
        words = {k: v.format(one=one) if isinstance(v, str) else v for k, v in said.items()}
        return Asked("POST", "/v1/feedback", {"user": one.name, "answer_id": one.answer, **words})

    return asked


def trespass(path: str) -> Way:
    """Another's things under his own key."""
    return lambda one, other: Asked("GET", f"{other.path}{path}", whose=1)


def posing(one: Person, other: Person) -> Asked:
    """As another, under his own key."""
    return Asked(
        "POST", "/v1/chat/completions", {"model": "small", "messages": one.said(), "user": other.name}, whose=1
    )


WAYS: dict[str, tuple[int, Way]] = {  # how often, and what
    "chat": (12, answering("chat/completions")),
    "chat streamed": (12, answering("chat/completions", streamed=True)),
    "chat once": (4, answering("chat/completions", **{"idempotency-key": "{one.canary}"})),
    "chat forgotten": (3, answering("chat/completions", **{"x-idiolect-memory": "off"})),
    "responses": (6, answering("responses")),
    "responses streamed": (4, answering("responses", streamed=True)),
    "completions": (3, answering("completions")),
    "embeddings": (1, answering("embeddings")),
    "add": (6, own("POST", "/memories", text="my word is {one.canary}", metadata={"from": "{one.canary}"})),
    "list": (6, own("GET", "/memories")),
    "find": (6, own("GET", "/memories?query=word+{one.canary}")),
    "one": (4, own("GET", "/memories/{memory}")),
    "correct": (3, own("PATCH", "/memories/{memory}", text="my word was {one.canary}", pinned=True)),
    "delete": (1, own("DELETE", "/memories/{memory}")),
    "facts": (2, own("GET", "/facts?history=true")),
    "profile": (4, own("GET", "/profile")),
    "preferences": (2, own("GET", "/preferences")),
    "dials": (1, own("PUT", "/preferences", preferences=[{"dimension": "likes {one.canary}", "weight": 1}])),
    "consents": (1, own("GET", "/consents")),
    "audit": (1, own("GET", "/audit")),
    "answers": (3, own("GET", "/answers")),
    "explain": (6, own("GET", "/answers/{one.answer}/explain")),
    "adapters": (1, own("GET", "/adapters")),
    "export": (2, own("GET", "/export")),
    "question": (1, own("POST", "/question", prompt=ASKED, candidates=["Short.", "It is a much longer one."])),
    "recommend": (2, own("POST", "/recommend", candidates=["tea {one.canary}", "coffee"])),
    "search": (3, own("POST", "/search", query="secret word", documents=["the word {one.canary}", "other"])),
    "rewrite": (2, own("POST", "/rewrite", text="write {one.canary}", model="small")),
    "rate": (3, told(rating=1)),
    "edit": (3, told(edited="It is {one.canary}, as you know.")),
    "put right": (2, told(correction="my secret word is {one.canary}")),
    "session": (1, lambda one, _: Asked("GET", "/v1/session", whose=1)),
    "users": (1, lambda one, _: Asked("GET", "/v1/users", whose=1)),
    "trespass": (3, trespass("/memories")),
    "trespass on answers": (2, trespass("/answers")),
    "posing": (2, posing),
}
REFUSED = {"trespass": 404, "trespass on answers": 404, "posing": 403}


def entered(door: Running, keys: Keys, count: int) -> list[Person]:
    """So many people, each with a key of his own beside the application's, and one memory."""
    _, app = keys.create("app", scopes=["chat", "memory:read", "memory:write", "users:create"])
    people = []
    for i in range(count):
        chance = Random(i)
        canary = f"canary-{chance.getrandbits(64):016x}"
        _, key = keys.create("user", user=f"user {canary}")
        one = Person(name=f"user {canary}", canary=canary, keys=(app, key), chance=chance)
        seen(one, "add", send(door, one, WAYS["add"][1](one, one)))
        people.append(one)
    return people


def send(door: Running, one: Person, asked: Asked) -> Any:
    key = one.keys[one.chance.randrange(2) if asked.whose is None else asked.whose]
    headers = {"Authorization": f"Bearer {key}", **asked.headers}
    return door.http.request(asked.method, asked.path, json=asked.body, headers=headers)


def seen(one: Person, way: str, response: Any) -> None:
    """What of an answer is asked for later."""
    if response.status_code != 200 or "json" not in response.headers["content-type"]:
        return
    body = response.json()
    if way == "add":
        one.memories = [*one.memories, *(m["id"] for m in body["results"])][-8:]
    one.answer = (body.get("idiolect") or {}).get("answer_id") or one.answer
    if way == "responses":
        one.response = body["id"]


def text(response: Any) -> str:
    """All that was answered, what is packed too."""
    if response.headers.get("content-type") == "application/zip":
        with zipfile.ZipFile(io.BytesIO(response.content)) as packed:
            return "\n".join(packed.read(name).decode() for name in packed.namelist())
    return f"{response.headers} {response.text}"


def planned(people: list[Person], count: int) -> Iterator[tuple[Person, str, Person]]:
    """Who asks what, and beside whom."""
    chance = Random(count)
    names, weights = list(WAYS), [often for often, _ in WAYS.values()]
    for way in [*names, *chance.choices(names, weights, k=count - len(names))]:
        one, other = chance.sample(people, 2)
        yield one, way, other


def upset(one: Person, way: str, response: Any) -> str:
    """What is wrong with an answer; empty where nothing is."""
    status, strange = response.status_code, found(text(response)) - {one.canary}
    wanted = {REFUSED[way]} if way in REFUSED else FINE
    return "" if status in wanted and not strange else f"{way}: {status} {sorted(strange)} {response.text[:200]}"


@pytest.mark.parametrize(
    ("users", "requests"),
    [pytest.param(20, 400, marks=pytest.mark.slow), pytest.param(200, 20_000, marks=pytest.mark.long)],
)
def test_nobody_meets_anothers_canary_in_any_answer_log_line_metric_or_span(
    opened: Opener,
    tracer: TracerProvider,
    spans: InMemorySpanExporter,
    lines: io.StringIO,
    tmp_path: Path,
    *,
    users: int,
    requests: int,
) -> None:
    keys = Keys(tmp_path / "home")
    keys.create("operator")
    door = opened(upstream={"cache_salt": True}, tracer=tracer, telemetry={"logs": "requests"})
    door.stub.say = echoed
    people = entered(door, keys, users)
    well, met, wrong = Counter[str](), Counter[str](), list[str]()

    def asks(plan: tuple[Person, str, Person]) -> None:
        one, way, other = plan
        response = send(door, one, WAYS[way][1](one, other))
        seen(one, way, response)
        well[way] += response.status_code in (200, 204)
        met[way] += one.canary in text(response)
        wrong.extend(filter(None, [upset(one, way, response)]))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(asks, planned(people, requests)))
    keys.close()
    assert not wrong, wrong[:5]
    assert set(well) - set(REFUSED) == {way for way in well if well[way]} | {"delete"}, well
    shown = {way: met[way] / well[way] for way in ("chat", "chat streamed", "list", "explain", "export")}
    assert min(shown.values()) > 0.5, shown  # his own is there to be met; explanations lose theirs with a source
    assert len(spans.get_finished_spans()) > requests
    assert lines.getvalue().count('"event": "request"') > requests
    told_of = {
        "log": lines.getvalue(),
        "metrics": door.service.metrics.text(),
        "spans": "\n".join(span.to_json() for span in spans.get_finished_spans()),
    }
    assert {where for where, words in told_of.items() if found(words)} == set()
    assert max(len(found(json.dumps(body))) for body in door.stub.seen) == 1
