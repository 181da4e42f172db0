"""`extract review`: a page on which a person says what is right."""

import webbrowser
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from extractor.cli import files, say
from extractor.cli.boundary import boundary
from extractor.cli.person import named

if TYPE_CHECKING:
    from extractor.review.session import Review

Out = Annotated[str, typer.Argument(help="an output folder of extract run", metavar="OUT", show_default=False)]
Other = Annotated[
    str | None,
    typer.Option("--with", help="another run over the documents: those on which both differ come early", metavar="OUT"),
]
Sample = Annotated[
    int, typer.Option(help="first so many documents drawn at random, for honest estimates", min=0, show_default=False)
]
File = Annotated[
    str | None, typer.Option(help="where decisions are kept, and added to (default: OUT/review.jsonl)", metavar="FILE")
]
By = Annotated[str | None, typer.Option(help="who decides (default: the login name)", metavar="NAME")]
Port = Annotated[int, typer.Option(help="of this machine (default: a free one)", min=0, max=65535, show_default=False)]
NoOpen = Annotated[bool, typer.Option("--no-open", help="open no browser; the address is printed anyway")]
Schema = Annotated[
    str | None, typer.Option(help="the schema of the run, where it is not at its place", metavar="SCHEMA")
]


def review_command(
    out: Out,
    with_: Other = None,
    sample: Sample = 0,
    file: File = None,
    by: By = None,
    port: Port = 0,
    no_open: NoOpen = False,
    schema: Schema = None,
) -> None:
    """Go through documents of a run and mend what it found, on a page at this machine; Ctrl-C ends it.

    What is decided is gold and examples at once: see --gold and --examples.

    extract review out/news --sample 20
    """
    with boundary():
        from extractor.review.page import answers_of, page_of
        from extractor.review.session import Wanted, begin
        from extractor.web.local import needs_server, serve

        needs_server()
        files.check_written([out], {"--file": file}, {"--schema": schema})
        wanted = Wanted(out, with_, sample, Path(file) if file else None, named(by), schema)
        review = begin(wanted)
        for remark in review.remarks:
            say.note(remark)

        def opened(address: str) -> None:
            say.text(address)
            if not no_open:
                webbrowser.open(address)

        with suppress(KeyboardInterrupt):
            serve(lambda: page_of(review), answers_of(review), port, opened)
        _told(review)


def _told(review: "Review") -> None:
    many, path = review.reviewed(), review.log.path
    say.note(f"{many:,} document{'' if many == 1 else 's'} reviewed in {path}")
    if many:
        say.note(f"score a run by them: extract evaluate RUN --gold {path}")
        say.note(f"show them to the model: extract run … --examples {path}")
