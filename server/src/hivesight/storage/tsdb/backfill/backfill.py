"""Samples of the past into the store of a stopped server: columns in, whole blocks out, all of them or none."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np

from hivesight.model.batch import Samples
from hivesight.model.errors import HivesightError
from hivesight.model.series import SeriesBlock
from hivesight.storage.tsdb.backfill import staging
from hivesight.storage.tsdb.backfill.grouping import grouped, sorted_samples
from hivesight.storage.tsdb.backfill.series import BackfillSeries
from hivesight.storage.tsdb.backfill.spool import Spool
from hivesight.storage.tsdb.block.meta import BlockMeta
from hivesight.storage.tsdb.block.write import write_block
from hivesight.storage.tsdb.blocks import block_name
from hivesight.storage.tsdb.cutting import BLOCK_MS
from hivesight.storage.tsdb.directory import Directory

MAX_AT_ONCE: Final = 4_000_000
"""Samples in memory, and the most that one series may have in a block."""
_BLOCK_SAMPLES: Final = 64_000_000
"""Windows that hold more together do not share a block."""
_DAY: Final = 12
_MONTH: Final = 31 * _DAY
_DAYS: Final = 100
"""Blocks of a day, as long as there are no more of them; else of 31 days."""


@dataclass(slots=True)
class Backfilled:
    """What came of it. repeated: samples that were given more than once; conflicting: those of them with another value
    than the first, which stands."""

    repeated: int = 0
    conflicting: int = 0
    blocks: list[BlockMeta] = field(default_factory=list[BlockMeta])


class Backfill:
    """Use as a context: what is not finished at its end leaves no trace."""

    def __init__(self, path: Path, extra: Mapping[str, str], max_at_once: int = MAX_AT_ONCE) -> None:
        """path: the store's directory, made where there is none. extra: labels for every series. Raises StartError
        where a server uses the store."""
        self.series = BackfillSeries(extra)
        self._max_at_once = max_at_once
        self._directory = Directory.open(path)
        try:
            self._place = staging.begin(self._directory)
            (self._place / "spool").mkdir()
        except BaseException:
            self._directory.close()
            raise
        self._spool = Spool(self._place / "spool")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        staging.discard(self._directory)
        self._directory.close()

    def take(self, samples: Samples) -> None:
        """Adds samples; refs are numbers of `series`. Raises HivesightError and OSError."""
        try:
            self._spool.take(samples)
        except ValueError as error:
            raise HivesightError(str(error)) from error

    def finish(self, progress: Callable[[int, int], None] = lambda _done, _all: None) -> Backfilled:
        """Writes the blocks and puts them into the store; what stands there at the same times stays, and is answered
        once. progress: told how many of the two-hour windows are done of how many. Raises HivesightError and
        OSError."""
        done = Backfilled()
        try:
            self._spool.flush()
        except ValueError as error:
            raise HivesightError(str(error)) from error
        for windows in spans(self._spool.counts):
            new = self._place / f"new-{secrets.token_hex(8)}"
            meta = write_block(new, self._parts(windows, done))
            if meta is not None:
                new.rename(self._place / block_name(meta))
                done.blocks.append(meta)
            self._spool.remove(windows)
            progress(sum(1 for each in self._spool.counts if each <= windows[-1]), len(self._spool.counts))
        (self._place / "spool").rmdir()
        staging.commit(self._directory)
        return done

    def _parts(self, windows: list[int], done: Backfilled) -> Iterator[SeriesBlock]:
        """The samples of some windows, as many series at a time as memory holds."""
        counts = self._spool.refs(windows, len(self.series))
        before = np.concatenate((np.zeros(1, np.int64), np.cumsum(counts)))
        low = 0
        while low < len(self.series):
            high = int(np.searchsorted(before, int(before[low]) + self._max_at_once, side="right")) - 1
            if high == low:
                raise HivesightError(
                    f"the series {self.series.labels(low)} has {int(counts[low])} samples between "
                    f"{windows[0] * BLOCK_MS // 1000} and {(windows[-1] + 1) * BLOCK_MS // 1000} (seconds since 1970), "
                    f"more than the {self._max_at_once} that fit; import fewer of them at a time"
                )
            found = sorted_samples(self._spool.read(windows, low, high))
            done.repeated += found.repeated
            done.conflicting += found.conflicting
            yield from grouped(found.samples, self.series)
            low = high


def spans(counts: Mapping[int, int]) -> list[list[int]]:
    """Which two-hour windows become a block together. counts: the samples in each."""
    length = _DAY if len({each // _DAY for each in counts}) <= _DAYS else _MONTH
    found: list[list[int]] = []
    samples = 0
    for window in sorted(counts):
        samples += counts[window]
        if found and found[-1][-1] // length == window // length and samples <= _BLOCK_SAMPLES:
            found[-1].append(window)
        else:
            found.append([window])
            samples = counts[window]
    return found
