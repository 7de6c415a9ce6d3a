"""A new method begun as a copy of an old one: ``idiolect methods new NAME --like cos`` writes its file and its test.

In a checkout the file goes beside the one it is like, where the registry and the contract suite find it by its name,
and the family's table gets a row. Elsewhere both files go into the folder; the package they are for declares the method
as an entry point of the group "idiolect.methods".
"""

from __future__ import annotations

import keyword
import re
from pathlib import Path

from idiolect import registry
from idiolect.core.errors import BadInput

TEST = '''"""{cls}."""

from __future__ import annotations

import dataclasses

from {module} import {cls}


def test_a_{name}_is_equal_to_another_of_the_same_options() -> None:
    assert {cls}() == dataclasses.replace({cls}())


def test_the_card_of_{name}_names_its_paper() -> None:
    assert {cls}.card.paper
'''


def new(name: str, like: str, folder: str | Path = ".") -> tuple[Path, Path]:
    """Writes the method's file and its test; gives their paths.

    Raises:
        UnknownName: no method called `like`.
        BadInput: the name is taken or is no module name, or a file stands there already.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise BadInput(repr(name), "it cannot be a module's name", "Use small letters, digits and underscores")
    if name in registry.names():
        raise BadInput(repr(name), f"a method of this name is {registry.names()[name]}", "Choose another name")
    old, cls = registry.path(like), "".join(word.capitalize() for word in name.split("_"))
    module, file, test = _places(name, registry.names()[like], Path(folder))
    for path in (file, test):
        if path.exists():
            raise BadInput(path, "the file exists", "Remove it, or choose another name or folder")
    source = renamed(old.read_text(encoding="utf-8"), registry.get(like).__name__, cls, like=like)
    for path, text in ((file, source), (test, TEST.format(cls=cls, name=name, module=module))):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    _list(file.with_name("__init__.py"), name, like)
    return file, test


def _list(family: Path, name: str, like: str) -> None:
    """A row of its own in the family's table, below the one that it is like."""
    if not family.exists():
        return
    lines = family.read_text(encoding="utf-8").splitlines(keepends=True)
    rows = [i for i, line in enumerate(lines) if line.startswith(f"| `{like}` |")]
    for i in rows[:1]:
        lines.insert(i + 1, lines[i].replace(f"`{like}`", f"`{name}`", 1))
    family.write_text("".join(lines), encoding="utf-8")


def renamed(source: str, old: str, new: str, *, like: str) -> str:
    """The source with its class called `new` and the first line of its docstring saying where it comes from."""
    text = re.sub(rf"\b{old}\b", new, source)
    head = f'"""{new}: begun as a copy of `{like}`; say here in one line what it does, and put its equations below.'
    return re.sub(r'\A"""[^\n]*', head.replace("\\", "\\\\"), text)


def _places(name: str, like: str, folder: Path) -> tuple[str, Path, Path]:
    """(module, file, test): in the tree where `folder` is a checkout, else side by side in the folder."""
    family = like.rpartition(".")[0]  # idiolect.adaptation.<level>.<family>
    if (folder / "src" / "idiolect" / "adaptation").is_dir() and like.startswith("idiolect.adaptation."):
        inner = Path(*family.split(".")[1:])
        tests = folder / "tests" / inner.parent
        return f"{family}.{name}", folder / "src" / "idiolect" / inner / f"{name}.py", tests / f"test_{name}.py"
    return name, folder / f"{name}.py", folder / f"test_{name}.py"
