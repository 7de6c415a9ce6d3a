"""`idiolect.open` with a model: ``space.user("ann").chat("...")`` answers, by methods named with bars."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any

from idiolect import registry
from idiolect.core.errors import BadInput
from idiolect.core.layout import ask
from idiolect.core.model import Model
from idiolect.core.types import UserData
from idiolect.governance.view import Destination, view
from idiolect.memory.opening import open as opened
from idiolect.memory.reach import Reply
from idiolect.memory.space import Space
from idiolect.memory.user import User
from idiolect.models.embedded import open_model
from idiolect.personalize import Personal, compose


def open(
    home: str | Path | None = None,
    space: str = "default",
    *,
    model: Model | str | Path | None = None,
    pipeline: str = "ipa",
    **options: Any,
) -> Space:
    """Opens a space, made where it is missing.

    Args:
        home, space, options: as `idiolect.memory.opening.open` takes them.
        model: who answers `user.chat`: "embedded", the folder of a Hugging Face model, or a model that is open, as
            `idiolect.models.openai.OpenAIModel`; None for a space that is only kept.
        pipeline: methods joined by bars that need no training.

    Raises:
        BadInput: what cannot be opened, or a method that has to be trained first.
        UnknownName: no such method.
        AccessError: a method needs more than the model gives.
    """
    answers = None
    if model is not None:
        answers = Answering(open_model(model) if isinstance(model, (str, Path)) else model, pipeline)
    found = opened(home, space, **options)
    if answers is not None:
        found.answers = lambda user, text: answers.reply(found, user, text)
    return found


class Answering:
    """Methods over one model; one answer at a time, whoever asks."""

    def __init__(self, model: Model, pipeline: str) -> None:
        method = compose(pipeline)
        for name in (part.strip() for part in pipeline.split("|")):
            if registry.card(name).trains != "nothing":
                fix = "Take ipa, pag or 'ipa | cos', or serve what feedback teaches: idiolect serve."
                raise BadInput(f"pipeline {pipeline!r}", f"{name} has to be trained first", fix)
        self.model, self.pipeline = model, pipeline
        self._personal, self._lock = Personal(method=method, model=model), Lock()

    def reply(self, space: Space, user: User, text: str) -> Reply:
        """The answer from what was known before; then what he said is kept.

        Raises:
            BadInput: an empty text.
            ConsentError: he does not allow that his records leave this machine, and the model is elsewhere.
        """
        if not text.strip():
            raise BadInput("chat", "an empty text", "Say something.")
        data, query = self._data(space, user, text), ask("", text)
        with self._lock:
            self._personal.owns.clear()
            self._personal.adapt(data)
            made = self._personal.condition(data, query)
            said = self._personal.respond(data, query)
        user.add(text)
        return Reply(text=said, sources=tuple(sorted(id for _, id in made.sources)))

    def _data(self, space: Space, user: User, text: str) -> UserData:
        """What may be used of him and still holds; nothing where he does not allow it."""
        if "assist" not in user.consents():
            return UserData(user_id=user.id)
        url = getattr(self.model, "url", "")  # of a server
        destination: Destination = "local" if not url or space.store.policy.local(url) else "provider"
        data, over = view(space.store, user.id, destination=destination), user.over(text)
        return replace(data, records=tuple(r for r in data.records if r.id not in over))
