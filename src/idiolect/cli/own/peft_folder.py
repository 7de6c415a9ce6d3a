"""An adapter as a PEFT folder, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from idiolect import config
from idiolect.adaptation.adapters.examples import Owned
from idiolect.cli.own.shelf import Shelf, plain
from idiolect.core.errors import BadInput, UnknownName
from idiolect.core.idiolect import Idiolect
from idiolect.core.layout import ask
from idiolect.core.method import flow
from idiolect.core.requests import Trained
from idiolect.core.types import UserData
from idiolect.generation.drive import run
from idiolect.personalize import compose
from idiolect.training import export


def written(shelf: Shelf, user: str, name: str, folder: Path) -> tuple[Path, list[int]]:
    """The folder, and the ranks in it: task and user adapter of a site are one LoRA of summed rank.

    Raises:
        BadInput: the method writes more than low-rank edits, which a PEFT folder cannot hold.
    """
    kept, theta = shelf.load(user, name)
    method = compose(kept["method"], config.load("").methods)
    try:
        made: Idiolect = run(flow(method.condition(UserData(user), ask("", ""), theta, kept["own"])), {})
    except UnknownName:
        raise BadInput(
            f"adapter {name!r} of {user!r}", f"{kept['method']} asks the model at every query", ONLY
        ) from None
    stream, *others = made.streams
    if others or made.combine or stream.context or stream.prefix is not None or stream.past:
        raise BadInput(f"adapter {name!r} of {user!r}", f"{kept['method']} writes more than weights", ONLY)
    path = export.save(folder, stream.edits, base=kept["model"], digest=kept["base"])
    ranks = {len(({**e.shared, **e.rows})["A"]) for e in export.load(path)}
    return path, sorted(ranks)


ONLY = "Only low-rank edits go into a PEFT folder: export the user with `idiolect export` instead."


def read(shelf: Shelf, user: str, folder: Path, name: str, model: Any) -> Path:
    """Publishes the LoRA of a folder as an adapter without theta.

    Raises:
        BadInput: no whole PEFT folder, or one for another base.
    """
    edits = export.load(folder, module=model.module, digest=model.digest)
    about = {"method": "oppu", "options": {}, "model": model.name, "base": model.digest, "seed": 0}
    about |= {"plan": f"imported from {folder.name}", "losses": []}
    own = Owned(trained=Trained(edits=edits), sources=(), upto="")
    return shelf.publish(user, plain(name), about, own)
