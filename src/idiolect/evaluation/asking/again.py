"""What has been trained once is not trained again where the very same is asked.

A cousin differs from its method in an option or two. Whether those bear on `learn` nobody needs to declare: the method
is asked to learn, and where its request is, to the last number, one that was answered under the same key, so is the
answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from idiolect.core.fingerprint import fingerprint
from idiolect.core.model import Around, Model
from idiolect.core.requests import Fit, Key, Request

Place: TypeAlias = tuple[Key, bytes]


class Again(Around):
    """A model that remembers the fits of `learn`: those that belong to no user."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self._known: dict[Place | None, Any] = {}

    @property
    def saved(self) -> float:
        """Seconds that answers took which a server had given before."""
        return float(getattr(self._model, "saved", 0.0))

    def answer(self, requests: Sequence[Request], keys: Sequence[Key]) -> list[Any]:
        places = [_place(request, key) for request, key in zip(requests, keys, strict=True)]
        new = [i for i, place in enumerate(places) if place not in self._known]
        made = super().answer([requests[i] for i in new], [keys[i] for i in new]) if new else []
        found = dict(zip(new, made, strict=True))
        self._known |= {place: answer for i, answer in found.items() if (place := places[i])}
        return [found[i] if i in found else self._known[place] for i, place in enumerate(places)]


def _place(request: Request, key: Key) -> Place | None:
    """What the answer of a fit of `learn` is known by; None of any other request: it is never known."""
    return (key, fingerprint(request)) if isinstance(request, Fit) and not key.user else None
