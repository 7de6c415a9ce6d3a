"""The house rules, kept by machine: sizes, names, what importing costs, and documents that cannot lie."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "idiolect"
FILES = sorted(SOURCE.rglob("*.py"))
METHODS = [f for f in SOURCE.glob("adaptation/*/*/*.py") if f.name != "__init__.py"]
TEXTS = [
    *(f for f in ROOT.glob("*") if f.is_file() and f.suffix in {"", ".md", ".toml", ".txt", ".lock"}),
    *(
        f
        for top in ("src", "tests", "docs", "benchmarks", "examples", ".ci")
        for f in (ROOT / top).rglob("*")
        if f.is_file()
    ),
]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def within(file: Path) -> str:
    return str(file.relative_to(ROOT))


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def functions() -> Iterator[tuple[str, Function]]:
    for file in FILES:
        for node in ast.walk(tree(file)):
            if isinstance(node, Function):
                yield f"{within(file)}:{node.lineno} {node.name}", node


def test_no_file_has_more_than_300_lines_and_no_method_more_than_130() -> None:
    long = {within(f): n for f in FILES if (n := len(f.read_text(encoding="utf-8").splitlines())) > 300}
    long |= {within(f): n for f in METHODS if (n := len(f.read_text(encoding="utf-8").splitlines())) > 130}
    assert not long


def test_no_function_has_more_than_40_lines() -> None:
    long = {}
    for place, node in functions():
        body = node.body[1:] if ast.get_docstring(node) else node.body
        if body and (n := (node.end_lineno or 0) - body[0].lineno + 1) > 40:
            long[place] = n
    assert not long


def test_no_function_takes_more_than_6_arguments_by_position() -> None:
    many = {}
    for place, node in functions():
        names = [a.arg for a in (*node.args.posonlyargs, *node.args.args) if a.arg not in ("self", "cls")]
        if len(names) > 6:
            many[place] = len(names)
    assert not many


def test_no_file_is_named_for_nothing() -> None:
    empty = {"utils", "util", "helpers", "helper", "common", "base", "misc"}
    assert not [within(f) for f in FILES if f.stem in empty]


def test_no_folder_holds_more_than_fifteen_files_of_code() -> None:
    folders = {f.parent for f in FILES}
    full = {within(d): n for d in folders if (n := len([f for f in d.glob("*.py") if f.name != "__init__.py"])) > 15}
    assert not full


def test_every_module_says_what_it_is() -> None:
    silent = [within(f) for f in FILES if not ast.get_docstring(tree(f))]
    assert not silent


def test_nothing_is_left_to_do_and_no_machine_is_named() -> None:
    marks = ("TO" + "DO", "FIX" + "ME", "X" + "XX", "/wo" + "rk/", "/ro" + "ot/", "/op" + "t/")
    found = []
    for file in TEXTS:
        if file.suffix in {".safetensors", ".npz", ".pyc", ".gz", ".png"} or "__pycache__" in file.parts:
            continue
        text = file.read_text(encoding="utf-8")
        found += [f"{within(file)}: {m}" for m in marks if m in text]
    assert not found


# Put off until they are called, on purpose: records are made into examples, and a folder says which class opens it.
LATE = {("idiolect.core.types", "idiolect.core.layout"), ("idiolect.models.hf", "idiolect.models.t5")}


def imported(file: Path, modules: set[str]) -> set[str]:
    """The modules of ours that a file imports, anywhere in it and for its types too."""
    found = set()
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.ImportFrom):
            named = (f"{node.module}.{alias.name}" for alias in node.names)
            found |= {name if name in modules else str(node.module) for name in named}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found & modules


def test_no_module_depends_on_itself_even_for_its_types() -> None:
    named = {".".join(f.with_suffix("").relative_to(SOURCE.parent).parts).removesuffix(".__init__"): f for f in FILES}
    graph = {name: imported(file, set(named)) - {name} for name, file in named.items()}
    assert all(to in graph[name] for name, to in LATE)
    assert "idiolect.core.types" in graph["idiolect.core.layout"]
    kept = {name: {to for to in found if (name, to) not in LATE} for name, found in graph.items()}
    tuple(TopologicalSorter(kept).static_order())  # raises CycleError, which names the circle


def fresh(code: str) -> str:
    """What a new interpreter prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.strip()


HEAVY = "print(sorted({'torch', 'transformers', 'numpy', 'sklearn', 'rich.table'} & set(sys.modules)))"


@pytest.mark.parametrize("module", ["idiolect", "idiolect.cli", "idiolect.core", "idiolect.governance.view"])
def test_importing_loads_nothing_heavy(module: str) -> None:
    assert fresh(f"import sys, {module}; {HEAVY}") == "[]"


def test_help_loads_nothing_heavy() -> None:
    code = f"import sys\nfrom idiolect.cli import app\ntry: app(['--help'])\nexcept SystemExit: {HEAVY}"
    assert fresh(code).endswith("[]")


def test_the_table_of_methods_loads_no_torch() -> None:
    code = "import sys\nfrom idiolect.cli.methods import rows\nrows(); print('torch' in sys.modules)"
    assert fresh(code) == "False"


def test_every_public_name_is_there() -> None:
    import idiolect

    assert len(idiolect.__all__) < 30
    assert all(getattr(idiolect, name) is not None for name in idiolect.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = idiolect.nothing


def test_layers_import_downwards_only() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports"))], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_generated_parts_of_the_documents_are_in_step() -> None:
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for file in (ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", file.read_text(encoding="utf-8")):
            if "://" not in target and not (file.parent / target).exists():
                broken.append(f"{within(file)}: {target}")
    assert not broken


def extras() -> dict[str, set[str]]:
    """By extra the packages that it brings, those of the extras within it too."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    stated = tomllib.loads(text)["project"]["optional-dependencies"]
    core = tomllib.loads(text)["project"]["dependencies"]

    def packages(requirements: list[str]) -> Iterator[str]:
        for requirement in requirements:
            name, within = re.match(r"([\w.-]+)(?:\[([\w,]+)\])?", requirement).groups()  # type: ignore[union-attr]
            yield name.lower().replace("_", "-")
            if name == "idiolect":
                yield from packages([r for extra in within.split(",") for r in stated[extra]])

    return {extra: {*packages(stated[extra]), *packages(core)} for extra in stated}


def wanted() -> Iterator[tuple[str, str, str]]:
    """(file, package, extra) of each `MissingExtra` in the source, "" where it is not named on the spot."""
    for file in FILES:
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "MissingExtra":
                package, extra = (a.value if isinstance(a, ast.Constant) else "" for a in node.args)
                yield within(file), str(package), str(extra)


def test_every_extra_that_an_error_names_is_there_and_brings_what_was_missing() -> None:
    known, found = extras(), list(wanted())
    assert len(found) > 20
    wrong = [f"{file}: {extra} does not exist" for file, _, extra in found if extra and extra not in known]
    wrong += [
        f"{file}: {extra} brings no {package}"
        for file, package, extra in found
        if package and extra in known and package.replace("_", "-") not in known[extra]
    ]
    assert not wrong


def test_every_metric_names_an_extra_that_brings_its_library() -> None:
    from idiolect.evaluation import metrics

    known = extras()
    cards = [metrics.get(name).card for name in metrics.names()]
    assert any(card.library for card in cards)
    assert not [card for card in cards if card.library and card.library not in known[card.extra]]


def pinned(name: str) -> dict[str, str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^([A-Za-z0-9_.-]+)==([^ \\\n]+)", text, flags=re.MULTILINE))


def test_locked_versions_are_the_constraints_and_torch_apart() -> None:
    locked = pinned("requirements-build.lock") | pinned("requirements.lock")
    assert pinned("constraints.txt") == locked | {"torch": "2.13.0"}


def test_every_locked_package_has_a_hash_and_no_index_is_named() -> None:
    for name in ("requirements-build.lock", "requirements.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        packages = re.split(r"\n(?=\S)", "\n".join(line for line in text.splitlines() if not line.startswith("#")))
        assert all("--hash=sha256:" in package for package in packages)
        assert "://" not in text
        assert "--index" not in text
        assert "--find" not in text
