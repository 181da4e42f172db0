"""Which tables are scored against gold, and by which columns and metrics."""

from extractor.tables import ENTITIES, RELATIONS, TABLES, Table

SCORED = tuple(table for table in TABLES if table.scored)
# Entities and relations have rules of their own; whatever else the list of tables holds is scored by its columns.
FURTHER = tuple(table for table in SCORED if table.name not in (ENTITIES.name, RELATIONS.name))
STRICT = {f"{table.one}_strict": table for table in SCORED}  # the metrics that headlines are made of


def metrics_of(table: Table) -> tuple[str, ...]:
    """The metrics of a table, the strict one first."""
    own = {ENTITIES.name: ("any_type", "overlap"), RELATIONS.name: ("any_direction", "typed")}
    rules = own.get(table.name, ("any_type",) if table.kind else ())
    return tuple(f"{table.one}_{rule}" for rule in ("strict", *rules))


def key_columns(table: Table) -> list[str]:
    """The columns that say which row it is, whatever its kind."""
    return [name for name in table.scored if name != table.kind]


def said_columns(table: Table) -> list[str]:
    """The columns that hold what the answer says: no ids."""
    return [name for name in table.columns.names if name in table.roles]
