"""A release of vLLM read, not run: where a name is defined, what it takes, what it has. Its .py files are enough."""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from extractor.engines.startup import CURES
from extractor.engines.surface import ENVIRONMENT, Used

SPEAKING = ("vllm/config/", "vllm/platforms/", "vllm/v1/core/", "vllm/v1/worker/")  # what can fail at a start
Defined = tuple[str, ast.AST]  # module and node


class Release:
    """The sources of one release: path inside the wheel ("vllm/envs.py") → text."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = files
        self._tree = lru_cache(maxsize=None)(self._parsed)

    def lacks(self, used: Used) -> list[str]:
        """What of it this release does not have: the name itself, parameters, members; [] = it has all."""
        found = self._find(used.module, used.name)
        whole = f"{used.module}.{used.name}"
        if found is None:
            return [whole]
        takes, has = self.parameters(found), self.members(found)
        missing = [f"{whole}({word}=)" for word in used.parameters if word not in takes]
        return missing + [f"{whole}.{word}" for word in used.members if word not in has]

    def lacks_environment(self) -> list[str]:
        """The variables that we set and that it does not read."""
        return [name for name in ENVIRONMENT if f'"{name}"' not in self.files.get("vllm/envs.py", "")]

    def never_says(self) -> list[str]:
        """The messages of vLLM that we have a cure for, and that this release does not print."""
        texts = "\n".join(text for path in self.files if path.startswith(SPEAKING) for text in self._texts(path))
        ours = [word for cure in CURES if cure.by_vllm for word in alternatives(cure.said)]
        return [word for word in ours if not re.search(word, texts)]

    def parameters(self, found: Defined) -> set[str]:
        """Names that calling it takes: of its __init__, and of its fields where it has none."""
        return {name for node in self._bases(found) for name in _parameters(node)}

    def members(self, found: Defined) -> set[str]:
        """Attributes of it and of what it is derived from, those set in its methods too."""
        return {name for node in self._bases(found) for name in _members(node)}

    def _find(self, module: str, name: str, seen: frozenset[str] = frozenset()) -> Defined | None:
        tree = self._tree(module)
        if tree is None or module in seen:
            return None
        for node in tree.body:
            if _defines(node, name):
                return module, node
        for source, there in _imports(tree, self._package(module), name):
            if found := self._find(source, there, seen | {module}):
                return found
            if there == name and self._tree(f"{source}.{name}"):
                return f"{source}.{name}", ast.Module([], [])
        return None

    def _bases(self, found: Defined) -> Iterator[ast.AST]:
        module, node = found
        yield node
        for base in getattr(node, "bases", []):
            if isinstance(base, ast.Name) and (there := self._find(module, base.id)):
                yield from self._bases(there)

    def _path(self, module: str) -> str | None:
        stem = module.replace(".", "/")
        return next((path for path in (f"{stem}.py", f"{stem}/__init__.py") if path in self.files), None)

    def _package(self, module: str) -> str:
        path = self._path(module) or ""
        return module if path.endswith("__init__.py") else module.rpartition(".")[0]

    def _parsed(self, module: str) -> ast.Module | None:
        path = self._path(module)
        return ast.parse(self.files[path]) if path else None

    def _texts(self, path: str) -> Iterator[str]:
        """Its strings, those that are put together out of pieces as one, with {} where something is put in."""
        for node in ast.walk(ast.parse(self.files[path])):
            if isinstance(node, ast.JoinedStr):
                yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def alternatives(pattern: str) -> list[str]:
    """A pattern's alternatives, those of one group as well: each is looked for by itself."""
    if group := re.search(r"\(([^()]*)\)", pattern):
        return [pattern.replace(group[0], one) for one in group[1].split("|")]
    return pattern.split("|")


def _defines(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.If):  # if TYPE_CHECKING: current_platform: Platform
        return any(_defines(child, name) for child in node.body)
    targets = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
    return getattr(node, "name", None) == name or any(getattr(target, "id", None) == name for target in targets)


def _imports(tree: ast.Module, package: str, name: str) -> Iterator[tuple[str, str]]:
    """(module, name there) for each import that makes this name, vLLM's table of late imports included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((source, one.name) for one in node.names if (one.asname or one.name) == name)
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                late = (isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value) or ""
                if isinstance(key, ast.Constant) and key.value == name and re.fullmatch(r"\.[\w.]+:\w+", late):
                    module, _, there = late.partition(":")
                    yield package + module, there


def _parameters(node: ast.AST) -> Iterator[str]:
    made = next((one for one in getattr(node, "body", []) if getattr(one, "name", "") == "__init__"), None)
    if isinstance(made, ast.FunctionDef):
        yield from (argument.arg for argument in (*made.args.args, *made.args.kwonlyargs))
        return
    for one in getattr(node, "body", []):
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name):
            yield one.target.id


def _members(node: ast.AST) -> Iterator[str]:
    for one in ast.walk(node):
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
            yield one.name
        if isinstance(one, ast.Assign | ast.AnnAssign):
            targets = one.targets if isinstance(one, ast.Assign) else [one.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))
            yield from (target.attr for target in targets if isinstance(target, ast.Attribute))
