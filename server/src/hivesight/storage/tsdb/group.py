"""A scrape group as its writer sees it: register series once, append a value of each at every scrape."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hivesight.model.histogram import HistogramGrid
from hivesight.model.labels import Labels
from hivesight.storage.tsdb.head import HeadGroup


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of the samples of one append; the four other counts and `written` add up to the samples given.

    written: stored, or there already with the same value.
    out_of_order: older than the group's newest sample. duplicate: another value stands at that time.
    refused: the row is -1, its series was refused when it was registered.
    unknown: retention dropped the series since it was registered; register again and append again."""

    written: int = 0
    out_of_order: int = 0
    duplicate: int = 0
    refused: int = 0
    unknown: int = 0


class Writing(Protocol):
    """The writing side of the store."""

    def register(self, group: HeadGroup, labels: Sequence[Labels]) -> NDArray[np.int32]: ...

    def append(
        self,
        group: HeadGroup,
        time_ms: int,
        rows: NDArray[np.int32],
        values: NDArray[np.float64],
        histograms: HistogramGrid | None = None,
    ) -> Appended: ...


class Group:
    """Handle of one scrape group. Any thread may call it; calls are serialised over the whole store."""

    def __init__(self, group: HeadGroup, writing: Writing) -> None:
        self._group = group
        self._writing = writing

    @property
    def key(self) -> str:
        """The stable key under which the group was asked for."""
        return self._group.key

    def register(self, labels: Sequence[Labels]) -> NDArray[np.int32]:
        """The row number of each series, shape (len(labels),); a known label set gets the number it has, equal sets
        get equal numbers, and -1 stands where a limit refuses the series (logged once per change, counted by
        limit). Numbers are small, start at 0, are never given to another series of the group while it is open, and
        are not valid after the store was opened anew.

        Raises StorageError when the disk does not take the definitions and LimitExceeded when the sample arrays are at
        their bound; then nothing is registered."""
        return self._writing.register(self._group, labels)

    def append(
        self,
        time_ms: int,
        rows: NDArray[np.int32],
        values: NDArray[np.float64],
        histograms: HistogramGrid | None = None,
    ) -> Appended:
        """Stores one sample of each row at one time, all or (on an error) none.

        time_ms: milliseconds since the epoch. A time after the group's newest begins a new column; at the newest time
        rows without a sample get one; anything older is out of order.
        rows: from `register`. values: same shape; STALE ends a series, other NaNs are stored as the one canonical NaN.
        histograms: which of the samples are native histograms, place of shape (len(rows), 1); `values` holds their
        sums, and not STALE.

        When it returns the samples survive SIGKILL. Raises StorageError when the disk does not take them and
        LimitExceeded when the sample arrays are at their bound; then nothing of the batch is visible. Raises ValueError
        for shapes that differ or a time beyond +-2^62."""
        return self._writing.append(self._group, time_ms, rows, values, histograms)
