"""What answering asks of the service around it; the service is built on answering, never the other way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from idiolect.applications.server.adapters.loaded import Loaded
from idiolect.applications.server.answering.exchange import Exchange
from idiolect.applications.server.answering.held import Held
from idiolect.applications.server.answering.local import Local
from idiolect.applications.server.answering.notes import Notebook
from idiolect.applications.server.answering.pipeline import Pipeline
from idiolect.applications.server.answering.upstream import Upstream
from idiolect.applications.server.settings import Settings
from idiolect.applications.server.speakers.identity import Speaker
from idiolect.applications.server.tracing import Tracing
from idiolect.memory.space import Space
from idiolect.memory.user import User


class Serving(Protocol):
    """Exactly one of `local` and `upstream` is there."""

    settings: Settings
    clock: Callable[[], float]
    pipeline: Pipeline
    local: Local | None
    upstream: Upstream | None
    tracing: Tracing
    adapters: Loaded | None

    @property
    def tokens(self) -> int:
        """Of a local answer where the request states none."""

    def space(self, name: str) -> Space:
        """A space of this home."""

    def notebook(self, name: str) -> Notebook:
        """What the door keeps of a space's users."""

    def held(self, name: str) -> Held:
        """A space's store, through what is held of it in memory."""

    def person(self, speaker: Speaker, user: str | None) -> User | None:
        """The handle of whom a request names, if it names anybody who may be answered."""

    def named(self, model: Any) -> tuple[str, str | None]:
        """(the model's own name, the pipeline asked for) of the field `model`."""

    def salt(self, exchange: Exchange) -> str:
        """What keeps the cached prefixes of whom a request is about apart from others'; empty where none is taken."""

    def own_salt(self, space: str, user: str) -> str:
        """The same of a user whom no request is about."""

    def answered(self, exchange: Exchange) -> None:
        """Counts an answer that was given."""
