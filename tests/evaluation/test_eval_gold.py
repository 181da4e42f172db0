"""Gold files: every form that is read, and what is said of those that are malformed."""

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from shelves import document, entity, write_gold, write_run

from extractor.errors import UserError
from extractor.evaluation.compare import compare
from extractor.evaluation.evaluate import evaluate
from extractor.evaluation.gold import GoldEntity, load_gold
from extractor.evaluation.runs import load_run

ROW: dict[str, Any] = {
    "doc_id": "d",
    "lang": "en",
    "text": "Ann met Bob.",
    "entities": [
        {"name": "Ann", "type": "P", "mentions": [[0, 3]], "aliases": ["A."], "attributes": {"age": 3, "job": None}},
        {"name": "Bob", "type": "P", "mentions": [[8, 11]], "aliases": []},
    ],
    "relations": [{"subject": "Ann", "predicate": "met", "object": "Bob"}],
    "summary": "They met.",
    "record": {"place": None, "when": "now"},
}


def test_jsonl_plain_and_compressed(tmp_path: Path) -> None:
    plain = load_gold(write_gold(tmp_path / "gold.jsonl", [ROW, {"doc_id": 7, "text": "", "note": "ignored"}]))
    squeezed = tmp_path / "gold.jsonl.gz"
    squeezed.write_bytes(gzip.compress((tmp_path / "gold.jsonl").read_bytes()))
    assert load_gold(str(squeezed)).documents == plain.documents
    assert list(plain.documents) == ["d", "7"]
    document = plain.documents["d"]
    assert document.entities[0] == GoldEntity("Ann", "P", ((0, 3),), ("A.",), (), {"age": 3, "job": None})
    assert document.record == {"place": None, "when": "now"}
    assert (plain.annotation["entities"], plain.annotation["relations"]) == ("exhaustive", "exhaustive")
    assert plain.symmetric == frozenset()


def test_parquet_says_the_same_as_jsonl(tmp_path: Path) -> None:
    structs = json.loads(json.dumps(ROW))
    for one in structs["entities"]:
        one["mentions"] = [{"start": start, "end": end} for start, end in one["mentions"]]
        one["attributes"] = json.dumps(one.get("attributes", {}))
    structs["record"] = json.dumps(structs["record"])
    rows = [structs, {**dict.fromkeys(structs), "doc_id": "empty"}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "gold.parquet")
    wanted = load_gold(write_gold(tmp_path / "gold.jsonl", [ROW, {"doc_id": "empty"}]))
    assert load_gold(str(tmp_path / "gold.parquet")).documents == wanted.documents


def test_labels_beside_the_gold_or_named(tmp_path: Path) -> None:
    said = {"entity_annotation": "PARTIAL: some", "relation_annotation": "exhaustive", "symmetric_relations": ["near"]}
    file = write_gold(tmp_path / "gold.jsonl", [ROW], **said)
    gold = load_gold(file)
    assert (gold.annotation["entities"], gold.annotation["relations"]) == ("partial", "exhaustive")
    assert gold.symmetric == frozenset({"near"})
    other = tmp_path / "other.json"
    other.write_text('{"relation_annotation": "partial"}')
    named = load_gold(file, str(other)).annotation
    assert (named["entities"], named["relations"]) == ("exhaustive", "partial")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{oops", "not JSON"),
        ("[1]", "gold.jsonl:2: the row"),
        ('{"lang": "en"}', "doc_id: Field required"),
        ('{"doc_id": "x", "entities": [{"type": "P"}]}', "entities.0.name: Field required"),
        ('{"doc_id": "x", "entities": [{"name": " "}]}', "empty name"),
        ('{"doc_id": "x", "entities": [{"name": "A", "mentions": [[3, 1]]}]}', r"mention \[3, 1\] of 'A'"),
        ('{"doc_id": "x", "text": "A", "entities": [{"name": "A", "mentions": [[0, 9]]}]}', r"mention \[0, 9\]"),
        ('{"doc_id": "x", "relations": [{"subject": "A", "object": "B"}]}', "relations.0.predicate"),
        ('{"doc_id": "d"}', "'d' is there twice"),
        ('{"doc_id": "x", "record": "{"}', "record"),
    ],
)
def test_a_malformed_row_is_named_by_file_and_line(tmp_path: Path, line: str, says: str) -> None:
    file = tmp_path / "gold.jsonl"
    file.write_text(json.dumps(ROW) + "\n" + line + "\n")
    with pytest.raises(UserError, match=says) as fault:
        load_gold(str(file))
    assert str(fault.value).startswith(f"{file}:2: ") and "\n" not in str(fault.value)


def test_files_that_are_not_there_or_empty(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n")
    file = write_gold(tmp_path / "gold.jsonl", [ROW])
    for path, labels, says in (("none.jsonl", None, "no such gold"), ("empty.jsonl", None, "no gold documents")):
        with pytest.raises(UserError, match=says):
            load_gold(str(tmp_path / path), labels)
    with pytest.raises(UserError, match="no such labels"):
        load_gold(file, str(tmp_path / "none.json"))


SHOWN = {"examples": [{"text": "Ann met Bob."}], "example_documents": ["b"]}


def test_documents_that_the_run_was_shown_are_not_scored(tmp_path: Path) -> None:
    """By the id that a review tells, and by the text of any example."""
    texts = {"a": "Ann met Bob.", "b": "Bo", "c": "Cy"}
    rows = [{"doc_id": name, "text": text, "entities": [{"name": text}]} for name, text in texts.items()]
    gold = load_gold(write_gold(tmp_path / "gold.jsonl", rows))
    found = [document(name, entities=[entity(text, None)]) for name, text in texts.items()]
    shown = load_run(write_run(tmp_path / "shown", found, SHOWN))
    told = evaluate(shown, gold)
    assert [one.doc_id for one in told.by_document] == ["c"]
    assert "2 gold documents that were shown as examples are not scored" in told.notes
    both = compare([load_run(write_run(tmp_path / "other", found)), shown], gold)
    assert (both.documents, both.scored) == (3, 1)
    assert "2 gold documents that were shown as examples are not scored" in both.notes


def test_where_all_were_shown_nothing_is_told(tmp_path: Path) -> None:
    gold = load_gold(write_gold(tmp_path / "gold.jsonl", [ROW]))
    run = load_run(write_run(tmp_path / "run", [document("d")], SHOWN))
    with pytest.raises(UserError, match="all of its documents were shown to the run as examples"):
        evaluate(run, gold)
