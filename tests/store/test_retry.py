"""Retry: the chosen quarantined documents, with changed settings, and nobody else."""

from pathlib import Path
from typing import Any

import pytest
from fakes import Silent, answering, fake_model
from shop import GOOD, Answer, Clerk, assert_whole, rows, settle, some, write

from extractor.errors import UserError
from extractor.jobs.file import GivenJob
from extractor.jobs.prepare import Prepared, prepare
from extractor.jobs.retry import asked_again, quarantined, ready_again
from extractor.pipeline.session import run
from extractor.progress.tally import Tally
from extractor.store.manifest import Manifest
from extractor.store.status import output_status
from extractor.types import Completion, Request


def retry(out: Path, answer: Answer, *problems: str, stop: Any = bool, **changed: Any) -> Tally:
    prepared = ready_again(asked_again(out, changed), problems, fake_ready)
    return run(prepared, lambda _: answering(answer, window=4), Silent(), stop)


def fake_ready(asked: GivenJob) -> Prepared:
    return prepare(asked.job, frozenset(asked.origins), fake_model())


def mixed(request: Request) -> str | Completion:
    """d1 and d5 are unparsable, d2 is invalid, the others are good."""
    bad = {"d1": "no json", "d5": "no json", "d2": "{}"}
    return bad.get(request.document.id, GOOD)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    inputs = write(tmp_path / "in.jsonl", some(9))
    inputs.write_text(inputs.read_text() + "not json\n")
    settle(inputs, tmp_path / "out", mixed, attempts=1)
    assert output_status(tmp_path / "out").problems == {"unparsable": 2, "invalid": 1, "bad_line": 1}
    return tmp_path / "out"


def test_all_quarantined_are_done_again_and_no_other(tmp_path: Path, out: Path) -> None:
    clerk, before = Clerk(), {row["doc_id"]: row for row in rows(out) if row["status"] == "ok"}
    tally = retry(out, clerk)
    assert sorted(clerk.asked) == ["d1", "d2", "d5"]
    assert tally.settled == {"ok": 3, "quarantined": 1}  # the bad line is as bad as ever
    after = {row["doc_id"]: row for row in rows(out)}
    assert {id: after[id] for id in before} == before
    assert_whole(out, list(after))


def test_one_problem(out: Path) -> None:
    clerk = Clerk()
    retry(out, clerk, "invalid", "too_long")
    assert clerk.asked == ["d2"]
    assert output_status(out).problems == {"unparsable": 2, "bad_line": 1}


def test_with_changed_flags_and_a_later_plain_run_leaves_it_alone(tmp_path: Path, out: Path) -> None:
    seen: list[Request] = []

    def answer(request: Request) -> str:
        seen.append(request)
        return GOOD

    retry(out, answer, "unparsable", max_answer_tokens=7, sampling={"temperature": 0.5})
    assert {(request.max_tokens, request.sampling.temperature) for request in seen} == {(7, 0.5)}
    (entry,) = Manifest.load(out).content["retries"]
    assert entry["changed"] == {"max_answer_tokens": 7, "sampling": {"temperature": 0.5}}
    assert (entry["state"], entry["settled"]) == ("finished", {"ok": 2})
    clerk = Clerk()
    tally = settle(tmp_path / "in.jsonl", out, clerk, attempts=1)  # the original words, --max-answer-tokens 1024
    assert (tally.skipped, clerk.asked) == (10, [])
    assert output_status(out).problems == {"invalid": 1, "bad_line": 1}


def test_new_and_changed_documents_are_for_run_not_for_retry(tmp_path: Path, out: Path) -> None:
    documents = [("d0", "Alice changed."), *some(9)[1:], ("new", "Alice came.")]
    clerk = Clerk()
    retry(write(tmp_path / "in.jsonl", documents).parent / "out", clerk)
    assert sorted(clerk.asked) == ["d1", "d2", "d5"]
    settle(tmp_path / "in.jsonl", out, clerk, attempts=1)
    assert sorted(clerk.asked) == ["d0", "d1", "d2", "d5", "new"]


def test_what_fails_again_is_quarantined_again(out: Path) -> None:
    retry(out, mixed)
    now = output_status(out)
    assert (now.documents, now.problems) == (10, {"unparsable": 2, "invalid": 1, "bad_line": 1})


def test_a_retry_that_is_stopped_leaves_the_rest_quarantined(tmp_path: Path, out: Path) -> None:
    clerk = Clerk()
    assert retry(out, clerk, "unparsable", stop=lambda: True).stopped
    now = output_status(out)
    assert (now.documents, now.pending, now.quarantined) == (10, 0, 4)
    retry(out, clerk, "unparsable")
    assert sorted(clerk.asked) == ["d1", "d5"]


def test_two_retries_are_both_remembered(out: Path) -> None:
    retry(out, mixed, "invalid")
    retry(out, Clerk())
    assert [entry["total"] for entry in Manifest.load(out).content["retries"]] == [1, 4]


def test_an_unknown_problem_is_refused() -> None:
    with pytest.raises(UserError, match=r"--problem unparsible: no such problem \(one of .*unparsable"):
        quarantined(["unparsible"])


def test_what_cannot_be_read_again_cannot_be_retried(tmp_path: Path, out: Path) -> None:
    with pytest.raises(UserError, match="not an output folder"):
        asked_again(tmp_path, {})
    with pytest.raises(UserError, match="standard input"):
        asked_again(out, {"inputs": ["-"]})
