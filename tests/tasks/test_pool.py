"""Which of many examples a prompt shows."""

import json
from pathlib import Path
from typing import Any

import pytest
from fakes import fake_prepared
from programs import documents

from extractor.jobs.check import check
from extractor.jobs.prepare import Prepared
from extractor.pipeline.place import described
from extractor.tasks.pool import MOST, OWN_ROOM, ROOM, Nearest, covering
from extractor.tasks.schema import Schema, load_schema
from extractor.types import Document, Request

TYPES = ["person", "organisation", "location", "event", "product"]


def example(text: str, kind: str = "person", *more: str) -> dict[str, Any]:
    entities = [{"name": text.split()[0], "type": one} for one in (kind, *more)]
    return {"text": text, "answer": {"entities": entities, "relations": [], "summary": "s"}}


def texts(examples: Any) -> list[str]:
    return [one["text"] for one in examples]


def test_a_few_examples_are_all_shown() -> None:
    pool = [example(f"Ann {n}") for n in range(MOST)]
    assert sorted(texts(covering(pool, load_schema("news")))) == sorted(texts(pool))


def test_of_many_those_are_shown_that_cover_the_labels() -> None:
    pool = [example(f"Ann {n}") for n in range(9)] + [example(f"Bo {kind}", kind) for kind in TYPES[1:]]
    shown = covering(pool, load_schema("news"))
    assert len(shown) == MOST
    assert {one["answer"]["entities"][0]["type"] for one in shown} == set(TYPES)


def test_long_examples_take_no_more_room_than_there_is() -> None:
    words = "word " * int(ROOM * 0.4 / 1.35)
    assert len(covering([example(f"Ann {n} {words}") for n in range(9)], load_schema("news"))) == 2
    assert covering([example("Ann " + words * 3)], load_schema("news")) == ()
    assert covering([], load_schema("news")) == ()


def test_any_schema_has_labels() -> None:
    either = {"$ref": "#/$defs/kind"}
    body = {
        "properties": {"topic": either, "tags": {"type": "array", "items": either}},
        "$defs": {"kind": {"enum": ["a", "b"]}},
    }
    pool = [{"text": f"t{n}", "answer": {"topic": "a", "tags": []}} for n in range(3)]
    pool += [{"text": "other", "answer": {"topic": "b", "tags": ["a"]}}]
    assert "other" in texts(covering(pool, Schema("s", body, None), most=2))


NEAR = ["The ferry sails to Skerry Island", "Bread was baked in the hall", "渡轮驶往北汀港", "船厂建造科考船"]


@pytest.mark.parametrize(
    "text, best",
    [("A new FERRY for the island", 0), ("the bread hall", 1), ("北汀港的渡轮停航", 2), ("科考船由船厂建造完成", 3)],
)
def test_the_nearest_examples_come_last(text: str, best: int) -> None:
    nearest = Nearest([example(one) for one in NEAR])
    assert nearest.of(text, 2)[-1]["text"] == NEAR[best]


def test_the_text_itself_is_never_its_own_example() -> None:
    nearest = Nearest([example(one) for one in NEAR])
    assert NEAR[0] not in texts(nearest.of(NEAR[0], 4))
    assert len(nearest.of("", 2)) == 2 and len(nearest.of("…?", 9)) == 4


def test_examples_of_its_own_that_are_too_long_make_way_for_the_next_nearest() -> None:
    words = "word " * int(OWN_ROOM * 0.6 / 1.35)
    nearest = Nearest([example(f"Ann {words}"), example(f"Ann Bo {words}"), example("Ann Bo is here"), example("Cy")])
    found = texts(nearest.of("Ann Bo", 3))
    assert set(found) == {"Ann Bo is here", f"Ann Bo {words}", "Cy"}  # and no second long one


def test_a_document_is_shown_its_own_examples(tmp_path: Path) -> None:
    pool = tmp_path / "pool.jsonl"
    rows = [example(f"Ann {n}") for n in range(50)] + [example(one) for one in NEAR]
    pool.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    (tmp_path / "in.jsonl").write_text('{"id": "d", "text": "x"}\n')

    def made(count: int | None) -> Prepared:
        given: dict[str, Any] = {} if count is None else {"examples_per_document": count}
        return fake_prepared(tmp_path / "in.jsonl", tmp_path / "out", examples=str(pool), **given)

    def prompt(text: str, count: int | None) -> str:
        request = made(count).builder.first(Document("d", text, "f:1"))
        assert isinstance(request, Request)
        return "".join(map(chr, request.prompt))

    one, other, none = prompt("bread baked", 1), prompt("Skerry Island", 1), prompt("bread baked", 0)
    assert one.index("Bread was baked") > one.index("Ann") and "Skerry Island" in other
    shared = none[: none.rindex("<|im_start|>user")]
    assert one.startswith(shared) and other.startswith(shared)
    assert one.count("<|im_start|>user") == other.count("<|im_start|>user") == MOST + 2
    assert prompt("bread baked", None) == prompt("bread baked", 3) != one
    said = {name: value for name, value, *_ in check(made(2), {}).settings}["--examples"]
    assert said == f"{pool} (6 of 54 shown, and each document 2 of its own)"


def test_a_run_tells_what_it_chose_from_a_review(tmp_path: Path) -> None:
    pool = [{"doc_id": f"d{n}", **example(f"Ann {n}"), "review": {"verdict": "accepted"}} for n in range(9)]
    path = tmp_path / "review.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in pool))
    plan = fake_prepared(
        documents(tmp_path / "d.jsonl", 1), tmp_path / "o", examples=str(path), examples_per_document=2
    )
    assert plan.notes == [f"examples: {path} (6 of 9 shown, and each document 2 of its own)"]
    assert described(plan)["example_documents"] == [f"d{n}" for n in range(9)]
    few = fake_prepared(documents(tmp_path / "d.jsonl", 1), tmp_path / "o", examples=str(path), examples_per_document=0)
    assert len(described(few)["example_documents"]) == MOST


def test_how_many_all_are_shown_is_another_job_and_by_default_no_other_name(tmp_path: Path) -> None:
    path = tmp_path / "pool.jsonl"
    path.write_text("".join(json.dumps(example(f"Ann {n} lives.")) + "\n" for n in range(9)))
    source = documents(tmp_path / "d.jsonl", 1)
    told = {n: fake_prepared(source, tmp_path / "o", examples=str(path), examples_shown=n) for n in (0, 3, MOST)}
    usual = fake_prepared(source, tmp_path / "o", examples=str(path))
    assert told[MOST].builder.arm == usual.builder.arm
    assert "examples_shown" not in usual.builder.identity
    assert len({one.builder.arm for one in told.values()}) == 3
    assert [len(one.builder.task.examples) for one in told.values()] == [0, 3, MOST]
    assert all(one.builder.task.nearest for one in told.values())
