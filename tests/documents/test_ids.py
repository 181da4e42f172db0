"""Ids come from content, stay unique, and are remembered in few bytes."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.documents.ids import Ids, bad_id, content_id
from extractor.documents.seen import IdSet


def test_ids_by_exact_value() -> None:
    assert content_id("你好") == "670d9743542cae3e"
    assert bad_id("{oops") == "bad-935aaf3a54c0648c"


def test_a_second_row_of_a_name_is_named_by_its_content() -> None:
    ids = Ids()
    claims = [ids.claim("a", text) for text in ["x", "y", "x", "y", "y", "y"]]
    assert claims == [
        ("a", True),
        ("a#a1fce436", False),
        ("a#2d711642", False),
        ("a#a1fce436#2", False),
        ("a#a1fce436#3", False),
        ("a#a1fce436#4", False),
    ]


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "a#a1fce436", "a#a1fce436#2"]), st.sampled_from("xy"))))
def test_ids_are_unique_whatever_the_rows_are_called(rows: list[tuple[str, str]]) -> None:
    ids = Ids()
    given_ids = [ids.claim(*row)[0] for row in rows]
    assert len(set(given_ids)) == len(rows)


@given(st.lists(st.text(max_size=3)))
def test_seen_agrees_with_a_set(words: list[str]) -> None:
    seen, plain = IdSet(), set[str]()
    for word in words:
        assert seen.add(word) == (word not in plain)
        plain.add(word)
    assert len(seen) == len(plain)


MILLION = """
import time
from pathlib import Path
from extractor.documents.seen import IdSet
peak = lambda: int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
seen, before = IdSet(), peak()
start = time.process_time()
assert all(seen.add(f"document-{i}") for i in range(1_000_000))
seconds = time.process_time() - start
assert not any(seen.add(f"document-{i}") for i in range(0, 1_000_000, 97)) and len(seen) == 1_000_000
print(peak() - before, seconds)
"""


@pytest.mark.slow
def test_a_million_ids_in_a_few_seconds_and_under_40_mib() -> None:
    done = subprocess.run([sys.executable, "-c", MILLION], capture_output=True, check=True, text=True)
    kib, seconds = map(float, done.stdout.split())
    assert kib < 40 << 10
    assert seconds < 20  # 2 to 3 on an idle core
