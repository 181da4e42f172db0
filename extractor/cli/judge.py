"""`extract judge`: which run is right oftener, by a person who does not see whose what is."""

import getpass
import os
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from extractor.cli import say
from extractor.cli.boundary import boundary
from extractor.errors import UserError

if TYPE_CHECKING:
    from extractor.judging.session import JudgedRuns
    from extractor.judging.standing import Standing

Runs = Annotated[
    list[str],
    typer.Argument(
        help="two or more output folders of extract run; the first is what the others are measured against",
        metavar="RUN...",
        show_default=False,
    ),
]
File = Annotated[
    str | None,
    typer.Option(
        "--file", help="where judgements are kept (default: judgements.jsonl in the first RUN)", metavar="FILE"
    ),
]
By = Annotated[str | None, typer.Option("--by", help="who judges (default: the user of this machine)", metavar="NAME")]
Tables = Annotated[
    list[str] | None,
    typer.Option("--table", help="judge this table alone: entities, relations, events (repeat)", metavar="TABLE"),
]
OnlyNew = Annotated[bool, typer.Option("--only-new", help="show nothing that somebody else has judged")]
Verdict = Annotated[bool, typer.Option("--verdict", help="say how it stands, and show no page")]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON object on stdout")]
Margin = Annotated[
    float, typer.Option("--margin", help="points up to which two runs count as equally good", min=0.0, max=100.0)
]
Seed = Annotated[int | None, typer.Option("--seed", help="of the order in which things are shown (default: 0)")]
Port = Annotated[int, typer.Option("--port", help="of the page, on this machine (default: any)", min=0, max=65535)]


def judge_command(
    runs: Runs,
    file: File = None,
    by: By = None,
    table: Tables = None,
    only_new: OnlyNew = False,
    verdict: Verdict = False,
    margin: Margin = 2.0,
    seed: Seed = None,
    port: Port = 0,
    as_json: AsJson = False,
) -> None:
    """Judge blind what runs disagree on, on a page of this machine: which is right oftener, and when it is enough.

    extract judge out/no_think out/think
    """
    with boundary():
        from extractor.judging.session import ToJudge, loaded

        judged = loaded(ToJudge(runs, file, table or (), seed, margin / 100))
        if not verdict and judged.held.pool.items:
            _on_a_page(judged, _named(by), only_new, port)
        _tell(judged.standing(), as_json)


def _on_a_page(judged: "JudgedRuns", by: str, only_new: bool, port: int) -> None:
    """Until it is interrupted."""
    from extractor.judging.page import judged_on_a_page

    def opened(address: str) -> None:
        say.note(f"judge on {address} ; Ctrl-C ends it and tells how it stands")

    with suppress(KeyboardInterrupt):
        judged_on_a_page(judged, by, only_new, port, opened)


def _tell(told: "Standing", as_json: bool) -> None:
    from extractor.cli.tables import table
    from extractor.judging.words import EXPLAINED, judge_rows, model_rows, standing_rows

    if as_json:
        say.value(asdict(told))
        return
    say.text(told.verdict)
    if told.people or told.models:
        for rows in filter(None, (standing_rows(told), model_rows(told), judge_rows(told))):
            table(rows[0], rows[1:])
    for note in (*(EXPLAINED if told.people or told.models else ()), *told.notes):
        say.note(note)


def _named(by: str | None) -> str:
    """Who judges; UserError where the name is blank."""
    if by is not None:
        if not by.strip():
            raise UserError("--by: give a name")
        return by.strip()
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return f"user {os.getuid()}"
