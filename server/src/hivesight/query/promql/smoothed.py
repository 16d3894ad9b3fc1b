"""`smoothed` selectors: the value at a step on the line between the samples around it."""

import numpy as np

from hivesight.model.histogram import HistogramGrid, Indexes
from hivesight.model.series import Mask, SeriesBlock, Times, Values
from hivesight.model.symbols import Symbols
from hivesight.query.promql.frames import Frame, stacked_frames
from hivesight.query.promql.native.extended import between
from hivesight.query.promql.windows import Reach, Windows, take, windows_of


def interpolated(blocks: list[SeriesBlock], at_ms: Times, lookback_ms: int, symbols: Symbols) -> Frame:
    """For every series and step the value between the last sample up to it and the next one, each within a lookback;
    the last one where no other follows, and nothing where there is none before."""
    parts = windows_of(blocks, at_ms - lookback_ms, at_ms, Reach(after_ms=lookback_ms))
    return stacked_frames([_of_windows(part, at_ms) for part in parts], symbols, len(at_ms))


def _of_windows(windows: Windows, at_ms: Times) -> Frame:
    shape = (len(windows), windows.steps)
    lo, hi, stop = (np.broadcast_to(each, shape) for each in (windows.lo, windows.hi, windows.inner[1]))
    most = windows.values.shape[1] - 1
    before, after = np.clip(stop - 1, 0, most), np.clip(stop, 0, most)
    start_ms, end_ms = take(windows.times, before), take(windows.times, after)
    present = stop > lo
    inside = present & (stop < hi) & (start_ms < at_ms)
    share = np.where(inside, (at_ms - start_ms) / np.maximum(end_ms - start_ms, 1), 0.0)
    low, high = take(windows.values, before), take(windows.values, after)
    values = np.where(inside, low + (high - low) * share, low)
    if windows.native is None:
        return Frame(windows.labels, values, present, windows.nameless)
    pair = (take(windows.native.place, before), take(windows.native.place, after))
    mixed = (pair[0] >= 0) != (pair[1] >= 0)
    grid = _histograms(windows.native, pair, share, inside & ~mixed, present)
    return Frame(windows.labels, np.where(mixed, low, values), present, windows.nameless, grid)


def _histograms(
    grid: HistogramGrid, pair: tuple[Indexes, Indexes], share: Values, inside: Mask, present: Mask
) -> HistogramGrid:
    """The samples themselves where the step is at one or after the last, and histograms between them elsewhere."""
    weight = np.where(inside, share, 0.0)
    row, step = np.nonzero(present & (pair[0] >= 0))
    start = pair[0][row, step]
    end = np.where(inside[row, step], pair[1][row, step], start)
    cells, good = between(grid.cells, (start, end), weight[row, step], counter=False)
    place = np.full(present.shape, -1, dtype=np.int64)
    # Between histograms of different kinds there is no line; the earlier one stays.
    place[row, step] = np.arange(len(start))
    if not good.all():
        alone, _ = between(grid.cells, (start, start), np.zeros(len(start)), counter=False)
        return HistogramGrid(alone, place)
    return HistogramGrid(cells, place)
