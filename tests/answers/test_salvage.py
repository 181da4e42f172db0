"""What stands of an answer that broke off."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.answers.salvage import each_once, salvage

BROKEN: list[tuple[str, dict[str, Any]]] = [
    ('{"e": [{"n": "a"}, {"n": "b"}, {"n": ', {"e": [{"n": "a"}, {"n": "b"}]}),
    ('{"e": ["a, \\"]}", "b", "c', {"e": ['a, "]}', "b"]}),
    ('{"e": [1], "r": [', {"e": [1]}),
    ('{"e": [1], "s": "abc', {"e": [1]}),
    ('{"e": [{"m": [1, 2, {"x": 3', {}),
    ('{"e": [{"m": [1]}, {"m": [2', {"e": [{"m": [1]}]}),
    ('{"e": "x', {}),
    ("[1, 2, 3", {}),
    ("", {}),
    ("}]}", {}),
    ("[" * 100_000, {}),
]


@pytest.mark.parametrize("text, stands", BROKEN, ids=lambda value: str(value)[:30])
def test_complete_items_stand(text: str, stands: dict[str, Any]) -> None:
    assert salvage(text) == stands


VALUES = st.recursive(
    st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@given(st.dictionaries(st.text(), VALUES, min_size=1), st.data())
def test_whatever_stands_was_said(record: dict[str, Any], data: Any) -> None:
    text = json.dumps(record, ensure_ascii=False)
    found = salvage(text[: data.draw(st.integers(0, len(text)))])
    assert list(found) == list(record)[: len(found)]
    for key, value in found.items():
        whole = record[key]
        assert value == (whole[: len(value)] if isinstance(value, list) and isinstance(whole, list) else whole)
    assert salvage(text) == record


def test_a_loop_says_nothing_new() -> None:
    assert each_once({"a": [1, {"x": 1}, 1, {"x": 1}, 2], "b": "s"}) == {"a": [1, {"x": 1}, 2], "b": "s"}
