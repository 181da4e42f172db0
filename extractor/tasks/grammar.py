"""The schema as the decoder gets it: the user's, less what a grammar cannot hold.

What is taken out here is not lost: every answer is validated against the user's own schema after decoding.
Which keywords llguidance refuses: its own error messages, release 1.7.6.
"""

import json
from typing import Any

from extractor.tasks.keywords import KNOWN, LISTS, MAPS, SINGLES
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
# Natural separators and no free whitespace: no endless runs of blanks, and the spacing that models were trained on.
LAYOUT = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": ", "coerce_one_of": True}


def grammar(schema: Schema) -> str:
    """JSON text of the schema to decode under; key order is the schema's own."""
    body = _weaken(schema.body, closed=True)
    body = body if isinstance(body, dict) else {}
    if fault(body):
        body = {"type": "object"} if schema.body.get("type") == "object" else {}
    return _text(body)


def free_of_grammar(schema: Schema) -> str | None:
    """Why this schema cannot be decoded under at all (answers are then free JSON, checked afterwards), or None."""
    body = _weaken(schema.body, closed=True)
    return fault(body if isinstance(body, dict) else {})


def dropped(schema: Schema) -> list[str]:
    """The keywords of this schema that are checked after decoding only."""
    before, after = _words(schema.body), _words(_weaken(schema.body, closed=True))
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


def _weaken(node: Any, closed: bool) -> Any:
    if not isinstance(node, dict):
        return node
    kept = {word: _inside(word, value) for word, value in node.items() if _can_hold(word, value)}
    combines = any(word in node for word in ("allOf", "anyOf", "oneOf", "$ref", "patternProperties"))
    if closed and "properties" in kept and not combines:
        kept.setdefault("additionalProperties", False)
    return kept


def _inside(word: str, value: Any) -> Any:
    if word in MAPS and isinstance(value, dict):
        return {key: _weaken(child, closed=True) for key, child in value.items()}
    if word in LISTS | {"items"} and isinstance(value, list):
        return [_weaken(child, closed=word != "allOf") for child in value]
    return _weaken(value, closed=True) if word in SINGLES else value


def _can_hold(word: str, value: Any) -> bool:
    if word == "format":
        return value in FORMATS
    return word in KNOWN and word not in REFUSED | SAYS_NOTHING


def _words(node: Any) -> set[str]:
    if isinstance(node, dict):
        return set(node).union(*map(_words, node.values()))
    return set().union(*map(_words, node)) if isinstance(node, list) else set()
