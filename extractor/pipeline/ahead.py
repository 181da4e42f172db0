"""Documents are encoded in a thread, to which the tokenizer leaves the processor, while others are asked and judged."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from extractor.tasks.cutting import Cutter
from extractor.types import Document

BATCH = 16  # documents


def encoded_ahead(documents: Iterator[Document | None], cutter: Cutter) -> Iterator[Document | None]:
    """The same documents; each batch is begun to be encoded before the batch before it is given out."""
    held = deque[list[Document | None]]()
    with ThreadPoolExecutor(1, "encode") as thread:
        while batch := list(islice(documents, BATCH)):
            cutter.encode_ahead([document for document in batch if document], thread)
            held.append(batch)
            if len(held) > 1:
                yield from held.popleft()
        yield from held.popleft() if held else ()
