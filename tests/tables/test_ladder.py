"""The ladder by which names are found: exact, normalised, a part of a word, fuzzy, none; in many scripts."""

import re
import unicodedata
from importlib.util import find_spec

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from extractor.tables.fold import fold, fold_text
from extractor.tables.grounding import FUZZY_ROOM, Ground

needs_zh = pytest.mark.skipif(
    find_spec("opencc") is None, reason="without the extra zh Han characters stay as they are"
)


# Each mention stands in ⟦ ⟧; a letter is escaped where it would show as another or not at all.
CASES = {
    "exact": [
        ("Nora Blum", "⟦Nora Blum⟧ wrote; ⟦Nora Blum⟧'s pen."),
        ("IT", "it is ⟦IT⟧ that it needs"),  # what is there as written keeps out what only folds to it
        ("Sm\u00e5ge", "⟦Sm\u00e5ge⟧ and Smage"),
        ("\U00020bb7\u91ce", "\u5728⟦\U00020bb7\u91ce⟧\U0001f642⟦\U00020bb7\u91ce⟧"),
        ("李雷", "⟦李雷⟧和韩梅梅，⟦李雷⟧说"),
        ("부산", "⟦부산⟧에서 ⟦부산⟧까지"),
        ("เชียงใหม่", "ไป⟦เชียงใหม่⟧กัน"),
        ("ድሬዳዋ", "ከ⟦ድሬዳዋ⟧ መጣ"),  # a prefix is written onto it: a part of a word
        ("Iran", "the ⟦Iran⟧ians"),
        ("मीरा", "कल ⟦मीरा⟧ आई"),
        ("שרה", "גם ⟦שרה⟧, באה"),
    ],
    "normalised": [
        ("GRAVEN HILL", "up ⟦Graven Hill⟧ way"),
        ("Graven Hill", "up ⟦Graven\n  Hill⟧ way, ⟦Graven\u00a0Hill⟧"),
        ("O'Dowd", "Mr ⟦O\u2019Dowd⟧ and ⟦O 'Dowd⟧"),
        ("Ost-West", "die ⟦Ost\u2013West⟧ Achse"),
        ("Aschenbach", "Herr ⟦Aschen\u00adbach⟧."),
        ("Strasse 9", "in der ⟦Stra\u00dfe 9⟧, nicht 8"),
        ("Straße", "⟦STRASSE⟧ frei"),
        ("affair", "\u0130\u0130\u0130 an ⟦a\ufb00air⟧ of"),  # what stands before it grows in folding
        ("efficient", "an ⟦e\ufb03cient⟧ one"),
        ("Zoë", "avec ⟦Zoe\u0308⟧, \u00e0 deux"),
        ("Zoe\u0308", "avec ⟦Zoë⟧"),
        ("Bậc", "một ⟦Ba\u0302\u0323c⟧"),  # two marks in the order of another keyboard
        ("U.K.", "the ⟦UK⟧ and the UKR"),
        ("UK", "the ⟦U.K.⟧ fleet"),
        ("A. B. Crane", "says ⟦A.B. Crane⟧, ⟦A.B.Crane⟧"),
        ("Й. Кац", "и ⟦И\u0306.Кац⟧"),
        ("Max", "\U0001d40c\U0001d41a\U0001d431y ⟦\U0001d40c\U0001d41a\U0001d431⟧"),
        ("ＡＣＭＥ", "bei ⟦Acme⟧ da"),
        ("B-52型", "看⟦Ｂ－５２型⟧机"),
        ("西湖", "在⟦西 湖⟧边"),
        ("安娜·卡列尼娜", "读⟦安娜・卡列尼娜⟧"),
        ("安娜卡列尼娜", "读⟦安娜•卡列尼娜⟧"),
        ("渡辺", "店主⟦渡辺\U000e0101⟧さん"),
        ("(株)山", "社名は⟦㈱山⟧だ"),
        ("ギター", "⟦ｷﾞﾀｰ⟧を"),
        ("박지성", "선수 ⟦" + unicodedata.normalize("NFD", "박지성") + "⟧이"),
        ("현대 차", "⟦현대차⟧가"),
        ("ΛΌΓΟΣ", "ο ⟦λόγος⟧ είναι"),
        ("ԵՒԱ", "⟦\u0587ա⟧, ո"),
        ("كريم", "قال ⟦كَرِيم⟧ هنا"),
        ("اسامة", "مع ⟦أُسَامَة⟧ أمس"),
        ("2024", "عام ⟦٢٠٢٤⟧ كان"),
        ('סג"ן', "ה ⟦סג״ן⟧ בא"),
        ("\u095bमीन", "यह ⟦\u091c\u093cमीन⟧ है"),
        ("\U00010400\U00010407", "⟦\U00010428\U0001042f⟧."),  # Deseret has small letters beyond the first plane
        ("ᎠᏂ", "ᎠᏂᏴ ⟦\uab70\uab92⟧"),
    ],
    "fuzzy": [
        ("Katherine Moss", "with ⟦Katharine Moss⟧."),
        ("Ministry of Defense", "the ⟦Ministry of Defence⟧ and ⟦Ministry of Defence⟧"),
        ("Munoz", "el ⟦Muñoz⟧, no"),
        ("Alfred Wilkes", "⟦Alfred J. Wilkes⟧ left"),
        ("Саратова", "в ⟦Саратове⟧ снег"),
        ("国家图书馆新馆", "在⟦国家图书馆新管⟧里"),
        ("ΝΕΑΠΟΛΗ", "στη ⟦Νεάπολη⟧ χθες"),
    ],
    "none": [
        ("IT", "it is so"),
        ("Eve", "for every one"),
        ("1914", "of 1915, 11914"),
        ("Route 661", "on Route 66 and Route 662"),
        ("Anna Karlsen", "Anna Karlson and Anne Karlsen"),  # as near, and not the same
        ("张伟", "张玮和张韦"),
        ("Charles Dickens", "Oliver Twist asked for more."),
        ("Rome Bridge", "in Rome a bridge"),
        ("Oct. 3", "on October 3"),
        ("Alfred Wilkes", "Alfred met Wilkes; Alfred then Wilkes"),
        ("कम", "कमाल काम"),
        ("ハス", "バス"),
        ("кино", "скино\u0306"),
        ("가", "각 " + unicodedata.normalize("NFD", "각")),
        ("fic", "o\ufb03ce"),
        ("", "x"),
        ("\u0301", "e\u0301"),
    ],
}  # fmt: skip
ALL = [(match, *case) for match, cases in CASES.items() for case in cases]


def parts(marked: str) -> tuple[str, list[tuple[int, int]]]:
    """The text without its brackets, and where these stood."""
    text, spans = "", []
    for piece in re.split("(⟦[^⟧]*⟧)", marked):
        inner = piece.strip("⟦⟧")
        spans += [(len(text), len(text) + len(inner))] if piece.startswith("⟦") else []
        text += inner
    return text, spans


@pytest.mark.parametrize("match, name, marked", ALL, ids=[f"{match}: {name}" for match, name, _ in ALL])
def test_where_a_name_stands(match: str, name: str, marked: str) -> None:
    text, spans = parts(marked)
    found = Ground(text).find(name)
    assert (found.match, found.mentions) == (match, spans)
    assert (found.score is not None) == (match == "fuzzy") and 0 <= (found.score or 0) < 1


@needs_zh
@pytest.mark.parametrize("name, marked", [("万里长城", "登⟦萬里長城⟧"), ("後藤", "⟦后藤⟧来了"), ("臺北", "去⟦台北⟧。")])
def test_traditional_and_simplified_are_one(name: str, marked: str) -> None:
    text, spans = parts(marked)
    assert Ground(text).find(name).mentions == spans


TEXTS = st.text(
    st.sampled_from(
        "aAbB zß\u0130\ufb03\u0301\u0323\u00e9.'’-–1２٣ \n\u00a0\u00ad\u200d·"
        "国國北\U00020bb7㈱ー・ガｶﾞ가\u1100\u1161\u11a8각नि\u0940\u093cกำ\u0e34محـ\u064f\u0623ё\U0001d400\U0001f642\u0587ꮳ"
    ),
    max_size=40,
)


@given(TEXTS, TEXTS, TEXTS)
@example("", "e", "\u0301")
@example("", "\u1100\u1161", "\u11a8")
def test_every_mention_folds_to_the_name(before: str, name: str, after: str) -> None:
    text = before + name + after
    found = Ground(text).find(name)
    assert found.mentions == sorted(found.mentions)
    for start, end in found.mentions:
        if found.match == "exact":
            assert text[start:end] == name
        if found.match == "normalised":
            assert fold(text[start:end]) == fold(name)
        assert not unicodedata.category(text[start]).startswith("M")
        assert end == len(text) or not unicodedata.category(text[end]).startswith("M")


@given(TEXTS)
def test_a_fold_knows_where_each_character_came_from(text: str) -> None:
    folded = fold_text(text)
    assert len(folded.units) == len(folded.text) and list(folded.units) == sorted(folded.units)
    assert folded.starts[-1] == len(text)
    for at, unit in enumerate(folded.units):
        source = text[folded.starts[unit] : folded.starts[unit + 1]]
        assert folded.text[at] in {" ", *fold_text(source).text}


@given(TEXTS)
def test_another_form_of_unicode_is_the_same_name(name: str) -> None:
    folded = fold(name)
    assume(folded)
    assert fold(unicodedata.normalize("NFC", name)) == fold(unicodedata.normalize("NFD", name)) == folded


def test_a_long_text_is_searched_for_likenesses_where_the_name_was_said() -> None:
    text = "x " * FUZZY_ROOM + "Jonathan Smith."
    place = (len(text) - 15, len(text) - 1)
    assert Ground(text).find("Jonathon Smith").match == "none"
    said = Ground(text, {"Jonathon Smith": [(len(text) - 100, len(text))]}).find("Jonathon Smith")
    assert (said.match, said.mentions) == ("fuzzy", [place])
    assert Ground(text, {"Jonathon Smith": [(0, 1000)]}).find("Jonathon Smith").match == "none"


@pytest.mark.slow
@pytest.mark.parametrize("character", ["a", "啊"])
def test_one_character_again_and_again_takes_no_time(character: str) -> None:
    assert Ground(character * FUZZY_ROOM).find(character * 150 + "qq").match in ("none", "fuzzy")


def test_a_quote_is_found_though_it_is_spelled_otherwise() -> None:
    ground = Ground("She said: “It’s  over”, twice.")
    assert ground.first("twice") == (24, 29)
    assert ground.first('"it\'s over"') == (10, 22)
    assert ground.first("thrice") is None
