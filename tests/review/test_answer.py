"""The whole answer after a review: the run's record, with what the person changed and nothing else."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapes import TEXT, listed, mapped, thing

from extractor.review.answer import ReviewedDocument, answer_of
from extractor.review.asked import ReviewedRow
from extractor.review.places import SchemaPlaces
from extractor.tables import Ground, rows_from
from extractor.tasks.schema import Schema, load_schema

TYPES = ("person", "organisation")
NAMES = ("Ada", "Bob", "语", "𝒜 & Co", "Eve")
JOINS = "knows: person → person; works_for: person → organisation"
TYPE = {"enum": list(TYPES)}
END = {"subject": TEXT, "predicate": {"enum": ["knows", "works_for"], "description": JOINS}, "object": TEXT}
PAIR = listed(thing(subject=TEXT, object=TEXT))


def marked(node: dict[str, Any], word: str) -> dict[str, Any]:
    return {**node, "x-extract": word}


def places(**properties: Any) -> SchemaPlaces:
    return SchemaPlaces(Schema("drawn", thing(**properties), None))


def by_type(entities, make):
    return {kind: make([e["name"] for e in entities if e["type"] == kind]) for kind in TYPES}


def ids(entities):
    return {e["name"]: f"e{n}" for n, e in enumerate(entities, 1)}


# How a schema may say the same things: its places, and the record with these entities and relations.
FORMS = {
    "lists": (
        places(entities=listed(thing(name=TEXT, type=TYPE)), relations=listed(thing(**END)), topic=TEXT),
        lambda es, rs: {"entities": es, "relations": rs, "topic": "t"},
    ),
    "a list for each type": (
        places(
            **{kind: marked(listed(TEXT), "entities") for kind in TYPES},
            relations=listed(thing(**END)),
        ),
        lambda es, rs: by_type(es, list) | {"relations": rs},
    ),
    "maps": (
        places(
            things=marked(mapped(thing(type=TYPE, told=TEXT)), "entities"),
            joined=marked({"type": "object", "properties": dict.fromkeys(("knows", "works_for"), PAIR)}, "relations"),
        ),
        lambda es, rs: {
            "things": {e["name"]: {"type": e["type"], "told": "x"} for e in es},
            "joined": {
                p: [{"subject": r["subject"], "object": r["object"]} for r in rs if r["predicate"] == p]
                for p in ("knows", "works_for")
            },
        },
    ),
    "deeper, with more said": (
        places(found=thing(entities=listed(thing(name=TEXT, type=TYPE, note=TEXT)), relations=listed(thing(**END)))),
        lambda es, rs: {"found": {"entities": [{**e, "note": "n"} for e in es], "relations": rs}},
    ),
    "ends by id": (
        places(entities=listed(thing(id=TEXT, name=TEXT, type=TYPE)), relations=listed(thing(**END))),
        lambda es, rs: {
            "entities": [{"id": ids(es)[e["name"]], **e} for e in es],
            "relations": [{**r, "subject": ids(es)[r["subject"]], "object": ids(es)[r["object"]]} for r in rs],
        },
    ),
    "ends as objects": (
        places(
            entities=listed(thing(name=TEXT, type=TYPE)),
            relations=listed(thing(**END | {"subject": thing(name=TEXT), "object": thing(name=TEXT)})),
        ),
        lambda es, rs: {
            "entities": es,
            "relations": [{**r, "subject": {"name": r["subject"]}, "object": {"name": r["object"]}} for r in rs],
        },
    ),
    "relations in their subject": (
        places(
            entities=marked(
                listed(
                    thing(
                        name=TEXT,
                        type=TYPE,
                        ties=marked(listed(thing(predicate=END["predicate"], object=TEXT)), "relations"),
                    )
                ),
                "entities",
            ),
        ),
        lambda es, rs: {
            "entities": [
                {
                    **e,
                    "ties": [
                        {"predicate": r["predicate"], "object": r["object"]} for r in rs if r["subject"] == e["name"]
                    ],
                }
                for e in es
            ]
        },
    ),
    "a union for each type": (
        places(
            entities=listed({"anyOf": [thing(type={"const": kind}, name=TEXT) for kind in TYPES]}),
            relations=listed(thing(**END)),
        ),
        lambda es, rs: {"entities": [{"type": e["type"], "name": e["name"]} for e in es], "relations": rs},
    ),
}
TEXT_OF_ALL = "Ada met Bob, 语 and Eve at 𝒜 & Co."


@st.composite
def documents(draw):
    """Entities of different names, and relations between them that their predicates can join."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=5))
    entities = [{"name": name, "type": draw(st.sampled_from(TYPES))} for name in names]
    return entities, draw(relations_of(entities))


def relations_of(entities):
    types = {"knows": ("person", "person"), "works_for": ("person", "organisation")}
    joined = [
        {"subject": one["name"], "predicate": predicate, "object": two["name"]}
        for predicate, (first, second) in types.items()
        for one in entities
        for two in entities
        if one is not two and (one["type"], two["type"]) == (first, second)
        and not (predicate == "knows" and one["name"] > two["name"])  # which may be said in either direction
    ]  # fmt: skip
    return st.lists(st.sampled_from(joined), unique_by=str, max_size=4) if joined else st.just([])


def rows_of(schema: SchemaPlaces, record: Any) -> dict[str, list[dict[str, Any]]]:
    made, _ = rows_from(record, schema.fields, Ground(TEXT_OF_ALL))
    return {
        "entities": [{"name": e.name, "type": e.type} for e in made["entities"]],
        "relations": [{"subject": r.subject, "predicate": r.predicate, "object": r.object} for r in made["relations"]],
    }


def unchanged(rows):
    return {word: [ReviewedRow(origin=n, values=row) for n, row in enumerate(said)] for word, said in rows.items()}


def counted(rows):
    return {word: Counter(str(sorted(row.items())) for row in said) for word, said in rows.items()}


def reviewed_as(tables):
    return counted({word: [row.values for row in said] for word, said in tables.items()})


def mended(schema, record, rows, tables, form=None):
    return answer_of(schema, record, rows, ReviewedDocument(TEXT_OF_ALL, tables, form))


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=12)
@given(document=documents())
def test_who_changes_nothing_gives_the_same_rows(form, document):
    schema, write = FORMS[form]
    record = write(*document)
    rows = rows_of(schema, record)
    found = mended(schema, record, rows, unchanged(rows))
    assert found.fault is None and found.answer == record


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=20)
@given(document=documents(), data=st.data())
def test_what_is_deleted_goes_and_nothing_else(form, document, data):
    schema, write = FORMS[form]
    record = write(*document)
    rows = rows_of(schema, record)
    tables = unchanged(rows)
    names = [row["name"] for row in rows["entities"]]
    gone = data.draw(st.sets(st.sampled_from(names)) if names else st.just(set[str]()))
    tables["entities"] = [row for row in tables["entities"] if row.values["name"] not in gone]
    left = [row for row in tables["relations"] if not {row.values["subject"], row.values["object"]} & gone]
    cut = data.draw(st.integers(0, len(left)))
    tables["relations"] = left[cut:]
    found = mended(schema, record, rows, tables)
    assert found.fault is None
    assert counted(rows_of(schema, found.answer)) == reviewed_as(tables)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=20)
@given(document=documents(), more=documents(), data=st.data())
def test_what_is_added_and_changed_is_in_the_answer(form, document, more, data):
    schema, write = FORMS[form]
    record = write(*document)
    rows = rows_of(schema, record)
    tables = unchanged(rows)
    known = {e["name"]: e["type"] for e in document[0]}
    new = [e for e in more[0] if e["name"] not in known]
    tables["entities"] += [ReviewedRow(values=e) for e in new]
    if not rows["relations"] and known:
        one = data.draw(st.sampled_from(sorted(known)))
        tables["entities"] = [
            row.model_copy(update={"values": {"name": one, "type": TYPES[1 - TYPES.index(known[one])]}})
            if row.values["name"] == one
            else row
            for row in tables["entities"]
        ]
    entities = [row.values for row in tables["entities"]]
    said = [row.values for row in tables["relations"]]
    tables["relations"] += [ReviewedRow(values=r) for r in data.draw(relations_of(entities)) if r not in said]
    found = mended(schema, record, rows, tables)
    assert found.fault is None
    assert counted(rows_of(schema, found.answer)) == reviewed_as(tables)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=10)
@given(document=documents())
def test_a_document_without_an_answer_is_given_one_whole(form, document):
    schema, _ = FORMS[form]
    entities, relations = document
    tables = {
        "entities": [ReviewedRow(values=one) for one in entities],
        "relations": [ReviewedRow(values=one) for one in relations],
    }
    found = mended(schema, None, {}, tables)
    assert found.fault is None
    assert counted(rows_of(schema, found.answer)) == reviewed_as(tables)


def test_what_else_an_item_holds_stays_and_what_it_must_hold_is_filled_in():
    schema, write = FORMS["deeper, with more said"]
    record = write([{"name": "Ada", "type": "person"}], [])
    rows = rows_of(schema, record)
    tables = {"entities": [ReviewedRow(origin=0, values={"name": "Ada", "type": "organisation"}),
                           ReviewedRow(values={"name": "Bob", "type": "person"})]}  # fmt: skip
    assert mended(schema, record, rows, tables).answer["found"]["entities"] == [
        {"name": "Ada", "type": "organisation", "note": "n"},
        {"name": "Bob", "type": "person", "note": ""},
    ]


def test_one_of_several_names_in_an_item_goes_alone():
    schema = places(entities=marked(listed(thing(name=listed(TEXT), type=TYPE)), "entities"))
    record = {"entities": [{"name": ["Ada", "Bob"], "type": "person"}]}
    rows = rows_of(schema, record)
    found = mended(schema, record, rows, {"entities": [ReviewedRow(origin=1, values=rows["entities"][1])]})
    assert found.answer == {"entities": [{"name": ["Bob"], "type": "person"}]}


def test_a_relation_that_the_schema_ruled_out_is_no_part_of_the_answer():
    schema, write = FORMS["lists"]
    entities = [{"name": "Ada", "type": "person"}, {"name": "Bob", "type": "person"}]
    wrong = {"subject": "Ada", "predicate": "works_for", "object": "Bob"}
    record = write(entities, [wrong])
    rows = rows_of(schema, record)
    assert rows["relations"] == []
    assert mended(schema, record, rows, unchanged(rows)).answer == write(entities, [])


def test_an_answer_that_the_schema_does_not_let_be_is_none_and_says_why():
    schema = places(entities=listed(thing(name=TEXT, type=TYPE), maxItems=1))
    record = {"entities": [{"name": "Ada", "type": "person"}]}
    rows = rows_of(schema, record)
    tables = unchanged(rows)
    tables["entities"].append(ReviewedRow(values={"name": "Bob", "type": "person"}))
    found = mended(schema, record, rows, tables)
    assert found.answer is None and "at entities:" in str(found.fault)


def test_a_new_relation_quotes_the_sentence_that_both_stand_in():
    schema, text = SchemaPlaces(load_schema("guanxi")), "很久以前。甲是乙的姐姐，住在村里。乙走了。"
    at = {name: text.index(name) for name in "甲乙"}
    people = [ReviewedRow(values={"name": n, "type": "人物"}, mentions=[(a, a + 1)]) for n, a in at.items()]
    tie = ReviewedRow(values={"subject": "甲", "predicate": "姐弟", "object": "乙"})
    found = answer_of(schema, None, {}, ReviewedDocument(text, {"entities": people, "relations": [tie]}))
    assert found.answer["关系"] == {"姐弟": [{"人物": "甲", "关联": "乙", "描述": "甲是乙的姐姐，住在村里。"}]}


def test_events_are_changed_and_taken_out():
    schema = SchemaPlaces(load_schema("finance"))
    event: dict[str, Any] = {
        "name": "bought",
        "type": "acquisition",
        "participants": ["A", "B"],
        "when": None,
        "where": "Leeds",
    }
    event["amount"] = "3"
    record: dict[str, Any] = {"entities": [], "events": [event, {**event, "name": "sold"}], "summary": "s"}
    rows = {"events": [{k: v for k, v in e.items() if k != "amount" and v is not None} for e in record["events"]]}
    kept = {"events": [ReviewedRow(origin=0, values={**rows["events"][0], "type": "contract"})]}
    found = mended(schema, record, rows, kept, ["mended"])
    assert found.answer == {"entities": [], "events": [{**event, "type": "contract"}], "summary": "mended"}


def test_the_form_is_made_from_the_schema():
    free = thing(
        entities=listed(TEXT), summary=TEXT, mood={"enum": ["good", "bad"]}, pages={"type": "integer"},
        ours={"type": ["boolean", "null"]}, where=thing(town=TEXT, country=TEXT), more=listed(TEXT),
    )  # fmt: skip
    form = SchemaPlaces(Schema("free", free, None)).form
    assert [(field.path, field.kind, field.nullable) for field in form] == [
        (("summary",), "text", False), (("mood",), "choice", False), (("pages",), "integer", False),
        (("ours",), "boolean", True), (("where", "town"), "text", False), (("where", "country"), "text", False),
        (("more",), "json", False),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["news", "xinwen", "guanxi", "finance", "science", "classify"])
def test_shipped_schemas_lose_nothing(name):
    import json
    from pathlib import Path

    schema = SchemaPlaces(load_schema(name))
    file = Path(__file__).parents[2] / "schemas" / f"{name}.examples.jsonl"
    for line in file.read_text("utf-8").splitlines():
        shot = json.loads(line)
        made, _ = rows_from(shot["answer"], schema.fields, Ground(shot["text"]))
        rows = {
            "entities": [{"name": e.name, "type": e.type} for e in made["entities"]],
            "relations": [
                {"subject": r.subject, "predicate": r.predicate, "object": r.object} for r in made["relations"]
            ],
            "events": [{"name": e.name, "type": e.type} for e in made["events"]],
        }
        found = answer_of(schema, shot["answer"], rows, ReviewedDocument(shot["text"], unchanged(rows)))
        assert found.answer == shot["answer"], found.fault
