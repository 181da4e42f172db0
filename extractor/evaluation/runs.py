"""Read an output folder back, a few columns at a time."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.dataset as ds

from extractor.errors import UserError
from extractor.evaluation.scored_tables import FURTHER, said_columns
from extractor.store.ledger import faults_for_reader, refuse
from extractor.store.manifest import Manifest, RunEntry
from extractor.store.parts import Parts, reading
from extractor.store.shards import as_object
from extractor.tables import ENTITIES, RELATIONS, Entity, Relation, Table

Numbers = npt.NDArray[np.float64]
TableRow = dict[str, Any]  # by column; attributes as an object

TOKENS = ("prompt_tokens", "cached_tokens", "thinking_tokens", "answer_tokens")
SECONDS = ("queue_seconds", "first_token_seconds", "thinking_seconds", "answer_seconds")
DOCUMENTS = (
    *("doc_id", "status", "mode", "attempts", "problem", "record", "thinking_end", "lang"),
    *(*TOKENS, "total_tokens", *SECONDS),
)
ENTITY_COLUMNS = ("doc_id", "entity_id", "name", "type", "mentions", "match", "attributes", "confidence")
RELATION_COLUMNS = ("doc_id", "relation_id", "subject_id", "predicate", "object_id", "subject", "object", "confidence")


@dataclass(frozen=True, slots=True)
class Run:
    """One output folder in memory; `documents` has a row for each settled document, `rows` says which."""

    path: str
    label: str
    manifest: Manifest
    documents: pa.Table
    rows: dict[str, int]
    entities: dict[str, list[Entity]]
    relations: dict[str, list[Relation]]
    further: dict[str, dict[str, list[TableRow]]]  # by table, then by document
    summaries: dict[str, str]

    def further_rows(self, table: Table, doc_id: str) -> list[TableRow]:
        """What it has of a further table in one document."""
        return self.further[table.name].get(doc_id, [])

    @property
    def has_confidence(self) -> bool:
        """Whether any row of a scored table says how sure it is."""
        own: list[Entity | Relation] = [*chain(*self.entities.values()), *chain(*self.relations.values())]
        more = chain(*(rows for found in self.further.values() for rows in found.values()))
        said = chain((one.confidence for one in own), (row.get("confidence") for row in more))
        return any(confidence is not None for confidence in said)

    def kinds(self, table: Table, doc_id: str) -> list[str | None]:
        """The kind of each thing that it has of a scored table in one document."""
        if table.name == ENTITIES.name:
            return [entity.type for entity in self.entities.get(doc_id, ())]
        if table.name == RELATIONS.name:
            return [relation.predicate for relation in self.relations.get(doc_id, ())]
        return [row.get(table.kind or "") for row in self.further_rows(table, doc_id)]

    @property
    def shown(self) -> tuple[frozenset[str], frozenset[str]]:
        """The documents, by id and by text, that it was shown as worked examples."""
        said = self.manifest.content
        ids, examples = (
            found if isinstance(found := said.get(key), list) else [] for key in ("example_documents", "examples")
        )
        texts = [as_object(one).get("text") for one in examples]
        return _texts(ids), _texts(texts)

    @property
    def last_work(self) -> RunEntry:
        """What the manifest says of the last run that settled something."""
        return self.manifest.last_work

    @property
    def pending(self) -> int:
        """Documents of the input that were not settled when the last run ended, or for one under way, by now."""
        return self.manifest.last_run.pending or 0

    @property
    def mode(self) -> str | None:
        """no_think, think or auto, as it was asked for."""
        modes = {mode for mode in self.values("mode", list(self.rows)) if mode}
        mode = self.manifest.settings.get("mode") or (modes.pop() if len(modes) == 1 else None)
        return mode if isinstance(mode, str) else None

    def numbers(self, column: str, ids: Sequence[str]) -> Numbers:
        """One number for each of `ids`, NaN where the column or the value is missing."""
        return np.array([np.nan if v is None else float(v) for v in self.values(column, ids)], dtype=np.float64)

    def values(self, column: str, ids: Sequence[str]) -> list[Any]:
        """One value for each of `ids`, None where the column, the document or the value is missing."""
        if column not in self.documents.column_names:
            return [None] * len(ids)
        found = self.documents.column(column).to_pylist()
        return [found[self.rows[i]] if i in self.rows else None for i in ids]


def load_run(out: str) -> Run:
    """What lies in an output folder, without texts and audit log; UserError where there is no run."""
    return reading(Path(out), _load)


def _load(parts: Parts) -> Run:
    documents = _table(parts, "documents", DOCUMENTS)
    if documents is None:
        raise UserError(f"{parts.folder}: {_nothing(parts.folder)}")
    rows = {doc_id: row for row, doc_id in enumerate(documents.column("doc_id").to_pylist())}
    refuse(parts.folder, faults_for_reader(parts, documents.num_rows - len(rows)))
    summaries = _rows(parts, "summaries", ("doc_id", "summary"))
    return _named(
        Run(
            path=str(parts.folder),
            label="",
            manifest=Manifest.read(parts.folder, parts.manifest, ours=False),
            documents=documents,
            rows=rows,
            entities=_by_document(parts, "entities", ENTITY_COLUMNS, _entity),
            relations=_by_document(parts, "relations", RELATION_COLUMNS, _relation),
            further={table.name: _by_document(parts, table.name, _columns(table), _row) for table in FURTHER},
            summaries={row["doc_id"]: row["summary"] for row in summaries if row["summary"]},
        )
    )


def with_unique_labels(runs: Sequence[Run]) -> list[Run]:
    """The same runs; where two would have one name, all are named by folder, or by path if that is not enough."""
    choices = ([r.label for r in runs], [Path(r.path).resolve().name for r in runs], [r.path for r in runs])
    numbered = [f"{run.path} ({number})" for number, run in enumerate(runs, 1)]
    names = next((names for names in choices if len(set(names)) == len(runs)), numbered)
    return [replace(run, label=name) for run, name in zip(runs, names, strict=True)]


def _texts(said: Sequence[Any]) -> frozenset[str]:
    return frozenset(one for one in said if isinstance(one, str))


def _table(parts: Parts, name: str, columns: Sequence[str]) -> pa.Table | None:
    files = [str(file) for file in parts.of(name)]
    if not files:
        return None
    data = ds.dataset(files, format="parquet")
    return data.to_table(columns=[column for column in columns if column in data.schema.names])


def _rows(parts: Parts, name: str, columns: Sequence[str]) -> list[dict[str, Any]]:
    table = _table(parts, name, columns)
    return [] if table is None else list(table.to_pylist())


def _by_document(parts: Parts, name: str, columns: Sequence[str], make: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in _rows(parts, name, columns):
        found[row["doc_id"]].append(make(row))
    return dict(found)


def _entity(row: dict[str, Any]) -> Entity:
    mentions = [(span["start"], span["end"]) for span in row["mentions"] or ()]
    attributes = json.loads(row.get("attributes") or "{}")
    named = (row["entity_id"], row["name"], row["type"], mentions)
    return Entity(*named, row.get("match") or "none", attributes, row.get("confidence"))


def _relation(row: dict[str, Any]) -> Relation:
    ids = (row["relation_id"], row["subject_id"], row["predicate"], row["object_id"])
    return Relation(*ids, row["subject"], row["object"], None, {}, confidence=row.get("confidence"))


def _columns(table: Table) -> list[str]:
    return ["doc_id", *said_columns(table), "attributes"]


def _row(row: dict[str, Any]) -> TableRow:
    said = {name: value for name, value in row.items() if name != "doc_id"}
    return said | {"attributes": json.loads(row.get("attributes") or "{}")}


def _nothing(folder: Path) -> str:
    if (folder / "manifest.json").exists():
        return "no document is settled yet; extract status says how far the run is"
    return "not an output folder of extract run" if folder.exists() else "no such folder; give the --out of a run"


def _named(run: Run) -> Run:
    budget = run.manifest.settings.get("thinking_budget")
    name = f"{run.mode} budget={budget}" if budget and run.mode != "no_think" else run.mode
    return replace(run, label=name or Path(run.path).resolve().name)
