"""The schema that an output was made by: named in its manifest, and still the same."""

from extractor.errors import UserError
from extractor.evaluation.runs import Run
from extractor.fingerprint import digest
from extractor.tasks.schema import Schema, load_schema


def schema_of(run: Run, given: str | None) -> tuple[Schema, str | None]:
    """The schema, and a remark where the one `given` is not that of the run.

    UserError where the run's is gone or has changed, and none is given.
    """
    named, wanted = run.manifest.settings.get("schema"), (run.manifest.identity or {}).get("schema")
    if given is not None:
        schema = load_schema(given)
        same = wanted is None or digest(schema.body) == wanted
        return schema, None if same else f"--schema {given} is not the one that {run.path} was made by"
    if not isinstance(named, str):
        raise UserError(f"{run.path} does not say its schema; name it with --schema")
    try:
        schema = load_schema(named)
    except UserError as error:
        raise UserError(
            f"{run.path} was made by a schema that cannot be read: {error}; name it with --schema"
        ) from None
    if wanted is not None and digest(schema.body) != wanted:
        raise UserError(
            f"{run.path} was made by {named}, which has changed since; name the old one with --schema, or this one, if"
            " its fields are still the same"
        )
    return schema, None
