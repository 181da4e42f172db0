"""Gold → another tool's file → gold says the same, in any script, whatever that tool counts in."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kinds import documents, plain, there_and_back, with_attributes

from extractor.evaluation.gold import load_gold

TOOLS = ("label-studio", "doccano", "brat")
MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
FULL: dict[str, Any] = {
    "doc_id": "a/b: ü.txt",
    "lang": "en",
    "text": "Ada Lovelace met Babbage in London. 𝒜 Ada left.\r\nShe won.",
    "entities": [
        {"name": "Ada Lovelace", "type": "person", "mentions": [[0, 12], [38, 41]], "attributes": {"born": 1815}},
        {"name": "Babbage", "type": "person", "mentions": [[17, 24]], "alt_types": ["inventor"]},
        {"name": "London", "type": "", "mentions": [[28, 34]]},
    ],
    "relations": [{"subject": "Ada Lovelace", "predicate": "met", "object": "Babbage"}],
    "events": [{"name": "met", "type": "meeting", "participants": ["Ada Lovelace", "Babbage"], "where": "London"}],
    "summary": "They met.\nThen she won.",
    "record": {"topic": "meeting", "year": 1833, "tags": ["a", "b"]},
}  # fmt: skip


@pytest.mark.parametrize("tool", TOOLS)
@MANY
@given(rows=st.tuples(documents("one"), documents("zwei/三")))
def test_the_same_comes_back(tool: str, rows: tuple[dict[str, Any], ...]) -> None:
    assert_the_same(tool, list(rows))


@pytest.mark.parametrize("tool", ["label-studio", "brat"])
@MANY
@given(data=st.data())
def test_so_do_attributes_and_names_that_stand_nowhere(tool: str, data: st.DataObject) -> None:
    row = data.draw(st.composite(lambda draw: with_attributes(draw, draw(documents())))())
    assert_the_same(tool, [row])


def assert_the_same(tool: str, rows: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found, lost = there_and_back(Path(folder), rows, tool)
        wanted = load_gold(str(Path(folder) / "gold.jsonl")).documents.values()
        assert not lost
        key = lambda row: row["doc_id"]  # noqa: E731
        assert sorted(map(plain, found), key=key) == sorted(map(plain, wanted), key=key)


LOST = {
    "label-studio": {},
    "doccano": {"attributes of entities": 1, "further types of entities": 1},
    "brat": {"further types of entities": 1, "languages": 1, "summaries": 1, "records": 1},
}


@pytest.mark.parametrize("tool", TOOLS)
def test_all_that_a_tool_cannot_hold_is_counted(tmp_path: Path, tool: str) -> None:
    (found,), lost = there_and_back(tmp_path, [FULL], tool)
    assert lost == LOST[tool] | {"entities without a type, now of type entity": 1}
    (wanted,) = load_gold(str(tmp_path / "gold.jsonl")).documents.values()
    one, two = plain(found), plain(wanted)
    assert (one["text"], one["relations"], one["doc_id"]) == (two["text"], two["relations"], two["doc_id"])
    assert one["events"][0] == two["events"][0]
    if tool != "brat":
        assert (one["summary"], one["record"], one["lang"]) == (two["summary"], two["record"], two["lang"])
