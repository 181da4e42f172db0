"""`extract learn`: how to run, by what was reviewed."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from extractor.cli import say
from extractor.cli.boundary import boundary
from extractor.cli.options import flag_words, output_folder

if TYPE_CHECKING:
    from extractor.learn.learn import Learned
    from extractor.pipeline.jobs import Providers

_TRIED = ("examples", "examples_shown", "examples_per_document", "relations", "mode")
_OF_THE_INPUT = ("id_column", "text_column", "mode_column", "keep", "limit", "shard", "from_")
_OF_A_RUN = ("supersede", "max_runtime", "metrics", "on_finish")
NOT_LEARNED = (*_TRIED, *_OF_THE_INPUT, *_OF_A_RUN)
Review = Annotated[
    Path | None, typer.Option(help="what was reviewed (default: OUT/review.jsonl)", metavar="FILE", show_default=False)
]
Folds = Annotated[int, typer.Option(help="so many shares, each asked with examples from the others", min=2, max=100)]
Arms = Annotated[
    str | None,
    typer.Option(
        "--run",
        help="modes to try, the first with all else: no_think, think, auto, budget=N (default: that of OUT)",
        metavar="ARM,ARM…",
    ),
]
Folder = Annotated[
    Path | None, typer.Option("--out", help="where the runs go (default: OUT/learn)", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON object on stdout")]
Quiet = Annotated[bool, typer.Option("--quiet", help="no progress bar")]


@flag_words(*NOT_LEARNED)
def learn_command(
    flags: dict[str, Any],
    out: output_folder(),  # type: ignore[valid-type]
    review: Review = None,
    folds: Folds = 5,
    arms: Arms = None,
    folder: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Say by the reviewed documents of OUT how many examples to show, and how to ask; the same command continues.

    extract learn out/news --run no_think,think
    """
    learn_from(flags, out, review, folds, arms, folder, as_json, quiet)


def learn_from(
    flags: dict[str, Any],
    out: Path,
    review: Path | None,
    folds: int,
    arms: str | None,
    folder: Path | None,
    as_json: bool,
    quiet: bool,
    providers: "Providers | None" = None,
) -> None:
    """What the command does, with other providers where a test has some."""
    with boundary():
        from extractor.cli.shows_for import shows_for
        from extractor.jobs.arms import arm_settings
        from extractor.learn.learn import FOLDER, REVIEW, Lesson, learn
        from extractor.pipeline.jobs import Providers

        named = tuple(dict.fromkeys(word.strip() for word in arms.split(","))) if arms else ()
        for arm in named:
            arm_settings(arm)
        lesson = Lesson(out, review or out / REVIEW, folder or out / FOLDER, folds, named, flags)
        terminal = sys.stderr.isatty()
        found = learn(lesson, lambda asked: shows_for(asked, quiet, terminal), providers or Providers(), _told(quiet))
        if as_json:
            say.value(asdict(found))
        else:
            _print(found)
        for note in found.notes:
            say.note(note)


def _told(quiet: bool) -> Any:
    return (lambda line: None) if quiet else (lambda line: say.note(f"extract: {line}"))


def _print(found: "Learned") -> None:
    from extractor.cli.tables import table
    from extractor.learn.table import rows

    say.text(found.verdict)
    header, *lines = rows(found.tried, found.recommended)
    table(header, lines)
    say.text(found.command)
