"""`extract judge`: which run is right oftener, by a person who does not see whose what is."""

from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from extractor.cli import say
from extractor.cli.boundary import boundary
from extractor.cli.person import named
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
Judge = Annotated[
    tuple[str, str] | None,
    typer.Option(
        "--judge",
        help="let a model judge, at a server that takes messages (OpenAI's), such as http://localhost:8000",
        metavar="endpoint URL",
    ),
]
JudgeModel = Annotated[
    str | None, typer.Option("--judge-model", help="the model's name there (default: its only one)", metavar="NAME")
]
JudgeLimit = Annotated[
    int | None, typer.Option("--judge-limit", help="let it judge so many things at most (default: all)", min=1)
]
KeyEnv = Annotated[
    str | None, typer.Option("--key-env", help="variable of the environment that holds the server's key")
]
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
    judge: Judge = None,
    judge_model: JudgeModel = None,
    judge_limit: JudgeLimit = None,
    key_env: KeyEnv = None,
    as_json: AsJson = False,
) -> None:
    """Judge blind what runs disagree on, on a page of this machine: which is right oftener, and when it is enough.

    extract judge out/no_think out/think

    A model may judge by the same rules; what it says is told apart, and put right by what a person says of the same.

    extract judge out/no_think out/think --judge endpoint http://localhost:8000
    """
    with boundary():
        from extractor.judging.session import ToJudge, loaded

        judged = loaded(ToJudge(runs, file, table or (), seed, margin / 100))
        if judge and judged.held.pool.items:
            _by_model(judged, judge, judge_model, judge_limit, key_env)
        elif not verdict and judged.held.pool.items:
            _on_a_page(judged, named(by), only_new, port)
        if as_json:
            say.value(asdict(judged.standing()))
        else:
            tell(judged.standing())


def _on_a_page(judged: "JudgedRuns", by: str, only_new: bool, port: int) -> None:
    """Until it is interrupted."""
    from extractor.judging.page import judged_on_a_page

    def opened(address: str) -> None:
        say.note(f"judge on {address} ; Ctrl-C ends it and tells how it stands")

    with suppress(KeyboardInterrupt):
        judged_on_a_page(judged, by, only_new, port, opened)


def _by_model(
    judged: "JudgedRuns", judge: tuple[str, str], model: str | None, limit: int | None, key_env: str | None
) -> None:
    from extractor.engines.base import Telling
    from extractor.jobs.endpoint import key_in, message_engine
    from extractor.judging.model import judged_by, trial
    from extractor.judging.page import texts_for

    kind, url = judge
    if kind != "endpoint":
        raise UserError(f"--judge {kind} {url}: the first word is endpoint, the second the address of a server")
    engine = message_engine(url, model, key_in(key_env) if key_env else None, trial())
    try:
        facts = engine.facts if isinstance(engine, Telling) else []
        name = model or str(facts[0]["model"])

        def told(done: int, of: int) -> None:
            if done % 100 == 0 or done == of:
                say.note(f"{name} has judged {done:,} of {of:,}")

        asked = judged_by(engine, name, judged, texts_for(judged), limit, told)
        for line in (*(engine.news() if isinstance(engine, Telling) else ()), *asked.failed[:3]):
            say.note(line)
        if asked.failed:
            say.note(f"{len(asked.failed)} answers did not come; the same command asks for them again")
    finally:
        engine.close()


def tell(told: "Standing") -> None:
    """Prints the verdict of judges, and what it rests on."""
    from extractor.cli.tables import table
    from extractor.judging.rows import EXPLAINED, named_tables
    from extractor.judging.words import advice

    say.text(told.verdict)
    for _, rows in named_tables(told):
        table(rows[0], rows[1:])
    for note in (*(EXPLAINED if told.people or told.models else ()), *told.notes, *filter(None, [advice(told)])):
        say.note(note)
