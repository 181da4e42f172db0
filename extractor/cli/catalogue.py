"""`extract models` and `extract schemas`: what is there to choose from."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from tqdm import tqdm

from extractor.cli import say
from extractor.cli.boundary import boundary
from extractor.errors import UserError
from extractor.escape import in_json, in_line
from extractor.exits import FEW_CODES
from extractor.system.streams import audience

AsJson = Annotated[bool, typer.Option("--json", help="one JSON object on stdout")]
models = typer.Typer(invoke_without_command=True, help="The models that are known, and which of them are here.")


@models.callback()
def models_command(context: typer.Context, as_json: AsJson = False) -> None:
    """The models that are known, and which of them are here.

    extract models get smollm2-135m
    """
    if context.invoked_subcommand:
        return
    with boundary():
        from extractor.cli.tables import table as print_table
        from extractor.models.table import table

        rows = [asdict(row) for row in table()]
        if as_json:
            say.value(rows)
            return
        columns = ("name", "thinking", "context", "memory")  # what fits a terminal; --json has all
        print_table((*columns, "here"), ([*(row[name] for name in columns), _here(row["present"])] for row in rows))


@models.command("get", epilog=FEW_CODES)
def get_command(name: Annotated[str, typer.Argument(help="a name from extract models", show_default=False)]) -> None:
    """Download a demo model, check its SHA-256 and convert it, once; its folder is printed."""
    with boundary():
        from extractor.models.fetch import get

        with tqdm(unit="B", unit_scale=True, dynamic_ncols=True, leave=False, delay=1) as bar:

            def progress(done: int, total: int, what: str) -> None:
                bar.total, bar.n = total, done
                with audience():
                    bar.set_description(in_line(what))

            folder = get(name, progress)
        say.text(folder)


def schemas_command(
    name: Annotated[str | None, typer.Argument(help="show this one whole", show_default=False)] = None,
    from_pydantic: Annotated[
        str | None, typer.Option(help="print the schema of module:Class, to be edited", show_default=False)
    ] = None,
    from_example: Annotated[
        str | None, typer.Option(help="print a schema inferred from the answers of a JSONL file", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The schemas that ship, and what each extracts; with NAME: the schema, its prompt and its examples.

    To begin one of your own: --from-pydantic module:Class, or --from-example examples.jsonl.
    """
    with boundary():
        if sum(given is not None for given in (name, from_pydantic, from_example)) > 1:
            raise UserError("one of NAME, --from-pydantic and --from-example, not several; leave the others out")
        if from_pydantic is not None or from_example is not None:
            from extractor.tasks.begin import from_answers, from_class

            begun = from_class(from_pydantic) if from_pydantic is not None else from_answers(str(from_example))
            say.text(in_json(begun, indent=2))
            return
        from extractor.cli.tables import table
        from extractor.tasks import shipped
        from extractor.tasks.schema import load_schema

        if name:
            _show_schema(name, as_json)
            return
        found = [load_schema(each) for each in shipped.names()]
        if as_json:
            say.value([{"name": s.name, "description": s.description} for s in found])
            return
        table(("name", "extracts"), ((schema.name, schema.description) for schema in found))


def _show_schema(name: str, as_json: bool) -> None:
    from extractor.tasks import shipped
    from extractor.tasks.examples import load_examples
    from extractor.tasks.prompt import load_prompt
    from extractor.tasks.schema import load_schema

    schema = load_schema(name)
    prompt, (path, examples) = load_prompt(None, schema), load_examples(None, schema)
    if as_json:
        whole = {"name": schema.name, "schema": schema.body, "prompt": prompt.text, "examples": examples}
        say.value(whole)
        return
    say.text(shipped.read_text(schema.path, "schema") if schema.path else json.dumps(schema.body, indent=2))
    say.text(f"# prompt: {prompt.path}\n\n{prompt.text}")
    say.text(f"# examples: {path}\n\n" + json.dumps(examples, ensure_ascii=False, indent=2))


def _here(present: bool | None) -> str:
    return "by hub id" if present is None else "yes" if present else "no"
