"""Series that rules make while they are back-tested, and a store with them in it instead of those that it has."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.doctor.backtest.members import Member
from hivesight.model.errors import QueryError
from hivesight.model.histogram import HistogramCells, compact_grid, stacked_cells
from hivesight.model.labels import METRIC_NAME, Labels
from hivesight.model.matcher import Matcher, MatchType, all_match
from hivesight.model.series import ABSENT, STALE, SeriesBlock, Times, is_absent
from hivesight.model.symbols import Symbols, label_table
from hivesight.query.promql.types import Querier

MAX_CELLS: Final = 48_000_000
"""Samples of all series that rules make: 400 MB."""

Columns = NDArray[np.intp]


class Room:
    """How many samples there is memory for."""

    def __init__(self, cells: int = MAX_CELLS) -> None:
        self._left = cells

    def take(self, cells: int) -> None:
        """Raises QueryError where there is none left."""
        self._left -= cells
        if self._left < 0:
            raise QueryError(
                "the recording rules that are read make more samples than are held in memory: begin later (--since), "
                "evaluate less often (--step), or name fewer files"
            )


class Recorded:
    """What one rule makes: a row for each series, a column for each of its times."""

    def __init__(self, times: Times, room: Room) -> None:
        """times: ms since the epoch, of the samples."""
        self.times = times
        self._room = room
        self._labels: list[Labels] = []
        self._row: dict[Labels, int] = {}
        self._values = np.zeros((0, len(times)))
        self._place: NDArray[np.int64] | None = None
        self._cells: list[HistogramCells] = []
        self._alive: set[int] = set()

    def row(self, labels: Labels) -> int:
        """The row of a series, which is made where it is new. Raises QueryError."""
        found = self._row.get(labels)
        if found is None:
            found = self._row[labels] = len(self._labels)
            self._labels.append(labels)
            if found >= len(self._values):
                more = max(1, found)
                self._room.take(more * len(self.times))
                added = np.full((more, len(self.times)), ABSENT)
                self._values = np.concatenate([self._values, added])
                if self._place is not None:
                    self._place = np.concatenate([self._place, np.full(added.shape, -1, dtype=np.int64)])
        return found

    def put(self, row: int, columns: Columns, values: NDArray[np.float64] | float) -> None:
        """Samples of one series."""
        self._values[row, columns] = values

    def put_histograms(self, row: int, columns: Columns, cells: HistogramCells) -> None:
        """Likewise native histograms."""
        if self._place is None:
            self._place = np.full(self._values.shape, -1, dtype=np.int64)
        first = sum(map(len, self._cells))
        self._place[row, columns] = np.arange(first, first + len(cells))
        self._values[row, columns] = cells.sum
        self._cells.append(cells)

    def end(self, evaluated: Columns) -> None:
        """Mark where series ended, once all samples of these columns, in which the rule was evaluated, are put."""
        if not len(evaluated):
            return
        seen: set[int] = set()
        there = ~is_absent(np.ascontiguousarray(self._values[: len(self._labels), evaluated]))
        for row in range(len(self._labels)):
            present = np.concatenate([[row in self._alive], there[row]])
            over = np.flatnonzero(present[:-1] & ~present[1:])
            self._values[row, evaluated[over]] = STALE
            if present[-1]:
                seen.add(row)
        self._alive = seen

    def block(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int, symbols: Symbols) -> SeriesBlock | None:
        """The series that meet all conditions, with their samples in the closed interval."""
        low = int(np.searchsorted(self.times, start_ms, side="left"))
        high = int(np.searchsorted(self.times, end_ms, side="right"))
        rows = [row for row, labels in enumerate(self._labels) if all_match(matchers, labels)]
        if low >= high or not rows:
            return None
        values = self._values[rows, low:high]
        kept = np.flatnonzero((~is_absent(values)).any(axis=1))
        if not len(kept):
            return None
        table = label_table([self._labels[rows[each]] for each in kept.tolist()], symbols)
        grid = None
        if self._place is not None:
            grid = compact_grid(stacked_cells(self._cells), self._place[rows, low:high][kept].astype(np.int32))
        return SeriesBlock(table, self.times[low:high], values[kept], grid)


class Overlay:
    """A store in which the series of some rules are those that were made just now."""

    def __init__(self, base: Querier, made: Mapping[Member, Recorded]) -> None:
        self._base = base
        self._made = made
        self._symbols = Symbols()

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[SeriesBlock]:
        """See Querier."""
        makers = [each for each in self._made if each.makes(matchers)]
        if not makers:
            return self._base.select(matchers, start_ms, end_ms)
        own = [self._made[each].block(matchers, start_ms, end_ms, self._symbols) for each in makers]
        found = [each for each in own if each is not None]
        return [*_stored(self._base, makers, matchers, start_ms, end_ms), *_once(found)]


def _stored(
    base: Querier, makers: Sequence[Member], matchers: Sequence[Matcher], start_ms: int, end_ms: int
) -> Iterator[SeriesBlock]:
    """What the store has of other rules."""
    known = [labels for maker in makers for labels in maker.series]
    whole = any(not labels.without(METRIC_NAME) for labels in known)
    if whole and any(each.name == METRIC_NAME and each.type is MatchType.EQUAL for each in matchers):
        return
    for block in base.select(matchers, start_ms, end_ms):
        rows = [
            row
            for row, labels in enumerate(block.labels.all_labels())
            if not any(all(labels.value(name) == text for name, text in each.pairs) for each in known)
        ]
        if len(rows) == len(block.labels):
            yield block
        elif rows:
            yield _chosen(block, np.array(rows))


def _once(blocks: Sequence[SeriesBlock]) -> list[SeriesBlock]:
    """Each series once: where two rules make one, the first one's stands."""
    if len(blocks) < 2:
        return list(blocks)
    seen: set[Labels] = set()
    found: list[SeriesBlock] = []
    for block in blocks:
        labels = block.labels.all_labels()
        rows = [row for row, each in enumerate(labels) if each not in seen]
        seen.update(labels)
        if rows:
            found.append(block if len(rows) == len(labels) else _chosen(block, np.array(rows)))
    return found


def _chosen(block: SeriesBlock, rows: Columns) -> SeriesBlock:
    grid = block.histograms
    if grid is not None:
        grid = compact_grid(grid.cells, grid.place[rows].astype(np.int32))
    starts = None if block.starts is None else block.starts[rows]
    return SeriesBlock(block.labels.rows(rows), block.times, block.values[rows], grid, starts)
