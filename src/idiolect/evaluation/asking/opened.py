"""The model of an experiment, opened: the embedded one, a local folder, or what a server runs.

A served model is stated by the server's address and its name there, "http://127.0.0.1:8000/v1#NAME". It gives text and
nothing else; `gives` says so before anything is opened, so that no run breaks off at its tenth method.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from idiolect.core.errors import BadInput
from idiolect.core.method import Access
from idiolect.core.model import Around, Model
from idiolect.core.requests import Ask, Key, Request
from idiolect.evaluation.asking.recalled import Recalled
from idiolect.evaluation.experiment import TOKENS, Experiment

SCHEMES = ("http://", "https://")
FORM = "Write the address up to /v1, and the model's name there: http://127.0.0.1:8000/v1#NAME"


def served(stated: str) -> bool:
    """Whether a model is a server's."""
    return stated.startswith(SCHEMES)


def address(stated: str) -> tuple[str, str]:
    """(address, the server's name for the model).

    Raises:
        BadInput: no name, or a secret in the address, which would be written into every result.
    """
    url, _, name = stated.partition("#")
    if not name:
        raise BadInput(f"model {url}", "which of the server's models is meant is not said", FORM)
    if "@" in urlsplit(url).netloc:
        fix = "Leave it out of the address: it is read from the environment (OPENAI_API_KEY)"
        raise BadInput("model", "its address holds a user or a secret, which would stand in the results", fix)
    return url, name


def short(stated: str) -> str:
    """What a model is called in a table."""
    return address(stated)[1] if served(stated) else Path(stated).name


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

        return OpenAIModel.open(*address(stated))
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
