"""Where the references of a schema lead, whatever they are called and however they are written."""

from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from jsonschema_specifications import REGISTRY as SPECIFICATIONS
from referencing import Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import specification_with

REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")


class Links:
    """The base from which the references of a subschema are looked up; nothing is ever fetched."""

    def __init__(self, resolver: Any, draft: type[Validator], known: dict[tuple[str, str], "Part | None"]) -> None:
        self._resolver, self.draft, self._known = resolver, draft, known

    def inside(self, raw: dict[str, Any]) -> "Links":
        """The base for what this subschema holds: another one where it has an `$id`."""
        if "$id" not in raw and "id" not in raw:
            return self
        return Links(self._resolver.in_subresource(_form(self.draft).create_resource(raw)), self.draft, self._known)

    def follow(self, reference: str) -> "Part | None":
        """What a reference leads to, or None where it leads nowhere."""
        key = (self._resolver._base_uri, reference)
        if key not in self._known:
            self._known[key] = self._look_up(reference)
        return self._known[key]

    def made(self, name: str, raw: dict[str, Any]) -> "Part":
        """A subschema that is not written in the schema: the same object each time."""
        return self._known.setdefault(("", name), (raw, self)) or (raw, self)

    def _look_up(self, reference: str) -> "Part | None":
        try:
            found = self._resolver.lookup(reference)
        except (Unresolvable, ValueError, LookupError, TypeError, AttributeError):
            return None
        return found.contents, Links(found.resolver, self.draft, self._known)


Part = tuple[Any, Links]  # a subschema, and the base of its references


def root(body: Any) -> Part:
    """A whole schema, read by the draft that it names (2020-12 if none)."""
    draft = validator_for(body, default=Draft202012Validator)
    resource: Resource[Any] = _form(draft).create_resource(body)
    registry = SPECIFICATIONS.with_resource(resource.id() or "", resource).crawl()
    return body, Links(registry.resolver(resource.id() or ""), draft, {})


def _form(draft: type[Validator]) -> Any:
    return specification_with(draft.META_SCHEMA.get("$schema") or draft.META_SCHEMA["$id"])


def target(part: Part) -> Part:
    """The subschema behind references that stand alone; a ring of them is itself."""
    known = set[int]()
    while isinstance(raw := part[0], dict) and list(raw) == ["$ref"] and id(raw) not in known:
        known.add(id(raw))
        part = part[1].inside(raw).follow(str(raw["$ref"])) or ({}, part[1])
    return part
