"""Histograms of a row: whatever goes in comes out, and no other bytes do harm."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivesight.model.histogram import CUSTOM, Hint, Histogram, HistogramCells, Layout, Scale, cells_of
from hivesight.storage.tsdb.block.cells import decode_cells, encode_cells
from hivesight.storage.tsdb.block.codec import MAX_ROWS
from hivesight.storage.tsdb.block.errors import BlockDamaged

scales = st.sampled_from([Scale(3, 0.001), Scale(-4), Scale(CUSTOM, 0.0, (0.5, 2.0))])
buckets = st.dictionaries(st.integers(-(2**31), 2**31), st.floats(0.5, 1e9), max_size=4)
histograms = st.builds(
    Histogram,
    scales,
    st.floats(),
    st.floats(allow_nan=False),
    st.floats(0, 9),
    buckets,
    buckets,
    st.sampled_from(list(Hint)),
)


@given(st.lists(st.none() | histograms, max_size=12))
def test_any_histograms(row: list[Histogram | None]) -> None:
    cells = cells_of([each for each in row if each])
    present = np.array([each is not None for each in row], dtype=bool)
    place = np.where(present, np.cumsum(present) - 1, -1).astype(np.int64)
    layouts: dict[Layout, int] = {}
    data = encode_cells(place, cells, lambda layout: layouts.setdefault(layout, len(layouts)))
    assert bool(data) == bool(present.any())
    if data:
        decoded = decode_cells(memoryview(data), len(row), list(layouts))
        assert np.array_equal(decoded.place, place)
        assert decoded.cells.figures.tobytes() == cells.figures.tobytes()
        assert np.array_equal(decoded.cells.hint, cells.hint)
        assert [decoded.cells.layouts[each] for each in decoded.cells.layout] == [
            cells.layouts[each] for each in cells.layout
        ]


def test_more_buckets_than_a_matrix_has_rows() -> None:
    layout = Layout(Scale(8), (), tuple(range(MAX_ROWS + 9)))
    figures = np.arange(2.0 * (3 + layout.width)).reshape(2, -1)
    cells = HistogramCells((layout,), np.zeros(2, np.int32), figures, np.zeros(2, np.int8))
    data = encode_cells(np.array([0, 1]), cells, lambda _: 0)
    assert np.array_equal(decode_cells(memoryview(data), 2, [layout]).cells.figures, figures)


SOME = cells_of(
    [Histogram(Scale(i % 2), float(i), i / 3, 0.0, {1: float(i), 5 + i % 3: 2.0}, hint=Hint(i % 4)) for i in range(20)]
)


def some() -> bytes:
    place = np.arange(20, dtype=np.int64)
    place[7] = -1
    return encode_cells(place, SOME, SOME.layouts.index)


@pytest.mark.parametrize("at", range(len(some())))
def test_changed_bytes_are_an_error_or_histograms(at: int) -> None:
    for mask in (1, 0x80, 0xFF):
        data = bytearray(some())
        data[at] ^= mask
        with suppress(BlockDamaged):
            decoded = decode_cells(memoryview(data), 20, SOME.layouts)
            assert int(decoded.place.max()) == len(decoded.cells) - 1


@pytest.mark.parametrize("cut", [0, 3, 4, 11, 20, 40, -1])
def test_cut_short(cut: int) -> None:
    with pytest.raises(BlockDamaged):
        decode_cells(memoryview(some()[:cut]), 20, SOME.layouts)
