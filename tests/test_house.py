"""The house rules, kept by machine: sizes, names, what importing costs, and documents that cannot lie."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
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


def functions() -> Iterator[tuple[str, Function]]:
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
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
    silent = [within(f) for f in FILES if not ast.get_docstring(ast.parse(f.read_text(encoding="utf-8")))]
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
