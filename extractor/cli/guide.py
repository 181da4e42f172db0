"""`extract guide`: the guide that ships with the package."""

import sys
from typing import Annotated

import typer

from extractor.cli import say
from extractor.cli.boundary import boundary

Topic = Annotated[str | None, typer.Argument(help="the page to read", show_default=False)]


def guide_command(topic: Topic = None) -> None:
    """Read the guide: its topics, or the page on TOPIC.

    extract guide schemas
    """
    with boundary():
        from extractor.cli.tables import table
        from extractor.guide.topics import TOPICS, about, page

        if topic:
            _show(page(topic))
        else:
            table(("topic", "about"), ((name, about(name)) for name in TOPICS))


def _show(text: str) -> None:
    """Markdown as it is in a file or a pipe, set on a terminal."""
    if not sys.stdout.isatty():
        say.text(text.removesuffix("\n"))
        return
    from rich.console import Console
    from rich.markdown import Markdown

    with say.output():
        Console().print(Markdown(text))
