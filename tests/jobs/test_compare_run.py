"""`extract compare --run`: arms in one engine, each with an output of its own; stopped, broken off, continued."""

import json
import signal
import time
from pathlib import Path

import pytest
from programs import PLAIN, documents, ended, manifest, ran, started
from test_cli_words import said

pytestmark = pytest.mark.slow

ARMS = "no_think,think,auto,budget=7"
FOLDERS = ARMS.split(",")


def words(source: Path, out: Path, arms: str = ARMS) -> list[object]:
    return ["compare", "--run", arms, source, "--schema", "news", "--out", out, *PLAIN]


def status(out: Path) -> dict[str, int]:
    found = json.loads(said("status", out, "--json")[1])
    return {name: found[name] for name in ("ok", "empty", "quarantined", "pending")}


def test_each_arm_is_an_ordinary_output_from_one_engine(tmp_path: Path) -> None:
    source, out = documents(tmp_path / "d.jsonl", 9), tmp_path / "out"
    code, told, err = ran(*words(source, out))
    assert code == 0, err
    assert told.splitlines() == ["LOADED", " ".join(str(out / arm) for arm in FOLDERS)]
    assert err.count("loading fake") == 1
    runs = [manifest(out / arm) for arm in FOLDERS]
    assert [run["settings"]["mode"] for run in runs] == ["no_think", "think", "auto", "think"]
    assert [run["settings"]["thinking_budget"] for run in runs] == [None, None, None, 7]
    for arm, run in zip(FOLDERS, runs, strict=True):
        assert status(out / arm) == {"ok": 9, "empty": 0, "quarantined": 0, "pending": 0}
        assert run["last_run"]["interleaved"] is True
        assert 0 < run["last_run"]["load_seconds"] < run["last_run"]["seconds"] == runs[0]["last_run"]["seconds"]
    assert sum(run["last_run"]["engine_share"] for run in runs) == pytest.approx(1)
    code, told, err = said("compare", *(out / arm for arm in FOLDERS), "--json")
    assert (code, json.loads(told)["documents"]) == (0, 9), err


def test_an_arm_gives_what_a_run_of_its_own_gives_and_continues_it(tmp_path: Path) -> None:
    source, out = documents(tmp_path / "d.jsonl", 6), tmp_path / "out"
    alone = ["run", source, "--schema", "news", "--mode", "think", "--out", out / "think", *PLAIN, "--quiet"]
    assert ran(*alone, "--limit", 4)[0] == 0
    assert manifest(out / "think")["last_run"]["engine_share"] == 1
    code, _, err = ran(*words(source, out, "no_think,think"))
    assert code == 0
    assert "extract: think: 2 new or changed of 6" in err.splitlines()
    code, told, err = ran(*alone)
    assert (code, told) == (0, "")  # the model is not asked again
    assert manifest(out / "think")["last_run"]["skipped"] == 6


def test_what_is_told_twice_is_told_with_the_same_speed(tmp_path: Path) -> None:
    source, out = documents(tmp_path / "d.jsonl", 6), tmp_path / "out"
    assert ran(*words(source, out), SLOW_SECONDS=0.01)[0] == 0
    first = said("compare", *(out / arm for arm in FOLDERS), "--json")[1]
    assert all(arm["resources"]["documents_per_second"] for arm in json.loads(first)["arms"])
    code, told, _ = ran(*words(source, out))
    assert code == 0 and "LOADED" not in told
    assert said("compare", *(out / arm for arm in FOLDERS), "--json")[1] == first


def test_sigterm_drains_all_arms_and_the_same_command_continues(tmp_path: Path) -> None:
    source, out = documents(tmp_path / "d.jsonl", 40), tmp_path / "out"
    process = started(*words(source, out), SLOW_SECONDS=0.05)
    assert process.stdout and process.stdout.readline() == "LOADED\n"
    time.sleep(1)
    process.send_signal(signal.SIGTERM)
    code, told, err = ended(process)
    assert (code, told) == (5, "")
    left = [status(out / arm) for arm in FOLDERS]
    assert all(0 < arm["ok"] < 40 and arm["ok"] + arm["pending"] == 40 for arm in left)
    assert max(arm["ok"] for arm in left) - min(arm["ok"] for arm in left) <= 2
    for arm, now in zip(FOLDERS, left, strict=True):
        line = f"extract: {arm}: stopped before the end, {now['pending']} documents left; the same command continues"
        assert line in err.splitlines()
    assert ran(*words(source, out))[0] == 0
    assert [status(out / arm)["ok"] for arm in FOLDERS] == [40] * 4


def test_an_engine_that_dies_ends_all_arms_once_and_keeps_what_is_finished(tmp_path: Path) -> None:
    source, out, heard = documents(tmp_path / "d.jsonl", 10), tmp_path / "out", tmp_path / "heard"
    hook = f'echo "$EXTRACT_EXIT_CODE $EXTRACT_OK $EXTRACT_MESSAGE" >> {heard}'
    code, _, err = ran(*words(source, out, "no_think,think"), "--on-finish", hook, SLOW_DIES_AT=12)
    assert code == 3
    assert err.count("the engine died: as the test wants it") == 1
    hooks = [line.partition(" the engine died: as the test wants it")[:2] for line in heard.read_text().splitlines()]
    assert sorted(hooks) == [(f"3 {n}", " the engine died: as the test wants it") for n in (3, 4)]
    assert {manifest(out / arm)["last_run"]["state"] for arm in ("no_think", "think")} == {"stopped"}
    before = sum(status(out / arm)["ok"] for arm in ("no_think", "think"))
    assert before == 7
    assert ran(*words(source, out, "no_think,think"))[0] == 0
    assert [status(out / arm)["ok"] for arm in ("no_think", "think")] == [10, 10]


def test_quarantined_documents_are_four(tmp_path: Path) -> None:
    source, out = documents(tmp_path / "d.jsonl", 3), tmp_path / "out"
    assert ran(*words(source, out, "no_think,think"), SLOW_ANSWER="{}")[0] == 4
    assert status(out / "think")["quarantined"] == 3


def test_an_arm_that_cannot_begin_leaves_the_others_alone(tmp_path: Path) -> None:
    source, out = documents(tmp_path / "d.jsonl", 3), tmp_path / "out"
    assert ran(*words(source, out, "auto,think"))[0] == 0
    code, _, err = ran(*words(source, out, "no_think,think"), "--max-answer-tokens", 5)
    assert code == 1
    assert "extract: " in err and "think holds another job: max_answer_tokens differs" in err
    assert not (out / "no_think" / "manifest.json").exists()


def test_an_arm_that_another_run_holds_is_six(tmp_path: Path) -> None:
    source, out = documents(tmp_path / "d.jsonl", 30), tmp_path / "out"
    alone = ["run", source, "--schema", "news", "--mode", "think", "--out", out / "think", *PLAIN]
    process = started(*alone, SLOW_SECONDS=0.1)
    assert process.stdout and process.stdout.readline() == "LOADED\n"
    assert ran(*words(source, out))[0] == 6
    process.send_signal(signal.SIGTERM)
    assert ended(process)[0] == 5


MISTAKES = [
    (["--run", "think"], "--run think: a comparison wants two or more arms"),
    (["--run", "think,no_thnik"], "--run no_thnik: no such arm; did you mean 'no_think'?"),
    (["--run", "think,budget=0"], "--run budget=0: no such arm"),
    (["--run", "auto,auto"], "--run: auto and auto ask the same"),
    (["--run", "think,budget=9", "--thinking-budget", "9"], "--run: think and budget=9 ask the same"),
    (["--run", "think,no_think", "-"], "--run reads INPUT once for each arm, and standard input only goes once"),
    (["--limit", "3"], "--limit is for making runs: add --run think,no_think"),
    (["--out", "o"], "--out is for making runs: add --run think,no_think"),
]


@pytest.mark.parametrize(("typed", "line"), MISTAKES)
def test_a_mistake_is_one_line_with_its_cure(tmp_path: Path, typed: list[str], line: str) -> None:
    more = ["--schema", "news"] if "--run" in typed else []
    code, out, err = said("compare", documents(tmp_path / "d.jsonl", 1), *typed, *more)
    assert (code, out) == (1, "")
    assert err.startswith(f"extract: {line}") and err.count("\n") == 1
