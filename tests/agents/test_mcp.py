"""The tools for agents, asked by the SDK's own client: what they give, and what they keep agents from."""

import asyncio
import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from fakes import answering, fake_model
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from shop import settle, some, write

from extractor.errors import UserError
from extractor.jobs.prepare import prepare
from extractor.mcp.folders import Folders
from extractor.mcp.server import server_of
from extractor.mcp.tools import Tools
from extractor.pipeline.jobs import Providers
from extractor.pipeline.single import SingleTexts
from extractor.store.lock import locked
from extractor.store.query import query

ANSWER = {"entities": [{"name": "Ada", "type": "person"}], "relations": [], "summary": "Ada wrote."}
FIELDS: dict[str, Any] = {"examples": "none", "context": 100_000}
SERVE = ["-c", "from extractor.cli import main; main()", "mcp"]
MINE = json.dumps({"type": "object", "properties": {"who": {"type": "string"}}, "required": ["who"]})


def tools_of(*folders: Path, answer: Callable[[Any], Any] | None = None) -> Tools:
    """Tools whose model gives the same answer each time."""
    said = answer or (lambda request: json.dumps(ANSWER))
    providers = Providers(
        prepare=lambda given: prepare(given.job, frozenset(given.origins), fake_model()),
        engine=lambda ready: answering(said),
    )
    return Tools(SingleTexts(providers), FIELDS, Folders(folders))


def asked(target: Any, name: str, **given: str) -> tuple[bool, str]:
    """Whether a tool failed, and what it said."""

    async def ask() -> tuple[bool, str]:
        async with Client(target) as client:
            result = await client.call_tool(name, given)
            return bool(result.is_error), "".join(getattr(one, "text", "") for one in result.content)

    return asyncio.run(ask())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 300 documents and their output."""
    folder = tmp_path_factory.mktemp("made")
    settle(write(folder / "in.jsonl", some(300)), folder / "out", part_documents=100)
    return folder


@pytest.fixture
def out(made: Path, tmp_path: Path) -> Path:
    """An output of 300 documents, in a folder of its own."""
    return shutil.copytree(made, tmp_path / "open") / "out"


def test_arguments_are_flat_strings_and_every_tool_says_what_it_does() -> None:
    async def listed() -> list[Any]:
        async with Client(server_of(tools_of())) as client:
            return list((await client.list_tools()).tools)

    found = {tool.name: tool for tool in asyncio.run(listed())}
    assert set(found) == {"list_schemas", "extract", "start", "status", "query"}
    for tool in found.values():
        assert tool.description and "$defs" not in tool.input_schema and not tool.output_schema
        assert all(one["type"] == "string" for one in tool.input_schema["properties"].values())


def test_a_text_gives_its_record_by_a_shipped_schema_or_one_of_the_agents() -> None:
    failed, said = asked(server_of(tools_of()), "extract", text="Ada wrote.")
    assert not failed and json.loads(said) == {"status": "ok", "record": ANSWER, "problem": None}
    mine = tools_of(answer=lambda request: '{"who": "Ada"}')
    assert json.loads(asked(server_of(mine), "extract", text="Ada.", schema=MINE)[1])["record"] == {"who": "Ada"}
    assert "news: " in asked(server_of(tools_of()), "list_schemas")[1]


def test_an_answer_that_is_none_is_told_as_such() -> None:
    failed, said = asked(server_of(tools_of(answer=lambda request: "no json")), "extract", text="Ada wrote.")
    assert not failed and json.loads(said)["status"] == "quarantined"
    assert json.loads(said)["problem"]["kind"] == "unparsable"


MISTAKES = [
    ({"text": " "}, "text is empty"),
    ({"text": "x", "schema": "nwes"}, "there is no schema 'nwes' (one of "),
    ({"text": "x", "schema": "os:path"}, "there is no schema 'os:path'"),
    ({"text": "x", "schema": "{"}, "schema is no JSON"),
    ({"text": "x", "schema": '{"type": "objekt"}'}, "objekt"),
    ({"text": "x", "mode": "deep"}, "--mode deep"),
]


@pytest.mark.parametrize(("given", "line"), MISTAKES)
def test_a_mistake_comes_back_as_one_line(given: dict[str, str], line: str) -> None:
    failed, said = asked(server_of(tools_of()), "extract", **given)
    assert failed and line in said and "\n" not in said.strip()


def test_the_tables_of_an_output_are_counted_and_asked(out: Path) -> None:
    server = server_of(tools_of(out.parent))
    now = json.loads(asked(server, "status", out="out")[1])
    assert (now["running"], now["settled"], now["faults"]) == (False, 300, [])
    with locked(out):
        assert json.loads(asked(server, "status", out=str(out))[1])["running"]
    counted = json.loads(asked(server, "query", out="out", sql="SELECT count(*) AS n FROM documents")[1])
    assert counted == {"columns": ["n"], "rows": [[300]]}
    many = json.loads(asked(server, "query", out="out", sql="SELECT doc_id FROM documents")[1])
    assert len(many["rows"]) == 200 and "cut" in many["more"]
    wide = json.loads(asked(server, "query", out="out", sql="SELECT repeat('x', 1000) FROM documents")[1])
    assert 10 < len(wide["rows"]) < 50 and "cut" in wide["more"]


ELSEWHERE = "{elsewhere}"
REFUSED = [
    f"SELECT * FROM read_csv('{ELSEWHERE}')",
    f"SELECT * FROM read_text('{ELSEWHERE}')",
    f"SELECT * FROM '{ELSEWHERE}'",
    f"SELECT * FROM glob('{ELSEWHERE}*')",
    f"COPY (SELECT 1) TO '{ELSEWHERE}.out'",
    f"ATTACH '{ELSEWHERE}.db'",
    "SELECT 1; DROP VIEW documents",
    "SET enable_external_access = true",
    "INSTALL httpfs",
    "SELECT getenv('HOME')",
    "SELECT * FROM parts",
    "SELEC",
    "",
]


@pytest.mark.parametrize("sql", REFUSED)
def test_a_query_reaches_its_own_tables_alone(out: Path, tmp_path: Path, sql: str) -> None:
    (secret := tmp_path / "secret.csv").write_text("a\n1\n")
    failed, said = asked(server_of(tools_of(out.parent)), "query", out="out", sql=sql.format(elsewhere=secret))
    assert failed and "\n" not in said.strip()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["open", "secret.csv"]


def test_a_query_without_end_is_stopped(out: Path) -> None:
    endless = "SELECT count(*) FROM range(100000000) a, range(100000000) b WHERE a.range * b.range = -1"
    with pytest.raises(UserError, match=r"took more than 0\.5 s"):
        query(out, endless, seconds=0.5)


@pytest.mark.parametrize("place", ["/etc", "../elsewhere", "link"])
def test_nothing_outside_of_the_folders_that_a_person_named_is_touched(out: Path, tmp_path: Path, place: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    (out.parent / "link").symlink_to(tmp_path / "elsewhere")
    server = server_of(tools_of(out.parent))
    for tool, given in (
        ("status", {"out": place}),
        ("query", {"out": place, "sql": "SELECT 1"}),
        ("start", {"job": place}),
    ):
        failed, said = asked(server, tool, **given)
        assert failed and "is outside of what is open to agents" in said
    assert "no folder is open to agents" in asked(server_of(tools_of()), "status", out=str(out))[1]


RISKY = "runs code or sends to servers"
SERVER = 'engine = "endpoint"\nurl = ["http://127.0.0.1:1"]'
JOBS = [
    ('inputs = ["in.jsonl"]\nout = "/tmp/elsewhere"', "is outside"),
    ('inputs = ["../*.jsonl"]\nout = "next"', "is outside"),
    ('inputs = ["sub*/../../*.jsonl"]\nout = "next"', "is outside"),
    ('inputs = ["lin[k].jsonl"]\nout = "next"', "is outside"),
    ('inputs = ["https://example.org/x.jsonl"]\nout = "next"', "is an address"),
    ('inputs = ["in.jsonl"]\nout = "next"\nmetrics = "/tmp/m.prom"', "is outside"),
    ('inputs = ["in.jsonl"]\nout = "next"\non_finish = "touch x"', f"{RISKY} (--on-finish)"),
    ('inputs = ["in.jsonl"]\nout = "next"\ntrust_remote_code = true', f"{RISKY} (--trust-remote-code)"),
    (f'inputs = ["in.jsonl"]\nout = "next"\n{SERVER}', f"{RISKY} (--url"),
]


@pytest.mark.parametrize(("job", "line"), JOBS)
def test_a_job_that_leaves_the_folders_or_runs_code_is_not_started(out: Path, job: str, line: str) -> None:
    (out.parent.parent / "secret.jsonl").write_text('{"text": "x"}\n')
    (out.parent / "sub").mkdir()
    (out.parent / "link.jsonl").symlink_to(out.parent.parent / "secret.jsonl")
    (out.parent / "job.toml").write_text(f'schema = "news"\n{job}\n')
    failed, said = asked(server_of(tools_of(out.parent)), "start", job="job.toml")
    assert failed and line in said and not (out.parent / "job.log").exists()
    (out.parent / "job.toml").write_text('schema = "os:path"\ninputs = ["in.jsonl"]\nout = "next"\n')
    assert (
        "runs code or sends to servers (--schema os:path)"
        in asked(server_of(tools_of(out.parent)), "start", job="job.toml")[1]
    )


def over_stdio(*words: str) -> Any:
    """The transport to a server of its own, which ends with the client."""
    return stdio_client(StdioServerParameters(command=sys.executable, args=[*SERVE, *words]))


@pytest.mark.slow
def test_it_is_served_over_http(out: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    served = subprocess.Popen([sys.executable, *SERVE, "--folder", str(out.parent), "--http", str(port)])
    try:
        ends = time.monotonic() + 120
        while time.monotonic() < ends:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.2)
        failed, said = asked(f"http://127.0.0.1:{port}/mcp", "status", out="out")
        assert not failed and json.loads(said)["settled"] == 300
    finally:
        served.terminate()
        served.wait(60)


@pytest.mark.engine
def test_a_real_model_answers_and_nothing_else_is_on_standard_output(tiny: Path) -> None:
    words = ["--max-answer-tokens", "32", "--attempts", "1", "--context", "4096", "--engine-arg", "dtype=float32"]
    words += ["--engine-arg", "kv_cache_memory_bytes=268435456", "--examples", "none"]
    failed, said = asked(over_stdio("--model", str(tiny), *words), "extract", text="Ada wrote.", schema=MINE)
    assert not failed and json.loads(said)["status"] in ("ok", "quarantined")


@pytest.mark.slow
def test_a_job_is_started_and_told_of_over_standard_input_and_output(out: Path) -> None:
    folder = out.parent
    words = 'schema = "news"\ninputs = ["in.jsonl"]\nout = "again"\nengine = "replay"\nfrom = "out"\n'
    (folder / "job.toml").write_text(words)

    def ask(name: str, **given: str) -> Any:
        failed, said = asked(over_stdio("--folder", str(folder)), name, **given)
        assert not failed, said
        return json.loads(said)

    begun = ask("start", job="job.toml")
    assert begun["outputs"] == [str(folder / "again")]
    ends = time.monotonic() + 120
    while (now := ask("status", out="again"))["running"] or now["settled"] < 300:
        assert time.monotonic() < ends, Path(begun["log"]).read_text()
        time.sleep(0.5)
    assert now["faults"] == []
