"""Whether a user's records may be used, and the answer either way: without leave exactly that of the model alone.

leave = ask(store, "ann", destination="provider")
text = run(answer(leave, query, method, theta, own), {"base": model}, key)      # leave.why says what is missing
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from idiolect.core.errors import ConsentError
from idiolect.core.method import Method, flow
from idiolect.core.requests import Ask, Flow
from idiolect.core.types import Query, UserData
from idiolect.data.store import Store
from idiolect.governance.view import Destination, Purpose, view


@dataclass(frozen=True, kw_only=True)
class Leave:
    """What may be seen of a user; `data` is None where nothing may, and `why` says so in a sentence."""

    data: UserData | None
    why: str = ""


def ask(
    store: Store,
    user: str,
    *,
    purpose: Purpose = "assist",
    destination: Destination = "local",
    neighbours: Iterable[str] = (),
    context: str = "",
) -> Leave:
    """As `view`, but a refusal is an answer."""
    try:
        seen = view(store, user, purpose=purpose, destination=destination, neighbours=neighbours, context=context)
    except ConsentError as refusal:
        return Leave(data=None, why=str(refusal))
    return Leave(data=seen)


def destination(store: Store, address: str | None) -> Destination:
    """Where a model's prompts go: "local" without an address, on loopback, or where the space trusts it."""
    return "local" if address is None or store.policy.local(address) else "provider"


def answer(leave: Leave, query: Query, method: Method[Any, Any], theta: Any, own: Any) -> Flow[str]:
    """The method's answer where there is leave; else one plain question to the same model.

    Neither theta nor own is touched without leave: what was learnt from him is his data too.
    """
    if leave.data is None:
        texts = yield Ask(query=query)
        return str(texts[0])
    text: str = yield from flow(method.respond(leave.data, query, theta, own))
    return text
