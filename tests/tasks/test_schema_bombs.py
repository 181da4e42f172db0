"""Schemas made to cost time and memory: each is refused with one line, or handled, within seconds."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from extractor.errors import UserError
from extractor.tasks.grammar import grammar
from extractor.tasks.guide import MAX_LINES, guide
from extractor.tasks.mapping import table_fields
from extractor.tasks.schema import load_schema

MEMORY = 3 << 30  # bytes of address space
LOAD = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({MEMORY}, {MEMORY}))
from extractor.errors import UserError
from extractor.tasks.grammar import grammar, free_of_grammar
from extractor.tasks.guide import guide
from extractor.tasks.mapping import table_fields
from extractor.tasks.schema import load_schema
try:
    schema = load_schema(sys.argv[1])
    print(len(table_fields(schema)), len(guide(schema.body)), len(grammar(schema)), free_of_grammar(schema))
except UserError as error:
    print(error)
"""


def fan_out(word: str, depth: int, width: int) -> dict[str, Any]:
    """Each level refers to the next so many times: width ** depth places in a few KiB."""
    level: dict[str, Any] = {}
    for number in range(depth):
        below = {"$ref": f"#/$defs/d{number + 1}"}
        level[f"d{number}"] = (
            {"type": "object", "properties": {f"p{i}": below for i in range(width)}}
            if word == "properties"
            else {word: [below] * width}
        )
    return {"$defs": {**level, f"d{depth}": {"type": "string"}}, "$ref": "#/$defs/d0"}


def mutual(count: int) -> dict[str, Any]:
    """Each of so many definitions holds all of them."""
    all_of_them = {f"p{i}": {"$ref": f"#/$defs/d{i}"} for i in range(count)}
    body = {"type": "object", "properties": all_of_them}
    return {"$defs": {f"d{i}": body for i in range(count)}, "$ref": "#/$defs/d0"}


BOMBS: dict[str, Any] = {
    "allOf": fan_out("allOf", 40, 2),
    "anyOf": fan_out("anyOf", 40, 2),
    "oneOf": fan_out("oneOf", 40, 2),
    "properties": fan_out("properties", 40, 10),
    "mutual": mutual(30),
    "list of itself": {"type": "array", "items": {"$ref": "#"}},
    "reference to itself": {"$ref": "#"},
    "references in a ring": {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
    "long enum": {"enum": [f"value number {number}" for number in range(40_000)]},
    "one long value": {"enum": ["x" * 1_000_000]},
    "many properties": {"type": "object", "properties": {f"p{i}": {"type": "string"} for i in range(2_000)}},
    "many items": {"type": "array", "items": {"type": "string"}, "minItems": 10**5, "maxItems": 10**7},
    "many lists": {"properties": {f"p{i}": {"type": "array", "maxItems": 1000, "items": {}} for i in range(1000)}},
    "long text": {"type": "string", "minLength": 10**18},
    "wide number": {"type": "integer", "minimum": -(10**300), "maximum": 10**300},
    "patterns": {"type": "string", "pattern": "^(a{1000}){1000}$"},
    "crossed": {"allOf": [{"anyOf": [{"required": [f"a{i}{j}"]} for j in range(20)]} for i in range(20)]},
    "deep": {"$ref": "#/$defs/d", "$defs": {"d": json.loads('{"items": ' * 60 + "{}" + "}" * 60)}},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_does_not_go_off(tmp_path: Path, name: str) -> None:
    path = tmp_path / "bomb.json"
    path.write_text(json.dumps(BOMBS[name]))
    done = subprocess.run([sys.executable, "-c", LOAD, str(path)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-500:]
    assert done.stdout.strip()


@pytest.mark.slow
def test_what_is_unfolded_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "bomb.json"
    path.write_text(json.dumps(fan_out("properties", 40, 10)))
    schema = load_schema(str(path))
    lines = guide(schema.body).splitlines()
    assert len(lines) == 400 < MAX_LINES and lines[1].startswith("  - p0 (object)") and "as in p0 above" in lines[-1]
    assert table_fields(schema) == []


def test_bounds_that_no_grammar_should_count_to_are_left_out_of_it(tmp_path: Path) -> None:
    path = tmp_path / "bomb.json"
    path.write_text(json.dumps({"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 10**7}))
    body = json.loads(grammar(load_schema(str(path))))
    assert body["minItems"] == 2 and "maxItems" not in body


def test_a_megabyte_is_the_most(tmp_path: Path) -> None:
    path = tmp_path / "bomb.json"
    path.write_text(json.dumps({"enum": ["x" * (1 << 20)]}))
    with pytest.raises(UserError, match="at most 1 MiB"):
        load_schema(str(path))
