"""What is said while a run is under way: how often, and in which words."""

import io
import json
import re
from collections import Counter
from contextlib import redirect_stderr
from pathlib import Path

import pytest
from fakes import a_request

from extractor.progress.events import Progress, Show, Ticker, news
from extractor.progress.stderr import Bar, Errors, JsonLines, Lines
from extractor.progress.tally import Tally
from extractor.types import Completion, Document, Extraction, Settlement


@pytest.mark.parametrize(
    ("skipped", "new", "line"),
    [
        (0, 16, ""),
        (16, 0, "16 documents: 16 settled before, nothing new"),
        (1000, 3, "3 new or changed of 1,003"),
        (0, 0, ""),
    ],
)
def test_news(skipped: int, new: int, line: str) -> None:
    assert news(Tally(skipped=skipped, settled=Counter(ok=new))) == line


def shown(show: Show) -> str:
    """What it writes about a run of four documents, one of which an earlier run has settled."""
    with redirect_stderr(io.StringIO()) as stderr:
        progress, tally = Progress(Path("out"), [show]), Tally(4)
        progress.begin(tally)
        progress.loading("fake")
        progress.loaded()
        tally.skipped += 1
        progress.skipped()
        tally.skipped, tally.settled["quarantined"] = 2, 2
        progress.skipped()
        progress.say("warning", "mind the gap")
        progress.error("it is over", 3)
        progress.end(3, None)
    return stderr.getvalue()


def test_lines() -> None:
    lines = shown(Lines(every=0.0)).splitlines()
    assert lines[:2] == ["extract: 4 documents into out", "extract: loading fake"]
    assert lines[3].startswith("extract: 1 of 4 documents (25%)")
    assert lines[4].startswith("extract: 4 of 4 documents (100%)")
    assert "2 quarantined" in lines[4]
    assert lines[5:7] == ["extract: warning: mind the gap", "extract: it is over"]


@pytest.mark.parametrize(
    ("new", "says"),
    [
        (1, r", 0\.6 a minute, .* quarantined$"),
        (2, r", 1\.2 a minute, .*, 2:46:\d\d left$"),
        (501, r", [45]\.\d a second, .*, 00:1\d left$"),
    ],
)
def test_lines_say_how_fast_it_goes_and_from_the_second_document_how_long_it_takes(new: int, says: str) -> None:
    attempt = Extraction(Completion(a_request(Document("d", "text", "a:1")), "{}"))
    with redirect_stderr(io.StringIO()) as stderr:
        progress, tally = Progress(Path("out"), [Lines(every=0.0)]), Tally(1001)
        progress.begin(tally)
        progress.counts.working -= 100.0
        for number in range(new):
            tally.add(Settlement(attempt, (attempt,)))
            progress.settled(Settlement(attempt, (attempt,)))
            progress.counts.came -= 10.0 if number == 0 else 0.0
    assert re.search(says, stderr.getvalue().splitlines()[-1])


def test_a_busy_engine_is_no_silence() -> None:
    with redirect_stderr(io.StringIO()) as stderr:
        shows: list[Show] = [Lines(every=0.0), JsonLines(Path("out"), every=0.0)]
        progress = Progress(Path("out"), shows)
        progress.begin(Tally(4))
        progress.waiting()
    _, started, line, event = stderr.getvalue().splitlines()
    assert json.loads(started)["event"] == "start" and line.startswith("extract: 0 of 4 documents (0%)")
    assert json.loads(event)["event"] == "progress"


def test_lines_are_rare() -> None:
    assert len(shown(Lines(every=60.0)).splitlines()) == 6  # no progress in the first minute


def test_quiet_says_what_went_wrong_and_nothing_else() -> None:
    assert shown(Errors()) == "extract: warning: mind the gap\nextract: it is over\n"


def test_json_lines() -> None:
    events = [json.loads(line) for line in shown(JsonLines(Path("out"), every=0.0)).splitlines()]
    names = ["start", "loading", "loaded", "progress", "progress", "warning", "error", "note", "end"]
    assert [one["event"] for one in events] == names
    assert (events[4]["quarantined"], events[4]["settled_before"], events[4]["pending"]) == (2, 2, 0)
    assert (events[6]["message"], events[6]["exit_code"]) == ("it is over", 3)
    assert events[-1]["exit_code"] == 3
    assert all(one["out"] == "out" and one["time"].endswith("Z") for one in events)


def test_the_bar_moves_and_lines_stand_on_their_own() -> None:
    said = shown(Bar())
    assert "2/4" in said
    assert "loading fake" in said
    assert "extract: warning: mind the gap" in said.splitlines()


def test_a_long_run_is_told_about_every_tenth() -> None:
    ticker = Ticker(0.0, slowing=True)
    ticker._began -= 1000.0  # a run of a thousand seconds so far
    assert ticker.due() is False  # the next line comes after a hundred more
    ticker._last -= 101.0
    assert ticker.due() is True
