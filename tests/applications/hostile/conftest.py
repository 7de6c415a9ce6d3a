"""A door before a stub, with a user whose secret nobody else may see."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from idiolect.applications.server.speakers.keys import Keys

if TYPE_CHECKING:
    from tests.applications.conftest import Opener, Running

CANARY = "canary-c0ffee"


@dataclass(frozen=True)
class Guarded:
    """Ann's door with keys: her memory and answer, and others' keys by what they are."""

    door: Running
    memory: str
    answer: str
    keys: dict[str, str]

    def send(self, method: str, path: str, key: str | None, body: Any = None) -> Any:
        """As whoever holds a key."""
        headers = {"Authorization": f"Bearer {self.keys[key]}"} if key else {}
        given = {"json": body} if method in ("POST", "PUT", "PATCH") else {}
        return self.door.http.request(method, path, headers=headers, **given)

    def state(self) -> Any:
        """All that is kept of her, but for who looked."""
        ann = self.door.user("ann")
        with self.door.service.notebook("default").of("ann") as notes:
            assert notes is not None
            kept = (notes.pins(), notes.answers(9))
        return (ann.get_all(), ann.profile(), ann.consents(), ann.remembered, kept)


@pytest.fixture
def guarded(opened: Opener, tmp_path: Path) -> Guarded:
    keys, secrets = Keys(tmp_path / "home"), {}
    for name, given in {
        "ann": {"kind": "user", "user": "ann"},
        "bob": {"kind": "user", "user": "bob"},
        "other": {"kind": "app", "space": "other"},
        "operator": {"kind": "operator"},
    }.items():
        secrets[name] = keys.create(**given)[1]
    keys.close()
    door = opened(upstream=True)
    door.user("bob").add("hello")
    messages = [{"role": "user", "content": f"my secret is {CANARY}"}]
    answer = door.client(secrets["ann"]).chat.completions.create(model="small", messages=messages)
    (memory,) = (one["id"] for one in door.user("ann").get_all()["results"])
    return Guarded(door, memory, answer.idiolect["answer_id"], secrets)
