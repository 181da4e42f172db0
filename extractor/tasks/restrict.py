"""A schema less the properties that do not feed the tables asked for."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

from extractor.tables.summaries import SUMMARIES
from extractor.tasks.links import Part
from extractor.tasks.mapping import table_fields
from extractor.tasks.merging import word_of
from extractor.tasks.reading import read
from extractor.tasks.rewrite import ALIKE, GONE, Rewriter
from extractor.tasks.schema import Schema
from extractor.types import TableField

Paths = frozenset[tuple[str, ...]]
State = tuple[Paths | None, Paths]  # what is wanted below a place, all of it where it is None, and what of it is not
ANY = {"items": "[]", "unevaluatedItems": "[]", "prefixItems": "["}  # how the steps into a list begin
COUNTED = {"minProperties", "maxProperties", "dependentRequired", "dependencies", "not", "contains", "minContains"}


def only(schema: Schema, words: Collection[str]) -> Schema | None:
    """The schema restricted to the properties that feed these tables (their words), bounds and all; None without any.

    The subject that relations inside an entity have is kept with them.
    """
    fields = table_fields(schema)
    return _restricted(schema, fields, [field for field in fields if field.table in words])


def without(schema: Schema, paths: Collection[tuple[str, ...]]) -> Schema:
    """The schema less these places, and all else as it is, but for bounds on how many properties there are."""
    return replace(schema, body=_Only().whole(schema.body, (None, frozenset(paths))), model=None)


def summary_schema(schema: Schema) -> Schema | None:
    """The schema of a summary of the passages' summaries: the summary alone, its own bounds and all.

    None where there is nothing to sum up: no summary but those of items of a list, or of passages that `x-merge` joins.
    """
    fields = table_fields(schema)
    return _restricted(
        schema, fields, [one for one in fields if one.table == SUMMARIES.word and _is_summed_up(schema, one)]
    )


def _restricted(schema: Schema, fields: Sequence[TableField], kept: Sequence[TableField]) -> Schema | None:
    wanted = frozenset(path for field in kept for path in _paths(field))
    if not wanted:
        return None
    others = frozenset(field.path for field in fields if field not in kept) - wanted
    return replace(schema, body=_Only().whole(schema.body, _state(wanted, others)), model=None)


def _is_summed_up(schema: Schema, field: TableField) -> bool:
    node = read(schema.body)
    for step in field.path:
        found = [branch.properties[step] for branch in node.branches if step in branch.properties]
        if not found:
            return False
        node = found[0]
    return word_of(node) is None


def _paths(field: TableField) -> Iterable[tuple[str, ...]]:
    return [field.path, *((*field.path[:steps], key) for steps, key in field.around.values() if key)]


def _state(wanted: Paths, others: Paths) -> State:
    return (None if () in wanted else wanted), others - {()}


class _Only(Rewriter[State]):
    def child(self, word: str, key: str, part: Part, state: State) -> Any:
        if word in ALIKE or word == "if":
            return self.part(part, state)
        if word in ("propertyNames", "not", "contains"):
            return self.part(part, (None, frozenset()))
        below = _below(word, key, state)
        return GONE if below is None else self.part(part, below)

    def finished(self, words: dict[str, Any], part: Part, state: State) -> Any:
        if state == (None, frozenset()):
            return words
        words = {word: value for word, value in words.items() if word not in COUNTED}
        if "required" in words:
            words["required"] = [name for name in words["required"] if _below("properties", name, state) is not None]
        return words


def _below(word: str, key: str, state: State) -> State | None:
    """What is wanted of a subschema, None where it is left out."""
    wanted, others = state
    unwanted = frozenset(path[1:] for path in others if _leads(path[0], word, key))
    if wanted is None:
        return None if () in unwanted else (None, unwanted)
    kept = frozenset(path[1:] for path in wanted if _leads(path[0], word, key))
    return _state(kept, unwanted) if kept else None


def _leads(step: str, word: str, key: str) -> bool:
    """Whether a step of a path leads into what stands under this word."""
    if word in ANY:
        return step.startswith(ANY[word]) and (word != "prefixItems" or step in ("[]", f"[{key}]"))
    if word != "properties":
        return step.startswith("{")
    return step == key or (step.startswith("{") and re.search(step[1:-1].partition(":")[2], key) is not None)
