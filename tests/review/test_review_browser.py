"""A review in a real browser: what a person does with keys and the mouse, and what is on the disk then."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import chromium
from playwright.sync_api import Browser
from review_pages import Desk, a_run, desk, served, served_here, written

pytestmark = pytest.mark.slow  # they wait for a browser

MEETING = (
    "Ada Lovelace met Charles Babbage in London.\nShe worked for the Analytical\nEngine Company there, and left London."
)
CHINESE = "𝒜 昨日，北京大\n学校长林建华访问了𠮷野家。林建华说，合作由来已久。"
PEOPLE = [{"name": "Ada Lovelace", "type": "person"}, {"name": "Charles Babbage", "type": "person"}]
FAMILY = {"subject": "Ada Lovelace", "object": "Charles Babbage", "predicate": "family_of"}
DOCUMENTS = {
    "meeting": (
        MEETING,
        {"entities": [*PEOPLE, {"name": "London", "type": "person"}], "relations": [FAMILY], "summary": "They met."},
    ),
    "chinese": (CHINESE, {"entities": [{"name": "林建华", "type": "person"}], "relations": [], "summary": "访问。"}),
    "third": (
        "Bob slept.",
        {"entities": [{"name": "Bob", "type": "person"}], "relations": [], "summary": "Bob slept."},
    ),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_run(tmp_path_factory.mktemp("run"), DOCUMENTS)


@pytest.fixture
def out(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "out"))


@pytest.fixture
def window(browser: Browser, out: Path) -> Iterator[Desk]:
    with desk(browser, served_here(out)) as seen:
        yield seen
        assert [one for one in seen.complaints if "422" not in one] == []  # Chromium tells of each refusal


def names(line: dict) -> list[tuple[str, str]]:
    return [(one["name"], one["type"]) for one in line["entities"]]


def test_all_right_is_one_key_and_on_the_disk_before_the_next_shows(window: Desk, out: Path) -> None:
    window.shows("meeting")
    window.keys("a")
    window.shows("chinese")
    line = written(out)["meeting"]
    assert (line["review"]["verdict"], line["review"]["by"], line["text"]) == ("accepted", "anna", MEETING)
    assert line["answer"] == DOCUMENTS["meeting"][1]
    assert line["entities"][0] == {"name": "Ada Lovelace", "type": "person", "mentions": [[0, 12]]}
    assert line["entities"][2]["mentions"] == [[36, 42], [105, 111]]
    assert window.page.inner_text("#progress").startswith("1 of 3 · about")
    window.keys("Enter")
    window.shows("third")
    window.keys("s")
    window.is_done()
    assert {one["review"]["verdict"] for one in written(out).values()} == {"accepted", "skipped"}


def test_delete_retype_undo_and_back_to_the_document_before(window: Desk, out: Path) -> None:
    window.keys("j", "d")
    assert window.items("relations") == [] and "and with it 1 relation" in window.page.inner_text("#said")
    window.keys("u")
    assert len(window.items("entities")) == 3 and len(window.items("relations")) == 1
    window.keys("j", "j", "t")
    window.choose("loc")
    assert window.items("entities")[2] == "London location ×2"
    window.keys("j", "d", "a")
    window.shows("chinese")
    line = written(out)["meeting"]
    assert names(line)[2] == ("London", "location") and line["relations"] == []
    assert line["review"]["verdict"] == "mended" and line["answer"]["entities"][2]["type"] == "location"
    window.keys("Control+z")
    window.shows("meeting")
    assert window.items("entities")[2] == "London location ×2" and window.items("relations") == []
    window.keys("j", "j", "j", "d", "a")
    window.shows("chinese")
    assert names(written(out)["meeting"])[2:] == [] and written(out)["meeting"]["answer"]["entities"] == PEOPLE


def test_words_across_a_line_and_beyond_the_basic_plane_become_an_entity(window: Desk, out: Path) -> None:
    window.select("Analytical", "Engine Company")
    window.keys("e")
    window.choose("org")
    window.has("entities", "Analytical Engine Company organisation")
    window.keys("a")
    window.shows("chinese")
    window.select("北京大", "学")
    window.keys("e")
    window.choose("org")
    window.has("entities", "北京大学 organisation")
    window.select("𠮷野家")
    window.keys("e", "2")
    window.has("entities", "𠮷野家 organisation")
    window.keys("a")
    window.shows("third")
    there = written(out)
    start = MEETING.index("Analytical")
    assert there["meeting"]["entities"][-1]["mentions"] == [[start, start + len("Analytical\nEngine Company")]]
    spans = {one["name"]: [CHINESE[a:b] for a, b in one["mentions"]] for one in there["chinese"]["entities"]}
    assert spans == {"林建华": ["林建华"] * 2, "北京大学": ["北京大\n学"], "𠮷野家": ["𠮷野家"]}
    assert there["chinese"]["answer"]["entities"][1:] == [
        {"name": "北京大学", "type": "organisation"},
        {"name": "𠮷野家", "type": "organisation"},
    ]


def test_two_are_related_by_what_can_join_them(window: Desk, out: Path) -> None:
    window.keys("j", "j", "j", "t", "3", "k", "k", "r")
    window.page.wait_for_selector("#menu[open]")
    window.choose("London")
    offered = window.page.locator("#options .label").all_inner_texts()
    assert offered == ["leads", "made", "lives_in"]  # person → location
    window.choose("lives")
    assert window.items("relations") == ["Ada Lovelace family_of Charles Babbage", "Ada Lovelace lives_in London"]
    window.keys("a")
    window.shows("chinese")
    new = {"subject": "Ada Lovelace", "predicate": "lives_in", "object": "London"}
    assert new in written(out)["meeting"]["relations"] and new in written(out)["meeting"]["answer"]["relations"]


def test_an_entity_is_called_by_other_words_and_its_relations_with_it(window: Desk, out: Path) -> None:
    window.select("Babbage")
    window.keys("j", "j", "w")
    window.has("entities", "Babbage person")
    assert window.items("relations") == ["Ada Lovelace family_of Babbage"]
    window.keys("a")
    window.shows("chinese")
    answer = written(out)["meeting"]["answer"]
    assert [one["name"] for one in answer["entities"]] == ["Ada Lovelace", "Babbage", "London"]
    assert answer["relations"] == [{**FAMILY, "object": "Babbage"}]


def test_events_are_added_and_mended_in_a_form(browser: Browser, tmp_path: Path) -> None:
    said = {"name": "bought", "type": "acquisition", "participants": ["Quarry"], "when": None, "where": None}
    answer = {"entities": [{"name": "Quarry", "type": "company"}], "events": [{**said, "amount": "3"}], "summary": "s"}
    out = a_run(tmp_path, {"deal": ("Quarry bought Pip in Leeds. Pip sued.", answer)}, schema="finance")
    with desk(browser, served_here(out)) as seen:
        seen.keys("j", "j", "v")
        seen.page.fill("#input3", "Quarry\nPip")
        seen.page.fill("#input2", "Leeds")
        seen.keys("Control+Enter")
        seen.select("sued")
        seen.keys("k", "v")
        seen.choose("penal")
        seen.keys("Control+Enter")
        seen.has("events", "sued penalty")
        seen.keys("a")
        seen.is_done()
        assert seen.complaints == []
    line = written(out)["deal"]
    assert line["events"][0]["participants"] == ["Quarry", "Pip"] and line["events"][1]["name"] == "sued"
    assert line["answer"]["events"] == [
        {**said, "participants": ["Quarry", "Pip"], "where": "Leeds", "amount": "3"},
        {"name": "sued", "type": "penalty", "participants": [], "when": None, "where": None, "amount": None},
    ]


def test_what_the_schema_rules_out_is_said_and_nothing_is_lost(window: Desk, out: Path) -> None:
    window.keys("j", "t", "5", "a")
    window.page.wait_for_selector("#fault:not([hidden])")
    assert "family_of → Charles Babbage joins person → person" in window.page.inner_text("#fault")
    assert written(out) == {} and window.items("entities")[0] == "Ada Lovelace product"
    window.keys("j", "j", "j", "d", "a")
    window.shows("chinese")
    assert window.page.is_hidden("#fault")


def test_the_summary_is_mended_in_a_form_and_a_note_is_kept(window: Desk, out: Path) -> None:
    window.keys("m")
    window.page.fill("#input0", "Ada a met 𝒜 j Babbage.")
    window.keys("Control+Enter", "n")
    window.page.fill("#input0", "hard one")
    window.keys("Control+Enter", "a")
    window.shows("chinese")
    line = written(out)["meeting"]
    assert line["summary"] == line["answer"]["summary"] == "Ada a met 𝒜 j Babbage."
    assert line["review"]["note"] == "hard one"


def test_keys_of_an_input_method_do_nothing(window: Desk, out: Path) -> None:
    window.keys("j")
    press = "([place, about]) => document.querySelector(place).dispatchEvent(new KeyboardEvent('keydown', about))"
    for about in ({"isComposing": True}, {"keyCode": 229}):
        for key in ("a", "Enter", "d"):
            window.page.evaluate(press, ["body", {"key": key, "bubbles": True, **about}])
    window.keys("t")
    window.page.wait_for_selector("#menu[open]")
    window.page.evaluate(press, ["#filter", {"key": "Enter", "bubbles": True, "isComposing": True}])
    assert window.page.locator("#menu[open]").count() == 1
    window.keys("Escape")
    window.page.wait_for_selector("#menu", state="hidden")
    assert len(window.items("entities")) == 3 and window.page.inner_text("#head h1") == "meeting" and written(out) == {}


def test_words_are_chosen_by_key_alone(window: Desk, out: Path) -> None:
    window.keys("e", "ArrowRight", "ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight")
    chosen = window.page.evaluate("marked.selected().words")
    assert chosen == "met C"
    window.keys("ArrowRight", "Enter")
    window.page.wait_for_selector("#menu[open]")
    assert window.page.inner_text("#menutitle") == "What is “Charles”?"


def test_a_document_of_the_disk_is_not_lost_when_the_server_dies(browser: Browser, out: Path) -> None:
    with served(out) as review, desk(browser, review.address) as seen:
        seen.keys("a")
        seen.shows("chinese")
        review.kill()
        seen.select("北京大", "学")
        seen.keys("j", "d", "a")
        seen.page.wait_for_selector("#gone:not([hidden])")
        assert "The server is gone" in seen.page.inner_text("#gone") and seen.items("entities") == []
    assert list(written(out)) == ["meeting"]
    with served(out) as review:
        with desk(browser, review.address) as seen:
            seen.shows("chinese")
            assert seen.page.inner_text("#progress").startswith("1 of 3")
            seen.keys("a")
            seen.shows("third")
        said = review.interrupt()
    assert f"2 documents reviewed in {out / 'review.jsonl'}" in said
    assert f"--gold {out / 'review.jsonl'}" in said and f"--examples {out / 'review.jsonl'}" in said


def test_two_windows_at_once_are_given_different_documents(browser: Browser, out: Path) -> None:
    address = served_here(out)
    with desk(browser, address) as one, desk(browser, address) as two:
        one.shows("meeting")
        two.shows("chinese")
        one.keys("a")
        one.shows("third")
        two.keys("a")
        one.keys("a")
        one.is_done()
    assert sorted(written(out)) == ["chinese", "meeting", "third"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_all_of_it_without_scrolling_sideways(browser: Browser, out: Path, scheme: str) -> None:
    with desk(browser, served_here(out), 375, scheme) as seen:
        assert seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        for act in ("retype", "fields", "note", "help"):
            seen.page.click("[data-table=entities] .item >> nth=0")
            seen.page.click(f".acts [data-act={act}]")
            box = seen.page.locator("dialog[open]").bounding_box()
            assert box and box["x"] >= 0 and box["x"] + box["width"] <= 375
            seen.keys("Escape")
        seen.page.click(".acts [data-act=accept]")
        seen.shows("chinese")
        assert seen.complaints == []


def test_a_document_without_an_answer_is_filled_in(browser: Browser, tmp_path: Path) -> None:
    out = a_run(tmp_path, {"bad": ("Ada left Leeds.", None), "third": DOCUMENTS["third"]})
    with desk(browser, served_here(out)) as seen:
        seen.shows("bad")
        assert "The model gave no answer here: unparsable" in seen.page.inner_text("#head")
        assert "none: select words and press e" in seen.page.inner_text("#findings")
        seen.select("Ada")
        seen.keys("e", "1")
        seen.has("entities", "Ada person")
        seen.keys("a")
        seen.shows("third")
        assert seen.complaints == []
    assert written(out)["bad"]["answer"]["entities"] == [{"name": "Ada", "type": "person"}]


def test_every_button_and_item_has_a_name(window: Desk) -> None:
    for button in window.page.locator("button").all():
        assert button.get_attribute("aria-label") or button.inner_text().strip() or button.text_content()
    assert window.page.locator("[data-item='0']").get_attribute("aria-label") == "entity: Ada Lovelace, person"


def test_an_edit_of_a_long_document_draws_only_what_it_changes(browser: Browser, tmp_path: Path) -> None:
    text = "".join(f"Ada {n} met 𝒜 Bob {n} in the long, long street.\n" for n in range(2200))
    people = [{"name": f"Ada {n}", "type": "person"} for n in range(0, 2200, 60)]
    out = a_run(tmp_path, {"long": (text, {"entities": people, "relations": [], "summary": "s"})})
    with desk(browser, served_here(out)) as seen:
        assert seen.page.evaluate("marked.tiles.length") > 8
        seen.page.evaluate("window.first = marked.tiles.map((tile) => tile.element.firstChild)")
        seen.keys("j", "d")
        same = "window.first.map((node, n) => node === marked.tiles[n].element.firstChild)"
        assert seen.page.evaluate(same).count(False) == 1
        assert seen.page.evaluate("document.querySelector('.text').textContent") == text
        seen.keys("a")
        seen.is_done()
    assert written(out)["long"]["entities"][0]["name"] == "Ada 60"
