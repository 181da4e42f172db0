"""The log of decisions: what was said to be kept is there, whoever writes beside it and however they die."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from extractor.errors import UserError
from extractor.review.decisions import Log, append, decisions

WRITER = [sys.executable, str(Path(__file__).with_name("log_writer.py"))]


def a_decision(doc_id, **said):
    return {"doc_id": doc_id, "review": {"verdict": "accepted", "seconds": 2.0}} | said


def ids(path):
    return [one["doc_id"] for one in decisions(path)]


def test_what_is_added_is_read_back_in_its_order(tmp_path):
    path = tmp_path / "review.jsonl"
    append(path, a_decision("a", text="語 𝒜\n"))
    append(path, a_decision("b"))
    assert list(decisions(path)) == [a_decision("a", text="語 𝒜\n"), a_decision("b")]
    assert path.read_bytes().count(b"\n") == 2


def test_no_file_is_no_decisions(tmp_path):
    assert list(decisions(tmp_path / "none.jsonl")) == [] and Log(tmp_path / "none.jsonl").kept() == {}


def test_a_line_cut_short_is_passed_over_and_not_glued_to_the_next(tmp_path):
    path = tmp_path / "review.jsonl"
    append(path, a_decision("a"))
    with path.open("ab") as file:
        file.write(b'{"doc_id": "b", "te')
    log = Log(path)
    assert ids(path) == ["a"] and list(log.kept()) == ["a"]
    append(path, a_decision("c"))
    assert ids(path) == ["a", "c"] and list(log.kept()) == ["a", "c"]


def test_a_line_cut_within_a_character_is_passed_over(tmp_path):
    path = tmp_path / "review.jsonl"
    path.write_bytes('{"doc_id": "語'.encode()[:-1])
    append(path, a_decision("a"))
    assert ids(path) == ["a"]


def test_a_later_line_supersedes_and_the_earlier_stays(tmp_path):
    log = Log(tmp_path / "review.jsonl")
    log.add(a_decision("a", summary="first"))
    log.add(a_decision("b"))
    log.add(a_decision("a", summary="second"))
    assert log.last_word("a") == a_decision("a", summary="second") and log.last_word("c") is None
    assert ids(log.path) == ["a", "b", "a"]


def test_a_log_sees_what_others_add(tmp_path):
    mine, other = Log(tmp_path / "review.jsonl"), Log(tmp_path / "review.jsonl")
    mine.add(a_decision("a"))
    assert set(other.kept()) == {"a"}
    other.add(a_decision("b"))
    assert set(mine.kept()) == {"a", "b"}


def test_a_text_with_half_a_surrogate_pair_is_kept_as_json(tmp_path):
    path = tmp_path / "review.jsonl"
    append(path, a_decision("a", text="\ud800"))
    assert ids(path) == ["a"]


def test_a_place_that_cannot_be_written_is_one_line(tmp_path):
    with pytest.raises(UserError, match="No such file or directory: the decision is not kept"):
        append(tmp_path / "nowhere" / "review.jsonl", a_decision("a"))


@pytest.mark.slow
def test_three_processes_write_at_once_and_nothing_is_lost(tmp_path):
    path = tmp_path / "review.jsonl"
    writers = [subprocess.Popen([*WRITER, str(path), name, "25"], stdout=subprocess.PIPE) for name in "abc"]
    for writer in writers:
        writer.communicate(timeout=60)
    assert sorted(ids(path)) == sorted(f"{name}-{number}" for name in "abc" for number in range(25))
    assert all(json.loads(line) for line in path.read_text("utf-8").splitlines())


@pytest.mark.slow
def test_killed_writers_lose_nothing_that_they_said_was_kept(tmp_path):
    path, chance, told = tmp_path / "review.jsonl", random.Random(0), []
    for number in range(4):
        writer = subprocess.Popen([*WRITER, str(path), f"w{number}", "9999"], stdout=subprocess.PIPE, text=True)
        assert writer.stdout and writer.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0.0, 0.15))
        os.kill(writer.pid, signal.SIGKILL)
        told += [f"w{number}-{said.strip()}" for said in writer.stdout.read().splitlines() if said.strip()]
        writer.wait()
        append(path, a_decision(f"after-{number}"))
    assert told and set(told) | {f"after-{n}" for n in range(4)} <= set(ids(path))
