"""What is not printable in ids, texts, names and gold: shown escaped by the page's bytes, its plots and its script."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from browser import chromium, opened
from hostile import unprintable
from report_runs import make_run, unseen, write_rows

from extractor.report.render import render_comparison, render_run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("hostile")
    rows = unseen()
    inputs, gold = write_rows(folder, rows)
    runs = [str(make_run(inputs, folder / f"{mode}\x1b[31m\u202e", rows, mode)) for mode in ("no_think", "think")]
    return [render_run(runs[0], str(gold)), render_run(runs[1]), render_comparison(runs, str(gold))]


def test_nothing_that_is_not_printable_is_in_a_page(pages: list[str]) -> None:
    for page in pages:
        assert not unprintable(page, "\n\t")
        plots = page.split("<svg")[1:]
        assert plots
        for plot in plots:
            ElementTree.fromstring("<svg" + plot.partition("</svg>")[0] + "</svg>")


def test_nothing_that_is_not_printable_is_on_the_screen(pages: list[str], tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(pages[2], encoding="utf-8")
    with chromium() as browser, opened(browser, tmp_path / "page.html") as seen:
        assert seen.complaints == []
        texts = []
        for number in range(seen.page.locator("#list li").count()):
            seen.page.locator("#list li").nth(number).click()
            assert not unprintable(seen.page.locator("body").inner_text(), "\n\t")
            texts.append(seen.page.locator("#case .text").first.inner_text())
        assert "Ada met \\u{1b}[2J\\u{1b}[31mred here." in texts
