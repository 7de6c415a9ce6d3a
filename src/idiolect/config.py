"""Settings of methods for one base model, read from TOML: ``experiments/<name>.toml`` of this package, or a file.

[methods.oppu]                 # options of the method where they differ from the paper's
recipe = { lr = 3e-3 }

[learns]
together = ["oppu"]            # for all its tasks at once, from examples of all; the others for each task by itself

[tried]
oppu = 9                       # settings that were tried, on users and seeds of their own
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from idiolect.core.errors import BadInput, UnknownName

TABLES = ("methods", "learns", "tried")


@dataclass(frozen=True, kw_only=True)
class Presets:
    """Options by method name, and how many settings of each were tried; 0: a guess; `name` is the file's stem.

    together: methods that learn for all their tasks at once.
    """

    name: str = ""
    methods: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    together: tuple[str, ...] = ()
    tried: Mapping[str, int] = field(default_factory=dict)


def names() -> tuple[str, ...]:
    """The presets that come with the package."""
    found = (f.name for f in files("idiolect.experiments").iterdir())
    return tuple(sorted(n.removesuffix(".toml") for n in found if n.endswith(".toml")))


def load(source: str | Path = "embedded") -> Presets:
    """Presets by the package's name for them or from a file; "" gives none, which are the papers' values.

    Raises:
        UnknownName: no such presets, no such method, no such option.
        BadInput: the file cannot be read, or a value is of the wrong type.
    """
    if not str(source):
        return Presets()
    path = Path(source)
    if path.suffix == ".toml" or "/" in str(source):
        where, text = str(path), _text(path)
    elif str(source) in names():
        file = files("idiolect.experiments").joinpath(f"{source}.toml")
        where, text = f"presets {source!r}", file.read_text(encoding="utf-8")
    else:
        raise UnknownName("presets", str(source), names())
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(where, f"it is not TOML ({error})", "Mend that place") from error
    for key in data:
        if key not in TABLES:
            raise UnknownName(f"table in {where}", key, TABLES)
    return Presets(
        name=path.stem,
        methods=_methods(data.get("methods", {}), where),
        together=_together(data.get("learns", {}), where),
        tried=_tried(data, where),
    )


def _together(data: Any, where: str) -> tuple[str, ...]:
    named = data.get("together", []) if isinstance(data, Mapping) and set(data) <= {"together"} else None
    if not isinstance(named, list) or not all(isinstance(n, str) for n in named):
        raise BadInput(where, "[learns] is not understood", 'Write together = ["NAME", ...] there, and nothing else')
    _known(named, where)
    return tuple(named)


def _methods(data: Any, where: str) -> dict[str, Mapping[str, Any]]:
    if not isinstance(data, Mapping) or not all(isinstance(v, Mapping) for v in data.values()):
        raise BadInput(where, "[methods] holds something that is no table", "Write [methods.NAME] tables")
    _known(data, where)
    return dict(data)


def _known(methods: Iterable[str], where: str) -> None:
    from idiolect import registry

    for name in methods:
        if name not in registry.names():
            raise UnknownName(f"method in {where}", name, registry.names())


def _tried(data: Mapping[str, Any], where: str) -> dict[str, int]:
    tried = data.get("tried", {})
    if not isinstance(tried, Mapping) or not all(type(v) is int and v >= 0 for v in tried.values()):
        raise BadInput(
            where,
            "[tried] holds something that is no count",
            "Write NAME = 3, a count from 0 on",
        )
    return dict(tried)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError as error:
        raise BadInput(path, "there is no such file", f"Give a TOML file, or one of {', '.join(names())}") from error
    except UnicodeDecodeError as error:
        raise BadInput(path, f"byte {error.start} is not UTF-8", "Save the file as UTF-8") from error
    except OSError as error:
        raise BadInput(path, f"it cannot be read ({error.strerror})", "Give a readable TOML file") from error
