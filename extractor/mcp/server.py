"""The tools as an MCP server, over standard input and output or over HTTP."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from extractor.errors import ExtractorError, UserError
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
        import anyio
        from mcp.server.mcpserver import MCPServer
        from mcp.server.mcpserver.exceptions import ToolError
    except ImportError:
        raise UserError("extract mcp wants the SDK: pip install 'extractor[mcp]'") from None
    server = MCPServer("extractor", instructions=ABOUT, log_level="ERROR")

    async def told(ask: Callable[[], str]) -> str:
        try:
            return await anyio.to_thread.run_sync(ask)
        except (ExtractorError, OSError) as error:
            raise ToolError(str(error)) from None

    @server.tool(structured_output=False)
    async def list_schemas() -> str:
        """The schemas that ship, a line each: its name, and what it extracts."""
        return await told(tools.list_schemas)

    @server.tool(structured_output=False)
    async def extract(text: str, schema: str = "news", mode: str = "no_think") -> str:
        """Extract one validated record from a text in any language. Gives JSON: {"status", "record", "problem"}.

        schema: a name of list_schemas, or a JSON Schema as text. mode: no_think, think, or auto, which thinks only
        where the answer is doubtful. The first call loads the model, which can take minutes.
        """
        return await told(lambda: tools.extract(text, schema, mode))

    @server.tool(structured_output=False)
    async def start(job: str) -> str:
        """Start a job file (TOML) over many documents. Gives JSON: {"outputs", "log"}; ask for the status of these."""
        return await told(lambda: tools.start(job))

    @server.tool(structured_output=False)
    async def status(out: str) -> str:
        """How far the run of an output folder is: documents ok, empty, quarantined, pending; tokens; faults. JSON."""
        return await told(lambda: tools.status(out))

    @server.tool(structured_output=False)
    async def query(out: str, sql: str) -> str:
        """Answer one SELECT (duckdb) over the tables of an output folder. Gives JSON: {"columns", "rows"}, 200 rows
        at most. DESCRIBE entities is written SELECT column_name, data_type FROM (DESCRIBE entities)."""
        return await told(lambda: tools.query(out, sql))

    return server
