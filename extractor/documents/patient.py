"""A file that is read on where reading it broke."""

import io
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import BinaryIO, TypeVar

PAUSES = (0.5, 2.0, 8.0)  # seconds before a read that failed is tried again
_FOR_GOOD = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)  # no pause mends these

Result = TypeVar("Result")


class PatientFile(io.RawIOBase):
    """A file that is opened anew, and read on from where it was, after each of the pauses; then it raises."""

    def __init__(self, opened: Callable[[], BinaryIO], pauses: Sequence[float]) -> None:
        self._opened, self._pauses = opened, pauses
        self._at = 0
        self._stream: BinaryIO | None = None
        self._trying(lambda stream: None)

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Bytes read, 0 at the end."""
        block = self._trying(lambda stream: stream.read(len(buffer)))
        buffer[: len(block)] = block
        self._at += len(block)
        return len(block)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """The new place, in bytes from the beginning."""
        self._at = self._trying(lambda stream: stream.seek(offset, whence))
        return self._at

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def tell(self) -> int:
        """The place, in bytes from the beginning."""
        return self._at

    def close(self) -> None:
        """Closes the file."""
        self._drop()
        super().close()

    def _trying(self, read: Callable[[BinaryIO], Result]) -> Result:
        for pause in self._pauses:
            try:
                return read(self._there())
            except _FOR_GOOD:
                raise
            except Exception:  # each file system has failures of its own
                self._drop()
                time.sleep(pause)
        return read(self._there())

    def _there(self) -> BinaryIO:
        if self._stream is None:
            self._stream = self._opened()
            self._stream.seek(self._at)
        return self._stream

    def _drop(self) -> None:
        stream, self._stream = self._stream, None
        if stream:
            with suppress(Exception):  # it was only read
                stream.close()
