"""Shares of documents: disjoint, whole together, the same wherever they are told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.documents.shard import Shard


@given(st.text(), st.integers(1, 40))
def test_each_document_is_in_one_share(doc_id: str, of: int) -> None:
    assert sum(Shard(number, of).has(doc_id) for number in range(1, of + 1)) == 1


def test_a_share_is_the_same_on_every_machine() -> None:
    assert [number for number in range(20) if Shard.parse("2/3").has(f"d{number}")] == [0, 1, 5, 8, 12, 13, 16, 19]


def test_shares_are_of_like_size() -> None:
    sizes = [sum(Shard(number, 8).has(str(n)) for n in range(8000)) for number in range(1, 9)]
    assert min(sizes) > 900 and sum(sizes) == 8000


@pytest.mark.parametrize("text", ["", "0/3", "4/3", "3", "1/0", "-1/2", "1/2/3", "a/b", "1 / 2", "１/２"])
def test_a_word_that_names_no_share_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"from 1/N to N/N"):
        Shard.parse(text)
