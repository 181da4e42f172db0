"""The tools as an MCP server, over standard input and output or over HTTP."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from extractor.errors import ExtractorError, UserError, install
from extractor.mcp.tools import Tools

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

ABOUT = (
    "Structured facts from text, by JSON Schema: entities, relations, events, summaries. For one text ask extract;"
    " for many documents start a job and ask for its status, then query its tables (documents, entities, relations,"
    " summaries, events, quarantine)."
)


def server_of(tools: Tools) -> "MCPServer":
    """The server; its arguments are flat strings and its results texts, which every client understands.

    UserError where the SDK is not installed.
    """
    try:
        from mcp.server.mcpserver import MCPServer
    except ImportError:
        raise UserError(f"extract mcp needs the SDK; {install('mcp')}") from None
    server, served = MCPServer("extractor", instructions=ABOUT, log_level="ERROR"), _Served(tools)
    for tool in (served.list_schemas, served.extract, served.start, served.status, served.query):
        server.add_tool(tool, structured_output=False)
    return server


class _Served:
    """The tools as clients see them: what stands here is what a model reads."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def list_schemas(self) -> str:
        """The schemas that ship, a line each: its name, and what it extracts."""
        return await _told(self._tools.list_schemas)

    async def extract(self, text: str, schema: str = "news", mode: str = "no_think") -> str:
        """Extract one validated record from a text in any language. Gives JSON: {"status", "record", "problem"}.

        schema: a name of list_schemas, or a JSON Schema as text. mode: no_think, think, or auto, which thinks only
        where the answer is doubtful. The first call loads the model, which can take minutes.
        """
        return await _told(lambda: self._tools.extract(text, schema, mode))

    async def start(self, job: str) -> str:
        """Start a job file (TOML) over many documents. Gives JSON: {"outputs", "log"}; ask for the status of these."""
        return await _told(lambda: self._tools.start(job))

    async def status(self, out: str) -> str:
        """How far the run of an output folder is: documents ok, empty, quarantined, pending; tokens; faults. JSON."""
        return await _told(lambda: self._tools.status(out))

    async def query(self, out: str, sql: str) -> str:
        """Answer one SELECT (duckdb) over the tables of an output folder. Gives JSON: {"columns", "rows"}, 200 rows at
        most. The columns of a table: SELECT column_name, column_type FROM (DESCRIBE entities)."""
        return await _told(lambda: self._tools.query(out, sql))


async def _told(ask: Callable[[], str]) -> str:
    """What a tool says, asked in a thread of its own; a mistake is a result that says so."""
    import anyio
    from mcp.server.mcpserver.exceptions import ToolError

    try:
        return await anyio.to_thread.run_sync(ask)
    except (ExtractorError, OSError) as error:
        raise ToolError(str(error)) from None
