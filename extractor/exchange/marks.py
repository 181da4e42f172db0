"""Single marked spans, as other tools have them, and the things with all their mentions that they make for gold."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from extractor.evaluation.gold import GoldEntity, GoldRelation

ALIAS = "alias"  # the relation that leads from another name of a thing to its name, where a tool has relations alone
NO_TYPE = "entity"  # of what has none, since every tool wants one
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class TextMark:
    """A marked span: what stands there, its types (the first is its own), and of the thing its name, if that differs.

    Without a span it stands for a thing whose parts are apart in the text.
    """

    id: str
    text: str
    span: Span | None = None  # [start, end) in code points
    types: tuple[str, ...] = ()
    name: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Marked:
    """What is marked in a document."""

    marks: list[TextMark] = field(default_factory=list)
    relations: list[tuple[str, str, str]] = field(default_factory=list)  # id of a mark, predicate, id of a mark
    same: list[tuple[str, ...]] = field(default_factory=list)  # ids of marks of one thing; the first has its name


def gathered(marked: Marked) -> tuple[tuple[GoldEntity, ...], tuple[GoldRelation, ...]]:
    """The things and what joins them: marks of one text and the same types are of one thing, and those said to be."""
    root = _roots(marked)
    things: dict[str, list[TextMark]] = {}
    for mark in marked.marks:
        things.setdefault(root[mark.id], []).append(mark)
    heads = {mark.id: mark for mark in marked.marks}
    entities = {key: _entity(heads[key], marks) for key, marks in things.items()}
    relations = (
        GoldRelation(entities[root[one]].name, predicate, entities[root[two]].name)
        for one, predicate, two in marked.relations
    )
    return tuple(entities.values()), tuple(dict.fromkeys(relations))


def _roots(marked: Marked) -> dict[str, str]:
    """For each mark the one that has the name of its thing."""
    root = _groups(marked.same)
    named = [mark for mark in marked.marks if mark.name is not None and mark.id not in root]
    _join(root, named, {}, lambda mark: (mark.name, mark.types))
    known: dict[Any, set[str]] = {}
    for mark in marked.marks:
        if mark.id in root:
            known.setdefault((mark.text, mark.types), set()).add(root[mark.id])
    alone = {key: next(iter(roots)) for key, roots in known.items() if len(roots) == 1}
    others = [mark for mark in marked.marks if mark.id not in root]
    _join(root, others, alone, lambda mark: (mark.text, mark.types))
    return root


def _groups(same: Sequence[tuple[str, ...]]) -> dict[str, str]:
    """The first of each group by every one of it; groups with one in common are one."""
    groups: dict[str, list[str]] = {}
    for ids in same:
        first = groups.setdefault(ids[0], [ids[0]])
        for other in ids[1:]:
            if (more := groups.get(other, [other])) is not first:
                first += more
                groups |= dict.fromkeys(more, first)
    return {one: group[0] for one, group in groups.items()}


def _join(root: dict[str, str], marks: Sequence[TextMark], known: dict[Any, str], key: Any) -> None:
    for mark in marks:
        root[mark.id] = known.setdefault(key(mark), mark.id)


def _entity(head: TextMark, marks: Sequence[TextMark]) -> GoldEntity:
    name = head.name if head.name is not None else head.text
    said = dict.fromkeys(mark.text for mark in (head, *marks))
    attributes: dict[str, Any] = {}
    for mark in marks:
        attributes |= mark.attributes
    return GoldEntity(
        name,
        head.types[0] if head.types else "",
        tuple(sorted({mark.span for mark in marks if mark.span})),
        tuple(text for text in said if text != name),
        head.types[1:],
        attributes,
    )
