"""What is remembered of one target between scrapes: its series by the raw bytes that name them, and its metadata.
`ingest.exposition` fills it; a scrape loop keeps one per target."""

from collections.abc import Set
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.ingest.textline import MetadataKind, comment
from hivesight.model.metadata import Metadata

MAX_METADATA_BYTES: Final = 16 << 20
"""What is kept of a target's comments; over it they are forgotten and read anew."""
KEPT_SCRAPES: Final = 10
"""A series that was not seen for so many scrapes is forgotten."""
UNRESOLVED: Final = np.int32(-3)
"""The row of a series that is new to the cache."""


@dataclass(slots=True)
class SeriesCache:
    """What is remembered of one target between scrapes. Not for use by two threads at once.

    rows: int32 per series id, for whoever uses the cache to note what a series is to them; UNRESOLVED for a new one.
    fresh: labels of the ids that nobody has resolved yet; whoever does pops them.
    exemplary: labels of the ids that had an exemplar.
    metadata: by metric name."""

    rows: NDArray[np.int32] = field(default_factory=lambda: np.full(64, UNRESOLVED, dtype=np.int32))
    fresh: dict[int, dict[str, str]] = field(default_factory=dict[int, dict[str, str]])
    exemplary: dict[int, dict[str, str]] = field(default_factory=dict[int, dict[str, str]])
    metadata: dict[str, Metadata] = field(default_factory=dict[str, Metadata])
    _ids: dict[bytes, int] = field(default_factory=dict[bytes, int])
    _comments: set[bytes] = field(default_factory=set[bytes])
    _seen: NDArray[np.int32] = field(default_factory=lambda: np.zeros(64, dtype=np.int32))
    _free: list[int] = field(default_factory=list[int])
    _used: int = 0
    _scrape: int = 0
    _key_bytes: int = 0
    _comment_bytes: int = 0

    def __len__(self) -> int:
        return self._used - len(self._free)

    def seen(self, ids: NDArray[np.int32], body_bytes: int) -> None:
        """A scrape is over: these series were in it. Forgets those that have not been for long, or, where the target
        names its series anew at every scrape, all that were not in this one."""
        self._scrape += 1
        self._seen[ids] = self._scrape
        if len(self) > 2 * len(ids) + 10_000 or self._key_bytes > 4 * body_bytes + (1 << 20):
            self._drop_unseen(0)
        elif self._scrape % KEPT_SCRAPES == 0:
            self._drop_unseen(KEPT_SCRAPES)

    def find(self, series: bytes) -> int | None:
        """The id of a series by the bytes that name it."""
        return self._ids.get(series)

    def add(self, series: bytes, labels: dict[str, str]) -> int:
        """A new series; its id."""
        if self._free:
            index = self._free.pop()
        else:
            index = self._used
            self._used += 1
            if index == len(self.rows):
                self.rows = np.concatenate([self.rows, np.full(index, UNRESOLVED, dtype=np.int32)])
                self._seen = np.concatenate([self._seen, np.zeros(index, dtype=np.int32)])
        self.rows[index] = UNRESOLVED
        self._seen[index] = self._scrape
        self._ids[series] = index
        self._key_bytes += len(series)
        self.fresh[index] = labels
        return index

    def alias(self, spelling: bytes, index: int) -> None:
        """Another spelling of the same series, such as one with a blank more before its value."""
        self._ids[spelling] = index
        self._key_bytes += len(spelling)

    def note(self, line: bytes, *, openmetrics: bool) -> None:
        """A comment line. Raises LineError."""
        if line in self._comments:
            return
        found = comment(line, openmetrics=openmetrics)
        self._spend(2 * len(line) + 200)
        self._comments.add(line)
        if found is not None:
            kind, name, text = found
            old = self.metadata.get(name, Metadata())
            self.metadata[name] = Metadata(
                text if kind is MetadataKind.TYPE else old.type,
                text if kind is MetadataKind.HELP else old.help,
                text if kind is MetadataKind.UNIT else old.unit,
            )

    def describe(self, name: str, metadata: Metadata) -> None:
        """What a message says of a metric."""
        if self.metadata.get(name) != metadata:
            self._spend(2 * (len(name) + len(metadata.help) + len(metadata.unit)) + 200)
            self.metadata[name] = metadata

    def _spend(self, size: int) -> None:
        """Makes room for as much of metadata."""
        self._comment_bytes += size
        if self._comment_bytes > MAX_METADATA_BYTES:
            self._comment_bytes = 0
            self._comments.clear()
            self.metadata.clear()

    @property
    def ids(self) -> dict[bytes, int]:
        """Ids by the bytes that name the series; for reading only."""
        return self._ids

    @property
    def comments(self) -> Set[bytes]:
        """Comment lines that were read before; for reading only."""
        return self._comments

    def forget(self, ids: set[int]) -> None:
        """Forgets series; when they come again they are new."""
        gone = ids - set(self._free)
        if not gone:
            return
        self._ids = {series: index for series, index in self._ids.items() if index not in gone}
        self._key_bytes = sum(map(len, self._ids))
        for index in gone:
            self.fresh.pop(index, None)
            self.exemplary.pop(index, None)
            self.rows[index] = UNRESOLVED
        self._free.extend(gone)

    def _drop_unseen(self, scrapes: int) -> None:
        old = np.flatnonzero(self._seen[: self._used] < self._scrape - scrapes).tolist()
        self.forget(set(old))
