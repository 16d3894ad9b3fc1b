"""Strips of samples: whatever bits go in come out, and no other bytes do harm."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from hivesight.model.series import ABSENT, STALE, Values, bits
from hivesight.storage.tsdb.block.codec import decode_floats, decode_int64, encode_floats, encode_int64
from hivesight.storage.tsdb.block.errors import BlockDamaged

rng = np.random.default_rng(7)
SPECIAL = [ABSENT, STALE, np.nan, np.inf, -np.inf, -0.0, 0.0, 5e-324, -2.5e-310, 1.7976931348623157e308, 2.0**63, 1e22]
patterns = st.integers(0, 2**64 - 1).map(lambda each: np.array([each], np.uint64).view(np.float64)[0])
cells = st.one_of(
    st.sampled_from(SPECIAL),
    st.integers(-9, 9).map(float),
    st.floats(width=16),
    st.decimals(-1000, 1000, places=2).map(float),
    patterns,
)


@st.composite
def matrices(draw: st.DrawFn) -> Values:
    rows, samples = draw(st.integers(0, 5)), draw(st.integers(0, 20))
    flat = draw(st.lists(cells, min_size=rows * samples, max_size=rows * samples))
    return np.array(flat, np.float64).reshape(rows, samples)


def assert_kept(values: Values) -> None:
    decoded = decode_floats(memoryview(encode_floats(values)), *values.shape)
    assert decoded.shape == values.shape
    assert np.array_equal(bits(decoded), bits(np.ascontiguousarray(values)))


@given(matrices())
def test_any_cells(values: Values) -> None:
    assert_kept(values)


def counters() -> Values:
    steps = rng.integers(0, 3000, (40, 300)).astype(float)
    values = steps.cumsum(axis=1)
    values[:, 170:] -= values[:, 170:171]
    return values


def sparse(values: Values, share: float) -> Values:
    return np.where(rng.random(values.shape) < share, values, ABSENT)


SOME = sparse(counters()[:4, :30], 0.8)
MATRICES = {
    "counters with resets": counters(),
    "counters of decimals": counters() / 100,
    "large": counters() * 2.0**40,
    "beyond exact integers": counters() * 1e17,
    "nanoseconds": np.round(rng.random((30, 200)) * 1e9) / 1e9,
    "noise": rng.normal(size=(30, 200)),
    "noise as bits": rng.integers(0, 2**63, (20, 100)).view(np.float64),
    "constant": np.full((10, 300), 0.1),
    "stale at the end": np.concatenate((counters(), np.full((40, 1), STALE)), axis=1),
    "sparse": sparse(counters(), 0.05),
    "nearly full": sparse(rng.normal(size=(30, 200)), 0.97),
    "absent": np.full((4, 9), ABSENT),
    "negative zeros": np.where(rng.random((9, 90)) < 0.5, -0.0, 0.0),
    "columns of a larger array": counters()[:, 3:50],
    "one cell": np.array([[3.5]]),
    "no rows": np.zeros((0, 5)),
    "no samples": np.zeros((5, 0)),
}


@pytest.mark.parametrize("name", MATRICES)
def test_kinds_of_series(name: str) -> None:
    assert_kept(MATRICES[name])


integers = st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(-3, 3))


@given(st.lists(st.lists(integers, min_size=7, max_size=7), max_size=4))
def test_any_integers(numbers: list[list[int]]) -> None:
    matrix = np.array(numbers, np.int64).reshape(-1, 7)
    assert np.array_equal(decode_int64(memoryview(encode_int64(matrix)), *matrix.shape), matrix)


def test_times_of_a_steady_scrape_take_little() -> None:
    times: NDArray[np.int64] = 1_700_000_000_000 + 15_000 * np.arange(480)[np.newaxis]
    assert len(encode_int64(times)) < 80
    assert len(encode_int64(times + rng.integers(-2, 3, times.shape))) < 300


def test_counters_take_little() -> None:
    assert len(encode_floats(MATRICES["counters of decimals"])) < 2 * MATRICES["counters of decimals"].size


@settings(max_examples=200)
@given(st.data())
def test_changed_bytes_are_an_error_or_numbers(data: st.DataObject) -> None:
    values = SOME
    encoded = bytearray(encode_floats(values))
    encoded[data.draw(st.integers(0, len(encoded) - 1))] ^= data.draw(st.integers(1, 255))
    with suppress(BlockDamaged):
        assert decode_floats(memoryview(encoded), *values.shape).shape == values.shape


@pytest.mark.parametrize("cut", [0, 3, 4, 20, -1])
def test_cut_short(cut: int) -> None:
    encoded = encode_floats(counters())
    with pytest.raises(BlockDamaged):
        decode_floats(memoryview(encoded[:cut]), 40, 300)


def test_a_size_beyond_the_rows_is_refused_unread() -> None:
    encoded = b"\xff\xff\xff\xff" + encode_floats(counters())[4:]
    with pytest.raises(BlockDamaged, match="larger than its rows"):
        decode_floats(memoryview(encoded), 40, 300)


@pytest.mark.parametrize("shape", [(1 << 20, 1), (1 << 16, 1 << 16), (-1, 4)])
def test_shapes_are_bounded(shape: tuple[int, int]) -> None:
    with pytest.raises(BlockDamaged, match="more than there can be"):
        decode_floats(memoryview(encode_floats(counters())), *shape)
