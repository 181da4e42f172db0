"""What stands of an answer that broke off."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.answers.salvage import each_once, salvage

pytestmark = pytest.mark.slow

BROKEN: list[tuple[str, dict[str, Any]]] = [
    ('{"e": [{"n": "a"}, {"n": "b"}, {"n": ', {"e": [{"n": "a"}, {"n": "b"}]}),
    ('{"e": ["a, \\"]}", "b", "c', {"e": ['a, "]}', "b"]}),
    ('{"e": [1], "r": [', {"e": [1]}),
    ('{"e": [1], "e": [2, 3], "r": [', {"e": [1, 2, 3]}),
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


@settings(max_examples=25)
@given(st.dictionaries(st.text(), VALUES, min_size=1), st.lists(st.floats(0, 1), min_size=8, max_size=8))
def test_whatever_stands_was_said(record: dict[str, Any], cuts: list[float]) -> None:
    text = json.dumps(record, ensure_ascii=False)
    for cut in cuts:
        _stands(salvage(text[: round(cut * len(text))]), record)
    assert salvage(text) == record


def _stands(found: dict[str, Any], record: dict[str, Any]) -> None:
    assert list(found) == list(record)[: len(found)]
    for key, value in found.items():
        whole = record[key]
        assert value == (whole[: len(value)] if isinstance(value, list) and isinstance(whole, list) else whole)


def test_a_loop_says_nothing_new() -> None:
    assert each_once({"a": [1, {"x": 1}, 1, {"x": 1}, 2], "b": "s"}) == {"a": [1, {"x": 1}, 2], "b": "s"}
