"""A real browser for tests of pages: headless Chromium, and a page that says what it loaded and what failed."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu"]
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]


@dataclass
class OpenedPage:
    """A page, the addresses it asked for, and everything it complained about."""

    page: Page
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def texts(self, selector: str) -> list[str]:
        """The visible words of all elements that match."""
        return self.page.locator(selector).all_inner_texts()

    def open_case(self, doc_id: str) -> None:
        """Searches for a document and shows it."""
        self.page.fill("#search", doc_id)
        self.page.wait_for_function("id => document.querySelector('#case h3')?.textContent === id", arg=doc_id)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; the test is skipped where there is none."""
    found = shutil.which("chromium")
    if not found:
        pytest.skip("no chromium on this machine (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=[*ARGUMENTS, *QUIET])
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, file: Path, width: int = 1280, scheme: str = "light") -> Iterator[OpenedPage]:
    """The file in a window of its own, without a network."""
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, offline=True)  # type: ignore[arg-type]
    seen = OpenedPage(context.new_page())
    seen.page.on("request", lambda request: seen.asked.append(request.url))
    seen.page.on("console", lambda message: seen.complaints.append(message.text))
    seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    seen.page.goto(file.as_uri())
    yield seen
    context.close()
