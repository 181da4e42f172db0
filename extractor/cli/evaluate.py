"""`extract evaluate`, `compare` and `report`: how good a run is, which is better, and a page to look at."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from extractor.cli import files, say
from extractor.cli.boundary import boundary
from extractor.cli.judge import tell
from extractor.cli.options import flag_words
from extractor.errors import UserError
from extractor.exits import FEW_CODES, OK, STOPPED
from extractor.jobs.job import flag_of

if TYPE_CHECKING:
    from extractor.pipeline.jobs import Providers

GOLD_FORM = f"""\b
Gold is JSONL or Parquet, one row a document; all but doc_id may be absent:
  {{"doc_id": "d1", "lang": "en", "text": "Ada Lovelace met Babbage.",
   "entities": [{{"name": "Ada Lovelace", "type": "person",
                 "mentions": [[0, 12]], "aliases": ["Ada"],
                 "alt_types": [], "attributes": {{}}}}],
   "relations": [{{"subject": "Ada Lovelace", "predicate": "met",
                  "object": "Babbage"}}],
   "summary": "They met.", "summaries": ["a further reference"],
   "record": {{"topic": "meeting"}}}}
review.jsonl of extract review is gold as it is: its last word on each
document. Documents that the run was shown as examples are not scored.
Rows of any other table stand under its x-extract word, by their columns:
   "events": [{{"name": "met", "type": "meeting", "aliases": ["saw"],
               "participants": ["Ada Lovelace", "Babbage"]}}]
mentions are [start, end) in code points of the text. labels.json beside
the file (or --labels) may say how far gold goes:
  {{"entity_annotation": "partial", "relation_annotation": "exhaustive",
   "event_annotation": "partial", "symmetric_relations": ["met"]}}
partial: what is not marked may still be true, so recall alone is told.

{FEW_CODES}"""

OUT = Path("out/compare")
Run = Annotated[str, typer.Argument(help="an output folder of extract run", metavar="RUN", show_default=False)]
Runs = Annotated[
    list[str],
    typer.Argument(
        help="two or more output folders, the first is what the others are measured against; with --run the documents,"
        " as for extract run",
        metavar="RUN|INPUT",
        show_default=False,
    ),
]
Arms = Annotated[
    str | None,
    typer.Option(
        "--run",
        help="make the runs first: think, no_think, auto, budget=N (think with so many tokens), with commas between",
        metavar="ARM,ARM…",
    ),
]
Folder = Annotated[
    str | None, typer.Option("--out", help=f"with --run: where an output folder for each arm goes (default: {OUT})")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="with --run: no progress bar")]
Labels = Annotated[str | None, typer.Option(help="how far gold goes (default: labels.json beside it)")]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON object on stdout")]
Parquet = Annotated[str | None, typer.Option("--parquet", help="write every number, one a row", metavar="FILE")]
Report = Annotated[str | None, typer.Option("--report", help="write a page to look at, one HTML file", metavar="FILE")]
Gold = Annotated[str | None, typer.Option(help="what is right, see extract evaluate --help", metavar="FILE")]
Judged = Annotated[
    str | None, typer.Option("--judgements", help="tell beside gold what was judged by extract judge", metavar="FILE")
]
Price = Annotated[float | None, typer.Option("--gpu-hour-price", help="what the machine costs an hour", min=0.0)]


def evaluate_command(
    run: Run,
    gold: Annotated[
        str, typer.Option(help="what is right; its form is told below", metavar="FILE", show_default=False)
    ],
    labels: Labels = None,
    as_json: AsJson = False,
    parquet: Parquet = None,
    report: Report = None,
    calibrate: Annotated[
        str | None,
        typer.Option(
            help="write by what confidence becomes a share of right rows, for run --calibration", metavar="FILE"
        ),
    ] = None,
) -> None:
    """Score RUN against gold: precision, recall, F1 with 95 % intervals, by type and language; ROUGE; fields.

    extract evaluate out/news --gold data/gold.jsonl --report report.html
    """
    with boundary():
        from extractor.evaluation.brief import brief_rows
        from extractor.evaluation.calibrate import calibrate as calibrated
        from extractor.evaluation.evaluate import evaluate
        from extractor.evaluation.gold import load_gold
        from extractor.evaluation.runs import load_run
        from extractor.report.render import run_page

        written = {"--report": report, "--parquet": parquet, "--calibrate": calibrate}
        files.check_written([run], written, {"--gold": gold, "--labels": labels})
        loaded, known = load_run(run), load_gold(gold, labels)
        found = evaluate(loaded, known)
        files.keep(found, parquet)
        if report:
            files.write("--report", Path(report), run_page(loaded, known, found))
        if calibrate:
            files.write("--calibrate", Path(calibrate), calibrated(loaded, known).text())
        if as_json:
            _print_json(found)
            return
        _print_rows([brief_rows(found)])
        _say([*found.notes, *_unmatched("gold documents not in the run", found.gold_without_document)])
        _say(_unmatched("documents of the run without gold", found.documents_without_gold))


@flag_words("mode", "engine", "from_")
def compare_command(
    flags: dict[str, Any],
    runs: Runs,
    arms: Arms = None,
    out: Folder = None,
    gold: Gold = None,
    judgements: Judged = None,
    gpu_hour_price: Price = None,
    as_json: AsJson = False,
    parquet: Parquet = None,
    report: Report = None,
    quiet: Quiet = False,
) -> None:
    """Set runs over the same documents side by side: quality, agreement, tokens, seconds, cost, and a verdict.

    extract compare out/no_think out/think --gold data/gold.jsonl --gpu-hour-price 2.5 --report report.html

    With --run it first makes the runs, interleaved in one engine. The same command continues.
    The flags from Documents to This run are those of extract run, and go with it.

    extract compare --run no_think,think,budget=512 news.jsonl --schema news --out out/compare
    """
    with boundary():
        from extractor.evaluation.brief import brief_arm_rows, brief_difference_rows
        from extractor.evaluation.compare import compare
        from extractor.evaluation.gold import load_gold
        from extractor.evaluation.runs import load_run, with_unique_labels
        from extractor.judging.beside import beside_gold, judged_in
        from extractor.report.render import comparison_page

        written = {"--report": report, "--parquet": parquet}
        read = {"--gold": gold, "--judgements": judgements}
        files.check_written([] if arms else runs, written, read, runs if arms else ())
        known, code = load_gold(gold) if gold else None, OK
        if arms:
            runs, code = make_runs(arms, runs, files.folder(out, OUT), flags, quiet)
        elif flags or out is not None:
            raise UserError(f"{flag_of(next(iter(flags), 'out'))} is for making runs: add --run think,no_think")
        loaded = with_unique_labels([load_run(run) for run in runs])
        found = compare(loaded, known, gpu_hour_price=gpu_hour_price)
        told = judged_in(judgements, loaded) if judgements else None
        files.keep(found, parquet)
        if report:
            beside = beside_gold(told) if told else None
            files.write("--report", Path(report), comparison_page(loaded, known, found, beside))
        if as_json:
            say.value(asdict(found) | ({"judged": asdict(told)} if told else {}))
        else:
            say.text(found.verdict)
            _print_rows([brief_arm_rows(found), brief_difference_rows(found)])
            if told:
                tell(told)
            _say([*found.notes, *_unmatched("least agreement on", [d.doc_id for d in found.disagreements])])
        raise typer.Exit(code)


def make_runs(
    arms: str, inputs: list[str], out: Path, flags: dict[str, Any], quiet: bool, providers: "Providers | None" = None
) -> tuple[list[str], int]:
    """Runs the arms together: their output folders, and the exit code; it exits where they were stopped half way."""
    from extractor.cli.shows_for import shows_for
    from extractor.jobs.arms import arms_of
    from extractor.pipeline.jobs import Providers, run_jobs

    asked = arms_of(arms, inputs, out, flags)
    shows = shows_for(asked, quiet, sys.stderr.isatty())
    ended = list(run_jobs(asked, shows, providers or Providers(), interleaved=True))
    code = max(one.code for one in ended)
    if code == STOPPED:
        raise typer.Exit(code)
    return [str(one.job.out) for one in ended], code


def report_command(
    run: Run,
    out: Annotated[str | None, typer.Option(help="the file (default: RUN/report.html)", metavar="FILE")] = None,
    gold: Gold = None,
) -> None:
    """Write report.html of RUN, one file to look at: numbers, plots, and every document with what was found in it.

    extract report out/news
    """
    with boundary():
        from extractor.report.render import render_run

        files.check_written([run], {"--out": out}, {"--gold": gold})
        page = render_run(run, gold)
        say.text(files.write("--out", Path(out or Path(run) / "report.html"), page))


def _print_rows(tables: list[list[list[str]]]) -> None:
    from extractor.cli.tables import table

    for rows in tables:
        table(rows[0], rows[1:])


def _print_json(found: Any) -> None:
    say.value(asdict(found))


def _say(lines: list[str]) -> None:
    for line in lines:
        say.note(line)


def _unmatched(what: str, ids: Any) -> list[str]:
    more = f" and {len(ids) - 10:,} more (--json has all)" if len(ids) > 10 else ""
    return [f"{what}: {', '.join(ids[:10])}{more}"] if ids else []
