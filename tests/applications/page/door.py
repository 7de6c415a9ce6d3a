"""A door with nothing behind it: the routes of docs/service.md, answered from a script, to try the page alone.

python tests/applications/page/door.py [--port 8399] [--empty] [--token secret]
"""

from __future__ import annotations

import argparse
import json
import time
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

PAGE = Path(__file__).parents[3] / "src" / "idiolect" / "applications" / "page"
KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html; charset=utf-8"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
START = datetime(2023, 3, 5, tzinfo=UTC)
SAID = (
    ("fact", "city: Kyoto", 0),
    ("fact", "job: baker", 240),
    ("fact", "sister: Anna", 20),
    ("fact", "favourite food: ramen", 420),
    ("fact", "wants: short answers", 500),
    ("turn", "My sister lives in Kyoto", 610),
    ("turn", "Rufus is what my dog is called", 640),
    ("turn", "I went to Lisbon by train", 700),
    ("turn", "<img src=x onerror=\"document.title='broken'\"> is how I write pictures", 710),
    ("post", "the staff was kind, the soup was cold => kind people. cold soup.", 720),
    ("interaction", "a film about ships => salty", 730),
    ("preference", "How do I cook pasta? => Boil it, nine minutes.", 735),
)
METRICS = """# HELP idiolect_requests_total Answered requests.
# TYPE idiolect_requests_total counter
idiolect_requests_total{route="/v1/chat/completions",status="200"} 40.0
idiolect_requests_total{route="/v1/chat/completions",status="429"} 2.0
idiolect_request_seconds_bucket{le="0.1",route="/v1/chat/completions"} 0.0
idiolect_request_seconds_bucket{le="0.25",route="/v1/chat/completions"} 10.0
idiolect_request_seconds_bucket{le="0.5",route="/v1/chat/completions"} 36.0
idiolect_request_seconds_bucket{le="1.0",route="/v1/chat/completions"} 40.0
idiolect_request_seconds_bucket{le="+Inf",route="/v1/chat/completions"} 40.0
idiolect_request_seconds_bucket{le="+Inf",route="/v1/session"} 900.0
idiolect_methods_total{method="ipa"} 30.0
idiolect_methods_total{method="cos"} 4.0
idiolect_degraded_total{method="cos"} 2.0
idiolect_queue_waiting 3.0
idiolect_queue_running 2.0
"""
RESULTS = [
    {"method": "ipa", "task": "fact", "users": 48, "gain": 0.61, "gain_low": 0.55, "gain_high": 0.66},
    {"method": "pag", "task": "tag", "users": 48, "gain": 0.22, "gain_low": 0.16, "gain_high": 0.29},
    {"method": "oppu", "task": "headline", "users": 48, "gain": 0.03, "gain_low": -0.02, "gain_high": 0.08},
    {"method": "cos", "task": "rate", "users": 48, "gain": -0.05, "gain_low": -0.09, "gain_high": -0.01},
    {"method": "ipa", "task": "none", "users": 48, "gain": None},
]
ANSWERS = {"live": ("Kyoto.", 5), "dog": ("Your dog is called Rufus.", 6), "eat": ("Your favourite food is ramen.", 3)}


def day(number: int) -> str:
    return (START + timedelta(days=number)).isoformat()


ENDS = {"brevity": ("short replies", "long replies"), "formality": ("a formal tone", "a casual tone")}


class World:
    """What the door knows; the same at each start."""

    def __init__(self, *, empty: bool = False, token: str = "", real: bool = False) -> None:
        self.token, self.real = token, real
        self.asked: list[dict[str, Any]] = []
        self.people: dict[str, list[dict[str, Any]]] = {} if empty else {"maya": memories(), "tom": memories()[:3]}
        self.invented = set(self.people)
        self.history: dict[str, list[dict[str, Any]]] = {}
        self.facts = [read(1, "hobby", "chess", 60, 300, by=2), read(2, "hobby", "sailing", 300)]
        self.wishes = {"short answers": 0.8}
        self.stated: dict[str, float] = {}
        self.said = 0
        self.consents, self.remember = ["assist", "train"], True

    def session(self) -> dict[str, Any]:
        users = [
            {
                "id": id,
                "memories": len(kept),
                "invented": id in self.invented,
                "questions": ["Where does my sister live?", "What is my dog called?", "What do I like to eat?"],
            }
            for id, kept in self.people.items()
        ]
        return {
            "space": "demo" if self.invented else "default",
            "users": users,
            "user": None,
            "model": "embedded",
            "models": ["embedded", "embedded@ipa", "embedded@pag"],
            "pipeline": "ipa",
            "embedded": not self.real,
            "upstream": "http://localhost:11434/v1" if self.real else None,
            "keyless": True,
            "scopes": ["chat", "memory:read", "memory:write", "admin", "users:create"],
            "csrf": None,
            "version": "0",
        }


def memories() -> list[dict[str, Any]]:
    made = []
    for number, (kind, text, when) in enumerate(SAID):
        times = {"created_at": day(when), "time": day(when), "updated_at": None, "valid_from": None, "valid_to": None}
        made.append({"id": f"m{number}", "memory": text, "kind": kind, "metadata": {}, "pinned": False, **times})
    return made[::-1]


def read(number: int, name: str, value: str, since: int, until: int | None = None, *, by: int | None = None) -> Any:
    """A fact that was read in what he said."""
    ended = {"valid_to": None if until is None else day(until), "superseded_by": by}
    reason = "" if until is None else "the user says that it changed"
    return {"id": number, "name": name, "value": value, "valid_from": day(since), "reason": reason, **ended}


class Door(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    world: World

    def log_message(self, *args: Any) -> None:
        return

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/" or url.path.startswith("/static/"):
            self._file(url.path.removeprefix("/static/").strip("/") or "index.html")
        elif url.path == "/metrics":
            self._send(200, METRICS.encode(), "text/plain")
        else:
            self._route("GET")

    def do_POST(self) -> None:
        self._route("POST")

    def do_PUT(self) -> None:
        self._route("PUT")

    def do_PATCH(self) -> None:
        self._route("PATCH")

    def do_DELETE(self) -> None:
        self._route("DELETE")

    def _file(self, name: str) -> None:
        path = PAGE / name
        if not path.is_file():
            self._send(404, b"", "text/plain")
            return
        self._send(200, path.read_bytes(), KINDS[path.suffix])

    def _send(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.send_header("content-security-policy", POLICY)
        self.end_headers()
        self.wfile.write(body)

    def _json(self, value: Any, status: int = 200) -> None:
        self._send(status, json.dumps(value).encode())

    def _refuse(self, status: int, message: str) -> None:
        self._json({"error": {"message": message, "type": "x", "param": None, "code": None}}, status)

    def _route(self, method: str) -> None:
        url = urlsplit(self.path)
        size = int(self.headers.get("content-length") or 0)
        body = json.loads(self.rfile.read(size)) if size else {}
        if self.world.token and self.headers.get("authorization") != f"Bearer {self.world.token}":
            self._refuse(401, "no or a wrong token")
            return
        if method in ("POST", "PUT", "PATCH") and self.headers.get("content-type") != "application/json":
            self._refuse(415, "the content type must be application/json")
            return
        parts = [unquote(part) for part in url.path.strip("/").split("/")][1:]
        query = {k: v[0] for k, v in parse_qs(url.query).items()}
        self.world.asked.append({"method": method, "parts": parts, "body": body, "query": query})
        match (method, *parts):
            case ("GET", "session"):
                self._json(self.world.session())
            case ("POST", "chat", "completions"):
                self._chat(body)
            case ("POST", "feedback"):
                self.world.said += 1
                self._json({"records": [{"id": "f", "memory": "x", "kind": "preference"}]})
            case ("DELETE", "demo"):
                for id in self.world.invented:
                    del self.world.people[id]
                self.world.invented.clear()
                self._json({"removed": 2})
            case ("GET", "users"):
                self._json({"users": self.world.session()["users"]})
            case ("GET", "results"):
                self._json({"rows": RESULTS})
            case ("GET", "asked"):
                self._json(self.world.asked)
            case (_, "users", id, *rest) if id in self.world.people or method == "POST":
                self._person(method, id, rest, body, query)
            case _:
                self._refuse(404, "there is no such thing")

    def _person(self, method: str, id: str, rest: list[str], body: Any, query: dict[str, str]) -> None:
        world = self.world
        kept = world.people.setdefault(id, [])
        match (method, *rest):
            case ("GET", "memories"):
                self._json(found(kept, query))
            case ("POST", "memories"):
                now = datetime.now(UTC).isoformat()
                new = {**memories()[0], "id": f"n{len(kept)}", "memory": body["text"], "kind": "turn"}
                kept.insert(0, {**new, "created_at": now, "time": now})
                self._json({"results": kept[:1]})
            case (_, "memories", memory):
                self._memory(method, kept, next((m for m in kept if m["id"] == memory), None), body)
            case ("GET", "profile"):
                self._json(profile(kept))
            case ("GET", "facts"):
                self._json({"results": world.facts})
            case ("POST", "facts", fact, "reinstate"):
                one = next(f for f in world.facts if f["id"] == int(fact))
                one |= {"valid_to": None, "reason": "", "superseded_by": None}
                self._json(one)
            case ("POST", "question"):
                options = ["Certainly. It closes at 6.", "Yeah, six!"]
                self._json({"prompt": "When does it close?", "options": options, "dimension": "formality", "nats": 0.4})
            case (_, "preferences"):
                for wish in body.get("preferences", []):
                    if wish["dimension"] in ENDS:
                        world.stated.pop(wish["dimension"], None)
                        world.stated |= {wish["dimension"]: wish["weight"]} if wish["weight"] else {}
                        continue
                    world.wishes.pop(wish["dimension"], None)
                    if wish["weight"]:
                        world.wishes[wish["dimension"]] = wish["weight"]
                rows = [{"dimension": k, "weight": v} for k, v in world.wishes.items()]
                dimensions = [dimension(name, world) for name in ENDS]
                suggested = ["short answers", "formal words", "a smiley"]
                self._json({"preferences": rows, "suggested": suggested, "dimensions": dimensions})
            case (_, "consents"):
                world.consents = body.get("consents", world.consents)
                world.remember = body.get("remember", world.remember)
                known = ["assist", "train", "share", "share_with_provider"]
                self._json({"consents": world.consents, "known": known, "remember": world.remember})
            case ("GET", "audit"):
                self._json({"results": [{"time": day(1), "actor": "page", "action": "add", "purpose": "", "count": 1}]})
            case ("GET", "answers", _, "explain"):
                self._explain(kept)
            case ("GET", "export"):
                self._send(200, b"PK\x05\x06" + bytes(18), "application/zip")
            case ("DELETE",):
                gone = len(world.people.pop(id))
                times = {"began": 1.7e9, "closed": 1.7e9 + 1}
                self._json(
                    {"unit": "a1", "records": gone, "bytes": 4096, "searched": 9, "residue": 0}
                    | {"status": "closed"}
                    | times
                )
            case _:
                self._refuse(404, "there is no such thing")

    def _memory(self, method: str, kept: list[dict[str, Any]], memory: dict[str, Any] | None, body: Any) -> None:
        if memory is None:
            self._refuse(404, "there is no such memory")
            return
        history = self.world.history.setdefault(memory["id"], [])
        if method == "GET":
            now = {"memory": memory["memory"], "from": memory["updated_at"] or memory["time"], "to": None}
            self._json({**memory, "history": [*history, {**now, "event": "UPDATE"}]})
        elif method == "DELETE":
            kept.remove(memory)
            self._json({"deleted": True, "id": memory["id"]})
        else:
            now_ = datetime.now(UTC).isoformat()
            if "text" in body:
                if body.get("keep_old", True):
                    history.append({"memory": memory["memory"], "from": memory["time"], "to": now_, "event": "ADD"})
                memory |= {"memory": body["text"], "updated_at": now_}
            memory["pinned"] = body.get("pinned", memory["pinned"])
            self._json(memory)

    def _explain(self, kept: list[dict[str, Any]]) -> None:
        nats = [None if self.world.real else 4.1 - 2 * n for n in range(3)]
        sources = [{**source(m, 0), "importance": one} for one, m in zip(nats, kept, strict=False)]
        basis = "used" if self.world.real else "mattered"
        self._json({"answer_id": "a", "basis": basis, "explained": True, "sources": sources})

    def _chat(self, body: dict[str, Any]) -> None:
        question = body["messages"][-1]["content"]
        user, ours = body.get("user"), body.get("idiolect", {})
        kept = self.world.people.get(user or "", [])
        text, place = next((a for word, a in ANSWERS.items() if word in question.lower()), ("I do not know that.", 0))
        near = [m for m in kept if m["id"] == f"m{place}"] + [m for m in kept if m["kind"] == "turn"][:2]
        strength = ours.get("strength", 1.0)
        if question == "fail":
            self._refuse(429, "too many requests wait")
            return
        own = bool(user) and strength > 0.3
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("content-security-policy", POLICY)
        self.send_header("connection", "close")
        self.end_headers()
        for word in (text if own else "Your sister lives in something I do not know.").split(" "):
            self._event({"choices": [{"index": 0, "delta": {"content": word + " "}, "finish_reason": None}]})
            time.sleep(0.02)
        shares = (0.62, 0.25, 0.13)
        sources = [source(m, w) for m, w in zip(near, shares, strict=False)] if user and strength else []
        last = {"answer_id": "ans_1" if user else None, "methods": ["ipa"] if user else [], "strength": strength}
        last |= {"sources": sources, "remembered": 0, "tokens": {"personal": 31, "completion": 5}}
        last |= {
            "degraded": [{"method": "cos", "why": "needs LOGITS, this model gives TEXT"}] if self.world.real else []
        }
        last |= {"milliseconds": {"personal": 2.1, "total": 180.4}}
        self._event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "idiolect": last})
        self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True

    def _event(self, chunk: dict[str, Any]) -> None:
        self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
        self.wfile.flush()


def dimension(name: str, world: World) -> dict[str, Any]:
    """What is learnt is the same from the first thing on that is said."""
    more, less = ENDS[name]
    learnt = 0.6 if world.said else 0.0
    ours = {"dimension": name, "more": more, "less": less, "learnt": learnt, "stated": world.stated.get(name)}
    limits = {"low": learnt - 0.3, "high": learnt + 0.3, "sure": bool(world.said), "sources": world.said}
    return {**ours, **limits, "weight": world.stated.get(name, learnt)}


def source(memory: dict[str, Any], weight: float) -> dict[str, Any]:
    return {
        "id": memory["id"],
        "text": memory["memory"],
        "kind": memory["kind"],
        "weight": weight,
        "time": memory["time"],
    }


def found(kept: list[dict[str, Any]], query: dict[str, str]) -> dict[str, Any]:
    rows = deepcopy(kept)
    if kind := query.get("kind"):
        rows = [m for m in rows if m["kind"] == kind]
    if words := query.get("query"):
        rows = [m for m in rows if any(w in m["memory"].lower() for w in words.lower().split())]
    if then := query.get("as_of"):
        rows = [m for m in rows if datetime.fromisoformat(m["time"]) <= datetime.fromisoformat(then)]
    return {"results": rows[: int(query.get("limit", 100))], "total": len(rows)}


def profile(kept: list[dict[str, Any]]) -> dict[str, Any]:
    groups: dict[str, Any] = {"attributes": {}, "relations": {}, "wishes": {}}
    for memory in kept:
        name, _, value = memory["memory"].partition(": ")
        if memory["kind"] == "fact":
            group = {"sister": "relations", "wants": "wishes"}.get(name, "attributes")
            groups[group].setdefault(value if name == "wants" else name, []).append("1" if name == "wants" else value)
    return groups


def main() -> None:
    given = argparse.ArgumentParser()
    given.add_argument("--port", type=int, default=8399)
    given.add_argument("--empty", action="store_true")
    given.add_argument("--real", action="store_true", help="a model behind the door that is not the embedded one")
    given.add_argument("--token", default="")
    options = given.parse_args()
    Door.world = World(empty=options.empty, token=options.token, real=options.real)
    server = ThreadingHTTPServer(("127.0.0.1", options.port), Door)
    print(f"http://127.0.0.1:{server.server_port}/", flush=True)  # noqa: T201
    server.serve_forever()


if __name__ == "__main__":
    main()
