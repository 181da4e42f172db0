"""What is wrong with a schema: its form, its references, its keywords."""

from collections.abc import Iterator
from typing import Any

import jsonschema
from jsonschema import FormatChecker
from jsonschema.protocols import Validator
from jsonschema_specifications import REGISTRY as SPECIFICATIONS
from referencing import Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import specification_with

from extractor.errors import UserError, did_you_mean
from extractor.tasks.keywords import DRAFTS, few, heard, unheard, unknown_keywords, walk
from extractor.tasks.merging import check_merging
from extractor.tasks.satisfy import unsatisfiable

PATTERNS = FormatChecker(("regex",))  # of formats, those alone: a reference may be written in any script
Resolver = Any  # of referencing, which gives its type no public name
Place = tuple[Resource[Any], Resolver]
Said = tuple[str, dict[str, Any]]  # where, and the words there


def lint(where: str, body: dict[str, Any], draft: type[Validator]) -> Iterator[str]:
    """Notes on a schema of this draft, for its author; UserError for what is wrong with it."""
    _check_form(where, draft, body)
    _check_references(where, body, draft)
    _check_required(where, body, draft)
    _check_enums(where, body, draft)
    check_merging(where, body)
    if why := unsatisfiable(body):
        raise UserError(f"{where}: no answer can satisfy it: {why}")
    yield from _keyword_notes(where, body, draft)
    yield from _draft_notes(body, draft)
    yield from _format_notes(body, draft)


def _check_form(where: str, draft: type[Validator], body: Any) -> None:
    try:
        draft.check_schema(body, format_checker=PATTERNS)
    except jsonschema.SchemaError as error:
        at = "/".join(map(str, error.absolute_path)) or "the root"
        told = next((inner for inner in error.context or () if inner.validator == "enum"), error)
        cure = _meant(told) or _of_another(draft, body) or _in_python(told)
        raise UserError(f"{where}: not a JSON Schema: at {at}: {told.message[:200]}{cure}") from None


def _in_python(error: jsonschema.SchemaError) -> str:
    r"""The cure for a pattern with \p{…}, which only other languages know."""
    unknown = error.validator == "format" and "\\p{" in str(error.instance)
    return r"; \p{…} is not known: write [^\W\d_] for a letter, [\u4e00-\u9fff] for Chinese" if unknown else ""


def _of_another(draft: type[Validator], body: Any) -> str:
    """The cure where the schema is one of another draft, which it does not name."""
    if not isinstance(body, dict) or "$schema" in body:
        return ""
    for name, other in reversed(DRAFTS.items()):
        if other is not draft and other(other.META_SCHEMA, format_checker=PATTERNS).is_valid(body):
            return f'; it is one of {name}: add "$schema": "{other.META_SCHEMA.get("$schema")}"'
    return ""


def _meant(error: jsonschema.SchemaError) -> str:
    known = error.validator_value if error.validator == "enum" else []
    return did_you_mean(str(error.instance), [word for word in known if isinstance(word, str)])


def _check_references(where: str, body: dict[str, Any], draft: type[Validator]) -> None:
    """Every reference leads to a schema inside this one (or to one of JSON Schema's own)."""
    words = [word for word in ("$ref", "$dynamicRef") if word in draft.VALIDATORS]
    form = specification_with(draft.META_SCHEMA["$schema"])
    root = form.create_resource(body)
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


def _heard(body: dict[str, Any], draft: type[Validator]) -> Iterator[Said]:
    return ((path, heard(node, draft)) for path, node in walk(body))


def _check_required(where: str, body: dict[str, Any], draft: type[Validator]) -> None:
    """No object demands a property that it forbids: there is no answer to that."""
    for path, node in _heard(body, draft):
        closed = node.get("additionalProperties") is False and not node.get("patternProperties")
        known, required = node.get("properties", {}), node.get("required")
        for name in required if closed and isinstance(required, list) else ():
            if name not in known:
                at = f"{path}/required: '{name}' is not among the properties, and no other is allowed"
                raise UserError(f"{where}: {at}{did_you_mean(name, known)}")


def _check_enums(where: str, body: dict[str, Any], draft: type[Validator]) -> None:
    for path, node in _heard(body, draft):
        if node.get("enum", "") == []:
            raise UserError(f"{where}: {path}/enum: no value is allowed; list the values, or leave enum out")


def _draft_notes(body: dict[str, Any], draft: type[Validator]) -> Iterator[str]:
    """What the schema says and its draft does not hear: a note for each reason."""
    name = next((name for name, known in DRAFTS.items() if known is draft), "this draft")
    found: dict[str, list[str]] = {}
    for path, node in walk(body):
        for word in unheard(node, draft):
            if "$ref" in node and word in draft.VALIDATORS:
                why = f"{name} hears nothing beside $ref; put both into allOf, or name 2020-12 in $schema"
            else:
                newest = next(other for other, known in reversed(DRAFTS.items()) if word in known.VALIDATORS)
                why = f"{name} does not know it, {newest} does; name that in $schema"
            found.setdefault(why, []).append(f"{word} at {path or '/'}")
    yield from (f"ignored, since {why}: {few(places)}" for why, places in found.items())


def _format_notes(body: dict[str, Any], draft: type[Validator]) -> Iterator[str]:
    known = draft.FORMAT_CHECKER.checkers
    for path, node in walk(body):
        name = node.get("format")
        if isinstance(name, str) and name not in known:
            yield f"{path or '/'}: format '{name}' is not checked{did_you_mean(name, list(known))}"


def _keyword_notes(where: str, body: dict[str, Any], draft: type[Validator]) -> Iterator[str]:
    for path, node in walk(body):
        for word, near in unknown_keywords(node):
            if near:
                raise UserError(f"{where}: {path or '/'}: '{word}' is no JSON Schema keyword; did you mean '{near}'?")
            if word == "nullable" and node[word] is True:
                yield f'{path or "/"}: keyword \'nullable\' is OpenAPI\'s and is ignored; write "type": ["…", "null"]'
            elif word != "id" or "$id" in draft.META_SCHEMA:
                yield f"{path or '/'}: keyword '{word}' is not JSON Schema's and is ignored"
