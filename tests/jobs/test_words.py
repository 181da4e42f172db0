"""A job, said in words of the command line: who types them gets that job."""

from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from extractor.cli.options import job_words
from extractor.jobs.file import GivenJob
from extractor.jobs.job import Job, make_job
from extractor.jobs.words import words_of

LEAST = {"inputs": ["in put.jsonl"], "schema": "news", "out": "out/a b"}
JOBS: list[dict[str, Any]] = [
    {},
    {"inputs": ["a.jsonl", "-x.jsonl"][:1], "keep": ["lang", "where"], "limit": 5, "confidence": True},
    {"engine_arg": {"dtype": "half", "a": 1, "b": "1", "c": {"d": [True]}, "e": False}, "sampling": {"top_p": 0.5}},
    {"examples": "o/review.jsonl", "examples_shown": 3, "examples_per_document": 0, "relations": "closed"},
    {"mode": "think", "thinking_budget": 512, "escalate": ["failed", "empty"], "part_seconds": 7, "shard": "1/2"},
    {"url": ["http://a:1", "http://b:2"], "engine": "endpoint", "key_file": "k", "metrics": "m", "engine_timeout": 0.5},
]


@pytest.mark.parametrize("given", JOBS)
def test_who_types_them_gets_that_job(given: dict[str, Any]) -> None:
    job = make_job(LEAST | given)
    heard: list[Job] = []

    @job_words
    def command(asked: GivenJob) -> None:
        heard.append(asked.job)

    app = typer.Typer()
    app.command()(command)
    done = CliRunner().invoke(app, words_of(job))
    assert done.exit_code == 0, done.output
    assert heard == [job] and heard[0].out == Path("out/a b")
