"""The commands that tend an output folder: retry, compact and repair."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from extractor.cli import say
from extractor.cli.boundary import boundary

Folder = Annotated[Path, typer.Argument(help="an output folder of extract run", metavar="DIR", show_default=False)]
Problems = Annotated[list[str] | None, typer.Option(help="only documents quarantined for this (repeat)")]


AsJson = Annotated[bool, typer.Option("--json", help="one JSON object on stdout")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="change nothing, and say what would be done")]
Redo = Annotated[bool, typer.Option("--redo", help="take out documents that lost rows: the next run does them again")]


def compact_command(out: Folder, as_json: AsJson = False) -> None:
    """Merge small parts of an output folder into parts of about 50,000 documents. No row changes."""
    with boundary():
        from extractor.store.compact import compact

        done = compact(out)
        said = f"{done.documents:,} documents in {done.after:,} parts ({done.before:,} before)"
        say.value(asdict(done)) if as_json else say.text(said)


def repair_command(out: Folder, dry_run: DryRun = False, redo: Redo = False, as_json: AsJson = False) -> None:
    """Put an output folder in order: what is there twice or belongs to nothing is moved aside. See status --verify.

    extract repair out/news --dry-run
    """
    with boundary():
        from extractor.errors import UserError
        from extractor.store.repair import repair

        done = repair(out, dry_run, redo)
        lines = done.done or ["nothing to mend"]
        lines += [f"what was taken out lies in {done.aside}; delete it when all is well"] if done.aside else []
        say.value(asdict(done)) if as_json else say.text("\n".join(lines))
        if done.left:
            raise UserError(f"{out} is still not in order: {'; '.join(done.left)}; {done.cure}")


def retry_jobs(out: Path, changed: dict[str, Any], problems: list[str] | None) -> Any:
    """What `settle` needs for a retry: the job asked for, and the providers that picks its quarantined documents."""
    with boundary():
        from extractor.jobs.engines import prepared_for_engine
        from extractor.jobs.retry import asked_again, ready_again
        from extractor.pipeline.jobs import Providers

        asked = asked_again(out, changed)
        return [asked], Providers(prepare=lambda one: ready_again(one, problems or [], prepared_for_engine))
