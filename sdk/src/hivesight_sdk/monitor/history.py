"""The collections of the last 24 hours, compact in memory, and in a file beside it where a path is given."""

from __future__ import annotations

import threading
from array import array
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hivesight_sdk.monitor.history_file import HistoryFile  # not later: a fork during an import locks it in the child
from hivesight_sdk.monitor.sample import PerformanceMetrics
from hivesight_sdk.recording import drop

if TYPE_CHECKING:
    from pathlib import Path

KEPT_SECONDS: Final = 86_400.0
MAX_SAMPLES: Final = 20_000
"""Collections that are kept, the newest; at an interval of 5 seconds or more they cover the 24 hours."""


@dataclass(frozen=True, slots=True)
class _Row:
    # An array of doubles and shared names: a dict of twenty floats for each would take ten times the memory.
    taken_at: float
    unix_seconds: float
    names: tuple[str, ...]
    values: array[float]

    def metrics(self) -> PerformanceMetrics:
        figures = dict(zip(self.names, self.values, strict=True))
        return PerformanceMetrics.at(self.unix_seconds, figures, self.taken_at)


class History:
    """Thread-safe. Ages are counted in monotonic seconds, so a jump of the clock loses and keeps nothing."""

    def __init__(self) -> None:
        self._rows: deque[_Row] = deque(maxlen=MAX_SAMPLES)
        self._file: HistoryFile | None = None
        self._lock = threading.Lock()

    def restore(self, path: Path, unix_now: float, now: float) -> None:
        """Take in what an earlier process wrote to `path` in the last 24 hours, and write to it from now on.

        A file that is damaged is put aside; one that cannot be read is left alone, and the history starts empty.
        """
        self._file = HistoryFile(path)
        try:
            kept = self._file.load(unix_now, KEPT_SECONDS, MAX_SAMPLES)
        except Exception as error:  # noqa: BLE001  the host must start without its history too
            drop("history_failed", f"cannot read the history in {path}: {error}; see that it can be written", error)
            return
        for unix_seconds, figures in kept:
            # What is from the future by today's clock was taken before the clock was set: it is as good as new.
            self._append(unix_seconds, figures, now - max(0.0, unix_now - unix_seconds))

    def add(self, metrics: PerformanceMetrics) -> None:
        """Keep `metrics`, and forget what is older than 24 hours before it. Never raises."""
        unix_seconds = metrics.timestamp.timestamp()
        self._append(unix_seconds, dict(metrics.figures), metrics.taken_at)
        if self._file is None:
            return
        try:
            self._file.append(unix_seconds, metrics.figures, KEPT_SECONDS, MAX_SAMPLES)
        except Exception as error:  # noqa: BLE001  a full disk must not end the monitoring
            drop("history_failed", f"cannot write the history to {self._file.path}: {error}", error)

    def since(self, moment: float) -> list[PerformanceMetrics]:
        """What was taken after `moment` in monotonic seconds, the oldest first."""
        with self._lock:
            rows = [row for row in self._rows if row.taken_at > moment]
        return [row.metrics() for row in rows]

    def stay_in_memory(self) -> None:
        """Leave the file to the parent: for a forked child. What was kept is kept."""
        self._lock = threading.Lock()
        self._file = None

    def _append(self, unix_seconds: float, figures: dict[str, float], taken_at: float) -> None:
        names = tuple(figures)
        with self._lock:
            if self._rows and self._rows[-1].names == names:
                names = self._rows[-1].names
            self._rows.append(_Row(taken_at, unix_seconds, names, array("d", figures.values())))
            while self._rows[0].taken_at <= taken_at - KEPT_SECONDS:
                self._rows.popleft()
