"""`extract mcp`: the tools for agents."""

from pathlib import Path
from typing import Annotated, Any

import typer

from extractor.cli.boundary import boundary
from extractor.jobs.fields import TaskFields
from extractor.jobs.job import Job

NOT_OF_A_TEXT = sorted(
    {*Job.model_fields} - {*TaskFields.__annotations__, "model"} | {"mode"}
)  # an agent says the mode
Folders = Annotated[
    list[Path] | None,
    typer.Option(
        "--folder", help="a folder that agents may read and write (repeat); without: none", show_default=False
    ),
]
Port = Annotated[
    int | None,
    typer.Option(
        "--http", help="serve http://127.0.0.1:PORT/mcp instead of standard input and output", min=1, max=65535
    ),
]


def mcp_command(flags: dict[str, Any], folder: Folders = None, http: Port = None) -> None:
    """Serve agents over MCP: list_schemas, extract, start, status, query. The flags say how texts are answered.

    extract mcp --model Qwen/Qwen3-8B --folder jobs
    """
    with boundary():
        from extractor.mcp.folders import Folders as Opened
        from extractor.mcp.server import server_of
        from extractor.mcp.tools import Tools
        from extractor.pipeline.jobs import Providers
        from extractor.pipeline.single import SingleTexts

        tools = Tools(SingleTexts(Providers()), flags, Opened(folder or []))
        try:
            server = server_of(tools)
            if http is None:
                server.run("stdio")
            else:
                server.run("streamable-http", port=http)
        finally:
            tools.close()
