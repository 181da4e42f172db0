"""Where a command may write a file of its own: never over what a person gave it, nor into an output's tables."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from extractor.documents import Source, locate
from extractor.documents.source import as_source
from extractor.errors import UserError
from extractor.jobs.file import GivenJob
from extractor.jobs.job import on_disk
from extractor.store.parts import MANIFEST
from extractor.store.shards import FOLDER as SHARDS
from extractor.store.tables import TABLES

Given = str | Path | None


def check_job(given: GivenJob) -> None:
    """UserError where the metrics of a job would be written over what it reads, or into an output."""
    job, schema = given.job, Path(given.job.schema_)
    if job.metrics is None:
        return
    read: dict[str, list[Given]] = {"an INPUT": places_of(job.inputs), "the job file": [given.file]}
    read |= {"--schema": [schema], "--prompt": [job.prompt, schema.with_suffix(".md")]}
    read |= {"--calibration": [job.calibration]}
    read |= {"--examples": [job.examples, schema.with_suffix(".examples.jsonl")]}
    check_target("--metrics", job.metrics, read, [job.out])


def check_target(flag: str, target: Given, read: Mapping[str, Iterable[Given]], outs: Iterable[Path] = ()) -> None:
    """UserError where a file to be written is one that is read, by what it is to the command, or belongs to an output.

    Of a folder that is read, every file that we read in it counts, and every one that we would. `outs` are outputs
    that may not be there yet.
    """
    if target is None:
        return
    said, path = f"{flag} {target}", Path(os.path.normpath(target))
    try:
        on_disk(target)
    except ValueError as error:
        raise UserError(f"{said}: {error}") from None
    if path.is_dir():
        raise UserError(f"{said} is a folder; name a file in it")
    for what, places in read.items():
        if any(_holds(Path(place), path) for place in places if place):
            raise UserError(f"{said} is {what}, which would be written over; choose another place")
    if out := _output_of(path.resolve(), [out.resolve() for out in outs]):
        raise UserError(f"{said} lies among the tables of {out}; choose a place beside them")


def places_of(inputs: Iterable[str]) -> list[Given]:
    """Files and folders on this machine that these inputs name, as far as they are there."""
    local = [word for word in inputs if word != "-" and "://" not in word]
    found: list[Given] = [*local]
    for word in local:
        try:
            found += [source.place for source in locate([word])]
        except UserError:  # moved in the meantime
            continue
    return found


def check_names(sources: Iterable[Source]) -> None:
    """UserError for a file whose name cannot be written down."""
    for source in sources:
        if any("\ud800" <= character <= "\udfff" for character in source.place):
            raise UserError(f"{source.place}: the name is not UTF-8; rename it")


def _holds(given: Path, target: Path) -> bool:
    if given.is_dir():
        return target.resolve().is_relative_to(given.resolve()) and as_source(str(target)) is not None
    return given.resolve() == target.resolve() or (given.exists() and target.exists() and given.samefile(target))


def _output_of(target: Path, outs: Iterable[Path]) -> Path | None:
    """The output that this file would be a part of."""
    for folder in target.parents:
        first = target.relative_to(folder).parts[0]
        if (folder in outs or (folder / MANIFEST).is_file()) and (
            first in (*TABLES, MANIFEST, SHARDS) or first[0] == "."
        ):
            return folder
    return None
