"""The command line: people on stderr, data on stdout."""

import json
import sys
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from extractor.cli import say
from extractor.cli.agents import NOT_OF_A_TEXT, mcp_command
from extractor.cli.bench import bench_command
from extractor.cli.boundary import boundary
from extractor.cli.catalogue import models, schemas_command
from extractor.cli.evaluate import GOLD_FORM, compare_command, evaluate_command, report_command
from extractor.cli.exchange import convert_command
from extractor.cli.guide import guide_command
from extractor.cli.judge import judge_command
from extractor.cli.learn import learn_command
from extractor.cli.options import file_words, flag_words, job_words, output_folder
from extractor.cli.outputs import Folder, Problems, compact_command, repair_command, retry_jobs
from extractor.cli.review import review_command
from extractor.errors import UserError
from extractor.exits import EXIT_CODES, FEW_CODES, MISTAKE, OK, Ended
from extractor.jobs.file import GivenJob

if TYPE_CHECKING:
    from extractor.pipeline.jobs import Providers

app = typer.Typer(
    help="Entities, relations and summaries from documents: JSON Schema in, validated Parquet out, on vLLM.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
AsJson = Annotated[bool, typer.Option("--json", help="one JSON object on stdout")]
Quiet = Annotated[bool, typer.Option("--quiet", help="no progress bar and no table")]
Estimated = Annotated[bool, typer.Option("--estimate", help="say what the run would cost, from a sample")]
Rate = Annotated[
    float | None, typer.Option(help="output tokens a second, for --estimate (default: the last run's)", min=0.001)
]
job_files = typer.Typer(help="Run and check job files (TOML).", no_args_is_help=True)
app.add_typer(job_files, name="job")
app.add_typer(models, name="models")
app.command(name="schemas", epilog=FEW_CODES)(schemas_command)
app.command(name="evaluate", epilog=GOLD_FORM)(evaluate_command)
app.command(name="compare", epilog=EXIT_CODES)(compare_command)
app.command(name="report", epilog=FEW_CODES)(report_command)
app.command(name="judge", epilog=FEW_CODES)(judge_command)
app.command(name="convert", epilog=FEW_CODES)(convert_command)
app.command(name="learn", epilog=EXIT_CODES)(learn_command)
app.command(name="review", epilog=FEW_CODES)(review_command)
app.command(name="bench", epilog=FEW_CODES)(bench_command)
app.command(name="guide", epilog=FEW_CODES)(guide_command)
app.command(name="mcp", epilog=FEW_CODES)(flag_words(*NOT_OF_A_TEXT)(mcp_command))


def main(words: list[str]) -> int:
    """Runs the command that these words are, and exits; 1 where one of them is no text."""
    for word in words:
        if any("\ud800" <= character <= "\udfff" for character in word):  # how Python holds bytes that are not UTF-8
            say.note(f"extract: {word}: not UTF-8; rename it, or name its folder by a link")
            return MISTAKE
    app(words)
    return OK


@app.command(name="run", epilog=EXIT_CODES)
@job_words
def run_command(asked: GivenJob, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Settle every document of INPUT: read, ask, validate, write Parquet. The same command continues.

    extract run news.jsonl --schema news --out out/news
    """
    settle([asked], as_json, quiet)


@job_files.command(name="run", epilog=EXIT_CODES)
@file_words
def job_run_command(asked: list[GivenJob], as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Run the jobs of FILE, one after the other; those that agree on model and engine load it once. Flags override.

    extract job run job.toml --limit 10
    """
    settle(asked, as_json, quiet)


def settle(asked: list[GivenJob], as_json: bool, quiet: bool, providers: "Providers | None" = None) -> None:
    """Runs jobs, prints what each output holds then, and exits with the greatest of their codes."""
    with boundary():
        from extractor.cli.shows_for import shows_for
        from extractor.cli.tables import status_rows, table
        from extractor.pipeline.jobs import Providers, run_jobs

        codes = [OK]
        for done in run_jobs(asked, shows_for(asked, quiet, sys.stderr.isatty()), providers or Providers()):
            codes.append(done.code)
            if as_json:
                with suppress(Ended, UserError):  # nobody may be there to read it: that is not how the run ended
                    say.value(done.status.as_json())
            elif not quiet and done.job.log_format == "text":
                table(("", str(done.job.place)), status_rows(done.status), stderr=True)
        raise typer.Exit(max(codes))


@app.command(name="check", epilog=FEW_CODES)
@job_words
def check_command(
    asked: GivenJob, as_json: AsJson = False, estimate: Estimated = False, tokens_per_second: Rate = None
) -> None:
    """Say what a run would do, where each setting came from, and what it would refuse; no model is loaded."""
    _check([asked], as_json, estimate, tokens_per_second)


@job_files.command(name="check", epilog=FEW_CODES)
@file_words
def job_check_command(
    asked: list[GivenJob], as_json: AsJson = False, estimate: Estimated = False, tokens_per_second: Rate = None
) -> None:
    """Say what the jobs of FILE would do, as `extract check` does for one."""
    _check(asked, as_json, estimate, tokens_per_second)


def _check(asked: list[GivenJob], as_json: bool, estimated: bool, rate: float | None) -> None:
    with boundary():
        from extractor.cli.tables import check_lines, estimate_lines, table
        from extractor.jobs.check import check
        from extractor.jobs.engines import prepared_for_engine
        from extractor.jobs.estimate import estimate
        from extractor.jobs.targets import check_job

        for one in asked:
            check_job(one)
            ready = prepared_for_engine(one)
            checked = check(ready, one.origins)
            cost = estimate(ready, rate) if estimated or rate else None
            if as_json:
                say.value(asdict(checked) | ({"estimate": asdict(cost)} if cost else {}))
                continue
            rows = ((name, _brief(value), origin) for name, value, origin in checked.settings)
            table(("setting", "value", "from"), rows)
            table(("found", ""), [*check_lines(checked), *(estimate_lines(cost) if cost else ())])


@app.command(name="show", epilog=FEW_CODES)
@job_words
def show_command(
    asked: GivenJob,
    doc_id: Annotated[str, typer.Option("--doc-id", help="the document to show")],
    as_json: AsJson = False,
) -> None:
    """Show the exact messages, rendered prompt, schema and sampling for one document; no model is loaded."""
    with boundary():
        from extractor.jobs.check import show
        from extractor.jobs.engines import prepared_for_engine

        shown = show(prepared_for_engine(asked), doc_id)
        if as_json:
            say.value(shown)
            return
        for name, value in shown.items():
            if name != "messages":
                say.text(f"--- {name} ---\n{_brief(value)}")


@app.command(name="status", epilog=FEW_CODES)
def status_command(
    out: output_folder(),  # type: ignore[valid-type]
    verify: Annotated[bool, typer.Option("--verify", help="check the id of every row; exit 1 on a fault")] = False,
    as_json: AsJson = False,
) -> None:
    """Account for every document of an output folder: ok, empty, quarantined, pending; tokens and seconds."""
    with boundary():
        from extractor.cli.tables import ledger_rows, status_rows, table
        from extractor.store.ledger import refuse
        from extractor.store.status import output_status

        now = output_status(out, by_id=verify)
        if as_json:
            say.value(now.as_json())
        else:
            table(("", str(out)), [*status_rows(now), *(ledger_rows(now) if verify else ())])
        refuse(out, now.faults)


@app.command(name="retry", epilog=EXIT_CODES)
@flag_words()
def retry_command(
    flags: dict[str, Any], out: Folder, problem: Problems = None, as_json: AsJson = False, quiet: Quiet = False
) -> None:
    """Do the quarantined documents of an output folder again, as its job did or with changed flags, and no others.

    extract retry out/news --problem truncated --max-answer-tokens 4096
    """
    asked, providers = retry_jobs(out, flags, problem)
    settle(asked, as_json, quiet, providers)


app.command(name="compact", epilog=FEW_CODES)(compact_command)
app.command(name="repair", epilog=FEW_CODES)(repair_command)


def _brief(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
