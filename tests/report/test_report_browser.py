"""report.html in a real browser: what a person sees, does with the keyboard, and is safe from."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import OpenedPage, chromium, opened
from playwright.sync_api import Browser
from report_runs import (
    ASTRAL,
    ATTACK,
    deals,
    hostile,
    make_novel_run,
    make_run,
    many,
    novel,
    sample_gold,
    write_rows,
)

from extractor.report.render import render_comparison, render_run

pytestmark = pytest.mark.slow  # they wait for a browser
Pages = dict[str, Path]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    folder = tmp_path_factory.mktemp("report")
    rows = sample_gold() + hostile()
    inputs, gold = write_rows(folder, rows)
    plain, think = (make_run(inputs, folder / mode, rows, mode) for mode in ("no_think", "think"))
    sure = make_run(inputs, folder / "sure", rows, confidence=True)
    made = {
        "sure": render_run(str(sure), str(gold)),
        "run": render_run(str(think), str(gold)),
        "bare": render_run(str(plain)),
        "compare": render_comparison([str(plain), str(think)], str(gold), 2.5),
    }
    files = {name: folder / f"{name}.html" for name in made}
    for name, file in files.items():
        file.write_text(made[name], encoding="utf-8")
    return files


@pytest.fixture
def comparison(browser: Browser, pages: Pages) -> Iterator[OpenedPage]:
    with opened(browser, pages["compare"]) as seen:
        yield seen


@pytest.mark.parametrize("name", ["run", "bare", "compare", "sure"])
def test_a_page_loads_nothing_else_and_complains_of_nothing(browser: Browser, pages: Pages, name: str) -> None:
    with opened(browser, pages[name]) as seen:
        assert seen.page.locator("#list li").count() == 19
        assert seen.page.locator("#case .text mark").count() > 0
        assert seen.asked == [pages[name].as_uri()]
        assert seen.complaints == []


def test_the_least_sure_come_first_and_each_row_says_how_sure(browser: Browser, pages: Pages) -> None:
    with opened(browser, pages["sure"]) as seen:
        assert "Confidence" in seen.texts("#plots h3")
        seen.page.select_option("#order", "unsure")
        least = seen.page.evaluate("list.numbers.map((n) => leastSure(data.cases[n]))")
        assert least == sorted(least) and least[0] < 0.5
        seen.page.evaluate("list.select(0)")
        shown = [float(text) for text in seen.texts("#case .sure")]
        assert round(least[0], 2) in shown and all(0 <= one <= 1 for one in shown)
    with opened(browser, pages["run"]) as seen:
        assert "least sure first" not in seen.texts("#order option") and not seen.texts("#case .sure")


def test_a_document_is_data_whatever_it_says(comparison: OpenedPage) -> None:
    comparison.open_case("attack")
    assert comparison.page.locator("#case .text").first.text_content() == ATTACK
    assert comparison.page.evaluate("window.attacked") is None
    assert comparison.page.locator("#case img, #case script").count() == 0
    comparison.open_case("</script><b>id")
    assert comparison.page.locator("#list b").first.text_content() == "</script><b>id"


def test_the_policy_stops_scripts_that_are_not_ours(comparison: OpenedPage) -> None:
    comparison.page.evaluate(
        """() => { const script = document.createElement('script'); script.textContent = 'window.attacked = 3';
                   document.body.append(script); document.body.insertAdjacentHTML('beforeend',
                   '<img src="x:" onerror="window.attacked = 4"><img src="http://127.0.0.1:9/x.png">'); }"""
    )
    comparison.page.wait_for_timeout(200)
    assert comparison.page.evaluate("window.attacked") is None
    for rule in ("inline script", "inline event handler", "127.0.0.1:9"):
        assert any(rule in complaint and "Content Security Policy" in complaint for complaint in comparison.complaints)


def test_marks_stand_on_their_names_beyond_the_basic_plane(browser: Browser, pages: Pages) -> None:
    with opened(browser, pages["run"]) as seen:
        seen.open_case("astral")
        text = seen.page.locator("#case .text")
        assert text.text_content() == ASTRAL
        found = text.locator("mark").all_text_contents()
        assert found == ["Ada", "𠮷野家", "Zürich", "Ada"]


def test_every_mark_says_its_entity(comparison: OpenedPage) -> None:
    wrong = comparison.page.evaluate(
        """() => { const wrong = []; const box = document.createElement('article'); document.body.append(box);
          for (const one of data.cases) { showCase(box, data, one); one.arms.forEach((arm, n) => {
            for (const mark of box.querySelectorAll(`[data-arm="${n}"] .text mark.begins.ends[data-entities]`)) {
              const name = arm.entities[mark.dataset.entities.split(' ').pop()][0];
              if (mark.textContent !== name) wrong.push([one.id, mark.textContent, name]); } }); }
          return wrong; }"""
    )
    assert wrong == []


def test_arms_stand_side_by_side_with_their_differences(comparison: OpenedPage) -> None:
    comparison.open_case("en-ferry")
    boxes = [arm.bounding_box() for arm in comparison.page.locator("#case .arm").all()]
    assert [box and round(box["y"]) for box in boxes] == [boxes[0] and round(boxes[0]["y"])] * 2
    assert [head.split()[0] for head in comparison.texts("#case .arm h4")] == ["no_think", "think"]
    assert comparison.page.locator("#case mark.only").count() > 0
    assert any("not in no_think" in words for words in comparison.texts("#case .arm >> nth=1 >> .chips li"))
    assert any("missed" in words for words in comparison.texts("#case .arm >> nth=0 >> .chips li"))


def test_filters(comparison: OpenedPage) -> None:
    page, cases = comparison.page, "data.cases.filter"
    page.check("#differs")
    assert len(comparison.texts("#list li")) == page.evaluate(f"{cases}(one => one.differs).length") < 19
    page.uncheck("#differs")
    page.check("#wrong")
    assert len(comparison.texts("#list li")) == page.evaluate(f"{cases}(one => errors(one)).length")
    page.uncheck("#wrong")
    page.select_option("#type", "r:works_for")
    with_type = "one => one.arms.some(arm => arm.relations.some(r => r[1] === 'works_for'))"
    assert len(comparison.texts("#list li")) == page.evaluate(f"{cases}({with_type}).length") > 0
    page.select_option("#type", "")
    page.fill("#search", "no such words anywhere")
    page.wait_for_selector("#case .note")
    assert comparison.texts("#count") == ["0 of 19 documents"]


def test_how_thinking_ended_and_what_was_left_out_can_be_chosen(browser: Browser, pages: Pages) -> None:
    with opened(browser, pages["compare"]) as seen:
        for choice, value, ids in (("end", "truncated", ["astral"]), ("cut", "loop", ["attack"])):
            seen.page.select_option(f"#{choice}", value)
            assert seen.page.locator("#list b").all_text_contents() == ids
            assert seen.texts("#count") == ["1 of 19 documents"]
            seen.page.select_option(f"#{choice}", "")
        seen.page.select_option("#cut", "relations")
        shown = seen.page.locator("#list b").all_text_contents()
        left_out = "data.cases.filter(one => one.arms.some(arm => arm.dropped.length)).map(one => one.id)"
        assert "attack" in shown and sorted(shown) == sorted(seen.page.evaluate(left_out)) and len(shown) < 19
    with opened(browser, pages["bare"]) as seen:
        assert seen.page.locator("#cut").is_visible() and not seen.page.locator("#end").is_visible()


def test_what_was_left_out_of_an_answer_is_told(browser: Browser, pages: Pages) -> None:
    with opened(browser, pages["run"]) as seen:
        seen.open_case("attack")
        assert seen.texts("#case h4 .badge") == ["ok", "loop cut out"]
        folded = seen.page.locator("#case details", has_text="Relations left out")
        assert not folded.locator("li").is_visible()
        folded.locator("summary").click()
        assert folded.locator("li").inner_text() == "<b>Self</b> | family_of | <b>Self</b>: of a thing with itself"
        seen.open_case("astral")
        assert "loop cut out" not in seen.page.locator("#case").inner_text()
        assert "Relations left out" not in seen.page.locator("#case").inner_text()


HITS = "[...CSS.highlights.get('hit')].filter(r => r.startContainer.parentElement.closest('.text')).map(String)"


@pytest.mark.parametrize(
    ("search", "doc_id", "hits"),
    [
        ("ADA züR", "astral", ["Ada", "Zür", "Ada"]),
        ("𠮷 🦊", "astral", ["🦊", "🦊", "𠮷"]),
        ("ry</script><script>w b.", "attack", ["ry</script><script>w", "b."]),
    ],
)
def test_search_hits_are_painted_and_change_no_mark(
    browser: Browser, pages: Pages, search: str, doc_id: str, hits: list[str]
) -> None:
    with opened(browser, pages["run"]) as seen:
        seen.open_case(doc_id)
        text = seen.page.locator("#case .text")
        seen.page.evaluate("CSS.highlights.clear()")
        markup, unpainted = text.inner_html(), text.screenshot()
        seen.page.fill("#search", search)
        seen.page.wait_for_function("() => list.numbers.length === 1 && CSS.highlights.size")
        assert seen.page.evaluate(HITS) == hits
        assert text.inner_html() == markup and text.screenshot() != unpainted
        seen.page.fill("#search", "")
        seen.page.wait_for_function("() => list.numbers.length === 19")
        assert seen.page.evaluate(HITS) == []
        assert seen.complaints == []


def test_the_first_hit_of_a_long_text_is_in_view(browser: Browser, pages: Pages) -> None:
    with opened(browser, pages["run"]) as seen:
        seen.page.set_viewport_size({"width": 900, "height": 200})  # a text may be 78 % as high as the window
        seen.page.fill("#search", "ledger he knew")
        seen.page.wait_for_function("() => list.numbers.length === 1 && CSS.highlights.get('hit').size > 2")
        above, below = seen.page.evaluate(
            """() => { const box = document.querySelector('#case .text').getBoundingClientRect();
                       const hits = [...CSS.highlights.get('hit')];
                       const first = hits.find((hit) => hit.toString() === 'ledger').getBoundingClientRect();
                       return [first.top - box.top, box.bottom - first.bottom]; }"""
        )
        assert above >= 0 and below >= 0


def test_the_least_agreement_comes_first(comparison: OpenedPage) -> None:
    agree = comparison.page.evaluate("list.numbers.map(n => data.cases[n].agree)")
    assert agree == sorted(agree)


def test_quarantined_documents_show_raw_answer_text_and_reason(comparison: OpenedPage) -> None:
    comparison.page.select_option("#status", "quarantined")
    comparison.open_case("en-archive")
    first = comparison.page.locator("#case .arm").first
    assert "unparsable" in first.locator(".fault").inner_text()
    assert "documents.jsonl:" in first.locator(".fault").inner_text()
    assert '{"entities": [{"name": "Unfinished <b>business</b>"' in (first.locator(".fault pre").text_content() or "")
    assert "Hollis Computing Museum" in (first.locator(".text").text_content() or "")


def test_reasoning_is_folded_and_data(browser: Browser, pages: Pages) -> None:
    with opened(browser, pages["run"]) as seen:
        seen.open_case("en-ferry")
        folded = seen.page.locator("#case details", has_text="Reasoning")
        assert not folded.locator("pre").is_visible()
        folded.locator("summary").click()
        assert "<b>Now</b> how are they related?" in folded.locator("pre").inner_text()


def test_a_relation_is_drawn_in_the_text(browser: Browser, pages: Pages) -> None:
    with opened(browser, pages["run"]) as seen:
        seen.open_case("astral")
        seen.page.click("#case .relations [data-relation]")
        assert set(seen.texts("#case mark.found")) == {"Ada", "𠮷野家"}
        assert seen.page.locator("#case svg.arc path").count() == 2
        seen.page.click("#case .chips [data-entity]")
        assert seen.page.locator("#case svg.arc").count() == 0


def test_the_keyboard_is_enough(comparison: OpenedPage) -> None:
    page = comparison.page
    ids = page.evaluate("list.numbers.map(n => data.cases[n].id)")
    shown = page.locator("#case h3")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert shown.text_content() == ids[2]
    page.keyboard.press("k")
    assert shown.text_content() == ids[1]
    page.keyboard.press("/")
    page.keyboard.type("j")  # a letter now, not a command
    assert page.evaluate("document.activeElement.id") == "search"
    assert page.input_value("#search") == "j"
    page.fill("#search", "")
    page.wait_for_function("() => list.numbers.length === 19")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "list"
    page.keyboard.press("End")
    assert shown.text_content() == ids[-1]
    page.keyboard.press("ArrowUp")
    assert shown.text_content() == ids[-2]
    assert page.locator("#list [aria-selected=true]").count() == 1


def test_focus_can_be_seen(comparison: OpenedPage) -> None:
    for _ in range(12):
        comparison.page.keyboard.press("Tab")
        width = comparison.page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)")
        style = comparison.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert width >= 2 and style != "none"


@pytest.mark.parametrize("name", ["run", "bare", "compare"])
def test_a_phone_scrolls_one_way_only(browser: Browser, pages: Pages, name: str) -> None:
    with opened(browser, pages[name], width=360) as seen:
        for doc_id in ("en-ferry", "attack", "astral", "en-archive"):
            seen.open_case(doc_id)
            assert seen.page.evaluate("document.documentElement.scrollWidth") <= 360
        seen.page.fill("#search", "")
        seen.page.wait_for_function("() => list.numbers.length === 19")
        before = seen.page.locator("#case h3").text_content()
        seen.page.click("#case [data-step='1']")
        assert seen.page.locator("#case h3").text_content() != before


SMALL = ("body", "figcaption", "#plots svg text", ".tile small", ".cost", "mark:not(.quiet)", ".sign", ".badge")
CONTRAST = """(selectors) => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = (colour) => {
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((v) => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = light(getComputedStyle(document.body).backgroundColor);
  return selectors.map((selector) => {
    const style = getComputedStyle(document.querySelector(selector));
    const ink = light(selector.includes('svg') ? style.fill : style.color);
    return [selector, (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05)];
  });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_letters_stand_out_in_light_and_dark(browser: Browser, pages: Pages, scheme: str) -> None:
    with opened(browser, pages["run"], scheme=scheme) as seen:
        for selector, contrast in seen.page.evaluate(CONTRAST, SMALL):
            assert contrast >= 4.5, selector


def test_the_colours_can_be_chosen(browser: Browser, pages: Pages) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    with opened(browser, pages["run"], scheme="dark") as seen:
        dark = seen.page.evaluate(paper)
        seen.page.click("#theme")
        light = seen.page.evaluate(paper)
        assert light != dark and "light" in (seen.page.get_attribute("#theme", "aria-label") or "")
        seen.page.click("#theme")
        assert seen.page.evaluate(paper) == dark


def test_thousands_of_rows_are_drawn_as_they_are_needed(browser: Browser, tmp_path: Path) -> None:
    rows = many(700)
    inputs, _ = write_rows(tmp_path, rows)
    file = tmp_path / "page.html"
    file.write_text(render_run(str(make_run(inputs, tmp_path / "out", rows))), encoding="utf-8")
    with opened(browser, file) as seen:
        assert seen.page.locator("#list li").count() == 200
        seen.page.locator("#list").evaluate("element => { element.scrollTop = element.scrollHeight; }")
        seen.page.wait_for_function("() => document.querySelectorAll('#list li').length === 400")
        seen.page.focus("#list")
        seen.page.keyboard.press("End")
        assert seen.page.locator("#case h3").text_content() == rows[-1]["doc_id"]
        assert seen.texts("#count") == ["700 documents"]
        seen.page.goto(f"{file.as_uri()}#doc={rows[450]['doc_id']}")
        seen.page.reload()
        assert seen.page.locator("#case h3").text_content() == rows[450]["doc_id"]


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs whose schema feeds a table beside entities and relations."""
    folder = tmp_path_factory.mktemp("events")
    rows = deals(12)
    inputs, gold = write_rows(folder, rows)
    outs = [str(make_run(inputs, folder / mode, rows, mode, schema="finance")) for mode in ("no_think", "think")]
    file = folder / "events.html"
    file.write_text(render_comparison(outs, str(gold)), encoding="utf-8")
    return file


def test_rows_of_further_tables_stand_in_every_arm(browser: Browser, events: Path) -> None:
    with opened(browser, events) as seen:
        seen.open_case("deal-1")
        first, second = (seen.page.locator(f"#case [data-arm='{n}'] .rows li") for n in (0, 1))
        assert [words.split("\n")[0] for words in first.all_inner_texts()] == ["leaves", "had bought", "leaves"]
        assert first.locator(".tag").all_inner_texts() == ["not in think", "missed", "missed"]
        assert (
            first.locator(".sign").all_inner_texts() == ["✗"] and second.locator(".sign").all_inner_texts() == ["✓"] * 2
        )
        assert "only in no_think" in second.last.inner_text()
        assert second.first.locator(".value").all_inner_texts() == [
            "9 June",
            "Leeds",
            "Quarry 1 Ltd, Pip & Husk 1",
            "$85 million",
        ]
        second.first.locator("button").hover()
        assert set(seen.texts("#case mark.found")) == {"Quarry 1 Ltd", "Pip & Husk 1"}
        assert seen.complaints == []


def test_rows_of_further_tables_are_found_by_filter_and_search(browser: Browser, events: Path) -> None:
    with opened(browser, events) as seen:
        having = "data.cases.filter(c => c.arms.some(a => (a.rows.events || []).some(([v]) => v.type === 'contract')))"
        wanted = sorted(seen.page.evaluate(f"{having}.map(c => c.id)"))
        assert 0 < len(wanted) < 12
        seen.page.select_option("#type", "events:contract")
        assert sorted(seen.page.locator("#list b").all_text_contents()) == wanted
        seen.page.select_option("#type", "")
        seen.page.fill("#search", "contract")  # which no text has
        seen.page.wait_for_function("n => list.numbers.length === n", arg=len(wanted))
        assert sorted(seen.page.locator("#list b").all_text_contents()) == wanted
        seen.page.fill("#search", "leeds")
        seen.page.wait_for_function("() => list.numbers.length === 12")
        hits = "[...CSS.highlights.get('hit')].filter(r => r.startContainer.parentElement.matches('.value')).length"
        assert seen.page.evaluate(hits) > 0


def test_rows_of_further_tables_fit_a_phone(browser: Browser, events: Path) -> None:
    with opened(browser, events, width=360) as seen:
        seen.open_case("deal-1")
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_long_document_is_shown_passage_by_passage(browser: Browser, tmp_path: Path) -> None:
    (page := tmp_path / "novel.html").write_text(render_run(str(make_novel_run(tmp_path, novel()))), encoding="utf-8")
    with opened(browser, page) as seen:
        assert seen.page.locator("#case .text").text_content() == novel()
        passages = seen.page.evaluate("data.cases[0].arms[0].passages")
        shown = seen.page.locator("#case .passage").all_text_contents()
        assert shown == [novel()[start:end] for start, end, _ in passages] and len(shown) > 10
        assert [fault is not None for _, _, fault in passages] == [n == 2 for n in range(len(shown))]
        assert seen.page.locator("#case .passage.failed").all_text_contents() == [shown[2]]
        assert seen.texts("#case .passages b") == [", 1 gave no answer"]
        seen.page.locator("#case .passages select").select_option(str(len(shown) - 1))
        seen.page.wait_for_function(
            """() => { const [last, frame] = ['.text .passage:last-child', '.text'].map((one) =>
                 document.querySelector(`#case ${one}`).getBoundingClientRect());
                 return frame.top - 1 <= last.top && last.top < frame.bottom; }"""
        )
        assert seen.page.locator("#cut option").all_text_contents()[1:] == ["passages (1)"]
        assert seen.complaints == []


def test_a_relation_in_a_long_document_is_found_where_its_ends_are_nearest(browser: Browser, tmp_path: Path) -> None:
    (page := tmp_path / "novel.html").write_text(render_run(str(make_novel_run(tmp_path, novel()))), encoding="utf-8")
    with opened(browser, page) as seen:
        seen.page.locator("#case .relations .item", has_text="Bob 33").click()
        near = seen.page.locator("#case .text .near")
        assert near.all_text_contents() == ["Ada", "Bob 33"]
        seen.page.wait_for_function(
            """() => { const [mark, frame] = ['.near', ''].map((one) => document.querySelector(`#case .text ${one}`)
                 .getBoundingClientRect()); return mark.top >= frame.top && mark.bottom <= frame.bottom; }"""
        )


def test_of_a_text_of_a_million_characters_only_what_is_in_view_is_laid_out(browser: Browser, tmp_path: Path) -> None:
    text = novel(25)
    assert len(text) > 1_000_000
    (page := tmp_path / "novel.html").write_text(render_run(str(make_novel_run(tmp_path, text))), encoding="utf-8")
    with opened(browser, page) as seen:
        laid_out = seen.page.evaluate(
            """[...document.querySelectorAll('#case .passage mark')]
                 .map((mark) => mark.checkVisibility({ contentVisibilityAuto: true }))"""
        )
        assert laid_out[0] and not laid_out[-1] and sum(laid_out) < 10 < len(laid_out)
