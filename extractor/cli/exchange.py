"""`extract convert`: documents and what is marked in them, from and into other tools' files."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from extractor.cli import say
from extractor.cli.boundary import boundary

Source = Annotated[Path, typer.Argument(help="a file or a folder to read", metavar="SOURCE", show_default=False)]
Out = Annotated[
    Path, typer.Argument(help="the file or folder to write, not there yet", metavar="OUT", show_default=False)
]
From = Annotated[
    str | None,
    typer.Option(
        "--from",
        help="what SOURCE is: run (an output folder of extract run), gold (reviews too), label-studio, doccano, brat"
        " (default: told from what it holds)",
        metavar="KIND",
    ),
]
To = Annotated[
    str | None,
    typer.Option(
        "--to",
        help="what to write: gold (the default for others' files), label-studio, doccano or brat",
        metavar="KIND",
    ),
]
Offsets = Annotated[
    str | None,
    typer.Option(
        help="how the other tool counts: code-points, utf-16, graphemes, or lines (CR LF is one)"
        " (default: utf-16 for doccano, else as the marked texts say)",
        metavar="UNIT",
    ),
]
Predictions = Annotated[
    bool, typer.Option("--predictions", help="take a model's predictions for tasks that nobody has annotated")
]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON object on stdout")]


def convert_command(
    source: Source,
    out: Out,
    kind: From = None,
    into: To = None,
    offsets: Offsets = None,
    predictions: Predictions = False,
    as_json: AsJson = False,
) -> None:
    """Read or write the files of Label Studio, doccano and brat; what a form cannot hold is counted and said.

    extract convert out/news tasks.json --to label-studio
    """
    with boundary():
        from extractor.exchange.convert import Conversion, convert

        done = convert(Conversion(source, out, kind, into, offsets, predictions))
        if as_json:
            say.value(asdict(done))
        else:
            say.text(f"{done.documents:,} documents of {done.kind} as {done.into}: {', '.join(done.files)}")
        for line in done.lines:
            say.note(line)
