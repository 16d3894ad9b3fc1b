"""Native histograms in columns: many histograms as arrays, those with the same buckets side by side.

A store builds one `Layout` for each scale it meets in a block (the union of the bucket keys in use), and hands out
`HistogramCells(layouts=(layout,), buckets=...)` with one row a sample and `place` that numbers them. Nothing is made
for a histogram by itself; a `Histogram` record is for the edges of the system and for tests."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

CUSTOM: Final = -53
"""The schema of histograms whose bucket bounds are given one by one (NHCB)."""
SCHEMAS: Final = range(-4, 9)
"""The exponential schemas: with schema n the bounds grow by a factor of 2 ** 2 ** -n."""
_LARGEST: Final = 1.7976931348623157e308

Indexes = NDArray[np.int64]
Floats = NDArray[np.float64]


class Hint(IntEnum):
    """What is known of a counter reset between the sample before and this one (Prometheus' `CounterResetHint`)."""

    UNKNOWN = 0
    RESET = 1
    NOT_RESET = 2
    GAUGE = 3


@dataclass(frozen=True, slots=True)
class Scale:
    """Where the bounds of buckets lie. zero_threshold: up to this absolute value observations are in the zero bucket.
    bounds: upper bounds in increasing order, for the custom schema alone; +Inf is not among them."""

    schema: int
    zero_threshold: float = 0.0
    bounds: tuple[float, ...] = ()

    @property
    def custom(self) -> bool:
        return self.schema == CUSTOM

    def upper(self, key: int) -> float:
        """The upper bound of a positive bucket; of a negative one, with the sign changed, the lower."""
        if self.custom:
            return self.bounds[key] if key < len(self.bounds) else math.inf
        return exponential_bound(key, self.schema)

    def lower(self, key: int) -> float:
        """The other bound; -Inf for the first custom bucket."""
        if self.custom:
            return self.bounds[key - 1] if key > 0 else -math.inf
        return exponential_bound(key - 1, self.schema)


@lru_cache(maxsize=65_536)
def exponential_bound(key: int, schema: int) -> float:
    """2 ** (key * 2 ** -schema); the largest float where that would be the next number after it."""
    whole, part = (key << -schema, 0) if schema < 0 else (key >> schema, key & ((1 << schema) - 1))
    if whole == 1024 and part == 0:
        return _LARGEST
    try:
        return math.ldexp(2.0 ** (part / (1 << schema)) if part else 1.0, whole)
    except OverflowError:
        return math.inf


@dataclass(frozen=True, slots=True)
class Layout:
    """The buckets of some histograms. negative, positive: the keys of the buckets, in increasing order, whose counts
    stand in the columns, first the negative ones."""

    scale: Scale
    negative: tuple[int, ...] = ()
    positive: tuple[int, ...] = ()

    @property
    def width(self) -> int:
        return len(self.negative) + len(self.positive)


@dataclass(frozen=True, slots=True)
class Histogram:
    """One histogram. positive, negative: counts (not cumulative) by bucket key."""

    scale: Scale
    count: float
    sum: float
    zero: float = 0.0
    positive: Mapping[int, float] = field(default_factory=dict[int, float])
    negative: Mapping[int, float] = field(default_factory=dict[int, float])
    hint: Hint = Hint.UNKNOWN


@dataclass(frozen=True, slots=True)
class HistogramCells:
    """Histograms one below the other. Nobody writes to the arrays of cells that were handed on.

    layouts: those in use. layout: int32, shape (cells,): which of them a cell has.
    figures: float64, shape (cells, 3 + widest layout): count, sum, zero count, then the buckets of the cell's layout;
    zeros beyond them. hint: int8, shape (cells,)."""

    layouts: tuple[Layout, ...]
    layout: NDArray[np.int32]
    figures: Floats
    hint: NDArray[np.int8]

    def __len__(self) -> int:
        return int(self.layout.shape[0])

    @property
    def count(self) -> Floats:
        return self.figures[:, 0]

    @property
    def sum(self) -> Floats:
        return self.figures[:, 1]

    @property
    def zero(self) -> Floats:
        return self.figures[:, 2]

    @property
    def buckets(self) -> Floats:
        return self.figures[:, 3:]

    def used(self) -> list[int]:
        """The layouts that any cell has, by number."""
        return [int(each) for each in np.unique(self.layout)]

    def rows(self, index: NDArray[np.intp] | NDArray[np.bool_]) -> "HistogramCells":
        """The chosen cells."""
        return HistogramCells(self.layouts, self.layout[index], self.figures[index], self.hint[index])

    def histogram(self, cell: int) -> Histogram:
        """One cell as a record; buckets without observations are left out."""
        layout = self.layouts[int(self.layout[cell])]
        count, total, zero, *buckets = self.figures[cell].tolist()
        split = len(layout.negative)
        return Histogram(
            layout.scale,
            count,
            total,
            zero,
            {key: n for key, n in zip(layout.positive, buckets[split:], strict=False) if n},
            {key: n for key, n in zip(layout.negative, buckets[:split], strict=False) if n},
            Hint(int(self.hint[cell])),
        )


def no_cells() -> HistogramCells:
    """No histogram."""
    return HistogramCells((), np.zeros(0, np.int32), np.zeros((0, 3)), np.zeros(0, np.int8))


def uniform(layout: Layout, figures: Floats, hint: NDArray[np.int8]) -> HistogramCells:
    """Cells that share one layout."""
    return HistogramCells((layout,), np.zeros(len(figures), dtype=np.int32), figures, hint)


def stacked_cells(parts: Sequence[HistogramCells]) -> HistogramCells:
    """The cells of all parts, one after the other."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return no_cells()
    known: dict[Layout, int] = {}
    layouts: list[NDArray[np.int32]] = []
    width = max(each.figures.shape[1] for each in parts)
    figures = np.zeros((sum(map(len, parts)), width))
    start = 0
    for each in parts:
        code = np.array([known.setdefault(layout, len(known)) for layout in each.layouts], dtype=np.int32)
        layouts.append(code[each.layout] if len(each) else np.zeros(0, dtype=np.int32))
        figures[start : start + len(each), : each.figures.shape[1]] = each.figures
        start += len(each)
    return HistogramCells(tuple(known), np.concatenate(layouts), figures, np.concatenate([each.hint for each in parts]))


def cells_of(histograms: Sequence[Histogram]) -> HistogramCells:
    """Records as cells; those of one scale share a layout."""
    keys: dict[Scale, tuple[set[int], set[int]]] = {}
    for each in histograms:
        negative, positive = keys.setdefault(each.scale, (set(), set()))
        negative.update(each.negative)
        positive.update(each.positive)
    layouts = {
        scale: Layout(scale, tuple(sorted(negative)), tuple(sorted(positive)))
        for scale, (negative, positive) in keys.items()
    }
    code = {scale: index for index, scale in enumerate(layouts)}
    figures = np.zeros((len(histograms), 3 + max((each.width for each in layouts.values()), default=0)))
    for row, each in enumerate(histograms):
        layout = layouts[each.scale]
        buckets = [each.negative.get(key, 0.0) for key in layout.negative]
        buckets += [each.positive.get(key, 0.0) for key in layout.positive]
        figures[row, : 3 + len(buckets)] = (each.count, each.sum, each.zero, *buckets)
    return HistogramCells(
        tuple(layouts.values()),
        np.array([code[each.scale] for each in histograms], dtype=np.int32),
        figures,
        np.array([each.hint for each in histograms], dtype=np.int8),
    )


@dataclass(frozen=True, slots=True)
class HistogramGrid:
    """Histograms at places of a (series x columns) array whose other places hold floats or nothing.

    place: int64, shape (series, columns): the number of the cell, -1 where no histogram stands. Several places may
    name one cell. A query pays for all cells of a block, so a store hands out those of the block alone."""

    cells: HistogramCells
    place: Indexes

    def at(self, place: Indexes) -> "HistogramGrid":
        """The same cells in other places."""
        return HistogramGrid(self.cells, place)


def stacked_grids(parts: Sequence[tuple[HistogramGrid | None, tuple[int, int]]]) -> HistogramGrid | None:
    """The grids one below the other; with each its shape, in case it is None. None where all are."""
    real = [grid for grid, _ in parts if grid is not None]
    if not real:
        return None
    distinct = {id(grid.cells): grid.cells for grid in real}
    offset: dict[int, int] = {}
    start = 0
    for key, cells in distinct.items():
        offset[key] = start
        start += len(cells)
    places: list[Indexes] = []
    for grid, shape in parts:
        if grid is None:
            places.append(np.full(shape, -1, dtype=np.int64))
        else:
            places.append(np.where(grid.place < 0, -1, grid.place + offset[id(grid.cells)]))
    return HistogramGrid(stacked_cells(list(distinct.values())), np.concatenate(places))


def cells_in_use(
    cells: HistogramCells, places: Iterable[NDArray[np.integer]], offset: int
) -> tuple[HistogramCells, Indexes]:
    """The cells that places name, and the new number of each old one, counted from `offset`; the last is for -1."""
    used = np.zeros(len(cells) + 1, dtype=bool)
    for place in places:
        used[place] = True
    used[-1] = False
    number = np.cumsum(used) + (offset - 1)
    number[-1] = -1
    return (cells if used[:-1].all() else cells.rows(used[:-1])), number


def compact_grid(cells: HistogramCells, place: NDArray[np.int32]) -> HistogramGrid | None:
    """Cells in places, those alone that are named; None where none is."""
    kept, number = cells_in_use(cells, (place,), 0)
    return HistogramGrid(kept, number[place]) if len(kept) else None
