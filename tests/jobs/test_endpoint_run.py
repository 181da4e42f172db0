"""Jobs that ask servers: their words, what names the work, and that no key of theirs is written anywhere."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes import Silent, fake_prepared
from servers import FakeServer
from shop import assert_whole, rows, some, write
from test_cli_words import said

from extractor import api
from extractor.errors import UserError
from extractor.jobs.endpoint import key_of, load_served, trial_of
from extractor.jobs.engines import make_engine, prepared_for_engine
from extractor.jobs.file import GivenJob, load_jobs
from extractor.jobs.job import Job, make_job
from extractor.jobs.prepare import load_model
from extractor.pipeline.session import run
from extractor.progress.tally import Tally

CHAT = ("--engine", "endpoint", "--model", "none", "--server", "openai", "--served-model", "m")


@pytest.fixture
def server() -> Iterator[FakeServer]:
    made = FakeServer()
    yield made
    made.end()


@pytest.fixture
def chat_server() -> Iterator[FakeServer]:
    made = FakeServer("openai")
    yield made
    made.end()


def settle(source: Path, out: Path, watch: Silent | None = None, **given: Any) -> Tally:
    prepared = fake_prepared(source, out, engine="endpoint", part_documents=4, **given)
    return run(prepared, make_engine, watch or Silent(), bool)


def files_of(out: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(out.rglob("*")) if file.is_file())


def job(**given: Any) -> Job:
    return make_job({"inputs": ["in"], "schema": "news", "out": "out", "engine": "endpoint"} | given)


def test_a_run_over_a_server_is_a_run_and_keeps_its_secrets(
    tmp_path: Path, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.key = "sk-secret"
    monkeypatch.setenv("SERVERS_KEY", "sk-secret")
    source, watch = write(tmp_path / "in.jsonl", some(9)), Silent()
    tally = settle(source, tmp_path / "out", watch, url=[f"{server.url}/v1?token=hush"], key_env="SERVERS_KEY")
    assert tally.new == 9 and watch.warnings == []
    assert_whole(tmp_path / "out", (f"d{n}" for n in range(9)))
    held = json.loads((tmp_path / "out" / "manifest.json").read_text())
    (told,) = held["last_run"]["servers"]
    assert told == {
        "url": f"{server.url}/v1", "server": "vllm", "version": "0.32.0", "model": "m", "wire": "ids",
        "holds_to_schema": True,
    }  # fmt: skip
    assert held["settings"]["url"] == [f"{server.url}/v1"] and held["settings"]["key_env"] == "SERVERS_KEY"
    for secret in (b"sk-secret", b"hush"):
        assert secret not in files_of(tmp_path / "out")


def test_what_a_server_does_not_hold_is_told_and_the_run_goes_on(tmp_path: Path, server: FakeServer) -> None:
    server.holds, watch = False, Silent()
    tally = settle(write(tmp_path / "in.jsonl", some(5)), tmp_path / "out", watch, url=[server.url])
    assert tally.settled == {"ok": 5}
    assert [line for line in watch.warnings if "does not hold answers to a schema" in line] == watch.warnings


def test_moving_to_other_servers_asks_nothing_again(tmp_path: Path, server: FakeServer) -> None:
    source, out, other = write(tmp_path / "in.jsonl", some(5)), tmp_path / "out", FakeServer("llamacpp")
    settle(source, out, url=[server.url])
    assert settle(source, out, url=[other.url], window=3).new == 0 and other.bodies == []
    write(source, some(7))
    assert settle(source, out, url=[server.url, other.url]).new == 2
    other.end()


def test_a_thought_and_its_answer_are_two_requests(tmp_path: Path, server: FakeServer) -> None:
    settle(write(tmp_path / "in.jsonl", some(3)), tmp_path / "out", url=[server.url], mode="think")
    assert {row["reasoning"] for row in rows(tmp_path / "out", "completions")} == {"Well"}
    asked = [body for body in server.bodies[1:] if not body["stop_token_ids"]]
    assert len(server.bodies) == 7 and len(asked) == 3
    assert all("".join(map(chr, body["prompt"])).endswith("<think>\nWell\n</think>\n\n") for body in asked)


def test_a_run_by_messages_needs_no_model_here(tmp_path: Path, chat_server: FakeServer) -> None:
    write(tmp_path / "in.jsonl", some(3))
    words = (tmp_path / "in.jsonl", "--schema", "news", "--out", tmp_path / "out", "--url", chat_server.url, *CHAT)
    code, _, err = said("run", *words, "--mode", "think", "--quiet")
    assert code == 0, err
    assert {row["reasoning"] for row in rows(tmp_path / "out", "completions")} == {"Well"}
    assert {row["status"] for row in rows(tmp_path / "out")} == {"ok"}
    held = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert held["identity"]["model"] == "served-model=m wire=chat" and held["model"]["name"] == "m"
    last = chat_server.bodies[-1]["messages"][-1]["content"]
    assert last.endswith("(What you have thought about it so far:)\nWell")


def test_the_name_at_the_server_and_messages_name_the_work_and_where_it_is_does_not(tiny: Path) -> None:
    plain, _ = load_model(make_job({"inputs": ["in"], "schema": "news", "out": "out", "model": str(tiny)}))
    here = {"url": ["http://a"], "model": str(tiny)}
    names = [
        load_served(job(**here, **more))[0].identity
        for more in ({}, {"window": 3}, {"server": "vllm"}, {"served_model": "m"}, {"server": "openai"})
    ]
    assert names[:3] == [plain.identity] * 3
    assert names[3:] == [f"{plain.identity} served-model=m", f"{plain.identity} wire=chat"]


URL = {"url": ["http://a"]}
MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({}, r"--engine endpoint needs --url"),
    ({"engine": "vllm", **URL}, r"--url belongs to --engine endpoint: add it, or leave --url out"),
    ({"engine": "vllm", "window": 3}, r"--window 3 belongs to --engine endpoint"),
    ({**URL, "engine_arg": {"dtype": "half"}}, r"--engine-arg belongs to --engine vllm"),
    ({**URL, "from_": "x"}, r"--from x belongs to --engine replay"),
    ({**URL, "model": "none"}, r"--model none is for servers that take messages: add --server openai"),
    ({**URL, "key_env": "NO_SUCH", "key_file": "x"}, r"--key-env and --key-file: give one of them"),
    ({**URL, "key_env": "sk-1234"}, r"^--key-env: no such variable is set; give the name of one, not the key itself$"),
    ({**URL, "key_file": "no-such-file"}, r"--key-file no-such-file: it cannot be read, or is empty"),
]


@pytest.mark.parametrize(("given", "line"), MISTAKES, ids=str)
def test_a_mistake_is_one_line_with_the_cure(given: dict[str, Any], line: str) -> None:
    with pytest.raises(UserError, match=line):
        prepared_for_engine(GivenJob(job(**given), {}))


def test_an_address_that_is_none_is_not_echoed_with_its_secrets() -> None:
    with pytest.raises(UserError, match="write an address as http://host:port") as told:
        job(url=["ftp://me:word@host/?token=hush"])
    assert "word@" not in str(told.value) and "hush" not in str(told.value)


def test_a_key_comes_from_a_file_beside_the_job_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sk-secret\n")
    (tmp_path / "job.toml").write_text(
        'inputs = "in.jsonl"\nschema = "news"\nout = "out"\nengine = "endpoint"\nurl = "http://a"\nkey-file = "key"\n'
    )
    (asked,) = load_jobs(tmp_path / "job.toml", {})
    assert key_of(asked.job) == "sk-secret" and asked.job.url == ["http://a"]


def test_check_shows_an_address_without_its_secrets(tmp_path: Path) -> None:
    write(tmp_path / "in.jsonl", some(3))
    words = (tmp_path / "in.jsonl", "--schema", "news", "--out", tmp_path / "out")
    code, out, err = said("check", *words, *CHAT, "--url", "http://me:word@a/?token=hush")
    assert code == 0, err
    assert "http://a/" in out and "word@" not in out and "hush" not in out


def test_the_tokens_on_trial_are_those_of_the_whole_text(tmp_path: Path, tiny: Path) -> None:
    """A thought and what closes it are encoded apart, and a server that is sent text encodes them together."""
    write(tmp_path / "in.jsonl", some(1))
    asked = job(inputs=[str(tmp_path / "in.jsonl")], url=["http://a"], model=str(tiny), mode="think")
    builder = prepared_for_engine(GivenJob(asked, {})).builder
    trial = trial_of(builder)
    assert builder.chat.decode(trial.prompt).endswith("<think>\n\n</think>\n\n") and not trial.is_thought
    assert trial.prompt == builder.chat.encode(builder.chat.decode(trial.prompt))


def test_one_text_is_asked_at_a_server_from_a_program(chat_server: FakeServer) -> None:
    try:
        answer = api.extract_one(
            "Alice met Bob.",
            "news",
            "none",
            engine="endpoint",
            url=[chat_server.url],
            server="openai",
            served_model="m",
        )
    finally:
        api.close()
    assert answer.status == "ok" and answer.rows["entities"][0]["name"] == "Alice"
