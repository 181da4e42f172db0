"""The words of the command line, made from the fields of a job: one list for run, check and show."""

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, get_args

import typer
from pydantic.fields import FieldInfo

from extractor.cli.boundary import boundary
from extractor.jobs.file import GivenJob, load_jobs
from extractor.jobs.job import Job, flag_of, make_job, pairs

Given = dict[str, Any]
_KIND = inspect.Parameter.KEYWORD_ONLY  # so that a word without a default may follow one that has it


def job_words(command: Callable[..., None]) -> Callable[..., None]:
    """The command with every word of a job before its own parameters; it gets (asked, …)."""
    words = [_parameter(name, field) for name, field in Job.model_fields.items()]

    def filled(**typed: Any) -> None:
        with boundary():
            asked = job_from({name: typed.pop(name) for name in Job.model_fields})
        command(asked, **typed)

    return _signed(filled, command, words)


def file_words(command: Callable[..., None]) -> Callable[..., None]:
    """The command with a job file and every flag of a job before its own parameters; it gets (asked jobs, …)."""
    words = [_parameter(name, field) for name, field in Job.model_fields.items() if name != "inputs"]
    file = Annotated[Path, typer.Argument(help="a job file (TOML)", metavar="FILE", show_default=False)]

    def filled(file: Path, **typed: Any) -> None:
        with boundary():
            flags = given_flags({name: typed.pop(name) for name in Job.model_fields if name != "inputs"})
            asked = load_jobs(file, flags)
        command(asked, **typed)

    return _signed(filled, command, [inspect.Parameter("file", _KIND, annotation=file), *words])


def flag_words(*without: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Gives the command with every flag of a job but these before its own parameters; it gets (flags given, …)."""
    names = [name for name in Job.model_fields if name not in ("inputs", "out", *without)]

    def decorated(command: Callable[..., None]) -> Callable[..., None]:
        def filled(**typed: Any) -> None:
            with boundary():
                flags = given_flags({name: typed.pop(name) for name in names})
            command(flags, **typed)

        return _signed(filled, command, [_parameter(name, Job.model_fields[name]) for name in names])

    return decorated


def job_from(typed: Given) -> GivenJob:
    """The job that was typed."""
    given = given_flags(typed)
    return GivenJob(make_job(given), dict.fromkeys(given, "flag"))


def given_flags(typed: Given) -> Given:
    """What of this was typed: None and [] mean "not typed"."""
    given = {name: value for name, value in typed.items() if value is not None and value != []}
    return given | {name: pairs(given[name], flag_of(name)) for name in ("engine_arg", "sampling") if name in given}


def _signed(
    filled: Callable[..., None], command: Callable[..., None], words: Sequence[inspect.Parameter]
) -> Callable[..., None]:
    """`filled`, to be read by typer as the command with these words before its own, all but its first parameter."""
    own = list(inspect.signature(command).parameters.values())[1:]
    parameters = [p.replace(kind=_KIND) for p in (*words, *own)]
    filled.__name__, filled.__doc__ = command.__name__, command.__doc__
    filled.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    filled.__annotations__ = {p.name: p.annotation for p in parameters}
    return filled


def _parameter(name: str, field: FieldInfo) -> inspect.Parameter:
    described = str(field.description) + _default_text(field)
    if name == "inputs":
        word: Any = typer.Argument(help=described, metavar="INPUT...", show_default=False)
    else:
        word = typer.Option(flag_of(name), help=described, rich_help_panel=panel_of(field), show_default=False)
    return inspect.Parameter(name, _KIND, default=None, annotation=Annotated[_typed(field), word])


def panel_of(field: FieldInfo) -> str | None:
    """The heading under which the help shows this word."""
    extra = field.json_schema_extra
    return str(extra["panel"]) if isinstance(extra, dict) else None


def _typed(field: FieldInfo) -> Any:
    kind = field.annotation
    if str(kind).startswith(("list[", "dict[")):
        return list[str] | None
    inner = [arg for arg in get_args(kind) if arg is not NoneType]
    one = inner[0] if NoneType in get_args(kind) else kind
    return (str if one is Path else one) | None  # type: ignore[operator]  # an empty Path is the current folder


def _default_text(field: FieldInfo) -> str:
    silent = field.is_required() or field.default in (None, [], {}) or isinstance(field.default, bool)
    return "" if silent or "(default" in str(field.description) else f" (default: {field.default})"


def output_folder() -> Any:
    """The argument that names an output folder."""
    return Annotated[Path, typer.Argument(help="an output folder of extract run", metavar="DIR", show_default=False)]
