"""What runs disagree on: the things that some of them found in a document and others did not."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from extractor.errors import UserError
from extractor.evaluation.marks import entity_key, relation_keys
from extractor.evaluation.row_items import row_key
from extractor.evaluation.runs import Run
from extractor.evaluation.scored_tables import FURTHER, SCORED
from extractor.fingerprint import digest
from extractor.tables import ENTITIES, RELATIONS

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FoundItem:
    """One thing in one document, by what makes it the same in every run, and the runs that found it."""

    doc_id: str
    table: str
    key: Key
    arms: frozenset[int]

    @property
    def name(self) -> tuple[str, str, Key]:
        """What it is known by, whoever found it."""
        return self.doc_id, self.table, self.key


@dataclass(frozen=True, slots=True)
class Pair:
    """One run against the first."""

    base: int
    arm: int

    def sign(self, item: FoundItem) -> int:
        """1 where the arm alone found it, -1 where the base alone did, 0 where the two agree."""
        return (self.arm in item.arms) - (self.base in item.arms)


@dataclass(frozen=True, slots=True)
class Pool:
    """All disputed things in a fixed order, the number of things that each pair found, and the tables there are."""

    items: tuple[FoundItem, ...]
    either: Mapping[tuple[Pair, str], int]  # things that one of the pair found, or both, by table
    pairs: tuple[Pair, ...]
    tables: tuple[str, ...]  # in which something is disputed
    documents: tuple[tuple[int, ...], ...]  # numbers of the items in each document that has any
    digest: str  # what names it, whichever run comes first

    def of_tables(self, tables: Sequence[str]) -> "Pool":
        """The part of it that is in these tables."""
        items = tuple(item for item in self.items if item.table in tables)
        held = tuple(table for table in self.tables if table in tables)
        return Pool(items, self.either, self.pairs, held, _by_document(items), _digest(items))


def pool_of(runs: Sequence[Run]) -> Pool:
    """What these runs disagree on in the documents that all of them settled; UserError where there are none."""
    shared = sorted(set(runs[0].rows).intersection(*(run.rows for run in runs[1:])))
    if not shared:
        names = ", ".join(run.path for run in runs)
        raise UserError(f"{names} share no doc_id; judge runs over the same documents with the same --id-column")
    return made_pool([item for doc_id in shared for item in _items(runs, doc_id)], len(runs))


def made_pool(items: Sequence[FoundItem], arms: int) -> Pool:
    """The pool of all things that any of so many arms found, those that all of them found among them."""
    pairs = tuple(Pair(0, arm) for arm in range(1, arms))
    either = Counter((pair, i.table) for i in items for pair in pairs if {pair.base, pair.arm} & i.arms)
    disputed = tuple(sorted((item for item in items if len(item.arms) < arms), key=lambda item: item.name))
    tables = {item.table for item in disputed}
    ordered = tuple(table.name for table in SCORED if table.name in tables)
    return Pool(disputed, either, pairs, ordered, _by_document(disputed), _digest(disputed))


def _digest(items: Sequence[FoundItem]) -> str:
    return digest([item.name for item in items])


def _by_document(items: Sequence[FoundItem]) -> tuple[tuple[int, ...], ...]:
    documents: dict[str, list[int]] = defaultdict(list)
    for number, item in enumerate(items):
        documents[item.doc_id].append(number)
    return tuple(map(tuple, documents.values()))


def keys_in(run: Run, doc_id: str) -> Iterator[tuple[str, Key]]:
    """(table, key) of each thing that a run found in a document, in the order of its rows; a thing may come twice."""
    entities, relations = run.entities.get(doc_id, []), run.relations.get(doc_id, [])
    yield from ((ENTITIES.name, entity_key(entity)) for entity in entities)
    yield from ((RELATIONS.name, key) for key in relation_keys(relations, entities))
    for table in FURTHER:
        yield from ((table.name, row_key(table, row)) for row in run.further_rows(table, doc_id))


def _items(runs: Sequence[Run], doc_id: str) -> Iterator[FoundItem]:
    having: dict[tuple[str, Key], set[int]] = defaultdict(set)
    for arm, run in enumerate(runs):
        for found in keys_in(run, doc_id):
            having[found].add(arm)
    return (FoundItem(doc_id, table, key, frozenset(arms)) for (table, key), arms in having.items())
