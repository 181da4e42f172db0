"""From what a person typed (a file, a shipped name, module:Class) to a checked JSON Schema."""

import importlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import jsonschema
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from jsonschema_specifications import REGISTRY as SPECIFICATIONS
from pydantic import BaseModel
from referencing import Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from extractor import shipped
from extractor.errors import UserError
from extractor.tasks.keywords import children, unknown_keywords

MAX_SCHEMA_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)  # one loaded schema is itself: a key for what is made of it once
class Schema:
    """A JSON Schema that `jsonschema` accepts, with no reference that leads out of it."""

    name: str
    body: dict[str, Any]
    path: Path | None  # the file it came from; None for a pydantic class
    notes: tuple[str, ...] = ()  # what a careful author would want to know

    @property
    def title(self) -> str:
        """The schema's title, or its name."""
        return str(self.body.get("title") or self.name)

    @property
    def description(self) -> str:
        """What the schema says that it extracts, or nothing."""
        return str(self.body.get("description") or "")

    def validator(self) -> Validator:
        """A validator of the draft that `$schema` names (2020-12 if none) that never opens a network connection."""
        return validator_for(self.body, default=Draft202012Validator)(self.body, registry=SPECIFICATIONS)


def load_schema(given: str) -> Schema:
    """The schema that `given` names: a file, a shipped name, or a pydantic model as module:Class."""
    path = Path(given)
    if path.is_file() or path.suffix == ".json":
        return _checked(path.stem, _from_file(path), path)
    if found := shipped.find(given, "schemas", ".json"):
        return _checked(given, _from_file(found), found)
    if ":" in given:
        return _checked(given.rpartition(":")[2], _from_pydantic(given), None)
    near = get_close_matches(given, shipped.names(), 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise UserError(
        f"--schema {given}: no such file and no shipped schema ({', '.join(shipped.names())}){hint}"
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


def _from_pydantic(given: str) -> Any:
    module_name, _, class_name = given.partition(":")
    sys.path.insert(0, str(Path.cwd()))
    try:
        found = getattr(importlib.import_module(module_name), class_name)
    except ImportError as error:
        raise UserError(f"--schema {given}: cannot import {module_name}: {error}; is it in this folder?") from None
    except AttributeError:
        raise UserError(f"--schema {given}: {module_name} has no {class_name}") from None
    finally:
        sys.path.pop(0)
    if not (isinstance(found, type) and issubclass(found, BaseModel)):
        raise UserError(f"--schema {given}: {class_name} is no pydantic model (a subclass of pydantic.BaseModel)")
    return found.model_json_schema()


def _checked(name: str, body: Any, path: Path | None) -> Schema:
    where = f"--schema {path or name}"
    if not isinstance(body, dict):
        raise UserError(f"{where}: a schema is a JSON object, this is {type(body).__name__}")
    schema = Schema(name, body, path)
    try:
        type(schema.validator()).check_schema(body)
    except jsonschema.SchemaError as error:
        at = "/".join(map(str, error.absolute_path)) or "the root"
        raise UserError(f"{where}: not a JSON Schema: at {at}: {error.message[:200]}") from None
    except RecursionError:
        raise UserError(f"{where}: nested too deeply to check") from None
    _refuse_outward_references(where, schema)
    return Schema(name, body, path, tuple(_keyword_notes(where, body)))


def _refuse_outward_references(where: str, schema: Schema) -> None:
    resource = Resource.from_contents(schema.body, default_specification=DRAFT202012)
    registry = SPECIFICATIONS.with_resource(resource.id() or "", resource).crawl()
    for base, reference in _references(schema.body, resource.id() or ""):
        try:
            registry.resolver(base).lookup(reference)
        except (Unresolvable, ValueError):
            remote = "is remote and nothing is ever fetched" if "://" in reference else "leads nowhere"
            raise UserError(f"{where}: $ref {reference} {remote}; copy what it means into $defs") from None


def _references(node: Any, base: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        base = urljoin(base, node["$id"]) if isinstance(node.get("$id"), str) else base
        yield from ((base, node[word]) for word in ("$ref", "$dynamicRef") if isinstance(node.get(word), str))
        for _, child in children(node):
            yield from _references(child, base)


def walk(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every subschema that is an object, with its JSON pointer, parents first; references are not followed."""
    if isinstance(schema, dict):
        yield path, schema
        for step, child in children(schema):
            yield from walk(child, f"{path}/{step}")


def _keyword_notes(where: str, body: dict[str, Any]) -> Iterator[str]:
    for path, node in walk(body):
        for word, near in unknown_keywords(node):
            if near:
                raise UserError(f"{where}: {path or '/'}: '{word}' is no JSON Schema keyword; did you mean '{near}'?")
            yield f"{path or '/'}: keyword '{word}' is not JSON Schema's and is ignored"
