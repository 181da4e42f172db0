"""What the documents of a part say of the whole part, in their Parquet schema's metadata: so none of it goes unseen."""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import pyarrow as pa

KEY = b"extractor.part"
STAMP = "%Y%m%dT%H%M%S%f"  # sorts by age


@dataclass(frozen=True, slots=True)
class Seal:
    """Rows of each table that the part has rows of, and when those were written."""

    rows: Mapping[str, int]
    written: str

    def on(self, schema: pa.Schema) -> pa.Schema:
        """The schema of documents, with this seal."""
        return schema.with_metadata({**(schema.metadata or {}), KEY: json.dumps(asdict(self))})


def seal_of(schema: pa.Schema) -> Seal | None:
    """The seal in a documents file's schema; None where an earlier version wrote it, or a stranger."""
    try:
        said = json.loads((schema.metadata or {})[KEY])
        return Seal({str(table): int(rows) for table, rows in said["rows"].items()}, str(said["written"]))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError):
        return None


def moment() -> str:
    """This moment, UTC, to the microsecond."""
    return datetime.fromtimestamp(time.time(), UTC).strftime(STAMP)


def written_of(part: str, seal: Seal | None) -> str:
    """When a part's rows were written, as far as it is known."""
    return seal.written if seal else part.removeprefix("part-").split("-")[0]
