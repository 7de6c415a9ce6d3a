"""What can be set: in TOML, by the environment, on the command line; each wins over those before it.

[server]     space, host, port, body, encoder, results
[pipeline]   methods, strength, budget, degrade
[methods.X]  options of method X
[upstream]   url, key_variable, timeout, retries, breaker, rest, cache_salt, prompt_logprobs
[limits]     rows, queue, each, tokens, per_minute
[answers]    days, most
[feedback]   weights, adapter, after
[adapters]   method, base, most, home
[telemetry]  logs, traces
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from idiolect.core.errors import BadInput, UnknownName
from idiolect.registry import make

PORT = 8321
LOCAL = ("127.0.0.1", "localhost", "::1")
SAID = {"true": True, "1": True, "false": False, "0": False}
HIDDEN = "***"
SECRET = re.compile("key|secret|token$|password|passphrase|credential", re.IGNORECASE)  # in the names of options
USERINFO = re.compile(r"(\w+://)[^/@\s]*@")  # in addresses


@dataclass(frozen=True, kw_only=True)
class Server:
    """body: bytes of a request at most. encoder: sentence vectors for searches, "auto" or "none". results: a folder
    with the `results.json` that the operator sees; empty for the newest one below the working folder."""

    space: str = "default"
    host: str = "127.0.0.1"
    port: int = PORT
    body: int = 8 * 2**20
    encoder: str = "auto"
    results: str = ""


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """How a named user is answered where neither key nor request says otherwise.

    methods: names joined by bars, or "none". strength: 0 generic to 1 personal. budget: tokens of personal context.
    degrade: what becomes of a method that needs more than the model gives: it is left out and named ("drop"), or the
    request is refused ("refuse").
    """

    methods: str = "ipa"
    strength: float = 1.0
    budget: int = 512
    degrade: str = "drop"


@dataclass(frozen=True, kw_only=True)
class Upstream:
    """url: up to /v1; empty for the local engine. timeout: seconds. retries: further tries of a server that is busy
    or silent. breaker: failures in a row after which it is left alone for `rest` seconds. cache_salt: whether it takes
    vLLM's field of that name, which keeps users' cached prefixes apart. prompt_logprobs: whether it takes that one,
    with which explanations say how much each record mattered."""

    url: str = ""
    key_variable: str = "OPENAI_API_KEY"
    timeout: float = 120.0
    retries: int = 2
    breaker: int = 5
    rest: float = 10.0
    cache_salt: bool = False
    prompt_logprobs: bool = False


@dataclass(frozen=True, kw_only=True)
class Limits:
    """rows: answers written at once. queue: requests that wait, beyond which 429. each: of them, one user's.
    tokens: of an answer where the request states none. per_minute: requests of one key; 0: no limit."""

    rows: int = 32
    queue: int = 128
    each: int = 32
    tokens: int = 256
    per_minute: int = 0


@dataclass(frozen=True, kw_only=True)
class Answers:
    """days: how long answers are kept for `explain`; 0 keeps none. most: of one user."""

    days: float = 30.0
    most: int = 1000


@dataclass(frozen=True, kw_only=True)
class Adapters:
    """Users' adapters on a vLLM server as the upstream. method: the name under which they were learnt; empty for none.
    base: digest of the base model that it serves (`idiolect adapters show`). most: loaded at once. home: where it sees
    the home; empty for the same place."""

    method: str = ""
    base: str = ""
    most: int = 8
    home: str = ""


@dataclass(frozen=True, kw_only=True)
class Telemetry:
    """logs: "failures" alone, or "requests" too. traces: a collector's address over OTLP and HTTP; empty for none."""

    logs: str = "failures"
    traces: str = ""


@dataclass(frozen=True, kw_only=True)
class Feedback:
    """weights: whether a user's weights over what an answer can be are learnt from his choices. adapter: the method
    that trains an adapter of his own on them; empty for none. after: so many new choices."""

    weights: bool = True
    adapter: str = "modpo"
    after: int = 20


@dataclass(frozen=True, kw_only=True)
class Settings:
    """home: see `idiolect.open`. model: a Hugging Face folder; None is the embedded model. trust_local: without keys,
    ask for no token."""

    home: Path | None = None
    model: Path | None = None
    trust_local: bool = False
    server: Server = field(default_factory=Server)
    pipeline: Pipeline = field(default_factory=Pipeline)
    methods: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    upstream: Upstream = field(default_factory=Upstream)
    limits: Limits = field(default_factory=Limits)
    answers: Answers = field(default_factory=Answers)
    feedback: Feedback = field(default_factory=Feedback)
    adapters: Adapters = field(default_factory=Adapters)
    telemetry: Telemetry = field(default_factory=Telemetry)

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the door."""
        return self.server.host in LOCAL


TABLES = ("server", "pipeline", "upstream", "limits", "answers", "feedback", "adapters", "telemetry")


def load(path: Path | None = None, environment: Mapping[str, str] | None = None, **given: Any) -> Settings:
    """Settings of a TOML file, then ``IDIOLECT_<TABLE>_<FIELD>`` of the environment, then `given` by table.

    Raises:
        BadInput: a file that cannot be read, a value of the wrong type or out of bounds.
        UnknownName: a table or field that does not exist.
    """
    data = _file(path) if path else {}
    for table in data:
        if table not in (*TABLES, "methods"):
            raise UnknownName(f"table in {path}", table, (*TABLES, "methods"))
    settings = Settings(methods=data.get("methods", {}))
    for source in (data, _environment(os.environ if environment is None else environment), given):
        for table in TABLES:
            if fresh := source.get(table):
                settings = replace(settings, **{table: make(getattr(settings, table), fresh, where=table)})
    _check(settings)
    return replace(settings, **{k: v for k, v in given.items() if k not in TABLES})


def shown(settings: Settings) -> dict[str, dict[str, Any]]:
    """Every table as plain data, without what is secret: passwords in addresses, options that are named as secrets."""
    tables = {name: asdict(getattr(settings, name)) for name in TABLES}
    tables |= {f"methods.{name}": dict(options) for name, options in settings.methods.items()}
    return {name: {key: _redacted(key, value) for key, value in table.items()} for name, table in tables.items()}


def _redacted(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _redacted(key, one) for key, one in value.items()}
    if isinstance(value, list):
        return [_redacted(name, one) for one in value]
    if isinstance(value, str) and SECRET.search(name) and name != "key_variable":
        return HIDDEN
    return USERINFO.sub(rf"\1{HIDDEN}@", value) if isinstance(value, str) else value


def _environment(variables: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Numbers are read as TOML reads them; what is none is text."""
    found: dict[str, dict[str, Any]] = {}
    for table in TABLES:
        for name in getattr(Settings(), table).__dataclass_fields__:
            text = variables.get(f"IDIOLECT_{table}_{name}".upper())
            if text is not None:
                kind = type(getattr(getattr(Settings(), table), name))
                try:
                    found.setdefault(table, {})[name] = SAID[text.lower()] if kind is bool else kind(text)
                except (ValueError, KeyError):
                    where = f"IDIOLECT_{table}_{name}".upper()
                    raise BadInput(where, f"{text!r} is no {kind.__name__}", "Correct or unset it.") from None
    return found


def _file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(
            path, f"cannot be read as TOML ({error})", "See docs/service.md for what it may hold."
        ) from error


def _check(settings: Settings) -> None:
    bounds = {
        "pipeline.strength": (settings.pipeline.strength, 0, 1),
        "pipeline.budget": (settings.pipeline.budget, 0, 10**6),
        "server.port": (settings.server.port, 0, 65535),
        "limits.rows": (settings.limits.rows, 1, 4096),
        "limits.queue": (settings.limits.queue, 1, 10**6),
        "limits.tokens": (settings.limits.tokens, 1, 10**6),
        "feedback.after": (settings.feedback.after, 1, 10**6),
        "upstream.timeout": (settings.upstream.timeout, 0.001, 86400),
        "adapters.most": (settings.adapters.most, 1, 10**6),
    }
    for name, (value, least, most) in bounds.items():
        if not least <= value <= most:
            raise BadInput(name, f"{value} is out of bounds", f"Give a number from {least} to {most}.")
    choices = {
        "encoder": (settings.server.encoder, ("auto", "none")),
        "way to degrade": (settings.pipeline.degrade, ("drop", "refuse")),
        "kind of log": (settings.telemetry.logs, ("failures", "requests")),
    }
    for kind, (given, known) in choices.items():
        if given not in known:
            raise UnknownName(kind, given, known)
