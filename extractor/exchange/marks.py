"""Between things with all their mentions, as gold has them, and single marked spans, as other tools have them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from extractor.evaluation.gold import GoldDocument, GoldEntity, GoldRelation
from extractor.evaluation.matching import normal
from extractor.exchange.account import Account
from extractor.tables.grounding import Ground

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


class Marking:
    """A document with text as single marks; what has no place in the text is left out and counted."""

    def __init__(self, document: GoldDocument, account: Account) -> None:
        self.document, self.account = document, account
        self.text = document.text or ""
        self._ground = Ground(self.text)
        self.entities = self._placed()
        self._surfaces = Counter((surface, entity.type) for entity in self.entities for surface in self._said(entity))
        self._ids: list[list[str]] = []
        self._by_name: dict[str, int] = {}
        self._by_form: dict[str, int] = {}
        for number, entity in enumerate(self.entities):
            self._by_name.setdefault(entity.name, number)
            self._by_form.setdefault(normal(entity.name), number)
        for number, entity in enumerate(self.entities):
            for other in (*entity.aliases, *self._said(entity)):
                self._by_form.setdefault(normal(other), number)

    def marked(self) -> Marked:
        """All marks, in the order of their entities, and what joins them."""
        found = Marked()
        for entity in self.entities:
            marks = list(self._marks(entity, len(found.marks)))
            found.marks.extend(marks)
            self._ids.append([mark.id for mark in marks])
            if len(marks) > 1 and self._needs_joining(entity):
                found.same.append(tuple(self._ids[-1]))
        found.relations.extend(self._relations({mark.id: mark for mark in found.marks}))
        return found

    def leave_out(self, attributes: bool = False, types: bool = False, names: bool = False) -> None:
        """Counts what of the entities a tool has no place for: attributes, further types, names not in the text."""
        for entity in self.entities:
            self.account.left_out["attributes of entities"] += attributes and len(entity.attributes)
            self.account.left_out["further types of entities"] += types and len({*entity.alt_types} - {entity.type})
            other = names and entity.name not in self._said(entity)
            self.account.changed["names of entities, now as their texts have them"] += other
            self.account.changed[f"entities without a type, now of type {NO_TYPE}"] += not entity.type

    def find(self, name: str) -> int | None:
        """The number of the entity that goes by this name; None where none does."""
        return self._by_name.get(name, self._by_form.get(normal(name)))

    def id_of(self, number: int) -> str:
        """The mark of an entity that has its name."""
        return self._ids[number][0]

    def place_of(self, name: str) -> Span | None:
        """Where a name stands first; None where it does not."""
        return next(iter(self._ground.find(name).mentions), None)

    def _placed(self) -> list[GoldEntity]:
        found: dict[tuple[str, str], GoldEntity] = {}
        for entity in self.document.entities:
            mentions = entity.mentions or tuple(self._ground.find(entity.name).mentions)
            self.account.changed["entities without a place, now where their names stand"] += bool(
                mentions and not entity.mentions
            )
            if not mentions:
                self.account.left_out["entities that do not stand in their texts"] += 1
                continue
            key = entity.name, entity.type
            placed = replace(entity, mentions=tuple(sorted({*mentions})))
            self.account.changed["entities of one name and type, now one"] += key in found
            found[key] = _joined(found[key], placed) if key in found else placed
        return list(found.values())

    def _said(self, entity: GoldEntity) -> list[str]:
        return list(dict.fromkeys(self.text[start:end] for start, end in entity.mentions))

    def _needs_joining(self, entity: GoldEntity) -> bool:
        said = self._said(entity)
        return len(said) > 1 or self._surfaces[said[0], entity.type] > 1

    def _marks(self, entity: GoldEntity, before: int) -> Iterator[TextMark]:
        """The mark with the entity's name comes first, and bears what there is to say of it."""
        self.account.left_out["aliases that do not stand in their texts"] += len(
            {*entity.aliases} - {*self._said(entity), entity.name}
        )
        named = next((span for span in entity.mentions if self.text[slice(*span)] == entity.name), entity.mentions[0])
        types = tuple(dict.fromkeys((entity.type or NO_TYPE, *entity.alt_types)))
        for number, span in enumerate([named, *(span for span in entity.mentions if span != named)], before + 1):
            said = self.text[slice(*span)]
            if span != named:
                yield TextMark(f"T{number}", said, span, types)
                continue
            yield TextMark(
                f"T{number}", said, span, types, None if said == entity.name else entity.name, entity.attributes
            )

    def _relations(self, marks: dict[str, TextMark]) -> Iterator[tuple[str, str, str]]:
        for relation in dict.fromkeys(self.document.relations):
            subject, target = self.find(relation.subject), self.find(relation.object)
            if subject is None or target is None:
                self.account.left_out["relations with an end that is not in the text"] += 1
                continue
            one, two = self._nearest(subject, target, marks)
            yield one, relation.predicate, two

    def _nearest(self, subject: int, target: int, marks: dict[str, TextMark]) -> tuple[str, str]:
        """Of the mentions of both ends those that stand nearest to each other; of one thing two, where it has two."""
        pairs = [(one, two) for one in self._ids[subject][:50] for two in self._ids[target][:50]]
        return min(pairs, key=lambda pair: (pair[0] == pair[1], _apart(marks[pair[0]], marks[pair[1]])))


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


def _joined(one: GoldEntity, two: GoldEntity) -> GoldEntity:
    return replace(
        one,
        mentions=tuple(sorted({*one.mentions, *two.mentions})),
        aliases=tuple(dict.fromkeys((*one.aliases, *two.aliases))),
        alt_types=tuple(dict.fromkeys((*one.alt_types, *two.alt_types))),
        attributes={**two.attributes, **one.attributes},
    )


def _apart(one: TextMark, two: TextMark) -> int:
    first, second = one.span or (0, 0), two.span or (0, 0)
    return max(first[0], second[0]) - min(first[1], second[1])
