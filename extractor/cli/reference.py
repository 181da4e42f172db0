"""The guide's reference, made from the code: exit codes, commands, the words of a job, tables and columns.

`python -m extractor.cli.reference` writes it; a test fails where the file says anything else.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

import typer.main
from pydantic.fields import FieldInfo

from extractor.cli.app import app
from extractor.cli.options import panel_of
from extractor.exits import EXIT_CODES, FEW_CODES, MEANINGS
from extractor.guide import topics
from extractor.jobs.job import Job, flag_of
from extractor.store.tables import SCHEMAS
from extractor.tables import TABLES, Table

FILE = Path(topics.__file__).with_name("reference.md")
HEAD = """# Reference

Every exit code, command, flag, table and column.

This page is made from the code (`make guide`); what a table or a flag is good for is said on the other pages.
"""
BY_NAME = {table.name: table for table in TABLES}
PANELS = list(dict.fromkeys(panel_of(field) for field in Job.model_fields.values()))
_KINDS = {int: "whole number", float: "number", bool: ""}


def reference() -> str:
    """The page, as Markdown."""
    return "\n".join([HEAD, *_exit_codes(), *_commands(), *_job_words(), *_tables()])


def _exit_codes() -> Iterator[str]:
    yield "## Exit codes\n"
    yield from _table(("code", "what happened"), MEANINGS.items())
    yield "With several jobs it is the greatest of their codes.\n"


def _commands() -> Iterator[str]:
    yield "## Commands\n"
    yield "`-h` or `--help` after any of them says the same.\n"
    for words, command in _walk("extract", typer.main.get_command(app)):
        params = [param for param in command.params if param.name != "help"]
        own = [param for param in params if not _is_of_a_job(param)]
        yield f"### `{' '.join([words, *(_typed(p) for p in params if _is_argument(p))])}`\n"
        yield f"{str(command.help).strip().splitlines()[0]}\n"
        yield from _table(("flag", "what it says"), [(f"`{_typed(param)}`", param.help) for param in own])
        if len(own) < len(params):
            yield from _of_a_job([param.name for param in params])
        yield from _epilogue(str(command.epilog or ""))


def _walk(words: str, command: Any) -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", {})
    if not children or command.invoke_without_command:
        yield words, command
    for name, child in children.items():
        yield from _walk(f"{words} {name}", child)


def _is_argument(param: Any) -> bool:
    return bool(param.param_type_name == "argument")


def _typed(param: Any) -> str:
    name = param.metavar or param.name.upper()
    if not _is_argument(param):
        return ", ".join([*param.opts, *param.secondary_opts])
    return name if param.required else f"[{name}]"


def _is_of_a_job(param: Any) -> bool:
    return param.name == "inputs" or getattr(param, "rich_help_panel", None) in PANELS


def _of_a_job(taken: Sequence[str]) -> Iterator[str]:
    """Which words of a job a command takes."""
    left_out = [flag_of(name) for name in Job.model_fields if name not in taken]
    yield f"Also all words of a job{f', but for {_and(left_out)}' if left_out else ''}.\n"


def _epilogue(text: str) -> Iterator[str]:
    """What the help says below the flags, but for the exit codes."""
    told = text.replace(EXIT_CODES, "").replace(FEW_CODES, "").strip("\b\n ")
    if told:
        yield f"```text\n{told}\n```\n"


def _and(names: Sequence[str]) -> str:
    *most, last = [f"`{name}`" for name in names]
    return f"{', '.join(most)} and {last}" if most else last


def _job_words() -> Iterator[str]:
    yield "## Words of a job\n"
    yield "Flags of `extract run`, and keys of a job file without the dashes.\n"
    for panel in PANELS:
        yield f"### {panel}\n"
        fields = [(name, field) for name, field in Job.model_fields.items() if panel_of(field) == panel]
        rows = [(f"`{flag_of(name)}`", _value(field.annotation), _said(field)) for name, field in fields]
        yield from _table(("flag", "value", "what it says"), rows)


def _value(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return ", ".join(f"`{word}`" for word in get_args(kind))
    if get_origin(kind) in (list, dict):
        return "text, repeat" if get_origin(kind) is list else "`KEY=VALUE`, repeat"
    inner = [arg for arg in get_args(kind) if arg is not NoneType]
    return _value(inner[0]) if inner else _KINDS.get(kind, "text")


def _said(field: FieldInfo) -> str:
    says = str(field.description)
    silent = field.is_required() or field.default in (None, [], {}) or isinstance(field.default, bool)
    return says if silent or "(default" in says else f"{says} (default: `{field.default}`)"


def _tables() -> Iterator[str]:
    yield "## Tables\n"
    yield "Each is a folder of `part-*.parquet` in the output folder; each column carries its description.\n"
    for name, schema in SCHEMAS.items():
        yield f"### {name}\n"
        yield from _fed(BY_NAME[name]) if name in BY_NAME else ()
        rows = ((f"`{field.name}`", _type(field.type), field.metadata[b"description"].decode()) for field in schema)
        yield from _table(("column", "type", "what it holds"), rows)


def _fed(table: Table) -> Iterator[str]:
    """The words of a schema that feed a table."""
    unmarked = f", or by a property called `{table.word}`" if table.needs_no_mark else ""
    inside = f"; inside an item the words are {_and(table.roles)}" if table.roles else ""
    yield f"Fed by `x-extract: {table.word}`{unmarked}{inside}.\n"


def _type(kind: Any) -> str:
    return str(kind).replace("element: ", "").replace("item: ", "")


def _table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    lines = [" | ".join(str(cell).replace("|", "\\|") for cell in row) for row in rows]
    if lines:
        rule = " | ".join(["---"] * len(header))
        yield "\n".join(f"| {line} |" for line in [" | ".join(header), rule, *lines]) + "\n"


if __name__ == "__main__":
    FILE.write_text(reference(), "utf-8")
