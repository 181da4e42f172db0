"""What of a summary stands in its text: words, numbers, names; in any script, and never a verdict."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.tables import Ground, rows_from
from extractor.tables.support import support, unsupported
from extractor.tasks.mapping import table_fields
from extractor.tasks.schema import load_schema

TEXT = "Mara Holt of the U.S. Navy sold 1,200 boats on 05 May 2024 for €3.50 each. The Harbour Board agreed."


@pytest.mark.parametrize(
    "summary, expected",
    [
        ("Mara Holt sold boats", 1.0),
        ("MARA HOLT sold cars", 0.75),
        ("", None),
        ("!?", None),
    ],
)
def test_support_is_the_share_of_words(summary: str, expected: float | None) -> None:
    assert support(summary, TEXT) == expected


def test_in_scripts_that_glue_words_it_is_the_share_of_pairs() -> None:
    text = "王小明在北京大学读书，他喜欢物理。"
    assert support("王小明读书", text) == 0.75 and support("王小明在北京", text) == 1.0
    assert support("上海", text) == 0.0 and support("王", text) == 1.0
    assert support("ＡＢＣ 北京", "abc 在北京") == 1.0
    assert support("서울에서", "서울에 갔다") == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    "summary, expected",
    [
        ("She sold 1200 boats on 5 May 2024 for 3.5.", []),
        ("She sold 1300 boats in 2024, 1300!", ["1300"]),
        ("It was Mara Holt who sold to the Harbour Board.", []),
        ("Yesterday it was Mara Hill, not Mara Holt's father.", ["Mara Hill"]),
        ("Boats were sold. Selling was easy. “Buying was not.”", []),  # a sentence begins with a capital
        ("Sold by mara hill.", []),
        ("那是Holt买的，不是Hill。", ["Hill"]),
        ("他在2024年卖了۱۲۰۰只船和７只。", ["７"]),
    ],
)
def test_numbers_and_names_that_are_not_in_the_text(summary: str, expected: list[str]) -> None:
    assert unsupported(summary, TEXT) == expected


def test_entities_that_are_nowhere_count_where_the_summary_has_them() -> None:
    assert unsupported("mara and zoe", TEXT, ["zoe", "ann"]) == ["zoe"]
    answer = {
        "entities": [{"name": "Mara Holt", "type": "person"}, {"name": "Zoe", "type": "person"}],
        "relations": [],
        "summary": "Zoe sold 9 boats.",
    }
    (row,) = rows_from(answer, table_fields(load_schema("news")), Ground(TEXT))[0]["summaries"]
    assert (row.support, row.unsupported) == (0.5, ["Zoe", "9"])


@given(st.text(st.characters(max_codepoint=127)), st.text(st.characters(max_codepoint=127)))
def test_one_more_sign_changes_nothing(summary: str, text: str) -> None:
    """ASCII is read a quicker way."""
    assert support(summary, text) == support(summary, text + " \u00a7")
