"""An adapter as a PEFT folder, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from idiolect.adaptation.adapters.examples import Owned
from idiolect.applications.server.adapters.folders import weights
from idiolect.cli.own.shelf import Shelf, plain
from idiolect.core.requests import Trained
from idiolect.training import export


def written(shelf: Shelf, user: str, name: str, folder: Path) -> tuple[Path, list[int]]:
    """The folder, and the ranks in it: task and user adapter of a site are one LoRA of summed rank.

    Raises:
        BadInput: the method writes more than low-rank edits, which a PEFT folder cannot hold.
    """
    kept, theta = shelf.load(user, name)
    edits = weights(kept, theta, f"adapter {name!r} of {user!r}")
    path = export.save(folder, edits, base=kept["model"], digest=kept["base"])
    ranks = {len(({**e.shared, **e.rows})["A"]) for e in export.load(path)}
    return path, sorted(ranks)


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
