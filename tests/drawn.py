"""Schemas drawn by chance, and answers that their grammars accept."""

import json
import random
from typing import Any

import llguidance
import numpy as np
from hypothesis import strategies as st

KEYS = st.sampled_from(["alpha", "beta", "名称", "两地", "My Kind", "é"])
LABELS = st.lists(st.sampled_from(["red", "甲", "north-west", "b c"]), min_size=1, max_size=3, unique=True)
LEAVES = st.one_of(
    st.just({"type": "string", "maxLength": 4}),
    st.just({"type": "integer", "minimum": 0, "maximum": 9}),
    st.just({"type": "boolean"}),
    st.just({"type": "string", "format": "date"}),
    LABELS.map(lambda values: {"enum": values}),
    LABELS.map(lambda values: {"oneOf": [{"const": value, "description": f"about {value}"} for value in values]}),
)


def objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.dictionaries(KEYS, inner, min_size=1, max_size=3).map(
        lambda p: {"type": "object", "properties": p, "required": list(p)}
    )


def grown(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    thing = objects(inner)
    return st.one_of(
        thing,
        inner.map(lambda node: {"type": "array", "items": node, "maxItems": 2}),
        inner.map(lambda node: {"anyOf": [node, {"type": "null"}]}),
        inner.map(lambda node: {"type": "object", "additionalProperties": node, "maxProperties": 2}),
        inner.map(
            lambda node: {"type": "object", "patternProperties": {"^k[0-9]$": node}, "additionalProperties": False}
        ),
        st.tuples(inner, LABELS).map(
            lambda t: {"type": "object", "propertyNames": {"enum": t[1]}, "additionalProperties": t[0]}
        ),
        st.tuples(thing, thing).map(lambda pair: {"allOf": list(pair)}),
        st.tuples(thing, thing).map(
            lambda pair: {
                "oneOf": [
                    {**one, "properties": {"kind": {"const": name}, **one["properties"]}, "required": ["kind"]}
                    for one, name in zip(pair, ("first", "second"), strict=True)
                ]
            }
        ),
    )


@st.composite
def schemas(draw: st.DrawFn) -> dict[str, Any]:
    """An object of some of these, a few of its nodes moved into `$defs` under names of any script."""
    body = draw(objects(st.recursive(LEAVES, grown, max_leaves=8)))
    defs: dict[str, Any] = {}
    for key, node in list(body["properties"].items()):
        if draw(st.booleans()):
            name = f"{key}%/~"
            defs[name] = node
            body["properties"][key] = {
                "$ref": "#/$defs/" + name.replace("~", "~0").replace("/", "~1").replace("%", "%25")
            }
    return {**body, "$defs": defs} if defs else body


def written(text: str, seed: int) -> Any:
    """An answer that the grammar accepts, drawn by chance; None where it comes to no end."""
    tokenizer = llguidance.LLTokenizer("byte")
    matcher = llguidance.LLMatcher(tokenizer, llguidance.LLMatcher.grammar_from_json_schema(text))
    chance, said = random.Random(seed), bytearray()
    while len(said) < 3000:
        if matcher.is_accepting():
            return json.loads(said.decode(errors="replace"))
        mask = np.unpackbits(np.frombuffer(matcher.compute_bitmask(), dtype=np.uint8), bitorder="little")
        allowed = [token for token in np.flatnonzero(mask[:127]) if token >= 32 and chr(token) != "\\"] or list(
            np.flatnonzero(mask[:256])
        )
        ends = [token for token in allowed if chr(token) in '"]}']
        token = int(chance.choice(ends if ends and chance.random() < 0.6 else allowed))
        if not matcher.consume_token(token):
            return None
        said.append(token)
    return None
