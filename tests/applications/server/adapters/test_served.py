"""Adapters on a server that speaks vLLM's routes for them: loaded, named in the request, evicted, never another's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import torch
from fastapi.testclient import TestClient
from openai import NotFoundError, OpenAI

from idiolect.adaptation.adapters.examples import Owned
from idiolect.applications.server.adapters.loaded import PREFIX
from idiolect.applications.server.app import create
from idiolect.applications.server.service import Service
from idiolect.applications.server.settings import load
from idiolect.core.idiolect import Edit
from idiolect.core.requests import Trained
from idiolect.core.types import UserData
from idiolect.governance import derived
from idiolect.governance.view import view
from idiolect.training import export
from idiolect.training.parts import low_rank

ADDRESS, BASE, SITE = "http://127.0.0.1:8321", "b4se", "model.layers.0.self_attn.q_proj"


class Vllm:
    """Speaks vLLM's /v1/load_lora_adapter and /v1/unload_lora_adapter, with its statuses and plain words."""

    def __init__(self, most: int = 4) -> None:
        self.most, self.loaded, self.log = most, dict[str, Path](), list[str]()
        self.asked: list[dict[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else {}
        match request.url.path.removeprefix("/v1/"):
            case "models":
                return httpx.Response(200, json={"data": [{"id": name} for name in ("small", *self.loaded)]})
            case "load_lora_adapter":
                return self._load(body["lora_name"], Path(body["lora_path"]))
            case "unload_lora_adapter":
                self.log.append("unload")
                found = self.loaded.pop(body["lora_name"], None)
                return httpx.Response(200, text="Success: removed") if found else _none(body["lora_name"])
        self.asked.append(body)
        if body["model"] != "small" and body["model"] not in self.loaded:
            return _none(body["model"])
        head = {"id": "chatcmpl-1", "created": 1, "model": body["model"]}
        if body.get("stream"):
            choices = [{"index": 0, "delta": {"content": "hi"}, "finish_reason": "stop"}]
            chunk = {**head, "object": "chat.completion.chunk", "choices": choices}
            return httpx.Response(200, content=f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n")
        choice = {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}
        return httpx.Response(200, json={**head, "object": "chat.completion", "choices": [choice]})

    def _load(self, name: str, path: Path) -> httpx.Response:
        self.log.append("load")
        if not (path / "adapter_config.json").is_file():
            return httpx.Response(404, json={"error": {"message": f"no adapter at {path}"}})
        if name in self.loaded:
            return httpx.Response(400, json={"error": {"message": f"'{name}' has already been loaded."}})
        if len(self.loaded) >= self.most:  # whatever its engine does not like
            return httpx.Response(500, json={"error": {"message": "LoRA rank 16 is greater than max_lora_rank 8."}})
        assert export.load(path, digest=BASE)
        self.loaded[name] = path
        return httpx.Response(200, text=f"Success: LoRA adapter '{name}' added successfully.")


def _none(name: str) -> httpx.Response:
    return httpx.Response(404, json={"error": {"message": f"The model `{name}` does not exist.", "code": 404}})


class Door:
    """A service before the stub, and its users' adapters."""

    def __init__(self, http: TestClient, service: Service, server: Vllm) -> None:
        self.http, self.service, self.server = http, service, server
        self.bearer = {"Authorization": f"Bearer {service.door.token}"}

    def learns(self, user: str, value: float = 1.0, base: str = BASE, scale: float = 1.0) -> None:
        """His adapter, as a method would have published it."""
        store = self.service.space("default").store
        self.service.space("default").user(user).consent("assist", "train")
        self.service.space("default").user(user).add(f"I am {user}")
        data: UserData = view(store, user, purpose="train")
        rows = {"A": torch.full((1, 8), value), "B": torch.full((8, 1), value), "scale": torch.tensor(scale)}
        edit = Edit(site=SITE, formula=low_rank, rows=rows)
        own = Owned(trained=Trained(edits=(edit,)), sources=tuple(data.lineage), upto=data.records[-1].id)
        about = {"method": "oppu", "options": {}, "model": "small", "base": base, "seed": 0, "plan": "", "losses": []}
        derived.keep(store, "oppu", {**about, "own": own}, [data], user=user, purpose="train")

    def asks(self, user: str | None, **more: Any) -> Any:
        """What he is answered, and by which model."""
        client = OpenAI(
            base_url=f"{ADDRESS}/v1", api_key=str(self.service.door.token), http_client=self.http, max_retries=0
        )
        given = {"user": user} if user else {}
        messages = [{"role": "user", "content": "how are you?"}]
        return client.chat.completions.create(model="small", messages=messages, **given, **more)

    @property
    def model(self) -> str:
        """Which the server was asked for last."""
        return str(self.server.asked[-1]["model"])


@pytest.fixture
def server() -> Vllm:
    return Vllm()


@pytest.fixture
def door(tmp_path: Path, server: Vllm) -> Iterator[Door]:
    given: Any = {
        "server": {"encoder": "none"},
        "upstream": {"url": "http://127.0.0.1:9/v1", "breaker": 2},
        "pipeline": {"methods": "ipa|oppu"},
        "adapters": {"method": "oppu", "base": BASE, "most": 2},
    }
    service = Service(load(environment={}, home=tmp_path / "home", **given), transport=httpx.MockTransport(server))
    with TestClient(create(service), base_url=ADDRESS) as http:
        yield Door(http, service, server)


def test_his_adapter_is_loaded_named_and_told(door: Door, server: Vllm) -> None:
    door.learns("ann")
    answer = door.asks("ann")
    assert door.model.startswith(PREFIX)
    assert door.model in server.loaded
    assert answer.idiolect["methods"] == ["ipa", "oppu"]
    assert answer.idiolect["degraded"] == []
    assert answer.model == "small"  # nobody learns the name
    assert "ann" not in door.model


def test_it_is_loaded_once_and_streams_too(door: Door, server: Vllm) -> None:
    door.learns("ann")
    door.asks("ann")
    chunks = list(door.asks("ann", stream=True))
    assert server.log == ["load"]
    assert chunks[-1].idiolect["methods"] == ["ipa", "oppu"]
    assert {chunk.model for chunk in chunks} == {"small"}


def test_who_has_none_or_is_nobody_is_answered_by_the_base(door: Door, server: Vllm) -> None:
    door.learns("ann")
    door.service.space("default").user("bob").add("hello")
    assert door.asks("bob").idiolect["degraded"][0]["method"] == "oppu"
    assert door.model == "small"
    door.asks(None)
    assert door.model == "small"
    assert server.log == []


def test_only_a_pipeline_that_names_it_uses_it(door: Door) -> None:
    door.learns("ann")
    door.asks("ann", extra_body={"idiolect": {"pipeline": "ipa"}})
    assert door.model == "small"
    door.asks("ann", extra_body={"idiolect": {"strength": 0}})
    assert door.model == "small"


def test_each_user_has_his_own_and_the_one_used_last_ago_goes(door: Door, server: Vllm) -> None:
    names = []
    for user, value in (("ann", 1.0), ("bob", 2.0), ("cem", 3.0)):
        door.learns(user, value)
        door.asks(user)
        names.append(door.model)
    assert len(set(names)) == 3
    assert set(server.loaded) == set(names[1:])
    door.asks("bob")
    door.asks("ann")  # cem's was used before bob's
    assert set(server.loaded) == {names[0], names[1]}
    owners = {name: path.parents[2].name for name, path in server.loaded.items()}
    store = door.service.space("default").store
    assert owners == {names[0]: store.key("ann"), names[1]: store.key("bob")}


def test_one_in_use_is_not_evicted(door: Door, server: Vllm) -> None:
    for user in ("ann", "bob", "cem"):
        door.learns(user)
    loaded = door.service.adapters
    assert loaded is not None

    async def crowded() -> str:
        async with loaded.held("default", "ann") as ann, loaded.held("default", "bob"):
            with pytest.raises(Exception, match="in use"):
                async with loaded.held("default", "cem"):
                    pass
            return ann

    assert asyncio.run(crowded()) in server.loaded


def test_the_server_is_given_one_alpha_for_all_ranks(door: Door, server: Vllm) -> None:
    """A server that does not read `alpha_pattern` computes the same."""
    door.learns("ann", scale=2.0)
    door.asks("ann")
    (folder,) = server.loaded.values()
    config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    (edit,) = export.load(folder)
    assert config["r"] == config["lora_alpha"]
    assert edit.rows["scale"] == 1.0
    assert torch.equal(edit.rows["B"], torch.full((8, 1), 2.0))


def test_a_new_version_takes_the_place_of_the_old(door: Door, server: Vllm) -> None:
    door.learns("ann", 1.0)
    door.asks("ann")
    before = door.model
    door.learns("ann", 2.0)
    door.asks("ann")
    assert door.model != before
    assert set(server.loaded) == {door.model}


def test_a_server_that_was_started_anew_gets_it_again(door: Door, server: Vllm) -> None:
    door.learns("ann")
    door.asks("ann")
    server.loaded.clear()
    assert door.asks("ann").idiolect["methods"] == ["ipa", "oppu"]
    server.loaded.clear()
    assert list(door.asks("ann", stream=True))[-1].idiolect["methods"] == ["ipa", "oppu"]
    assert server.log == ["load"] * 3


def test_what_lay_there_from_before_is_unloaded_first(door: Door, server: Vllm, tmp_path: Path) -> None:
    server.loaded[f"{PREFIX}stale"] = tmp_path
    door.learns("ann")
    door.asks("ann")
    assert set(server.loaded) == {door.model}


def test_an_adapter_of_another_base_or_that_is_not_loaded_is_left_out_and_named(door: Door, server: Vllm) -> None:
    door.learns("ann", base="other")
    (left,) = door.asks("ann").idiolect["degraded"]
    assert "base" in left["why"]
    door.learns("bob")
    server.most = 0
    (left,) = door.asks("bob").idiolect["degraded"]
    assert "does not load it (status 500)" in left["why"]
    assert door.model == "small"


def test_one_that_the_server_does_not_load_is_tried_once_a_request_and_cuts_nobody_off(
    door: Door, server: Vllm
) -> None:
    server.most = 0
    door.learns("ann")
    for _ in range(3):
        door.asks("ann")
    assert server.log == ["load"] * 3
    assert not door.service.failing


def test_erasing_him_unloads_it_and_leaves_no_byte(door: Door, server: Vllm, tmp_path: Path) -> None:
    door.learns("ann")
    door.asks("ann")
    folder = next(iter(server.loaded.values()))
    assert folder.is_dir()
    assert door.http.delete("/v1/users/ann", headers=door.bearer).json()["status"] == "closed"
    assert server.loaded == {}
    assert not list((tmp_path / "home").rglob("adapter_model.safetensors"))


def test_it_goes_with_the_consent_to_train(door: Door, server: Vllm, tmp_path: Path) -> None:
    door.learns("ann")
    door.asks("ann")
    door.http.put("/v1/users/ann/consents", json={"consents": ["assist"]}, headers=door.bearer)
    assert server.loaded == {}
    assert not list((tmp_path / "home").rglob("adapter_model.safetensors"))
    assert door.asks("ann").idiolect["methods"] == ["ipa"]


def test_no_client_can_ask_for_an_adapter_or_sees_it_listed(door: Door, server: Vllm) -> None:
    door.learns("ann")
    door.asks("ann")
    body = {"model": door.model, "messages": [{"role": "user", "content": "hello"}]}
    assert door.http.post("/v1/chat/completions", json=body, headers=door.bearer).status_code == 404
    listed = door.http.get("/v1/models", headers=door.bearer).text
    assert PREFIX not in listed
    client = OpenAI(
        base_url=f"{ADDRESS}/v1", api_key=str(door.service.door.token), http_client=door.http, max_retries=0
    )
    with pytest.raises(NotFoundError):
        client.models.retrieve(door.model)


def test_where_nothing_may_be_left_out_it_is_refused(tmp_path: Path, server: Vllm) -> None:
    given: Any = {
        "server": {"encoder": "none"},
        "upstream": {"url": "http://127.0.0.1:9/v1"},
        "pipeline": {"methods": "oppu", "degrade": "refuse"},
        "adapters": {"method": "oppu", "base": BASE},
    }
    service = Service(load(environment={}, home=tmp_path / "home", **given), transport=httpx.MockTransport(server))
    with TestClient(create(service), base_url=ADDRESS) as http:
        door = Door(http, service, server)
        body = {"model": "small", "messages": [{"role": "user", "content": "hello"}], "user": "ann"}
        found = http.post("/v1/chat/completions", json=body, headers=door.bearer)
    assert (found.status_code, found.json()["error"]["code"]) == (400, "method_unavailable")
