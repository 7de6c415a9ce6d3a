"""His records as an application may use them: within his consents, and noted in his audit trail."""

from __future__ import annotations

from dataclasses import replace

from idiolect.core.types import UserData
from idiolect.governance.view import Destination, view
from idiolect.memory.space import Space

NOTHING_ALLOWED = "he does not allow that his records are used to assist him"
NOTHING_KNOWN = "nothing that bears on this is known of him"


def known(space: Space, user: str, action: str, *, model_at: str = "") -> tuple[UserData, str]:
    """What holds of him now, oldest first; and why it is nothing, where he does not allow "assist".

    Args:
        action: what he finds in his audit trail, beside the reading itself.
        model_at: address of a server that will see the records; empty where they stay on this machine.

    Raises:
        BadInput: an id that can be nobody's.
        ConsentError: the server is not trusted, and he does not allow that his records leave this machine.
    """
    handle = space.user(user)
    nobody = UserData(user_id=handle.id)
    with space.store.unit(handle.id) as unit:
        if unit is None:
            return nobody, NOTHING_KNOWN
        allowed = "assist" in handle.consents()
        unit.note(space.actor, action, purpose="assist", count=int(allowed))
    if not allowed:
        return nobody, NOTHING_ALLOWED
    destination: Destination = "local" if not model_at or space.store.policy.local(model_at) else "provider"
    data, now = view(space.store, handle.id, destination=destination), space.store.clock()
    over = _over(space, handle.id)
    holding = (r for r in data.records if (r.valid_from or now) <= now and (r.valid_to is None or r.valid_to > now))
    return replace(data, records=tuple(r for r in holding if r.id not in over)), ""


def _over(space: Space, user: str) -> set[str]:
    """Ids of records that state only what no longer holds."""
    facts = space.user(user).facts(history=True)
    held = {id for fact in facts if fact["valid_to"] is None for id in fact["sources"]}
    return {id for fact in facts if fact["valid_to"] is not None for id in fact["sources"]} - held
