"""A log file that cannot grow: when it is full it becomes `<name>.1`, and a new one begins."""

from pathlib import Path
from typing import BinaryIO

MAX_BYTES = 512 * 1024


class BoundedLog:
    """Appends bytes; at most two files of `max_bytes`. Opened on the first write, closed by `close`."""

    def __init__(self, path: Path, max_bytes: int = MAX_BYTES) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._file: BinaryIO | None = None
        self._size = 0

    def write(self, chunk: bytes) -> None:
        """Append, turning the file first if the chunk does not fit."""
        if self._file is None:
            self._file = self._path.open("ab", buffering=0)
            self._size = self._path.stat().st_size
        if self._size and self._size + len(chunk) > self._max_bytes:
            self._file.close()
            self._path.replace(self._path.with_name(self._path.name + ".1"))
            self._file = self._path.open("ab", buffering=0)
            self._size = 0
        self._size += self._file.write(chunk)

    def close(self) -> None:
        """May be written again afterwards."""
        if self._file is not None:
            self._file.close()
            self._file = None
