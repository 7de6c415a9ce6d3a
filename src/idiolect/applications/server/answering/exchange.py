"""One request for an answer, from what was asked to what came of it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from idiolect.applications.server.answering.dialogue import Said
from idiolect.applications.server.answering.pipeline import NONE, Shown, Wanted
from idiolect.applications.server.answering.shapes import Call
from idiolect.applications.server.speakers.identity import Speaker
from idiolect.core.types import Query, UserData


@dataclass(kw_only=True)
class Exchange:
    """One request on its way, and what came of it. named: whom the request is about. user: the same, where anything of
    him may be touched.

    ends: why each choice ended. calls: the functions that the first calls. first: seconds until the first chunk. trace:
    headers that name its span to an upstream. adapters: methods whose adapter answers. unserved: why others do not.
    reloaded: whether an adapter had to be loaded again.
    """

    body: Mapping[str, Any]
    model: str  # as asked
    name: str  # without its pipeline
    speaker: Speaker
    messages: Sequence[Mapping[str, Any]]
    query: Query
    wanted: Wanted
    named: str | None = None
    user: str | None = None
    conversation: str = ""
    data: UserData | None = None
    said: list[Said] = field(default_factory=list)
    shown: Shown = field(default_factory=Shown)
    remembered: int = 0
    writes: bool = False
    answer_id: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    ends: tuple[str, ...] = ()
    calls: list[Call] = field(default_factory=list)
    first: float | None = None
    trace: dict[str, str] = field(default_factory=dict)
    adapters: tuple[str, ...] = ()
    reloaded: bool = False
    unserved: tuple[dict[str, str], ...] = ()
    began: float = field(default_factory=time.perf_counter)

    @property
    def methods(self) -> tuple[str, ...]:
        """All that had a part in the answer."""
        return (*self.shown.methods, *self.adapters)

    @property
    def degraded(self) -> tuple[dict[str, str], ...]:
        """All that were left out, and why."""
        return (*self.shown.degraded, *self.unserved)

    def extension(self) -> dict[str, Any]:
        """The field `idiolect` of the answer."""
        tokens = {"prompt": self.prompt_tokens, "personal": self.shown.tokens, "completion": self.completion_tokens}
        spent = 1e3 * (time.perf_counter() - self.began)
        return {
            "answer_id": self.answer_id,
            "space": self.speaker.space,
            "user": self.user,
            "pipeline": self.shown.pipeline,
            "methods": list(self.methods),
            "strength": self.shown.strength,
            "degraded": list(self.degraded),
            "sources": [s.plain() for s in self.shown.sources],
            "learnt_from": len(self.shown.taught.records),
            "remembered": self.remembered,
            "tokens": tokens,
            "milliseconds": {"personal": round(self.shown.milliseconds, 2), "total": round(spent, 2)},
        }

    def headers(self) -> dict[str, str]:
        """What is known before the answer begins."""
        return {
            "x-idiolect-methods": ",".join(self.methods) or NONE,
            "x-idiolect-sources": str(len(self.shown.sources)),
            "x-idiolect-tokens": str(self.shown.tokens),
            "x-idiolect-milliseconds": f"{self.shown.milliseconds:.2f}",
        }
