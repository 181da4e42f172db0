"""From what a person typed (a file, a shipped name, module:Class) to a checked JSON Schema."""

import importlib
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import jsonschema
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from jsonschema_specifications import REGISTRY as SPECIFICATIONS
from pydantic import BaseModel
from referencing import Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import specification_with

from extractor import shipped
from extractor.errors import UserError
from extractor.limit import TooSlow, time_limit
from extractor.tasks.keywords import children, unknown_keywords

MAX_SCHEMA_BYTES = 1 << 20
CHECKING_SECONDS = 10.0  # of processor time
Resolver = Any  # of referencing, which gives its type no public name
Place = tuple[Resource[Any], Resolver]


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
    if not isinstance(body.get("$schema", ""), str):
        raise UserError(f"{where}: $schema is the address of a draft; leave it out for 2020-12")
    schema = Schema(name, body, path)
    try:
        with time_limit(CHECKING_SECONDS):
            return Schema(name, body, path, tuple(_check(where, schema)))
    except RecursionError:
        raise UserError(f"{where}: nested too deeply to check") from None
    except TooSlow:
        raise UserError(f"{where}: not checked within {CHECKING_SECONDS:.0f} s; make it smaller") from None


def _check(where: str, schema: Schema) -> Iterator[str]:
    """Notes on the schema; UserError for what is wrong with it."""
    _check_form(where, type(schema.validator()), schema.body)
    _check_references(where, schema)
    _check_patterns(where, schema.body)
    yield from _keyword_notes(where, schema.body)


def _check_form(where: str, draft: type[Validator], body: Any) -> None:
    try:
        draft.check_schema(body)
    except jsonschema.SchemaError as error:
        at = "/".join(map(str, error.absolute_path)) or "the root"
        raise UserError(f"{where}: not a JSON Schema: at {at}: {error.message[:200]}") from None


def _check_references(where: str, schema: Schema) -> None:
    """Every reference leads to a schema inside this one (or to one of JSON Schema's own)."""
    draft = type(schema.validator())
    words = [word for word in ("$ref", "$dynamicRef") if word in draft.VALIDATORS]
    form = specification_with(draft.META_SCHEMA["$schema"])
    root = form.create_resource(schema.body)
    registry = SPECIFICATIONS.with_resource(root.id() or "", root).crawl()
    known, ahead = set[int](), [(root, registry.resolver(root.id() or ""))]
    while ahead:
        targets = [_target(where, place) for place in _references(ahead, known, words)]
        outside = [(reference, found) for reference, found in targets if id(found.contents) not in known]
        for reference, found in outside:  # a place that is no subschema by itself: nobody has looked at it yet
            _check_form(f"{where}: $ref {reference}", draft, found.contents)
        ahead = [(form.create_resource(found.contents), found.resolver) for _, found in outside]


def _references(ahead: list[Place], known: set[int], words: list[str]) -> Iterator[tuple[str, Resolver]]:
    """The references in these schemas and all that they hold, but not in those already known."""
    ahead = list(ahead)
    while ahead:
        here, resolver = ahead.pop()
        if isinstance(here.contents, dict) and id(here.contents) not in known:
            known.add(id(here.contents))
            ahead += [(inner, resolver.in_subresource(inner)) for inner in here.subresources()]
            yield from ((here.contents[word], resolver) for word in words if word in here.contents)


def _target(where: str, place: tuple[str, Resolver]) -> tuple[str, Any]:
    reference, resolver = place
    try:
        return reference, resolver.lookup(reference)
    except (Unresolvable, ValueError):
        remote = "is remote and nothing is ever fetched" if "://" in reference else "leads nowhere"
        raise UserError(f"{where}: $ref {reference} {remote}; copy what it means into $defs") from None


def _check_patterns(where: str, body: dict[str, Any]) -> None:
    for path, node in walk(body):
        for pattern in (*filter(None, [node.get("pattern")]), *node.get("patternProperties", {})):
            try:
                re.compile(pattern)
            except (re.error, OverflowError) as error:
                raise UserError(
                    f"{where}: {path or '/'}: pattern {pattern[:80]!r}: {error}; write it as Python's re"
                ) from None


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
