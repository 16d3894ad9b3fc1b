"""Samples on their way to blocks, on the disk in a file for each two hours, so that a file of any length and in any
order needs little memory."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.model.batch import Samples
from hivesight.storage.tsdb.cutting import BLOCK_MS

MAX_WINDOWS: Final = 50_000
"""Eleven years of two hours each."""
_BUFFERED: Final = 1 << 20
_RECORD: Final = np.dtype([("ref", "<i4"), ("time", "<i8"), ("value", "<f8")])


class Spool:
    """A directory of samples by time. `counts` says how many there are in each window of BLOCK_MS, by its number."""

    def __init__(self, directory: Path, max_windows: int = MAX_WINDOWS) -> None:
        """The directory must exist; whoever made it removes it."""
        self.counts: dict[int, int] = {}
        self._directory = directory
        self._max_windows = max_windows
        self._waiting: list[Samples] = []
        self._waiting_samples = 0

    def take(self, samples: Samples) -> None:
        """Adds samples, which come out in this order. Raises ValueError for too many windows, OSError."""
        self._waiting.append(samples)
        self._waiting_samples += len(samples)
        if self._waiting_samples >= _BUFFERED:
            self.flush()

    def flush(self) -> None:
        """Writes what waits."""
        if not self._waiting_samples:
            return
        records = np.empty(self._waiting_samples, _RECORD)
        for name, columns in (
            ("ref", [each.refs for each in self._waiting]),
            ("time", [each.times for each in self._waiting]),
            ("value", [each.values for each in self._waiting]),
        ):
            records[name] = np.concatenate(columns)
        self._waiting, self._waiting_samples = [], 0
        window = records["time"] // BLOCK_MS
        if (window[1:] < window[:-1]).any():
            order = np.argsort(window, kind="stable")
            records, window = records[order], window[order]
        starts = np.flatnonzero(np.diff(window, prepend=window[0] - 1))
        if len(self.counts.keys() | set(window[starts].tolist())) > self._max_windows:
            raise ValueError(
                f"the samples lie in more than {self._max_windows} periods of two hours; timestamps are in seconds, "
                "not in milliseconds: mend them, or import the file in parts"
            )
        for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(records)], strict=True):
            number = int(window[start])
            with self._path(number).open("ab") as file:
                file.write(records[start:end].tobytes())
            self.counts[number] = self.counts.get(number, 0) + end - start

    def refs(self, windows: Sequence[int], series: int) -> NDArray[np.int64]:
        """How many samples each of so many series has in some windows."""
        counts = np.zeros(series, np.int64)
        for records in self._records(windows):
            counts += np.bincount(records["ref"], minlength=series)
        return counts

    def read(self, windows: Sequence[int], low: int, high: int) -> Samples:
        """The samples in some windows of the series low <= ref < high."""
        found: list[NDArray[np.void]] = []
        for records in self._records(windows):
            mine = (records["ref"] >= low) & (records["ref"] < high)
            found.append(records if mine.all() else records[mine])
        records = np.concatenate(found) if found else np.empty(0, _RECORD)
        refs, times, values = (np.ascontiguousarray(records[name]) for name in ("ref", "time", "value"))
        return Samples(refs, times, values)

    def remove(self, windows: Iterable[int]) -> None:
        """Gives the room of windows back that are not needed any more."""
        for each in windows:
            self._path(each).unlink()

    def _records(self, windows: Sequence[int]) -> Iterator[NDArray[np.void]]:
        for number in windows:
            with self._path(number).open("rb") as file:
                while len(records := np.fromfile(file, _RECORD, _BUFFERED)):
                    yield records

    def _path(self, window: int) -> Path:
        return self._directory / f"{window}.samples"
