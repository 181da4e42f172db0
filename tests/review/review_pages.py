"""A review in a process of its own, as a person starts it, and its page in a real browser."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

from fakes import Silent, answering, fake_prepared
from playwright.sync_api import Browser, Page

from extractor.pipeline.session import run
from extractor.review.decisions import decisions
from extractor.review.page import answers_of, page_of
from extractor.review.session import Review, Wanted, begin
from extractor.types import Request
from extractor.web.local import serve

ROOT = Path(__file__).parents[2]
Answers = Mapping[str, tuple[str, Mapping[str, Any] | None]]  # doc_id → text, and what the model answers; None: no JSON


def a_run(folder: Path, documents: Answers, **given: Any) -> Path:
    """A finished output over these documents in these words."""
    folder.mkdir(parents=True, exist_ok=True)
    inputs, answers = folder / "documents.jsonl", {text: answer for text, answer in documents.values()}
    inputs.write_text("".join(line({"id": doc_id, "text": text}) for doc_id, (text, _) in documents.items()), "utf-8")

    def answer(request: Request) -> str:
        said = answers[request.document.text]
        return "no json" if said is None else json.dumps(said)

    prepared = fake_prepared(inputs, folder / "out", **({"context": 10_000_000, "passage_above": 10_000_000} | given))
    run(prepared, lambda _: answering(answer), Silent(), lambda: False)
    return folder / "out"


@dataclass
class Served:
    """A running `extract review`."""

    process: subprocess.Popen[str]
    address: str

    def kill(self) -> None:
        """As a crash would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def interrupt(self) -> str:
        """Ctrl-C; what it says then."""
        self.process.send_signal(signal.SIGINT)
        return self.process.communicate(timeout=30)[1]


@contextmanager
def served(out: Path, *flags: str) -> Iterator[Served]:
    """`extract review OUT` with these flags, until the end."""
    command = [sys.executable, "-c", "from extractor.cli import main; main()", "review", str(out), "--no-open", *flags]
    given = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=given)
    assert process.stdout
    try:
        yield Served(process, process.stdout.readline().strip())
    finally:
        process.kill()
        process.communicate()


def as_shown(shown: dict[str, Any], **said: Any) -> dict[str, Any]:
    """The decision that the page sends on a document that nobody touched, but for what is `said`."""
    sent = ("origin", "values", "mentions", "attributes")
    tables = {
        word: [{name: row[name] for name in sent if name in row} for row in rows]
        for word, rows in shown["tables"].items()
        if rows
    }
    left = {"doc_id": shown["doc_id"], "verdict": "right", "tables": tables, "form": shown["form"], "seconds": 2.0}
    return left | said


def accept_all(review: Review) -> None:
    """Says of every document that is left that all of it is right."""
    shown = review.show({})["document"]
    while shown:
        shown = review.decide(as_shown(shown))["document"]


def served_here(out: Path, by: str = "anna") -> str:
    """The address of a review in a thread of this process, until it ends."""
    review, told, found = begin(Wanted(str(out), by=by)), Event(), list[str]()

    def opened(address: str) -> None:
        found.append(address)
        told.set()

    asked = lambda: page_of(review), answers_of(review), 0, opened
    Thread(target=serve, args=asked, daemon=True).start()
    assert told.wait(20)
    return found[0]


@dataclass
class Desk:
    """A window of a review."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def keys(self, *keys: str) -> None:
        """Presses keys one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def choose(self, *words: str) -> None:
        """Types into the menu that is open, and takes what is left."""
        for word in words:
            self.page.wait_for_selector("#menu[open]")
            title = self.page.inner_text("#menutitle")
            self.page.keyboard.type(word)
            self.page.keyboard.press("Enter")
            self.page.wait_for_function(
                "t => !document.querySelector('#menu').open || document.querySelector('#menutitle').innerText !== t",
                arg=title,
            )

    def shows(self, doc_id: str) -> None:
        """Waits until this document is shown."""
        self.page.wait_for_function("id => document.querySelector('#head h1')?.textContent === id", arg=doc_id)

    def has(self, table: str, item: str) -> None:
        """Waits until an item of a list that is not deleted says this."""
        said = """([table, item]) => [...document.querySelectorAll(`[data-table=${table}] .item:not(.gone)`)]
            .some((one) => one.innerText.split(/\\s+/).join(' ').trim() === item)"""
        self.page.wait_for_function(said, arg=[table, item])

    def is_done(self) -> None:
        """Waits until all documents are decided."""
        self.page.wait_for_function("() => document.querySelector('#head h1').textContent.startsWith('All documents')")

    def items(self, table: str) -> list[str]:
        """What stands in a list, deleted ones apart."""
        return [
            " ".join(one.split())
            for one in self.page.locator(f"[data-table={table}] .item:not(.gone)").all_inner_texts()
        ]

    def select(self, first: str, last: str | None = None) -> None:
        """Drags the mouse from the first character of some words to the last of the same or other words."""
        place = """([words, end]) => {
            const walk = document.createTreeWalker(document.querySelector('.text'), NodeFilter.SHOW_TEXT);
            for (let node = walk.nextNode(); node; node = walk.nextNode()) {
                const at = node.data.indexOf(words);
                if (at < 0) continue;
                const range = new Range();
                range.setStart(node, end ? at + words.length - 1 : at);
                range.setEnd(node, end ? at + words.length : at + 1);
                node.parentElement.scrollIntoView({block: 'center'});
                const box = range.getClientRects()[0];
                return [end ? box.right - 1 : box.left + 1, box.top + box.height / 2];
            }
        }"""
        start = self.page.evaluate(place, [first, False])
        end = self.page.evaluate(place, [last or first, True])
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move(*end, steps=4)
        self.page.mouse.up()


@contextmanager
def desk(browser: Browser, address: str, width: int = 1280, scheme: str = "light") -> Iterator[Desk]:
    """The page in a window of its own, with its first document."""
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    seen = Desk(context.new_page())
    seen.page.on("console", lambda message: seen.complaints.append(message.text))
    seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    seen.page.goto(address)
    seen.page.wait_for_selector("#head h1")
    yield seen
    context.close()


def written(out: Path) -> dict[str, dict[str, Any]]:
    """The last word on each document."""
    return {line["doc_id"]: line for line in decisions(out / "review.jsonl")}


def line(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"
