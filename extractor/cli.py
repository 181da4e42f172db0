"""The command line: people on stderr, data on stdout."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from extractor.boundary import EXIT_CODES, QUARANTINED, STOPPED, Drain, boundary
from extractor.cli_shipped import models, schemas_command
from extractor.config import Job
from extractor.options import job_words, output_folder

app = typer.Typer(
    help="Entities, relations and summaries from documents: JSON Schema in, validated Parquet out, on vLLM.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
AsJson = Annotated[bool, typer.Option("--json", help="one JSON object on stdout")]
Quiet = Annotated[bool, typer.Option("--quiet", help="no progress bar and no table")]
app.add_typer(models, name="models")
app.command(name="schemas")(schemas_command)


def main() -> None:
    """The console script."""
    app()


@app.command(name="run", epilog=EXIT_CODES)
@job_words
def run_command(job: Job, given: frozenset[str], as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Settle every document of INPUT: read, ask, validate, write Parquet. The same command continues.

    extract run news.jsonl --schema news --out out/news
    """
    with boundary():
        from extractor.prepare import prepare
        from extractor.progress import Bar
        from extractor.run import make_vllm, run

        drain = Drain(None)
        with drain.on_signal(), Bar(quiet) as bar:
            tally = run(prepare(job, given), make_vllm, bar, drain)
        _finish(job.out, as_json, quiet)
        if tally.stopped:
            raise typer.Exit(STOPPED)


def _finish(out: Path, as_json: bool, quiet: bool) -> None:
    from extractor.present import standing_rows, table
    from extractor.status import standing

    now = standing(out)
    if as_json:
        _print_json(_standing_json(now))
    elif not quiet:
        table(("", str(out)), standing_rows(now), stderr=True)
    if now.quarantined and not now.pending:
        raise typer.Exit(QUARANTINED)


@app.command(name="check")
@job_words
def check_command(job: Job, given: frozenset[str], as_json: AsJson = False) -> None:
    """Say what a run would do, where each setting came from, and what it would refuse; no model is loaded."""
    with boundary():
        from extractor.check import check
        from extractor.prepare import prepare
        from extractor.present import check_lines, table

        checked = check(prepare(job, given), given)
        if as_json:
            _print_json(asdict(checked))
            return
        table(("setting", "value", "from"), ((name, _brief(value), origin) for name, value, origin in checked.settings))
        table(("found", ""), check_lines(checked))


@app.command(name="show")
@job_words
def show_command(
    job: Job,
    given: frozenset[str],
    doc_id: Annotated[str, typer.Option("--doc-id", help="the document to show")],
    as_json: AsJson = False,
) -> None:
    """Show the exact messages, rendered prompt, schema and sampling for one document; no model is loaded."""
    with boundary():
        from extractor.check import show
        from extractor.prepare import prepare

        shown = show(prepare(job, given), doc_id)
        if as_json:
            _print_json(shown)
            return
        for name, value in shown.items():
            if name != "messages":
                typer.echo(f"--- {name} ---\n{_brief(value)}")


@app.command(name="status")
def status_command(out: output_folder(), as_json: AsJson = False) -> None:  # type: ignore[valid-type]
    """Account for every document of an output folder: ok, empty, quarantined, pending; tokens and seconds."""
    with boundary():
        from extractor.present import standing_rows, table
        from extractor.status import standing

        now = standing(out)
        if as_json:
            _print_json(_standing_json(now))
        else:
            table(("", str(out)), standing_rows(now))


def _standing_json(now: Any) -> dict[str, Any]:
    return {"documents": now.documents, "settled": now.settled, **asdict(now)}


def _print_json(value: Any) -> None:
    json.dump(value, sys.stdout, ensure_ascii=False, default=str)
    sys.stdout.write("\n")


def _brief(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
