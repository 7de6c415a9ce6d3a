"""The model of an experiment, opened: the embedded one, a local folder, or what a server runs.

A served model is stated by the server's address and its name there, "http://127.0.0.1:8000/v1#NAME". It gives text and
nothing else; `gives` says so before anything is opened, so that no run breaks off at its tenth method. Its key stands
in the environment: in OPENAI_API_KEY, or in the variable that "https://SERVER/v1?key=VARIABLE#NAME" names.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from idiolect.core.errors import BadInput
from idiolect.core.method import Access
from idiolect.core.model import Around, Model
from idiolect.core.requests import Ask, Key, Request
from idiolect.data.policy import STUDY
from idiolect.evaluation.asking.recalled import Recalled
from idiolect.evaluation.experiment import TOKENS, Experiment
from idiolect.governance.view import Destination

KEY = "OPENAI_API_KEY"
SCHEMES = ("http://", "https://")
FORM = "Write the address up to /v1, and the model's name there: http://127.0.0.1:8000/v1#NAME"


def served(stated: str) -> bool:
    """Whether a model is a server's."""
    return stated.startswith(SCHEMES)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is, its name for the model, and the variable of the environment that holds its key."""

    url: str
    model: str
    variable: str = KEY


def address(stated: str) -> Address:
    """
    Raises:
        BadInput: no name, or a secret in the address, which would be written into every result.
    """
    where, _, name = stated.partition("#")
    parts = urlsplit(where)
    if "@" in parts.netloc:
        fix = f"Leave it out of the address: it is read from the environment ({KEY})"
        raise BadInput("model", "its address holds a user or a secret, which would stand in the results", fix)
    asked = dict(parse_qsl(parts.query, keep_blank_values=True))
    if set(asked) - {"key"} or not asked.get("key", KEY).isidentifier():
        fix = "Write ?key= and the name of a variable of the environment, or nothing"
        raise BadInput("model", "what stands behind the ? of its address is not understood", fix)
    if not name:
        raise BadInput(f"model {where}", "which of the server's models is meant is not said", FORM)
    return Address(urlunsplit(parts._replace(query="")), name, asked.get("key", KEY))


def destination(experiment: Experiment) -> Destination:
    """Where people's records go: to a provider, as soon as one of the models is not on this machine.

    All models are then asked with the same records, those that may leave it.
    """
    addresses = (address(m).url for m in experiment.models or (experiment.model,) if served(m))
    return "local" if all(STUDY.local(url) for url in addresses) else "provider"


def one_key_each(stated: Iterable[str]) -> None:
    """
    Raises:
        BadInput: two servers would be sent the same key.
    """
    servers: dict[str, str] = {}
    for found in (address(s) for s in stated if served(s)):
        host = urlsplit(found.url).netloc
        if servers.setdefault(found.variable, host) != host and os.environ.get(found.variable):
            what = f"{servers[found.variable]} and {host} would both be sent the key in {found.variable}"
            raise BadInput(
                "models", what, "Say for one of them where its own stands: https://SERVER/v1?key=VARIABLE#NAME"
            )


def short(stated: str) -> str:
    """What a model is called in a table."""
    return address(stated).model if served(stated) else Path(stated).name


def gives(stated: str) -> Access:
    """What such a model lets one see, told without opening it."""
    return Access.TEXT if served(stated) else Access.WEIGHTS


def opened(experiment: Experiment, model: Any = None) -> Model:
    """The model that the experiment names; a server's answers are kept in `experiment.cache`.

    Args:
        model: an open one in its place.

    Raises:
        BadInput: there is no such folder, it holds no model, or the address cannot be read.
    """
    found = model or _named(experiment.model)
    if served(experiment.model) and model is None and experiment.cache:
        found = Recalled(found, Path(experiment.cache))
    return found if experiment.tokens == TOKENS else Long(found, experiment.tokens)


def _named(stated: str) -> Any:
    if served(stated):
        from idiolect.models.openai import OpenAIModel

        found = address(stated)
        return OpenAIModel.open(found.url, found.model, key_variable=found.variable)
    from idiolect.models.embedded import open_model

    return open_model(stated)


class Long(Around):
    """A model whose answers may be as long as an experiment says, where a method says nothing of its own."""

    def __init__(self, model: Model, tokens: int) -> None:
        super().__init__(model)
        self._tokens = tokens

    def __getattr__(self, name: str) -> Any:  # what drivers and engines read of the model itself
        return getattr(self._model, name)

    def answer(self, requests: Sequence[Request], keys: Sequence[Key]) -> list[Any]:
        return super().answer([self._longer(r) for r in requests], keys)

    def _longer(self, request: Request) -> Request:
        if not isinstance(request, Ask) or request.sampling.max_tokens != TOKENS:
            return request
        return replace(request, sampling=replace(request.sampling, max_tokens=self._tokens))
