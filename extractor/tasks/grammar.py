"""The schema as the decoder gets it: what the reading of it gives, less what a grammar cannot hold.

What is taken out here is not lost: every answer is validated against the user's own schema after decoding.
Which keywords llguidance refuses: its own error messages, release 1.7.6.
"""

import json
from dataclasses import replace
from functools import lru_cache
from typing import Any

from extractor.tasks.emit import Emitted, emit
from extractor.tasks.lenient import mended
from extractor.tasks.reading import read
from extractor.tasks.schema import Schema
from extractor.tasks.wire import separators, wire_of
from extractor.types import WireForm

# Natural separators and no free whitespace: no endless runs of blanks, and the spacing that models were trained on.
LAYOUT = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": ", "coerce_one_of": True}


def grammar(schema: Schema) -> str:
    """JSON text of the schema to decode under; key order is the schema's own."""
    return as_grammar(_accepted(schema).body, schema.form)


def free_of_grammar(schema: Schema) -> str | None:
    """Why this schema cannot be decoded under at all (answers are then free JSON, checked afterwards), or None."""
    return _accepted(schema).objection


def dropped(schema: Schema) -> dict[str, list[str]]:
    """The keywords of this schema that are checked after decoding only, each with the places in the answer."""
    found: dict[str, list[str]] = {}
    for word, where in dict.fromkeys(_accepted(schema).given_up):
        found.setdefault(word, []).append(where)
    return dict(sorted(found.items()))


def pieces(schema: Schema) -> list[str]:
    """The schema's root properties: what may be asked for one by one; none where the root is a union or no object."""
    node = read(schema.body)
    return [] if node.unions else [name for name, child in node.properties.items() if not child.never]


def piece(schema: Schema, name: str) -> str:
    """JSON text of the grammar of an object with this root property alone."""
    return as_grammar(piece_body(schema, name), schema.form)


def piece_body(schema: Schema, name: str) -> dict[str, Any]:
    """That grammar before it is text: one plain schema, no references but to its `$defs`."""
    return _accepted(schema, name).body


def as_grammar(body: dict[str, Any], form: WireForm = "plain") -> str:
    """JSON text of such a schema, with the layout of an answer in this form."""
    layout = LAYOUT | dict(zip(("item_separator", "key_separator"), separators(form), strict=True))
    return json.dumps({**body, "x-guidance": layout}, ensure_ascii=False)


def fault(body: dict[str, Any]) -> str | None:
    """The grammar library's objection to this schema, None if it has none or is not installed."""
    try:
        import llguidance
    except ImportError:
        return None
    built = llguidance.LLMatcher.grammar_from_json_schema(as_grammar(body))
    return llguidance.LLMatcher.validate_grammar(built) or None


@lru_cache(maxsize=64)
def _accepted(schema: Schema, only: str | None = None) -> Emitted:
    """The strictest grammar for this schema that is accepted, or none, with why."""
    wire = wire_of(schema)
    root, emitted = wire.root, emit(wire.root, only, wire.lists)
    for attempt in mended(emitted, fault):
        if not (objection := fault(attempt.body)):
            return attempt
    return replace(emitted, body={"type": "object"} if root.types == ("object",) else {}, objection=objection)
