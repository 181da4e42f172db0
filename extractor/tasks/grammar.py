"""The schema as the decoder gets it: the user's, less what a grammar cannot hold.

What is taken out here is not lost: every answer is validated against the user's own schema after decoding.
Which keywords llguidance refuses: its own error messages, release 1.7.6.
"""

import json
from typing import Any

from extractor.tasks.keywords import KNOWN, LISTS, MAPS, SINGLES, walk
from extractor.tasks.schema import Schema

FORMATS = {
    *("date", "time", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "uuid", "uri"),
}
REFUSED = {
    *("uniqueItems", "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "dependencies"),
    *("contains", "minContains", "maxContains", "propertyNames", "unevaluatedItems", "unevaluatedProperties"),
    *("contentSchema", "contentEncoding", "contentMediaType", "discriminator", "$dynamicRef", "$recursiveRef"),
}
SAYS_NOTHING = {"title", "description", "default", "examples", "$comment", "deprecated", "readOnly", "writeOnly"}
SHAPES = {"properties", "patternProperties", "allOf", "anyOf", "oneOf", "$ref"}  # each may give an object properties
BESIDE_REF = {"$ref", "$defs", "definitions", "$id", "$schema", "$anchor"}
NUMBERS = {
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength"),
    *("minItems", "maxItems", "minProperties", "maxProperties", "format"),
}
# What is given up, one step after the other, until the grammar library accepts the rest.
STEPS = (set[str](), {"pattern", "patternProperties"}, NUMBERS, {"beside $ref"}, SHAPES - {"properties"})
MAX_COUNT = 1000  # a bound on items above it costs memory for each item, and stops no answer that anyone waits for
# Natural separators and no free whitespace: no endless runs of blanks, and the spacing that models were trained on.
LAYOUT = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": ", "coerce_one_of": True}


def grammar(schema: Schema) -> str:
    """JSON text of the schema to decode under; key order is the schema's own."""
    return _text(_accepted(schema.body)[0])


def free_of_grammar(schema: Schema) -> str | None:
    """Why this schema cannot be decoded under at all (answers are then free JSON, checked afterwards), or None."""
    return _accepted(schema.body)[1]


def dropped(schema: Schema) -> list[str]:
    """The keywords of this schema that are checked after decoding only."""
    before, after = _words(schema.body), _words(_accepted(schema.body)[0])
    return sorted((before - after) & KNOWN - SAYS_NOTHING)


def fault(body: dict[str, Any]) -> str | None:
    """The grammar library's objection to this schema, None if it has none or is not installed."""
    try:
        import llguidance
    except ImportError:
        return None
    built = llguidance.LLMatcher.grammar_from_json_schema(_text(body))
    return llguidance.LLMatcher.validate_grammar(built) or None


def _text(body: dict[str, Any]) -> str:
    return json.dumps({**body, "x-guidance": LAYOUT}, ensure_ascii=False)


def _accepted(body: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
    """The strictest grammar for this schema that is accepted, and why it is none at all where that is so."""
    given_up, objection = REFUSED | SAYS_NOTHING, None
    weaker: Any = None
    for step in STEPS:
        given_up = given_up | step
        before, weaker = weaker, _Weakening(body, given_up).weaken(body)
        if weaker != before and not (objection := fault(weaker)):
            return weaker, None
    return {"type": "object"} if body.get("type") == "object" else {}, objection


class _Weakening:
    """A schema less some of its words, its objects closed where that cannot forbid what it allows elsewhere."""

    def __init__(self, root: dict[str, Any], given_up: set[str]) -> None:
        self.given_up = given_up
        self.separate = all(_lone(node) for _, node in walk(root))

    def weaken(self, node: Any, closed: bool = True) -> Any:
        if not isinstance(node, dict):
            return node
        closed = closed and _lone(node)
        kept = {word: self.inside(word, value, closed) for word, value in node.items() if self.holds(word, value, node)}
        if closed and "properties" in kept and set(node.get("required", [])) <= set(node["properties"]):
            kept.setdefault("additionalProperties", False)
        return kept

    def inside(self, word: str, value: Any, closed: bool) -> Any:
        if word in MAPS and isinstance(value, dict):
            alone = self.separate if word in ("$defs", "definitions") else True
            return {key: self.weaken(child, alone) for key, child in value.items()}
        if word in LISTS | {"items"} and isinstance(value, list):
            return [self.weaken(child, closed or word not in SHAPES) for child in value]
        return self.weaken(value) if word in SINGLES else value

    def holds(self, word: str, value: Any, node: dict[str, Any]) -> bool:
        if word not in KNOWN or word in self.given_up:
            return False
        if "beside $ref" in self.given_up and "$ref" in node and word not in BESIDE_REF:
            return False
        if word in ("minItems", "maxItems"):
            return bool(value <= MAX_COUNT)
        return word != "format" or value in FORMATS


def _lone(node: dict[str, Any]) -> bool:
    """Whether one word alone gives this object its properties, so that it may be closed to others."""
    return len(SHAPES & set(node)) < 2 and len(node.get("allOf", [])) < 2


def _words(node: Any) -> set[str]:
    if isinstance(node, dict):
        return set(node).union(*map(_words, node.values()))
    return set().union(*map(_words, node)) if isinstance(node, list) else set()
