"""What the door adds to a request's time, over what LiteLLM's proxy adds, both before the same stub upstream.

Each is a process of its own that listens on this machine; one client asks them in turn, one request at a time, with the
same words and a key, and rests before each, so that what one still does after its answer is not counted as the next's.
The door remembers: it reads a user's hundred memories, shows him some and keeps what he says. LiteLLM lives in an
environment of its own, runs/bench/litellm, made where it is missing; where it cannot be made no row is written.
Counts: IDIOLECT_BENCH_ASKED (30), IDIOLECT_BENCH_ROUNDS (5).
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from ratio import Row, machine

ASKED = int(os.environ.get("IDIOLECT_BENCH_ASKED", "30"))  # requests of each side in a round
ROUNDS = int(os.environ.get("IDIOLECT_BENCH_ROUNDS", "5"))
HERE, RIVAL = Path(__file__).parent, Path("runs/bench/litellm").absolute()
HOST, PATH, USERS = "127.0.0.1", "/v1/chat/completions", 10
WHAT = ("sister", "brother", "dog", "doctor", "boss", "street", "garden", "office", "school", "boat")
DOES = ("lives in", "comes from", "went to", "likes", "left", "never saw", "knows", "misses", "dreams of", "sings of")
PLACE = ("Oslo", "Kyoto", "Lima", "Turin", "Accra", "Quito", "Hanoi", "Perth", "Cork", "Bergen")
WAIT, REST = 120.0, 0.03  # seconds for a process to listen; before a request
QUIET = {  # no list of prices from the network, no reports home
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOG": "ERROR",
    "LITELLM_TELEMETRY": "False",
}


async def stub(scope: Any, receive: Any, send: Any) -> None:
    """The upstream, as an ASGI application: one short answer at once."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    message = {"role": "assistant", "content": "Certainly."}
    head = {"id": "c", "object": "chat.completion", "created": 1, "model": "small"}
    usage = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    body = json.dumps({**head, "choices": [choice], "usage": usage}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def rival() -> str | None:
    """LiteLLM's version; None where its environment cannot be made, which is said."""
    python = RIVAL / "bin" / "python"
    try:
        if not (RIVAL / "bin" / "litellm").exists():
            subprocess.run([sys.executable, "-m", "venv", str(RIVAL)], check=True)
            subprocess.run([python, "-m", "pip", "install", "-q", "litellm[proxy]"], check=True)
        asked = [python, "-c", "from importlib.metadata import version; print(version('litellm'))"]
        return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"no row against LiteLLM's proxy: {RIVAL} cannot be made ({error})")
        return None


def free() -> int:
    """A port that nobody listens at."""
    with socket.socket() as one:
        one.bind((HOST, 0))
        return int(one.getsockname()[1])


@dataclass(frozen=True)
class Side:
    """Who is asked, and the key that he wants."""

    connection: HTTPConnection
    key: str

    def ask(self, number: int) -> float:
        """Seconds of one request."""
        question = f"Where did my {WHAT[number % 10]} go, the time before number {number}?"
        body = {"model": "small", "user": f"user {number % USERS}", "messages": [{"role": "user", "content": question}]}
        content = json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}
        began = time.perf_counter()
        self.connection.request("POST", PATH, content, headers)
        response = self.connection.getresponse()
        said = response.read()
        spent = time.perf_counter() - began
        if response.status != 200:
            raise RuntimeError(f"status {response.status}: {said[:300]!r}")
        return spent


@contextmanager
def process(folder: Path, port: int, words: list[str], key: str = "none", **more: str) -> Iterator[Side]:
    """What answers at a port, started here and ended afterwards."""
    with tempfile.TemporaryFile() as log:
        environment = {**os.environ, **more}
        made = subprocess.Popen(words, stdout=log, stderr=log, env=environment, cwd=folder, start_new_session=True)
        side = Side(HTTPConnection(HOST, port, timeout=60), key)
        end = time.monotonic() + WAIT
        try:
            while True:
                try:
                    side.ask(0)
                    break
                except OSError:
                    side.connection.close()
                    if made.poll() is not None or time.monotonic() > end:
                        log.seek(0)
                        raise RuntimeError(f"{words[0]} does not answer: {log.read()[-1000:]!r}") from None
                    time.sleep(0.2)
            side.connection.close()  # a server closes it, too, while the others start; the next request opens it again
            yield side
        finally:
            side.connection.close()
            with suppress(ProcessLookupError):
                os.killpg(made.pid, signal.SIGTERM)
            made.wait(30)


def door(stack: ExitStack, folder: Path, url: str, encoder: str) -> Side:
    """Our service, whose users have a hundred memories each, their vectors made before the clock runs."""
    from idiolect.applications.server.speakers.keys import Keys
    from idiolect.memory.opening import open

    home, port = folder / encoder, free()
    texts = [f"My {WHAT[n % 10]} {DOES[n // 10]} {PLACE[(n * 7) % 10]}, and that since {1900 + n}." for n in range(100)]
    with open(home, encoder="auto" if encoder == "auto" else None) as space:
        for n in range(USERS):
            space.user(f"user {n}").add(texts, wait=True)
    keys = Keys(home)
    _, key = keys.create("app", name="bench")
    keys.close()
    words = [sys.executable, "-m", "idiolect", "serve", "--port", str(port), "--home", str(home), "--upstream", url]
    return stack.enter_context(process(folder, port, words, key, IDIOLECT_SERVER_ENCODER=encoder))


def sides(stack: ExitStack, folder: Path) -> dict[str, Side]:
    """Who is asked: the stub itself, the proxy, our door without and with the question's encoding."""
    port, other = free(), free()
    url = f"http://{HOST}:{port}/v1"
    words = [sys.executable, "-m", "uvicorn", "--app-dir", str(HERE), "--port", str(port), "--log-level", "warning"]
    found = {"stub": stack.enter_context(process(folder, port, [*words, "proxy:stub"]))}
    config, key = folder / "litellm.yaml", f"sk-{secrets.token_hex(32)}"
    to = {"model": "openai/small", "api_base": url, "api_key": "none"}
    config.write_text(json.dumps({"model_list": [{"model_name": "small", "litellm_params": to}]}))
    words = [str(RIVAL / "bin" / "litellm"), "--config", str(config), "--host", HOST, "--port", str(other)]
    found["litellm"] = stack.enter_context(process(folder, other, words, key, **QUIET, LITELLM_MASTER_KEY=key))
    return found | {encoder: door(stack, folder, url, encoder) for encoder in ("none", "auto")}


def pairs() -> Iterator[Row]:
    """The rows: medians of (door - stub) / (LiteLLM - stub), each a median over a round's requests."""
    version = rival()
    if version is None:
        return
    ratios: dict[str, list[float]] = {"none": [], "auto": []}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        asked = sides(stack, Path(folder))
        names, number = list(asked), 0
        for one in range(ROUNDS + 1):
            spent: dict[str, list[float]] = {name: [] for name in asked}
            for _ in range(ASKED):
                for name in names:
                    time.sleep(REST)
                    spent[name].append(asked[name].ask(number))
                names.append(names.pop(0))  # each comes after each other in turn
                number += 1
            middle = {name: median(times) for name, times in spent.items()}
            print(f"LiteLLM {version}, ms:", {name: round(1e3 * m, 2) for name, m in middle.items()})
            for name in ratios if one else ():  # the first round warms up
                ratios[name].append((middle[name] - middle["stub"]) / (middle["litellm"] - middle["stub"]))
    for name, goal, what in (
        ("none", 0.5, "p50 added to a request, 100 memories / by LiteLLM's proxy"),
        ("auto", None, "p50 added, with the question's encoding / by LiteLLM's proxy"),
    ):
        low, middle_, high = (round(x, 3) for x in quantiles(ratios[name], n=4))
        command = "python benchmarks/speed proxy"
        yield Row(
            id=what, ratio=middle_, low=low, high=high, goal=goal, better="lower", command=command, machine=machine()
        )
