"""The forms of documents that are read and written, and which of them lies somewhere."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from extractor.errors import UserError, did_you_mean
from extractor.evaluation.gold import GoldDocument
from extractor.exchange import brat, brat_folder, doccano, gold_file, label_studio, label_studio_tasks, run_output
from extractor.exchange.account import Account
from extractor.exchange.counting import UNITS, Unit
from extractor.exchange.said import json_objects
from extractor.store.parts import MANIFEST

Read = Callable[[Path, Unit | None, Account], Iterator[GoldDocument]]
Write = Callable[[Sequence[GoldDocument], Unit | None, Account], Iterator[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A form of documents, how it is read and written, and in which units its offsets may be."""

    name: str
    read: Read
    write: Write | None = None
    is_folder: bool = False
    units: tuple[Unit, ...] = ()


KINDS = (
    Kind("run", run_output.read, is_folder=True),
    Kind("gold", gold_file.read, gold_file.write),
    Kind("label-studio", label_studio.read, label_studio_tasks.write, units=UNITS),
    Kind("doccano", doccano.read, doccano.write, units=UNITS),
    Kind("brat", brat.read, brat_folder.write, True, UNITS),
)
_BY_NAME = {kind.name: kind for kind in KINDS}
WRITTEN = tuple(kind.name for kind in KINDS if kind.write)


def kind_named(name: str, flag: str) -> Kind:
    """The kind that a flag names, to be read, or to be written with --to. UserError with the nearest for none."""
    known = WRITTEN if flag == "--to" else tuple(_BY_NAME)
    if name not in known:
        raise UserError(f"{flag} {name}: no such kind (one of {', '.join(known)}){did_you_mean(name, known)}")
    return _BY_NAME[name]


def guessed(source: Path) -> str:
    """The kind of what lies there. UserError where it cannot be told."""
    if not source.exists():
        raise UserError(f"{source}: no such file or folder")
    if source.is_dir():
        found = "run" if (source / MANIFEST).exists() else "brat" if brat.is_brat(source) else None
    else:
        found = "gold" if _is_table(source) else _guessed_of(source)
    if found is None:
        raise UserError(f"{source}: not known what this is; say it with --from ({', '.join(_BY_NAME)})")
    return found


def _is_table(source: Path) -> bool:
    return source.name.endswith((".parquet", ".gz", ".zst"))


def _guessed_of(source: Path) -> str | None:
    """By the first row that can be of one kind alone."""
    row: dict[str, Any] = {}
    for _, row in json_objects(source):
        if label_studio.is_label_studio(row):
            return "label-studio"
        if doccano.is_doccano(row):
            return "doccano"
        if "doc_id" in row and row.get("entities"):
            break
    return "gold" if "doc_id" in row else None
