"""The things that gold marks in a document as single spans, as other tools have them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from extractor.evaluation.gold import GoldDocument, GoldEntity
from extractor.evaluation.matching import normal
from extractor.exchange.account import Account
from extractor.exchange.marks import NO_TYPE, Marked, Span, TextMark
from extractor.tables.grounding import Ground


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
        self.account.left_out["aliases without a mention"] += len(
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
