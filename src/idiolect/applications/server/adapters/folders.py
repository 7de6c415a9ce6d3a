"""A user's adapter as a folder in PEFT's format. It lies within what was learnt of him, and goes when that goes.

<home>/spaces/<space>/users/<shard>/<random key>/own/<name>/peft-<digest>/
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from idiolect.core.errors import BadInput, UnknownName
from idiolect.core.idiolect import Edit, Idiolect
from idiolect.core.layout import ask
from idiolect.core.method import flow
from idiolect.core.types import UserData
from idiolect.data import artifacts
from idiolect.data.sqlite import folder
from idiolect.data.sqlite.store import SQLiteStore
from idiolect.generation.drive import run
from idiolect.personalize import compose

OWN, START = "own", "peft-"
ONLY = "Only low-rank edits go into a PEFT folder: export the user with `idiolect export` instead."


def published(store: SQLiteStore, user: str, name: str, base: str) -> Path | None:
    """His adapter's folder, written where it is missing; None where he has none over this base model.

    Args:
        base: the digest of the base model.

    Raises:
        BadInput: it is damaged, or holds more than low-rank edits.
    """
    with store.unit(user) as unit:
        own = unit.path / OWN / name if unit is not None else None
        if own is None or not artifacts.exists(own):
            return None
        path = own / f"{START}{_version(own, base)}"
        if path.is_dir():
            return path
        theta = _theta(store, name)
        kept = artifacts.load(own, theta=theta)
        if kept["base"] != base:
            return None
        return _written(path, kept, weights(kept, theta, f"adapter {name!r} of {user!r}"))


def weights(kept: Mapping[str, Any], theta: object, where: str) -> tuple[Edit, ...]:
    """The low-rank edits that an adapter is.

    Args:
        kept: what was stored of it, with "method" and "own".

    Raises:
        BadInput: the method writes more than weights, or asks the model at every query.
    """
    method = compose(kept["method"])
    try:
        made: Idiolect = run(flow(method.condition(UserData(""), ask("", ""), theta, kept["own"])), {})
    except UnknownName:
        raise BadInput(where, f"{kept['method']} asks the model at every query", ONLY) from None
    stream, *others = made.streams
    if others or made.combine or stream.context or stream.prefix is not None or stream.past:
        raise BadInput(where, f"{kept['method']} writes more than weights", ONLY)
    return stream.edits


def _version(own: Path, base: str) -> str:
    """Of what lies there, for this base model."""
    try:
        said = json.loads((own / artifacts.VALUE).read_text(encoding="utf-8"))["sha256"]
        return hashlib.sha256(f"{said} {base}".encode()).hexdigest()[:16]
    except (OSError, ValueError, KeyError, TypeError):
        raise BadInput(own, "no adapter can be read there", "Adapt the user again, or delete it.") from None


def _theta(store: SQLiteStore, name: str) -> Any:
    path = artifacts.theta_folder(store.home, store.space, name)
    return artifacts.load(path)["theta"] if artifacts.exists(path) else None


def _written(path: Path, kept: Mapping[str, Any], edits: tuple[Edit, ...]) -> Path:
    """Published whole; those of versions before go."""
    from idiolect.training import export
    from idiolect.training.merging import stacked

    plain = [stacked((edit,)) for edit in edits]  # all of scale 1: some servers read one alpha for all sites
    export.save(path, plain, base=kept["model"], digest=kept["base"])
    folder.private(path)
    for file in path.iterdir():
        file.chmod(folder.FILE)
    for old in path.parent.glob(f"{START}*"):
        if old != path:
            folder.remove(old)
    return path
