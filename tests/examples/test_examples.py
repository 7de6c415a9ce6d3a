"""The examples do what they say; those for other libraries run where these are installed."""

from __future__ import annotations

import configparser
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import httpx
import pytest

from idiolect.applications.server.service import Service
from idiolect.applications.server.settings import TABLES, load
from live import as_openai, serving

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, socket_enabled: None) -> Iterator[Service]:
    """A door before a stub that says who was asked about, at the address that the examples read."""

    def answer(request: httpx.Request) -> httpx.Response:
        said = str(request.read())
        message = {"role": "assistant", "content": "Kyoto" if "Kyoto" in said else "unknown"}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "small"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        return httpx.Response(200, json={**head, "choices": [choice], "usage": usage})

    given = {"server": {"port": 0, "encoder": "none"}, "upstream": {"url": "http://127.0.0.1:9/v1"}}
    settings = load(environment={}, home=tmp_path / "home", **given)
    with serving(settings, transport=httpx.MockTransport(answer)) as (made, address):
        as_openai(monkeypatch, made, address)
        yield made


def example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "needs"), [("langchain_chat", "langchain_openai"), ("llamaindex_chat", "llama_index.llms.openai_like")]
)
@pytest.mark.filterwarnings("default")  # of libraries that are not ours
def test_other_libraries_answer_in_a_users_own_terms(service: Service, name: str, needs: str) -> None:
    pytest.importorskip(needs)
    space = service.space("default")
    space.user("ann").add("My sister Anna lives in Kyoto")
    space.user("bob").add("I like tea")
    ask = example(name).ask
    assert ask("ann", "Where does my sister live?", "small") == "Kyoto"
    assert ask("bob", "Where does my sister live?", "small") == "unknown"
    assert [m["memory"] for m in space.user("bob").get_all()["results"]] == ["I like tea", "Where does my sister live?"]


def test_the_unit_for_systemd_can_be_read_and_starts_the_service_as_nobody_else() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(EXAMPLES / "idiolect.service")
    service = unit["Service"]
    assert service["ExecStart"].split()[1:3] == ["serve", "--config"]
    assert service["User"] == "idiolect"
    assert {service[name] for name in ("NoNewPrivileges", "PrivateTmp", "ProtectHome")} == {"yes"}
    assert service["UMask"] == "0077"


def test_the_image_runs_as_a_user_of_its_own_and_sets_what_the_service_reads() -> None:
    lines = (EXAMPLES / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert "USER idiolect" in lines
    given = [pair for line in lines if line.startswith("ENV ") for pair in line.split()[1:]]
    names = {pair.partition("=")[0] for pair in given if pair.startswith("IDIOLECT_")} - {"IDIOLECT_HOME"}
    known = {f"IDIOLECT_{t}_{f}".upper() for t in TABLES for f in vars(getattr(load(environment={}), t))}
    assert names
    assert names <= known
    assert all((EXAMPLES.parent / word).exists() for word in _copied())


def test_the_builder_is_sent_what_the_image_copies() -> None:
    lines = (EXAMPLES / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert {line[1:] for line in lines if line.startswith("!")} == _copied()


def test_the_image_is_installed_in_the_order_of_the_makefile() -> None:
    """Hashes are demanded of all but torch; no other order resolves."""
    step = re.compile(r"--no-deps --require-hashes.*-r \S+|-c constraints.txt torch")
    image, makefile = (
        step.findall((EXAMPLES / place).read_text(encoding="utf-8")) for place in ("Dockerfile", "../Makefile")
    )
    assert len(image) == 3
    assert image == makefile


def _copied() -> set[str]:
    lines = (EXAMPLES / "Dockerfile").read_text(encoding="utf-8").splitlines()
    return {word for line in lines if line.startswith("COPY ") and "--from" not in line for word in line.split()[1:-1]}
