"""The head of a results folder, `experiment.json`: what was run, with which settings, on which model and versions."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from idiolect.core.errors import BadInput
from idiolect.evaluation.entries import Entry
from idiolect.evaluation.experiment import Experiment, asdict
from idiolect.evaluation.ledger import EXAMPLES

NAME = "experiment.json"
UNKNOWN = {
    "presets": "",
    "tried": {},
    "model": "none",
    "digest": "",
    "source": "",
    "asked": "",
    "planned": 0,
    "users": 0,
    "learners": 0,
    "apart": True,
    "further": {},
    "models": {},
    "left_out": {},
}
EACH, TOGETHER = "each task by itself", "all tasks together"
PACKAGES = ("idiolect", "torch", "transformers", "numpy", "bm25s", "rouge-score", "scikit-learn")


def write(folder: Path, experiment: Experiment, entries: Sequence[Entry], facts: dict[str, Any]) -> None:
    """Writes or extends the head.

    Args:
        facts: of this run: presets, tried, model, digest, source, users, learners, whether these are `apart`, the
            digest of what is `asked`, how many answers are `planned`, the `further` metrics of each task, by method
            why it was `left_out`, and `models`, where there are several: by name, as it is stated, and its digest.

    Raises:
        BadInput: the folder holds answers given under other settings.
    """
    path = folder / NAME
    if not path.exists() and (folder / EXAMPLES).exists():
        what = "it is missing, so that nobody knows under what the answers beside it were given"
        raise BadInput(path, what, "Give another folder with --out, or delete this one")
    old = read(folder) if path.exists() else {}
    methods = {e.name: settings(e) for e in entries}
    _same(path, old, {"fingerprint": experiment.fingerprint} | {k: facts.get(k, "") for k in ("digest", "asked")})
    _same(path, old.get("models", {}), facts.get("models", {}), "model")
    for name, now in methods.items():
        _same(path, old.get("methods", {}).get(name, {}), now, f"settings of {name}")
    models = {**old.get("models", {}), **facts.get("models", {})}
    head = {
        **UNKNOWN,
        **facts,
        "model": ", ".join(models) or facts.get("model", UNKNOWN["model"]),
        "models": models,
        "left_out": {**old.get("left_out", {}), **facts.get("left_out", {})},
        "fingerprint": experiment.fingerprint,
        "experiment": asdict(experiment),
        "methods": {**old.get("methods", {}), **methods},
        "versions": {k: _also(old.get("versions", {}).get(k, ""), v) for k, v in versions().items()},
    }
    folder.mkdir(parents=True, exist_ok=True)
    publish(path, json.dumps(head, indent=1, ensure_ascii=False))


def read(folder: Path) -> dict[str, Any]:
    """The head of a folder of results.

    Raises:
        BadInput: there is none, or it is cut.
    """
    path = folder / NAME
    try:
        head: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadInput(path, "this folder holds no results", "Run idiolect evaluate first") from error
    except ValueError as error:
        raise BadInput(path, f"it is no JSON ({error})", "Delete this folder, or give another with --out") from error
    return head


def settings(entry: Entry) -> dict[str, Any]:
    """By part: what the presets changed from the paper's defaults, all that is in force, how it learns its tasks."""
    found = {}
    for name, member in entry.members().items():
        default, preset = _options(type(member)()), entry.options.get(name, {})
        in_force = _options(member)
        found[name] = {
            "preset": {k: in_force[k] for k in preset},
            "default": {k: default[k] for k in preset},
            "in_force": in_force,
            "learns": "" if "tasks" not in in_force else EACH if entry.each else TOGETHER,
        }
    return found


def _options(method: Any) -> dict[str, str]:
    return {f.name: repr(getattr(method, f.name)) for f in dataclasses.fields(method) if f.init}


def versions() -> dict[str, str]:
    """Of Python and the packages that scores depend on, as far as they are installed."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _also(old: str, now: str) -> str:
    """All versions under which a folder was filled."""
    return now if not old or now in old.split(" and ") else f"{old} and {now}"


def publish(path: Path, text: str) -> None:
    """Replaces a file at once: a reader sees the old or the new one whole."""
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


def _same(path: Path, old: dict[str, Any], new: dict[str, Any], what: str = "experiment") -> None:
    changed = [k for k in new if k in old and old[k] != new[k]]
    if changed:
        fix = "Give another folder with --out, or delete this one"
        raise BadInput(path, f"the folder was begun under another {what} ({', '.join(changed)} differ)", fix)
