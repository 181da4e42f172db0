"""How many rows there are, where that is known cheaply."""

import os
from collections.abc import Sequence

from extractor.documents import jsonl, parquet
from extractor.documents.source import Source

_BYTES = 2 << 30  # JSONL on disk that may be read only to count it
_REMOTE = 64  # Parquet files behind URLs whose footers may be fetched


def count(sources: Sequence[Source]) -> int | None:
    """Rows, as Parquet's footers and JSONL's line ends say (blank lines count).

    None where a file cannot be read to its end, and where that costs too much: standard input, JSONL behind a URL or
    over 2 GiB, more than 64 remote files.
    """
    remote = [source for source in sources if not source.is_local]
    lines = [source for source in sources if source.format == "jsonl"]
    if any(source in remote for source in lines) or len(remote) > _REMOTE or sum(map(_size, lines)) > _BYTES:
        return None
    counts = list(map(_rows, sources))
    return None if None in counts else sum(filter(None, counts))


def _size(source: Source) -> int:
    return os.path.getsize(source.place) if os.path.exists(source.place) else 0


def _rows(source: Source) -> int | None:
    try:
        with source.look() as stream:
            if source.format == "parquet":
                return int(parquet.open_file(stream).metadata.num_rows)
            return jsonl.count_lines(stream, source.codec)
    except Exception:  # the reader will meet it too
        return None
