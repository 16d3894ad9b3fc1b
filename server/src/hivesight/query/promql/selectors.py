"""Selectors on the step grid: the latest sample of each series within the lookback, and the windows of ranges."""

from enum import Enum

import numpy as np

from hivesight.model.series import SeriesBlock, Times, has_nan, is_absent, is_stale
from hivesight.model.symbols import Symbols
from hivesight.query.promql.frames import Frame, stacked_frames
from hivesight.query.promql.windows import Indexes, take


class Own(Enum):
    """What of a sample is asked for: times are in seconds, a start of 0 is one that is not known."""

    VALUE = 0
    TIME = 1
    START = 2


def latest(blocks: list[SeriesBlock], at_ms: Times, lookback_ms: int, symbols: Symbols, own: Own = Own.VALUE) -> Frame:
    """For every series and step the latest sample in (at - lookback, at]; nothing where that is a staleness marker.
    own: what of the samples."""
    frames = [_of_block(block, at_ms, lookback_ms, own) for block in blocks]
    return stacked_frames([each for each in frames if each is not None], symbols, len(at_ms))


def _of_block(block: SeriesBlock, at_ms: Times, lookback_ms: int, own: Own) -> Frame | None:
    index = np.searchsorted(block.times, at_ms, side="right") - 1
    first = int(np.searchsorted(block.times, int(at_ms.min()) - lookback_ms, side="right"))
    stop = int(index.max()) + 1
    if stop <= first:
        return None
    times, values = block.times[first:stop], np.ascontiguousarray(block.values[:, first:stop])
    index = (index - first)[None]
    nans = has_nan(values)
    if nans and (absent := is_absent(values)).any():
        # The last sample at or before each place, -1 where there is none.
        before: Indexes = np.where(absent, -1, np.arange(values.shape[1], dtype=np.int64))
        np.maximum.accumulate(before, axis=1, out=before)
        index = np.where(index < 0, -1, take(before, np.maximum(index, 0)))
    known = np.maximum(index, 0)
    fresh = (index >= 0) & (times[known] > at_ms - lookback_ms)
    found = np.ascontiguousarray(take(values, known))
    present = np.broadcast_to(fresh, found.shape)
    if nans:
        present = present & ~is_stale(found)
    nameless = np.zeros(len(block.labels), dtype=np.bool_)
    if own is Own.START:
        if block.starts is None:
            return None
        began = take(block.starts[:, first:stop], np.broadcast_to(known, found.shape)) / 1000
        return Frame(block.labels, began, present, nameless)
    if own is Own.TIME:
        return Frame(block.labels, np.broadcast_to(times[known] / 1000, found.shape), present, nameless)
    native = block.histograms
    if native is not None:
        native = native.at(take(native.place[:, first:stop], known))
    return Frame(block.labels, found, present, nameless, native)
