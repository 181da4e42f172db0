"""judgements.jsonl: every judgement as it was made, one a line; a later one of the same judge on the same thing counts.

The first line names the runs, the tables and the seed; each further one is
{"doc_id", "table", "item": [key], "arms": ids of the runs that have it, "said": right | wrong | unknown | null (taken
 back), "by", "at", "draw", "judge": "person" or "model NAME", "runs": ids}.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from extractor.errors import UserError
from extractor.evaluation.runs import Run
from extractor.fingerprint import digest
from extractor.judging.estimates import Lot, lots_of
from extractor.judging.judged import SAID, Said
from extractor.judging.pool import FoundItem, Pool
from extractor.store.manifest import now
from extractor.system.appended import append, lines

FORMAT = 1
PERSON = "person"
NAME = "judgements.jsonl"


@dataclass(frozen=True, slots=True)
class Voice:
    """Who judges: a person, or a model."""

    by: str
    judge: str = PERSON

    @property
    def is_person(self) -> bool:
        """Whether a person judges."""
        return self.judge == PERSON


@dataclass(frozen=True, slots=True)
class Compared:
    """What a file is about: the runs by their ids and where they lay, in which tables, and the seed of the order."""

    ids: tuple[str, ...]
    paths: tuple[str, ...]
    tables: tuple[str, ...] = ()  # empty: all
    seed: int = 0

    def as_line(self) -> dict[str, Any]:
        """Its first line."""
        runs = [{"id": one, "path": path} for one, path in zip(self.ids, self.paths, strict=True)]
        return {"judgements": FORMAT, "runs": runs, "tables": list(self.tables), "seed": self.seed}


def compared(runs: Sequence[Run], tables: Sequence[str], seed: int) -> Compared:
    """These runs, named by what their manifests say of their work."""
    ids = tuple(digest(run.manifest.identity or str(Path(run.path).resolve())) for run in runs)
    return Compared(ids, tuple(run.path for run in runs), tuple(tables), seed)


@dataclass(slots=True)
class Judgements:
    """A file of judgements and what it holds: last words by the number of the item, then by judge."""

    file: Path
    about: Compared
    pool: Pool
    said: dict[Voice, dict[int, Said]] = field(default_factory=lambda: defaultdict(dict))
    lots: tuple[Lot, ...] = ()
    lost: int = 0  # judgements of things that the runs do not disagree on (any more)
    _numbers: dict[tuple[str, str, tuple[str, ...]], int] = field(default_factory=dict)

    @classmethod
    def of(cls, file: Path, about: Compared, pool: Pool) -> "Judgements":
        """The file with what it holds by now; it need not be there."""
        held = cls(file, about, pool, lots=lots_of(pool))
        held._numbers = {item.name: number for number, item in enumerate(pool.items)}
        for line in held_lines(file)[1:]:
            held._take(line)
        return held

    def add(self, number: int, said: Said | None, voice: Voice, draw: int) -> None:
        """One judgement more, on the disk when this returns; None takes an earlier one back."""
        item, ids = self.pool.items[number], list(self.about.ids)
        line: dict[str, Any] = {
            "doc_id": item.doc_id,
            "table": item.table,
            "item": list(item.key),
            "arms": _having(item, ids),
        }
        line |= {"said": said, "by": voice.by, "at": now(), "draw": draw, "judge": voice.judge, "runs": ids}
        try:
            if not self.file.exists():
                append(self.file, self.about.as_line())
            append(self.file, line)
        except OSError as error:
            raise UserError(
                f"{self.file}: {error.strerror or error}; nothing more is judged until this is mended"
            ) from None
        self._take(line)

    def _take(self, line: Any) -> None:
        try:
            number = self._numbers.get((line["doc_id"], line["table"], tuple(line["item"])))
            voice, said = Voice(line["by"], line["judge"]), line["said"]
        except (LookupError, TypeError):
            raise UserError(f"{self.file}: a line is no judgement; choose another --file") from None
        if not (isinstance(voice.by, str) and isinstance(voice.judge, str) and said in (*SAID, None)):
            raise UserError(f"{self.file}: a line is no judgement; choose another --file")
        if number is None:
            self.lost += said is not None
        else:
            self.said[voice].pop(number, None)  # the last word stands last
            if said is not None:
                self.said[voice][number] = said

    def words(self, person: bool) -> dict[int, dict[str, Said]]:
        """Last words of all persons, or of all models."""
        found: dict[int, dict[str, Said]] = defaultdict(dict)
        for voice, said in self.said.items():
            for number, word in said.items() if voice.is_person == person else ():
                found[number][voice.by] = word
        return dict(found)


def held_lines(file: Path) -> list[Any]:
    """What the file holds, its first line first; UserError where it is no file of judgements."""
    try:
        found = lines(file)
    except OSError as error:
        raise UserError(f"--file {file}: {error.strerror or error}") from None
    if not _is_head(found[0]) if found else file.exists() and file.stat().st_size:
        raise UserError(f"{file}: not a file of judgements that this version wrote; choose another --file")
    return found


def _is_head(line: Any) -> bool:
    """Whether it says which runs are judged, in which tables, in which order."""
    if not isinstance(line, dict) or line.get("judgements") != FORMAT or not isinstance(line.get("seed"), int):
        return False
    runs, tables = line.get("runs"), line.get("tables")
    if not isinstance(runs, list) or not isinstance(tables, list) or not all(isinstance(one, str) for one in tables):
        return False
    return all(isinstance(one, dict) and {str} == {type(one.get(key)) for key in ("id", "path")} for one in runs)


def agreed(file: Path, asked: Compared, given: Sequence[str]) -> Compared:
    """What is judged: as the file says where it is there already. UserError where it is about other runs, or tables.

    `given` are the flags that a person typed, of --table and --seed.
    """
    found = held_lines(file)
    if not found:
        return asked
    ids = [run["id"] for run in found[0]["runs"]]
    if sorted(ids) != sorted(asked.ids):
        paths = ", ".join(run["path"] for run in found[0]["runs"])
        raise UserError(f"{file} holds judgements of other runs ({paths}); give those, or another --file")
    held = Compared(asked.ids, asked.paths, tuple(found[0]["tables"]), found[0]["seed"])
    for flag, there, wanted in (("--table", held.tables, asked.tables), ("--seed", held.seed, asked.seed)):
        if flag in given and there != wanted:
            shown = (" ".join(there) if isinstance(there, tuple) else there) or "all"
            raise UserError(f"{flag}: {file} was begun with {shown}; leave it out, or choose another --file")
    return held


def _having(item: FoundItem, ids: Sequence[str]) -> list[str]:
    return [ids[arm] for arm in sorted(item.arms)]
