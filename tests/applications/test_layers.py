"""How the modules of the applications depend on one another."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import idiolect

ROOT = Path(idiolect.__file__).parent
NAME = "idiolect.applications"


def imported(path: Path, modules: set[str]) -> set[str]:
    """The modules that a file imports, for its types too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found & modules


def test_no_module_depends_on_itself_even_for_its_types() -> None:
    files = {
        p: ".".join(p.with_suffix("").relative_to(ROOT.parent).parts) for p in (ROOT / "applications").rglob("*.py")
    }
    modules = {name for name in files.values() if not name.endswith("__init__")}
    assert f"{NAME}.server.service" in modules
    graph = {name: imported(path, modules) for path, name in files.items() if name in modules}
    tuple(TopologicalSorter(graph).static_order())  # raises CycleError, which names the circle
