"""From what a person typed (a file, a shipped name, module:Class) to a checked JSON Schema."""

import importlib
import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from pydantic import BaseModel, PydanticUserError

from extractor.errors import UserError, did_you_mean
from extractor.system.limit import TooSlow, time_limit
from extractor.tasks import shipped
from extractor.tasks.keywords import KNOWN
from extractor.tasks.lint import lint
from extractor.tasks.reading import TYPES
from extractor.tasks.validation import Validation
from extractor.types import WireForm

MAX_SCHEMA_BYTES = 1 << 20
CHECKING_SECONDS = 10.0  # of processor time
# in what others wrap a schema that they send to a model: response formats, functions and tools
WRAPPERS = ("json_schema", "function", "schema", "parameters", "input_schema", "inputSchema")


@dataclass(frozen=True, slots=True, eq=False)  # one loaded schema is itself: a key for what is made of it once
class Schema:
    """A JSON Schema that `jsonschema` accepts, with no reference that leads out of it."""

    name: str
    body: dict[str, Any]
    path: Path | None  # the file it came from; None for a pydantic class
    notes: tuple[str, ...] = ()  # what a careful author would want to know
    model: type[BaseModel] | None = None  # the pydantic class that it was made of, whose own checks count too
    form: WireForm = "plain"  # in which a model writes what it describes

    @property
    def title(self) -> str:
        """The schema's title, or its name."""
        return str(self.body.get("title") or self.name)

    @property
    def description(self) -> str:
        """What the schema says that it extracts, or nothing."""
        return str(self.body.get("description") or "")

    def validator(self) -> Validation:
        """A validator of the draft that `$schema` names (2020-12 if none), formats and the class of it included."""
        return Validation(self.body, self.model)


def load_schema(given: str) -> Schema:
    """The schema that `given` names: a file, a shipped name, or a pydantic model as module:Class."""
    path = Path(given)
    if path.is_file() or path.suffix == ".json":
        return _checked(path.stem, _from_file(path), path)
    if found := shipped.find(given, "schemas", ".json"):
        return _checked(given, _from_file(found), found)
    if ":" in given:
        model = pydantic_model(given)
        return replace(_checked(given.rpartition(":")[2], class_schema(given, model), None), model=model)
    names = shipped.names()
    raise UserError(
        f"--schema {given}: no such file and no shipped schema ({', '.join(names)}){did_you_mean(given, names)}"
        " A pydantic model is written module:Class."
    )


def _from_file(path: Path) -> Any:
    text = shipped.read_text(path, "--schema")
    if len(text.encode()) > MAX_SCHEMA_BYTES:
        raise UserError(f"--schema {path}: {len(text)} characters; at most 1 MiB, since every prompt carries it")
    try:
        return json.loads(text)
    except RecursionError:
        raise UserError(f"--schema {path}: nested too deeply to read") from None
    except ValueError as error:
        raise UserError(f"--schema {path}: not JSON: {error}") from None


def pydantic_model(given: str, option: str = "--schema") -> type[BaseModel]:
    """The pydantic class that module:Class names, looked for in the current folder too."""
    module_name, _, class_name = given.partition(":")
    if module_name.endswith(".py") or "/" in module_name:
        named = ".".join(Path(module_name).with_suffix("").parts)
        raise UserError(f"{option} {given}: a module, not a file: {named}:{class_name or 'Class'}")
    if not (module_name and class_name):
        raise UserError(f"{option} {given}: a pydantic model is written module:Class")
    module = _imported(f"{option} {given}", module_name)
    found = getattr(module, class_name, None)
    models = [name for name, one in vars(module).items() if _is_model(one)]
    if found is None:
        raise UserError(f"{option} {given}: {module_name} has no {class_name}{did_you_mean(class_name, models)}")
    if not _is_model(found):
        raise UserError(f"{option} {given}: {class_name} is no pydantic model (a subclass of pydantic.BaseModel)")
    return cast(type[BaseModel], found)


def _is_model(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseModel)


def _imported(where: str, name: str) -> ModuleType:
    sys.path.insert(0, str(Path.cwd()))
    try:
        return importlib.import_module(name)
    except ImportError as error:
        if error.name and not f"{name}.".startswith(f"{error.name}."):
            raise UserError(f"{where}: {name} needs {error.name}: {error}; install or mend that") from None
        raise UserError(f"{where}: cannot import {name}: {error}; is it in this folder?") from None
    except (Exception, SystemExit) as error:  # it is a stranger's code that runs
        raise UserError(f"{where}: {name} fails: {type(error).__name__}: {error}; mend it") from None
    finally:
        sys.path.pop(0)


def class_schema(given: str, model: type[BaseModel], option: str = "--schema") -> Any:
    """The JSON Schema that a pydantic class gives for what it reads; UserError where it has none."""
    try:
        return model.model_json_schema()
    except PydanticUserError as error:
        raise UserError(f"{option} {given}: {model.__name__} has no JSON Schema: {error.message}; mend it") from None
    except Exception as error:  # of a stranger's code
        said = " ".join(f"{type(error).__name__}: {error}".split())
        raise UserError(f"{option} {given}: {model.__name__} has no JSON Schema: {said}; mend it") from None


def _checked(name: str, body: Any, path: Path | None) -> Schema:
    where = f"--schema {path or name}"
    if not isinstance(body, dict):
        raise UserError(f"{where}: a schema is a JSON object, this is {type(body).__name__}")
    body, inside = _unwrapped(body)
    if not isinstance(body.get("$schema", ""), str):
        raise UserError(f"{where}: $schema is the address of a draft; leave it out for 2020-12")
    schema = Schema(name, body, path)
    try:
        with time_limit(CHECKING_SECONDS):
            notes = lint(where, body, schema.validator().draft)
            return Schema(name, body, path, (*(f"the schema is what stands in '{word}'" for word in inside), *notes))
    except RecursionError:
        raise UserError(f"{where}: nested too deeply to check") from None
    except OverflowError as error:  # from a pattern
        raise UserError(f"{where}: not a JSON Schema: {error}") from None
    except TooSlow:
        raise UserError(f"{where}: not checked within {CHECKING_SECONDS:.0f} s; make it smaller") from None


def _unwrapped(body: dict[str, Any], inside: tuple[str, ...] = ()) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The schema in what other programs wrap it in, and under which word it stands there; else the body itself."""
    word = next((word for word in WRAPPERS if isinstance(body.get(word), dict)), "")
    if not word or set(body) & (KNOWN - {"type", "description", "title", "$schema"}) or body.get("type") in TYPES:
        return body, inside[-1:]
    about = {"title": body.get("title") or body.get("name"), "description": body.get("description")}
    inner = {key: value for key, value in about.items() if isinstance(value, str)} | body[word]
    return _unwrapped(inner, (*inside, word))
