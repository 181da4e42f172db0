"""Stored answers, judged again: an earlier output's completions take a model's place."""

import hashlib
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from extractor.answers.recall import Answered
from extractor.config import MODEL, THINKING, Job
from extractor.errors import UserError
from extractor.models.families import GENERIC
from extractor.models.resolve import Model
from extractor.store.manifest import Manifest
from extractor.tasks.chat import Chat
from extractor.tasks.desk import digest
from extractor.types import Completion, Request

COLUMNS = ["doc_id", "fingerprint", "attempt", "mode", "answer", "reasoning", "finish", "thinking_end", "detail"]
COLUMNS += ["prompt_tokens", "thinking_tokens", "answer_tokens"]
GROUPS = 4  # row groups held at once

Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class _Group:
    file: Path
    number: int  # of the row group in its file

    def read(self, columns: list[str]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = pq.ParquetFile(self.file).read_row_group(self.number, columns).to_pylist()
        return rows


class Stored:
    """The answers of an output folder by document: 12 bytes each, and a few row groups at a time."""

    def __init__(self, folder: Path) -> None:
        self._job = digest(manifest_of(folder)["identity"])
        self._groups = list(_groups(folder))
        self._held: OrderedDict[int, Rows] = OrderedDict()
        found = [_hashes(group) for group in self._groups]
        ids = np.concatenate([np.empty(0, np.uint64), *found])
        order = np.argsort(ids, kind="stable")
        self._ids = ids[order]
        self._places = np.repeat(np.arange(len(found), dtype=np.uint32), [len(one) for one in found])[order]

    def answers(self, request: Request) -> list[Answered]:
        """All stored attempts at this document's text, the first one first; none where there are none."""
        document, wanted = request.document, np.uint64(_hash(request.document.id))
        ends = np.searchsorted(self._ids, wanted), np.searchsorted(self._ids, wanted, "right")
        rows = [row for place in self._places[slice(*ends)] for row in self._rows(int(place)).get(document.id, [])]
        names = {digest([self._job, document.text, mode]) for mode in (document.mode, None)}
        return [_answered(row) for row in rows if row["fingerprint"] in names]

    def _rows(self, place: int) -> Rows:
        if place not in self._held:
            rows: Rows = defaultdict(list)
            for row in self._groups[place].read(COLUMNS):
                rows[row["doc_id"]].append(row)
            self._held[place] = rows
        self._held.move_to_end(place)
        while len(self._held) > GROUPS:
            self._held.popitem(last=False)
        return self._held[place]


class ReplayEngine:
    """Answers what no stored answer was found for: with an error that says so."""

    window = 1

    def __init__(self, folder: Path) -> None:
        self._error = f"{folder} holds no answer to this text"

    def generate(self, requests: Iterable[Request | None]) -> Iterator[Completion]:
        """One completion for each request, each an error."""
        for request in requests:
            if request is None:
                return
            yield Completion(request, "", finish="error", error=self._error)

    def close(self) -> None:
        """Nothing is held."""


def replayed(job: Job) -> Job:
    """The job without its words about a model, since none is asked; UserError where it cannot be a replay."""
    if job.from_ is None:
        raise UserError("--engine replay needs --from DIR: the output folder whose answers are to be judged again")
    if job.engine != "replay":
        raise UserError(f"--from {job.from_} belongs to --engine replay: add it, or leave --from out")
    if job.from_.resolve() == job.out.resolve():
        raise UserError(f"--from {job.from_} is --out too: choose another --out")
    asked = {name: field for name, field in Job.model_fields.items() if _panel(field) in (MODEL, THINKING)}
    kept = ("engine", "from_", "mode_column")
    plain = {name: field.get_default() for name, field in asked.items() if name not in kept}
    old = manifest_of(job.from_)
    told = {"attempts": 1, "model": old["model"]["name"], "thinking_budget": old["settings"].get("thinking_budget")}
    return job.model_copy(update=plain | told)


def load_replayed(job: Job) -> tuple[Model, Chat]:
    """Who answered, and a chat without a tokenizer: its prompts are empty, and are not sent."""
    assert job.from_, "replayed() has seen to it"
    answered = str(manifest_of(job.from_)["identity"]["model"])
    return Model(job.model, str(job.from_), answered, GENERIC), Chat(_NoTokenizer())


def manifest_of(folder: Path) -> dict[str, Any]:
    """What ran there; UserError where nothing did."""
    content = Manifest.load(folder).content
    if not content:
        raise UserError(f"--from {folder} holds no manifest.json: not an output folder of extract run")
    return content


class _NoTokenizer:
    all_special_tokens = ()

    def get_added_vocab(self) -> dict[str, int]:
        return {}

    get_vocab = get_added_vocab

    def encode(self, text: str, add_special_tokens: bool) -> list[int]:
        return []

    def decode(self, ids: list[int], skip_special_tokens: bool) -> str:
        return ""

    def apply_chat_template(
        self, messages: list[dict[str, str]], tokenize: bool, add_generation_prompt: bool, enable_thinking: bool
    ) -> str:
        return f"{messages[-1]['content']}{enable_thinking}"  # the two must differ: either mode is possible


def _panel(field: Any) -> Any:
    return field.json_schema_extra["panel"]


def _groups(folder: Path) -> Iterator[_Group]:
    for file in sorted((folder / "completions").glob("part-*.parquet")):
        yield from (_Group(file, number) for number in range(pq.read_metadata(file).num_row_groups))


def _hashes(group: _Group) -> Any:
    return np.unique(np.array([_hash(row["doc_id"]) for row in group.read(["doc_id"])], np.uint64))


def _hash(doc_id: str) -> int:
    return int.from_bytes(hashlib.blake2b(doc_id.encode(), digest_size=8).digest(), "little")


def _answered(row: dict[str, Any]) -> Answered:
    kept = {name: row[name] for name in COLUMNS if name not in ("doc_id", "fingerprint", "detail")}
    return Answered(**kept, detail=row["detail"] or "")
