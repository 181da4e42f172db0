"""Relations that the schema rules out are turned round or left out, and named."""

from typing import Any

import pytest

from extractor.tables import Ground, rows_from
from extractor.types import TableField

FIELDS = [
    TableField("entities", ("entities",), "entities", {"name": "name", "type": "type"}),
    TableField(
        "relations",
        ("relations",),
        "relations",
        {"subject": "subject", "predicate": "predicate", "object": "object"},
        {"works_for": (frozenset({"person"}), frozenset({"firm"})), "near": (None, frozenset({"place", "firm"}))},
    ),
]
ENTITIES = [
    {"name": "Ann", "type": "person"},
    {"name": "Acme", "type": "firm"},
    {"name": "Paris", "type": "place"},
    {"name": "Paris", "type": "person"},
    {"name": "Bo", "type": "deceased_person"},
    {"name": "Zoe", "type": "personal_item"},
    {"name": "It", "type": None},
]


def sifted(*triples: tuple[str, str, str], **more: Any) -> tuple[list[tuple[Any, ...]], list[str]]:
    items = [{"subject": s, "predicate": p, "object": o, **more} for s, p, o in triples]
    rows, dropped = rows_from({"entities": ENTITIES, "relations": items}, FIELDS, Ground("Ann of Acme in Paris"))
    kept = rows["relations"]
    return [(r.relation_id, r.subject, r.predicate, r.object, r.subject_id, r.object_id) for r in kept], dropped


@pytest.mark.parametrize(
    "triple",
    [
        ("Ann", "works_for", "Acme"),
        ("ANN", "works_for", "acme"),
        ("Ann", "likes", "x"),
        ("x", "near", "Paris"),
        ("Ann", "works_for", "x"),  # no entity, so nothing is known that speaks against it
        ("x", "works_for", "y"),
        ("Ann", "works_for", "It"),  # nor is an untyped one's
        ("Bo", "works_for", "Acme"),  # a deceased_person is a person
    ],
)
def test_what_fits_stays(triple: tuple[str, str, str]) -> None:
    [(_, *found)], dropped = sifted(triple)
    assert tuple(found[:3]) == triple and dropped == []


def test_what_fits_better_the_other_way_is_turned_round() -> None:
    assert sifted(("Acme", "works_for", "Ann")) == ([("r1", "Ann", "works_for", "Acme", "e1", "e2")], [])
    assert sifted(("x", "works_for", "Ann")) == ([("r1", "Ann", "works_for", "x", "e1", None)], [])
    assert sifted(("Acme", "works_for", "x")) == ([("r1", "x", "works_for", "Acme", None, "e2")], [])


@pytest.mark.parametrize(
    "triple, why",
    [
        (("Ann", "works_for", "ann"), "of a thing with itself"),
        (("Ann", "works_for", "Bo"), "joins person → firm, this is person → deceased_person"),
        (("Zoe", "works_for", "Acme"), "joins person → firm, this is personal_item → firm"),
        (("Acme", "works_for", "Paris"), None),  # Paris is a person too
        (("Bo", "near", "Ann"), "joins any → firm or place, this is deceased_person → person"),
    ],
)
def test_what_cannot_be_meant_is_named(triple: tuple[str, str, str], why: str | None) -> None:
    kept, dropped = sifted(triple)
    assert (len(kept), dropped) == ((1, []) if why is None else (0, [f"{' | '.join(triple)}: {why}"]))


def test_a_relation_is_said_once_and_numbered_anew() -> None:
    kept, dropped = sifted(("Ann", "likes", "Ann"), ("Ann", "likes", "Bo"), ("Ann", "likes", "Bo"))
    assert [row[:4] for row in kept] == [("r1", "Ann", "likes", "Bo")]
    assert dropped == ["Ann | likes | Ann: of a thing with itself", "Ann | likes | Bo: said before"]
    record = {"relations": [{"subject": "a", "predicate": "p", "object": "b", "year": y} for y in (1, 2)]}
    assert len(rows_from(record, FIELDS, Ground(""))[0]["relations"]) == 2


def test_ends_that_are_missing_are_no_pair() -> None:
    record = {"relations": [{"subject": None, "predicate": "likes", "object": None}]}
    assert len(rows_from(record, FIELDS, Ground(""))[0]["relations"]) == 1
