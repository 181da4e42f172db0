"""The laws of the house, measured: rooms, doors, sizes, and what an import costs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "extractor"
FILES = sorted(PACKAGE.rglob("*.py"))
# Left may not import right. What is named here is a room; all else at the top level is porch or corridor.
ROOMS = [
    "errors",
    "types",
    "limit",
    "shipped",
    "documents",
    "models",
    "tasks",
    "engines",
    "answers",
    "store",
    "evaluation",
]
PORCH = {"cli", "cli_shipped", "cli_evaluate", "cli_shelf", "boundary", "options", "progress", "present", "shows"}
HEAVY = ["vllm", "torch", "ray", "transformers", "matplotlib", "pyarrow", "jsonschema", "duckdb"]


def imports(path: Path) -> list[str]:
    """Rooms of our own that this file imports, wherever in it."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("extractor"):
            inside = node.module.split(".")[1:] or [alias.name for alias in node.names]
            found.append(inside[0])
    return found


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path):
    if room(path) not in ROOMS:
        return
    allowed = set(ROOMS[: ROOMS.index(room(path)) + 1]) | {"__version__"}
    assert set(imports(path)) <= allowed if room(path) != "evaluation" else set(imports(path)).isdisjoint(PORCH)


def test_importing_the_command_line_loads_nothing_heavy():
    asked = f"import sys, extractor.cli; print([name for name in {HEAVY!r} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True).stdout.strip() == "[]"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_porch_prints_or_exits(path):
    calls = {ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)}
    if room(path) not in PORCH:
        assert not calls & {"print", "sys.exit", "exit", "quit", "typer.echo", "typer.Exit"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_and_functions_stay_readable(path):
    source = path.read_text()
    assert len(source.splitlines()) <= 300
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and room(path) not in PORCH:
            assert node.end_lineno - node.lineno < 45, node.name
            parameters = [a for a in (*node.args.args, *node.args.kwonlyargs) if a.arg not in ("self", "cls")]
            assert len(parameters) <= 6, node.name
            assert node.args.kwarg is None, f"{node.name} takes **{node.args.kwarg and node.args.kwarg.arg}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_everything_public_says_what_it_gives_back(path):
    tree = ast.parse(path.read_text())
    public = [n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef) and not n.name.startswith("_")]
    assert (path.name == "__init__.py" and not public) or ast.get_docstring(tree), path
    assert [node.name for node in public if not ast.get_docstring(node)] == []


def test_median_function_is_short():
    lengths = sorted(
        node.end_lineno - node.lineno + 1
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    )
    assert lengths[len(lengths) // 2] <= 9
