"""The service of this package as an assistant, over HTTP: it knows who speaks, is told what he preferred, and asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from idiolect.core.types import Message
from idiolect.evaluation.simulated.users import Offer
from idiolect.models.wire import Wire

NOTHING = 409  # both replies are alike: his choice would tell nothing


@dataclass(frozen=True, eq=False)
class AtDoor:
    """One user before the door; `wire` ends with "/v1". The present session is sent, what was before it must know."""

    wire: Wire
    model: str
    user: str
    tokens: int = 96

    def reply(self, said: Sequence[Message], since: int = 0) -> str:
        messages = [{"role": m.role, "content": m.content} for m in said[since:]]
        body = {"model": self.model, "user": self.user, "messages": messages, "max_tokens": self.tokens}
        return str(self._posted("chat/completions", body)["choices"][0]["message"]["content"] or "")

    def learns(self, prompt: str, chosen: str, rejected: str) -> None:
        said = {"user": self.user, "prompt": prompt, "chosen": chosen, "rejected": rejected}
        self._posted("feedback", said)

    def inquires(self, offers: Sequence[Offer]) -> int:
        nats = self.wire.many(self._nats, [(o,) for o in offers])
        return nats.index(max(nats))

    def _nats(self, client: httpx.Client, offer: Offer) -> float:
        body = {"prompt": offer.prompt, "candidates": [offer.first, offer.second]}
        response = self.wire.post(client, f"users/{quote(self.user, safe='')}/question", body)
        return 0.0 if response.status_code == NOTHING else float(self.wire.content(response)["nats"])

    def _posted(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        (found,) = self.wire.many(lambda client: self.wire.content(self.wire.post(client, path, body)), [()])
        return found
