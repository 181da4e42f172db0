"""From one form of documents into another: what is where, what of it can be told there, and what cannot."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from extractor.errors import UserError
from extractor.evaluation.gold import GoldDocument
from extractor.exchange import label_studio, label_studio_tasks
from extractor.exchange.account import Account
from extractor.exchange.counting import UNITS, Unit
from extractor.exchange.kinds import Kind, guessed, kind_named


@dataclass(frozen=True, slots=True)
class Conversion:
    """What to convert, from where into what; what is not said is found out where it can be."""

    source: Path
    out: Path
    kind: str | None = None  # of the source
    into: str | None = None
    offsets: str | None = None
    predictions: bool = False


@dataclass(frozen=True, slots=True)
class Converted:
    """What was written: files, documents of which kind as which, and what was left out or changed on the way."""

    documents: int
    kind: str
    into: str
    files: list[str]
    left_out: dict[str, int]
    changed: dict[str, int]
    lines: list[str]  # the last two, for people


def convert(asked: Conversion) -> Converted:
    """Reads the source, writes it as asked; UserError for what cannot be read, and where something stands already."""
    account = Account()
    source, into = _kinds(asked)
    _check_place(asked.out, into)
    documents = list(source.read(asked.source, _unit(asked, source, into), account))
    _check(documents, asked, account)
    if into.name != "gold":
        account.left_out["documents without a text"] += sum(one.text is None for one in documents)
        documents = [one for one in documents if one.text is not None]
    assert into.write
    unit = _unit(asked, into, into) if into.name in ("doccano", "label-studio") else None
    files = _written(into, asked.out, into.write(documents, unit, account))
    counts = (dict(+account.left_out), dict(+account.changed))
    return Converted(len(documents), source.name, into.name, files, *counts, list(account.lines()))


def _kinds(asked: Conversion) -> tuple[Kind, Kind]:
    source = kind_named(asked.kind or guessed(asked.source), "--from")
    if asked.into is None and source.name in ("run", "gold"):
        raise UserError(f"{asked.source} is {source.name}: say what to make of it, as in --to label-studio")
    into = kind_named(asked.into or "gold", "--to")
    if source is into:
        raise UserError(f"{asked.source} is {source.name} already; --to says what to make of it")
    if asked.predictions and source.name != "label-studio":
        raise UserError("--predictions is for tasks of Label Studio; leave it out")
    if source.name == "label-studio":
        source = replace(source, read=partial(label_studio.read, predictions=asked.predictions))
    if source.name == "run" and into.name == "label-studio":
        into = replace(into, write=partial(label_studio_tasks.write, predictions=True))
    return source, into


def _unit(asked: Conversion, kind: Kind, into: Kind) -> Unit | None:
    if asked.offsets is None:
        return None
    known = {unit: unit for unit in UNITS}
    if asked.offsets not in known:
        raise UserError(f"--offsets {asked.offsets}: no such count (one of {', '.join(UNITS)})")
    if not kind.units and not into.units:
        raise UserError("--offsets is for the files of other tools; leave it out")
    return known[asked.offsets]


def _check(documents: Sequence[GoldDocument], asked: Conversion, account: Account) -> None:
    ids = set[str]()
    for one in documents:
        if one.doc_id in ids:
            raise UserError(f"{asked.source}: {one.doc_id!r} is the id of two documents; give them a field doc_id each")
        ids.add(one.doc_id)
    if not documents:
        cure = "; --predictions takes what a model said" if account.left_out["tasks that nobody has annotated"] else ""
        raise UserError("; ".join([f"{asked.source}: no documents to convert", *account.lines()]) + cure)


def _check_place(out: Path, into: Kind) -> None:
    if into.is_folder and out.is_dir() and not any(out.iterdir()):
        return
    if out.exists():
        raise UserError(f"{out} is there already, and may be somebody's work; choose another name")


def _written(into: Kind, out: Path, parts: Iterator[tuple[str, str]]) -> list[str]:
    """Writes all beside, and only then calls it by its name."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=".convert-", dir=out.parent))
        try:
            return _moved(into, out, aside, _files(into, out, aside, parts))
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise UserError(f"{out}: {error.strerror or error}; choose another place") from None


def _files(into: Kind, out: Path, aside: Path, parts: Iterator[tuple[str, str]]) -> list[str]:
    names: dict[str, None] = {}
    for part, text in parts:
        name = part if into.is_folder else f"{out.stem if part else out.name}{part}"
        with open(aside / name, "a" if name in names else "w", encoding="utf-8", newline="") as file:
            file.write(text)
        names[name] = None
    return list(names)


def _moved(into: Kind, out: Path, aside: Path, names: Sequence[str]) -> list[str]:
    if into.is_folder:
        aside.chmod(0o755)
        aside.rename(out)
        return [str(out)]
    places = [out if name == out.name else out.with_name(name) for name in names]
    if there := next((place for place in places if place.exists()), None):
        raise UserError(f"{there}, which belongs to it, is there already; choose another name")
    for name, place in zip(names, places, strict=True):
        (aside / name).rename(place)
    return list(map(str, places))
