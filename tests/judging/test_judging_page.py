"""The page of extract judge in a real Chromium: keys and buttons, undo, a server killed half way, a phone's width."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from judged_runs import TEXTS, is_right, made
from playwright.sync_api import Browser, Page, sync_playwright

from extractor.judging.page import judged_on_a_page
from extractor.judging.session import ToJudge, loaded

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
MAIN = "from extractor.cli import main; main()"


@pytest.fixture(scope="module")
def outs(tmp_path_factory):
    return made(tmp_path_factory.mktemp("judged"), "a", "b")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium")
    if not found:
        pytest.skip("no chromium on this machine (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=found, args=["--headless", "--no-sandbox", "--disable-gpu", "--disable-sync"]
        )
        yield opened
        opened.close()


class Served:
    """The command, and the address that it printed."""

    def __init__(self, outs: list[str], file: Path, *more: str) -> None:
        words = [sys.executable, "-c", MAIN, "judge", *outs, "--file", str(file), "--by", "anna", *more]
        self.process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr
        line = self.process.stderr.readline()
        found = re.search(r"http\S+", line)
        assert found, line
        self.address = found[0]

    def end(self, by: signal.Signals = signal.SIGINT) -> str:
        """What it says at its end."""
        os.kill(self.process.pid, by)
        return self.process.communicate(timeout=60)[0]


@contextmanager
def served(outs: list[str], file: Path, *more: str) -> Iterator[Served]:
    one = Served(outs, file, *more)
    yield one
    if one.process.poll() is None:
        one.end(signal.SIGKILL)


class Here:
    """The same page, served from a thread of this process."""

    def __init__(self, outs: list[str], file: Path, tables: tuple[str, ...] = ()) -> None:
        judged, told, found = loaded(ToJudge(outs, str(file), tables)), threading.Event(), list[str]()

        def opened(address: str) -> None:
            found.append(address)
            told.set()

        words = (judged, "anna", False, 0, opened)
        threading.Thread(target=judged_on_a_page, args=words, daemon=True).start()
        assert told.wait(20)
        self.address = found[0]


@contextmanager
def shown(browser: Browser, address: str, width: int = 1000, **more: Any) -> Iterator[tuple[Page, list[str]]]:
    """The page, and everything that it complains about."""
    context = browser.new_context(viewport={"width": width, "height": 780}, **more)
    page, complaints = context.new_page(), list[str]()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    page.wait_for_selector("#claim .said")
    yield page, complaints
    context.close()


def count(page: Page) -> int:
    return int(page.inner_text("#count").split()[0])


def answer(page: Page, press: Any) -> None:
    """Does something after which one thing more, or less, is judged, and waits for it."""
    before = page.inner_text("#count")
    press()
    page.wait_for_function("before => document.getElementById('count').textContent !== before", arg=before)


def words(file: Path) -> list[str | None]:
    return [json.loads(line)["said"] for line in file.read_text("utf-8").splitlines()[1:]]


def test_keys_and_buttons_say_what_they_say(outs, browser, tmp_path):
    file = tmp_path / "j.jsonl"
    with shown(browser, Here(outs, file).address) as (page, complaints):
        for key in ("y", "n", "0", "1", "2"):
            answer(page, lambda key=key: page.keyboard.press(key))
        answer(page, lambda: page.click("text=Cannot tell"))
        assert words(file) == ["right", "wrong", "unknown", "right", "wrong", "unknown"]
        page.keyboard.press("ArrowLeft")
        page.wait_for_selector('[data-said="unknown"][aria-pressed="true"]')
        page.keyboard.press("y")
        page.wait_for_selector('[aria-pressed="true"][data-said]', state="detached")
        assert (words(file)[-1], count(page)) == ("right", 6)
        assert complaints == []


def test_undo_shows_again_what_was_judged(outs, browser, tmp_path):
    file = tmp_path / "j.jsonl"
    with shown(browser, Here(outs, file).address) as (page, _):
        claim = page.inner_text("#claim")
        answer(page, lambda: page.keyboard.press("n"))
        assert page.inner_text("#claim") != claim
        answer(page, lambda: page.keyboard.press("u"))
        assert (page.inner_text("#claim"), words(file)) == (claim, ["wrong", None])
        page.keyboard.press("u")
        page.wait_for_selector("#fault:has-text('nothing is judged yet')")


def test_what_an_input_method_takes_and_what_is_held_down_says_nothing(outs, browser, tmp_path):
    file = tmp_path / "j.jsonl"
    with shown(browser, Here(outs, file).address) as (page, _):
        for more in ("isComposing: true", "keyCode: 229", "repeat: true", "ctrlKey: true"):
            page.evaluate(f"document.dispatchEvent(new KeyboardEvent('keydown', {{key: 'y', {more}}}))")
        page.wait_for_timeout(300)
        assert not file.exists()


def test_a_server_that_is_killed_half_way_loses_nothing(outs, browser, tmp_path):
    file = tmp_path / "j.jsonl"
    with served(outs, file) as command, shown(browser, command.address) as (page, _):
        for key in "yn":
            answer(page, lambda key=key: page.keyboard.press(key))
        claim = page.inner_text("#claim")
        command.end(signal.SIGKILL)
        page.keyboard.press("y")
        page.wait_for_selector("#fault:has-text('Not kept')")
        assert page.inner_text("#claim") == claim
    assert words(file) == ["right", "wrong"]
    with served(outs, file) as command, shown(browser, command.address) as (page, _):
        assert (page.inner_text("#claim"), count(page)) == (claim, 2)


def test_at_the_end_the_command_tells_the_verdict(outs, browser, tmp_path):
    with served(outs, tmp_path / "j.jsonl", "--json") as command, shown(browser, command.address) as (page, _):
        for _ in range(8):
            said = "y" if is_right(page.inner_text("#claim .said")) else "n"
            answer(page, lambda said=said: page.keyboard.press(said))
        page.wait_for_selector("#claim:has-text('everything that is disputed is judged')")
        page.click("#stand summary")
        page.wait_for_selector("#standing:has-text('It is enough')")
        told = json.loads(command.end())
        assert told["verdict"].startswith(
            "After 8 judgements, of all that is disputed, b is better than a in entities by"
        )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_of_it_fits_a_phone(outs, browser, tmp_path, scheme):
    address = Here(outs, tmp_path / "j.jsonl").address
    with shown(browser, address, 375, color_scheme=scheme, has_touch=True) as (page, complaints):
        for _ in range(8):
            assert page.evaluate("document.documentElement.scrollWidth") == 375
            answers = page.locator("#answers button")
            assert all((box := answers.nth(n).bounding_box()) and box["height"] >= 44 for n in range(3))
            answer(page, lambda: page.tap('[data-said="right"]'))
        assert complaints == []


def test_markup_in_a_text_is_text_and_marks_are_around_the_words(outs, browser, tmp_path):
    marked = dict[str, list[str]]()
    address = Here(outs, tmp_path / "j.jsonl", ("relations",)).address
    with shown(browser, address) as (page, complaints):
        for _ in range(3):
            marked[page.inner_text("#claim .kind")] = page.locator("mark.first").all_inner_texts()
            text = page.inner_text("#around")
            assert "<b>Mallory</b>" in text or "Mallory" not in text
            answer(page, lambda: page.keyboard.press("y"))
        assert marked["leads"] == ["温以宁", "𠮷祥书店"]
        assert complaints == []


def test_a_text_that_has_moved_is_told_and_the_claim_is_judged_all_the_same(browser, tmp_path):
    moved = made(tmp_path, "a", "b")
    (tmp_path / "in.jsonl").rename(tmp_path / "elsewhere.jsonl")
    with shown(browser, Here(moved, tmp_path / "j.jsonl").address) as (page, complaints):
        assert "The text is not at hand" in page.inner_text("#around")
        page.keyboard.press("t")
        answer(page, lambda: page.keyboard.press("0"))
        assert (words(tmp_path / "j.jsonl"), complaints) == (["unknown"], [])


def test_the_whole_text_is_shown_when_it_is_wanted(browser, tmp_path):
    filler = "They walk and talk of old times. " * 60
    outs = made(tmp_path, "a", "b", texts={"d1": f"{filler}{TEXTS['d1']} {filler}"})
    with shown(browser, Here(outs, tmp_path / "j.jsonl").address) as (page, complaints):
        assert len(page.inner_text("#around")) < 1000
        page.keyboard.press("t")
        page.wait_for_selector("#whole[aria-pressed=true]")
        assert len(page.inner_text("#around")) > 3500
        assert page.evaluate("""() => {
            const place = (selector) => document.querySelector(selector).getBoundingClientRect();
            const [box, mark] = [place("#around .text"), place("mark.first")];
            return mark.top >= box.top && mark.bottom <= box.bottom;
        }""")
        page.keyboard.press("t")
        page.wait_for_selector("#whole[aria-pressed=false]")
        assert complaints == []


def test_nothing_in_the_page_names_a_run(outs, browser, tmp_path):
    heard: list[str] = []
    with shown(browser, Here(outs, tmp_path / "j.jsonl").address) as (page, _):
        page.on("response", lambda response: heard.append(response.text()))
        for _ in range(8):
            answer(page, lambda: page.keyboard.press("y"))
        page.click("#stand summary")
        page.wait_for_selector("#standing:has-text('judged by you')")
        shows = page.content()
    assert len(heard) >= 9
    first = json.loads((tmp_path / "j.jsonl").read_text("utf-8").splitlines()[0])
    names = [*outs, "no_think", *(run["id"] for run in first["runs"])]
    assert not [name for name in names for text in (*heard, shows) if name in text]
    assert not [text for text in heard if "arm" in text]
