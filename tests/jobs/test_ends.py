"""How a run ends: signals, deadlines, failures; each with its exit code, and nothing lost."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from programs import PLAIN, SLOW, documents, ended, manifest, ran, started

from extractor.store.shelf import Shelf

pytestmark = pytest.mark.slow


def wait_for_load(process: "subprocess.Popen[str]") -> None:
    assert process.stdout
    assert process.stdout.readline() == "LOADED\n"


def settled(out: Path) -> list[str]:
    parts = Shelf(out).parts()
    return sorted(i for part in parts for i in pq.read_table(out / "documents" / part)["doc_id"].to_pylist())


def test_sigterm_finishes_what_is_under_way_and_the_same_command_continues(tmp_path: Path) -> None:
    source, out = documents(tmp_path / "d.jsonl", 20), tmp_path / "out"
    words = ["run", source, "--schema", "news", "--out", out, *PLAIN, "--json"]
    process = started(*words, SLOW_SECONDS=0.2)
    wait_for_load(process)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    code, said, err = ended(process)
    before = json.loads(said)
    assert code == 5
    assert 2 <= before["settled"] < 20
    assert (before["documents"], before["pending"]) == (20, 20 - before["settled"])
    assert f"extract: stopped before the end, {before['pending']} documents left; the same command continues" in err
    assert manifest(out)["last_run"]["state"] == "stopped"
    code, said, err = ran(*words)
    assert code == 0
    assert f"extract: {20 - before['settled']} new or changed of 20" in err.splitlines()
    assert settled(out) == sorted(f"d{n}" for n in range(20))


def test_a_second_sigterm_stops_at_once_and_keeps_what_is_finished(tmp_path: Path) -> None:
    source, out = documents(tmp_path / "d.jsonl", 20), tmp_path / "out"
    words = ["run", source, "--schema", "news", "--out", out, *PLAIN]
    process = started(*words, SLOW_SECONDS=5, SLOW_ANSWER="{}")
    wait_for_load(process)
    time.sleep(0.2)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    code, _, err = ended(process)
    assert code == 130
    assert time.monotonic() - began < 4
    assert err.splitlines()[-1] == "extract: interrupted; what is finished is kept, the same command continues"
    assert ran(*words)[0] == 0
    assert len(settled(out)) == 20


def words_of(tmp_path: Path, count: int = 20) -> list[object]:
    hook = f'echo "$EXTRACT_EXIT_CODE" > {tmp_path / "heard"}'
    source = documents(tmp_path / "d.jsonl", count)
    return ["run", source, "--schema", "news", "--out", tmp_path / "out", *PLAIN, "--on-finish", hook]


def test_a_terminal_that_hangs_up_twice_drains(tmp_path: Path) -> None:
    process = started(*words_of(tmp_path), SLOW_SECONDS=0.2)
    wait_for_load(process)
    time.sleep(0.3)
    process.send_signal(signal.SIGHUP)
    time.sleep(0.3)
    process.send_signal(signal.SIGHUP)
    assert ended(process)[0] == 5
    assert (tmp_path / "heard").read_text() == "5\n"
    assert 0 < len(settled(tmp_path / "out")) < 20


def test_a_hang_up_that_was_ignored_from_the_start_stays_so(tmp_path: Path) -> None:
    nohup = [*("sh", "-c", "trap '' HUP; exec \"$@\"", "sh"), sys.executable, str(SLOW)]
    command = [*nohup, *map(str, words_of(tmp_path, 8))]
    env = os.environ | {"SLOW_SECONDS": "0.1"}
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for_load(process)
    process.send_signal(signal.SIGHUP)
    assert ended(process)[0] == 0
    assert len(settled(tmp_path / "out")) == 8


def test_timeout_sends_its_signal_twice_and_means_it_once(tmp_path: Path) -> None:
    command = ["timeout", "600", sys.executable, str(SLOW), *map(str, words_of(tmp_path, 200))]
    env = os.environ | {"SLOW_SECONDS": "0.1"}
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for_load(process)
    process.send_signal(signal.SIGTERM)  # which it passes on as it does its own
    code, _, err = ended(process)
    assert code == 5 and "stopped before the end" in err
    assert (tmp_path / "heard").read_text() == "5\n"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 5), (signal.SIGHUP, 5), (signal.SIGINT, 130)])
def test_a_signal_while_the_model_is_loaded_does_not_wait_for_it(tmp_path: Path, number: int, code: int) -> None:
    process = started(*words_of(tmp_path), SLOW_LOAD=60)
    assert process.stdout and process.stdout.readline() == "LOADING\n"
    time.sleep(0.2)
    began = time.monotonic()
    process.send_signal(number)
    assert ended(process)[0] == code
    assert time.monotonic() - began < 10
    assert (tmp_path / "heard").read_text() == f"{code}\n"
    assert manifest(tmp_path / "out")["last_run"]["pending"] == 20


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize("answer", ["{}", ""])
def test_a_signal_while_the_engine_is_closed_changes_nothing(tmp_path: Path, number: int, answer: str) -> None:
    answered = {"SLOW_ANSWER": answer} if answer else {}
    process = started(*words_of(tmp_path), SLOW_CLOSE=1, **answered)
    wait_for_load(process)
    assert process.stdout and process.stdout.readline() == "CLOSING\n"
    for _ in range(2):
        process.send_signal(number)
        time.sleep(0.2)
    code = 4 if answer else 0
    assert ended(process)[0] == code
    assert (tmp_path / "heard").read_text() == f"{code}\n"


def test_a_deadline_drains(tmp_path: Path) -> None:
    source, out = documents(tmp_path / "d.jsonl", 200), tmp_path / "out"
    words = ["run", source, "--schema", "news", "--out", out, *PLAIN, "--json", "--quiet"]
    code, said, err = ran(*words, "--max-runtime", "2s", SLOW_SECONDS=0.1)
    now = json.loads(said.removeprefix("LOADED\n"))
    assert code == 5
    assert 0 < now["settled"] < 60
    assert now["settled"] + now["pending"] == 200
    assert now["last_run"]["seconds"] < 4
    assert err == ""


def test_a_deadline_that_is_not_reached_changes_nothing(tmp_path: Path) -> None:
    source = documents(tmp_path / "d.jsonl", 3)
    code, _, _ = ran("run", source, "--schema", "news", "--out", tmp_path / "o", *PLAIN, "--max-runtime", "1h")
    assert code == 0


def test_a_deadline_ends_all_jobs_of_a_file(tmp_path: Path) -> None:
    documents(tmp_path / "d.jsonl", 100)
    job = tmp_path / "job.toml"
    job.write_text(
        'inputs = "d.jsonl"\nexamples = "none"\ncontext = 100000\nmax-runtime = "2s"\n'
        '[[job]]\nschema = "news"\nout = "a"\n[[job]]\nschema = "finance"\nout = "b"\n'
    )
    assert ran("job", job, SLOW_SECONDS=0.1)[0] == 5
    assert manifest(tmp_path / "a")["last_run"]["state"] == "stopped"
    assert not (tmp_path / "b").exists()


def test_a_dead_engine_is_three_and_the_hook_hears_of_it(tmp_path: Path) -> None:
    source, out, heard = documents(tmp_path / "d.jsonl", 10), tmp_path / "out", tmp_path / "heard"
    hook = f'echo "$EXTRACT_EXIT_CODE $EXTRACT_OK $EXTRACT_PENDING $EXTRACT_MESSAGE" > {heard}'
    words = ["run", source, "--schema", "news", "--out", out, *PLAIN, "--on-finish", hook]
    code, _, err = ran(*words, SLOW_DIES_AT=4)
    assert code == 3
    assert "extract: the engine died: as the test wants it" in err
    assert heard.read_text().startswith("3 3 7 the engine died: as the test wants it; what is finished is kept")
    assert ran(*words)[0] == 0
    assert heard.read_text() == "0 10 0 \n"


HOOKS: list[tuple[str, str]] = [
    ("exit 7", "extract: warning: --on-finish ended with 7: exit 7"),
    ("no-such-program-here", "extract: warning: --on-finish ended with 127: no-such-program-here"),
]


@pytest.mark.parametrize(("hook", "line"), HOOKS)
def test_a_failing_hook_is_a_warning_and_not_our_exit_code(tmp_path: Path, hook: str, line: str) -> None:
    source = documents(tmp_path / "d.jsonl", 2)
    words = ["run", source, "--schema", "news", "--out", tmp_path / "o", *PLAIN, "--quiet", "--on-finish", hook]
    code, _, err = ran(*words)
    assert code == 0
    assert line in err.splitlines()


def test_the_hook_hears_of_a_mistake_before_anything_ran(tmp_path: Path) -> None:
    words = ["run", tmp_path / "absent", "--schema", "news", "--out", tmp_path / "o", *PLAIN]
    code, said, err = ended(started(*words, "--on-finish", 'echo "code=$EXTRACT_EXIT_CODE ok=$EXTRACT_OK"'))
    assert (code, said) == (1, "")
    assert err.splitlines()[-1] == "code=1 ok="


def test_a_held_output_is_six(tmp_path: Path) -> None:
    source, metrics = documents(tmp_path / "d.jsonl", 50), tmp_path / "m.prom"
    words = ["run", source, "--schema", "news", "--out", tmp_path / "o", *PLAIN, "--metrics", metrics]
    first = started(*words, SLOW_SECONDS=0.1)
    wait_for_load(first)
    numbers = metrics.read_text()
    code, _, err = ran(*words)
    assert code == 6
    assert "another run holds" in err
    assert metrics.read_text() == numbers  # they are the first run's
    first.send_signal(signal.SIGTERM)
    assert ended(first)[0] == 5


def events(err: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in err.splitlines()]


def test_a_json_log_is_one_object_a_line_from_start_to_end(tmp_path: Path) -> None:
    source, out = documents(tmp_path / "d.jsonl", 3), tmp_path / "out"
    words = ["run", source, "--schema", "news", "--out", out, *PLAIN, "--log-format", "json"]
    code, said, err = ran(*words)
    start, loading, loaded, end = events(err)
    assert (code, said) == (0, "LOADED\n")
    assert [one["event"] for one in (start, loading, loaded, end)] == ["start", "loading", "loaded", "end"]
    assert (start["total"], start["pending"], loading["model"], loaded["model"]) == (3, 3, "fake", "fake")
    assert {name: end[name] for name in ("ok", "empty", "quarantined", "pending", "new", "exit_code")} == {
        "ok": 3,
        "empty": 0,
        "quarantined": 0,
        "pending": 0,
        "new": 3,
        "exit_code": 0,
    }
    code, _, err = ran(*words)
    start, note, end = events(err)
    assert note["message"] == "3 documents: 3 settled before, nothing new"
    assert (end["new"], end["settled_before"]) == (0, 3)


def test_a_json_log_says_errors_too(tmp_path: Path) -> None:
    source = documents(tmp_path / "d.jsonl", 3)
    words = ["run", source, "--schema", "nwes", "--out", tmp_path / "o", *PLAIN, "--log-format", "json"]
    code, _, err = ran(*words)
    error, end = events(err)
    assert code == 1
    assert (error["event"], error["exit_code"], end["event"], end["exit_code"]) == ("error", 1, "end", 1)
    assert "did you mean 'news'?" in error["message"]


def test_plain_lines_where_stderr_is_no_terminal(tmp_path: Path) -> None:
    source, out = documents(tmp_path / "d.jsonl", 3), tmp_path / "out"
    code, _, err = ran("run", source, "--schema", "news", "--out", out, *PLAIN)
    assert code == 0
    assert err.splitlines()[:2] == [f"extract: 3 documents into {out}", "extract: loading fake"]
    assert "\r" not in err
    assert "it/s" not in err


def test_a_later_run_says_in_one_line_what_was_new(tmp_path: Path) -> None:
    source, out = documents(tmp_path / "d.jsonl", 16), tmp_path / "out"
    words = ["run", source, "--schema", "news", "--out", out, *PLAIN]
    assert "new or changed" not in ran(*words)[2]
    code, said, err = ran(*words)
    assert (code, said) == (0, "")  # no model is loaded
    assert "extract: 16 documents: 16 settled before, nothing new" in err.splitlines()
    lines = documents(tmp_path / "d.jsonl", 17).read_text().splitlines()
    source.write_text("\n".join([lines[0].replace("sails", "burns"), *lines[1:]]))
    assert "extract: 2 new or changed of 17" in ran(*words)[2].splitlines()


def test_jobs_that_agree_load_one_engine_and_those_that_do_not_load_their_own(tmp_path: Path) -> None:
    documents(tmp_path / "d.jsonl", 2)
    job = tmp_path / "job.toml"
    top = 'inputs = "d.jsonl"\nexamples = "none"\ncontext = 100000\n'
    jobs = '[[job]]\nschema = "news"\nout = "a"\n[[job]]\nschema = "news"\nout = "b"\nseed = 7\n'
    job.write_text(f'{top}{jobs}[[job]]\nschema = "finance"\nout = "c"\n')
    code, said, err = ran("job", job, SLOW_ANSWER='{"summary": "x"}')
    assert (code, said) == (4, "LOADED\nLOADED\n")  # a and c share theirs; the answer fits no schema
    assert [line for line in err.splitlines() if "documents into" in line or "loading" in line] == [
        f"extract: 2 documents into {tmp_path / 'a'}",
        "extract: loading fake",
        f"extract: 2 documents into {tmp_path / 'c'}",
        f"extract: 2 documents into {tmp_path / 'b'}",
        "extract: loading fake",
    ]
    assert {manifest(tmp_path / name)["last_run"]["state"] for name in "abc"} == {"finished"}
    code, said, _ = ran("job", job, "--quiet", "--limit", "1", "--json")
    assert [json.loads(line)["settled"] for line in said.splitlines()] == [2, 2, 2]


def test_a_fault_in_the_last_job_comes_before_the_first_one_runs(tmp_path: Path) -> None:
    documents(tmp_path / "d.jsonl", 2)
    job = tmp_path / "job.toml"
    top = 'inputs = "d.jsonl"\nexamples = "none"\ncontext = 100000\n'
    job.write_text(f'{top}[[job]]\nschema = "news"\nout = "a"\n[[job]]\nschema = "nwes"\nout = "b"\n')
    code, said, err = ran("job", job)
    assert (code, said) == (1, "")
    assert err.count("\n") == 1
    assert not (tmp_path / "a").exists()
