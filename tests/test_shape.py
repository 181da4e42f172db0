"""The laws of the house, measured: rooms, doors, sizes, and what an import costs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "extractor"
FILES = sorted(PACKAGE.rglob("*.py"))
# What stands on a line may import its own line and those above it, and within a line nothing goes round.
FLOORS = [
    ["errors", "types", "exits", "fingerprint", "scripts", "escape"],
    ["system", "guide", "web"],
    ["models"],
    ["documents"],
    ["engines"],
    ["tables"],
    ["tasks"],
    ["store"],
    ["answers"],
    ["progress"],
    ["jobs"],
    ["evaluation"],
    ["report"],
    ["exchange"],
    ["pipeline"],
    ["judging"],
    ["bench"],
    ["learn"],
    ["review"],
    ["cli", "api", "mcp"],
]
FLOOR = {room: height for height, rooms in enumerate(FLOORS) for room in rooms}
STRANGERS = {"store": {"answers", "tasks"}}  # rooms that a room below all of them still may not know
HEAVIEST = ["vllm", "torch", "ray", "transformers", "matplotlib", "duckdb"]
HEAVY = [*HEAVIEST, "pyarrow", "jsonschema"]


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def module_of(path: Path) -> str:
    return ".".join(["extractor", *path.relative_to(PACKAGE).with_suffix("").parts]).removesuffix(".__init__")


MODULES = {module_of(path): path for path in FILES}


def imported(path: Path) -> set[str]:
    """Modules of our own that this file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "extractor":
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {name if name in MODULES else str(node.module) for name in names}
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.split(".")[0] == "extractor"}
    return found - {"extractor"}


def test_every_room_is_named():
    assert {room(path) for path in FILES} - {"__init__"} == set(FLOOR)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path):
    for name in imported(path):
        there = name.split(".")[1]
        assert FLOOR[there] <= FLOOR.get(room(path), 0), f"{module_of(path)} imports {name}"
        assert there not in STRANGERS.get(room(path), ()), f"{module_of(path)} imports {name}"


def test_no_imports_go_round():
    import graphlib

    graph = {name: imported(path) - {name} for name, path in MODULES.items() if path.name != "__init__.py"}
    graphlib.TopologicalSorter(graph).prepare()


@pytest.mark.slow
@pytest.mark.parametrize(("door", "heavy"), [("cli", HEAVY), ("api", HEAVIEST)])
def test_importing_a_door_loads_nothing_heavy(door, heavy):
    asked = f"import sys, extractor.{door}; print([name for name in {heavy!r} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True).stdout.strip() == "[]"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_porch_prints_or_exits(path):
    calls = {ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)}
    if room(path) != "cli":
        assert not calls & {"print", "sys.exit", "exit", "quit", "typer.echo", "typer.Exit"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_and_functions_stay_readable(path):
    source = path.read_text()
    assert len(source.splitlines()) <= 300
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and room(path) != "cli":
            assert length(node) <= 45, node.name
            parameters = [a for a in (*node.args.args, *node.args.kwonlyargs) if a.arg not in ("self", "cls")]
            assert len(parameters) <= 6, node.name
            assert node.args.kwarg is None or is_typed(node.args.kwarg), f"{node.name} takes **{node.args.kwarg.arg}"


def length(node: ast.FunctionDef) -> int:
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1


def is_typed(keywords: ast.arg) -> bool:
    """Whether a type checker knows each name in **keywords."""
    return keywords.annotation is not None and ast.unparse(keywords.annotation).startswith("Unpack[")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_everything_public_says_what_it_gives_back(path):
    tree = ast.parse(path.read_text())
    public = [n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef) and not n.name.startswith("_")]
    assert (path.name == "__init__.py" and not public) or ast.get_docstring(tree), path
    assert [node.name for node in public if not ast.get_docstring(node)] == []


@pytest.mark.slow
def test_median_function_is_short():
    lengths = sorted(
        length(node)
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    )
    assert lengths[len(lengths) // 2] <= 9


def test_class_names_are_unique():
    names = [node.name for path in FILES for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)]
    assert sorted(names) == sorted(set(names))
