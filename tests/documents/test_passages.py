"""Passages: they tile the text, keep the bound, and end where the text itself pauses."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.documents.passages import cut

ENGLISH = "Mr. Smith met J. R. Stone at 3.14 p.m. today. " + "They talked for long, and then they left. " * 20
CHINESE = "王明在北京工作。他说：“我很好。”然后离开了，去了上海。圆周率是３．１４吗？" * 12


def passages(text: str, size: int) -> list[str]:
    return [text[start:end] for start, end in cut(text, size, len)]


@given(st.text(max_size=400), st.integers(8, 60))
def test_they_tile_any_text_and_keep_the_bound(text: str, size: int) -> None:
    found = passages(text, size)
    assert "".join(found) == text
    assert all(0 < len(one) <= max(size, 40) for one in found)


@given(st.text(st.sampled_from("aे́‍्क🏽👩\n. "), max_size=200))
def test_none_begins_inside_a_letter(text: str) -> None:
    for one in passages(text, 9)[1:]:
        assert unicodedata.category(one[0]) not in ("Mn", "Mc", "Me", "Cf")


@given(st.text(st.sampled_from("ab .\n。"), min_size=30, max_size=300))
def test_a_tokenizer_that_counts_more_together_than_apart_keeps_the_bound_too(text: str) -> None:
    def count(part: str) -> int:
        return len(part) + part.count(" .")  # more than the sum of its halves

    assert all(count(text[start:end]) <= 20 for start, end in cut(text, 20, count))


def test_an_empty_line_is_preferred_to_a_line_and_that_to_a_sentence() -> None:
    sentence = "One two three four. "
    text = f"{sentence * 3}\n{sentence}\n\n{sentence * 2}\n{sentence * 4}"
    assert passages(text, 150)[0].endswith("\n\n")
    assert passages(text.replace("\n\n", " "), 150)[0].endswith("four. \n")
    assert passages(text.replace("\n", " "), 150)[0].endswith("four. ")


@pytest.mark.parametrize(
    "sentence",
    [
        "They met in the old town. ",
        "“Is it so?” she asked him. ",
        "他在北京的大学工作。",
        "“我很好。”",
        "这是真的吗？！",
        "却说黛玉自来荣府以来．",
        "هل هذا صحيح؟ ",
        "यह सच है। ",
        "これは本当です。",
        "Это правда… ",
        "ይህ እውነት ነው። ",
    ],
)
def test_sentences_of_any_script_stay_whole(sentence: str) -> None:
    size = len(sentence) * 5
    for one in passages(sentence * 40, size):
        assert len(one) % len(sentence) == 0


def test_titles_initials_and_numbers_end_no_sentence() -> None:
    for text in (ENGLISH, CHINESE):
        for one in passages(text, 120)[:-1]:
            assert one.rstrip()[-1] in ".。”？"
            assert not one.rstrip().endswith(("Mr.", "J.", "R.", "3.", "３．"))


def test_a_word_without_an_end_is_cut_all_the_same() -> None:
    assert [len(one) for one in passages("x" * 1000, 100)] == [100] * 10


def test_it_holds_one_passage_at_a_time() -> None:
    spans = cut("A sentence of some words. " * 400_000, 2000, len)  # 10.4 M characters
    assert next(spans)[0] == 0
    assert next(spans)[0] > 1000


def test_no_crumb_is_left_at_the_end() -> None:
    text = "Word and word. " * 13 + "\n\n" + "Word and word. " * 9 + "On 29 April."
    for size in (340, 345, 350, 200, 90):
        spans = list(cut(text, size, len))
        assert "".join(text[start:end] for start, end in spans) == text
        assert size >= spans[-1][1] - spans[-1][0] >= min(size // 4, len("Word and word. On 29 April."))
    assert text[: next(cut(text, 340, len))[1]].endswith("\n\n")


def test_a_text_that_fits_is_one() -> None:
    assert list(cut("On 29 April.", 12, len)) == [(0, 12)] and list(cut("", 12, len)) == []
