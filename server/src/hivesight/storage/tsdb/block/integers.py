"""A matrix of int64 as bytes and back: each row less a prediction, as byte planes that compress well.

A row is predicted by a constant (order 0), by its last value and a slope (order 1), or by its last two values
(order 2), whichever leaves the smallest remainders. Arithmetic is modulo 2 ** 64, so every int64 survives. What is
written is for a general compressor."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.storage.tsdb.block.bytestream import Cursor
from hivesight.storage.tsdb.block.errors import BlockDamaged

Ints = NDArray[np.int64]
Unsigned = NDArray[np.uint64]

_ORDERS: Final = 3
_WIDEST: Final = 8


def encode_integers(matrix: Ints) -> bytes:
    """A matrix of shape (rows, samples) to bytes."""
    rows, samples = matrix.shape
    if not rows or not samples:
        return b""
    first = matrix[:, 0].copy()
    moved = matrix - first[:, np.newaxis]
    shift = _common_zeros(moved)
    moved >>= shift[:, np.newaxis]
    order, slope, zigzag = _predicted(moved)
    width = _widths(zigzag)
    heads = np.stack((first, slope)).astype("<i8").view(np.uint8).reshape(2 * rows, 8)
    parts = [order.tobytes(), width.tobytes(), shift.astype(np.uint8).tobytes(), heads.T.tobytes()]
    for _, wide, members in _alike(order, width):
        remainders = zigzag[members]
        parts += [(remainders >> np.uint64(8 * plane)).astype(np.uint8).tobytes() for plane in range(wide)]
    return b"".join(parts)


def decode_integers(cursor: Cursor, rows: int, samples: int) -> Ints:
    """The matrix back. Raises BlockDamaged for bytes that `encode_integers` does not make. The caller bounds the
    shape."""
    matrix = np.zeros((rows, samples), np.int64)
    if not matrix.size:
        return matrix
    order, width, shift = cursor.bytes(rows), cursor.bytes(rows), cursor.bytes(rows)
    if int(order.max()) >= _ORDERS or int(width.max()) > _WIDEST or int(shift.max()) > 63:
        raise BlockDamaged("has rows of an unknown form")
    planes_of_heads = cursor.bytes(16 * rows).reshape(8, 2 * rows)
    heads = np.ascontiguousarray(planes_of_heads.T).view("<i8").astype(np.int64).reshape(2, rows)
    for kind, wide, members in _alike(order, width):
        taken = _joined([cursor.bytes(len(members) * samples) for _ in range(wide)], (len(members), samples))
        matrix[members] = _restored(kind, taken, heads[1, members])
    if shift.any():
        matrix <<= shift.astype(np.int64)[:, np.newaxis]
    matrix += heads[0][:, np.newaxis]
    return matrix


def _common_zeros(matrix: Ints) -> Ints:
    """How many low bits are zero in all numbers of a row."""
    used = np.bitwise_or.reduce(matrix, axis=1)
    lowest = (used & -used).view(np.uint64)
    zeros = np.bitwise_count(lowest - np.uint64(1)).astype(np.int64)
    zeros[used == 0] = 0
    return zeros


def _predicted(moved: Ints) -> tuple[NDArray[np.uint8], Ints, Unsigned]:
    """The best order of each row, its slope, and the remainders in zigzag form. `moved` begins with zeros."""
    slope = _medians(moved)
    best = _zigzag(moved - slope[:, np.newaxis])
    order = np.zeros(len(moved), np.uint8)
    if moved.shape[1] < 3:
        return order, slope, best
    cost = _cost(best)
    step = np.diff(moved, axis=1)
    steady = _medians(step)
    bend = np.diff(step, axis=1)
    for kind, remainders, at, head in (
        (1, step - steady[:, np.newaxis], 1, steady),
        (2, bend, 2, step[:, 0]),
    ):
        zigzag = np.zeros(moved.shape, np.uint64)
        zigzag[:, at:] = _zigzag(remainders)
        other = _cost(zigzag)
        better = other < cost
        order[better], slope[better], cost[better] = kind, head[better], other[better]
        best[better] = zigzag[better]
    return order, slope, best


def _medians(matrix: Ints) -> Ints:
    middle = matrix.shape[1] // 2
    return np.partition(matrix, middle, axis=1)[:, middle]


def _zigzag(matrix: Ints) -> Unsigned:
    """0, -1, 1, -2, ... become 0, 1, 2, 3, ..."""
    return ((matrix << 1) ^ (matrix >> 63)).view(np.uint64)


def _cost(zigzag: Unsigned) -> NDArray[np.float32]:
    """About how many bits the rows need."""
    return np.log2(zigzag.astype(np.float32) + np.float32(1)).sum(axis=1)


def _widths(zigzag: Unsigned) -> NDArray[np.uint8]:
    """How many bytes the largest number of each row has."""
    largest = zigzag.max(axis=1)
    bounds = np.uint64(1) << (np.arange(8, dtype=np.uint64) * np.uint64(8))
    return (largest[:, np.newaxis] >= bounds).sum(axis=1, dtype=np.uint8)


def _alike(order: NDArray[np.uint8], width: NDArray[np.uint8]) -> Iterator[tuple[int, int, NDArray[np.intp]]]:
    """Order, width and the rows that have both, for each that occurs."""
    kinds = order.astype(np.int32) * (_WIDEST + 1) + width
    for kind in np.unique(kinds).tolist():
        yield kind // (_WIDEST + 1), kind % (_WIDEST + 1), np.flatnonzero(kinds == kind)


def _joined(planes: Sequence[NDArray[np.uint8]], shape: tuple[int, int]) -> Ints:
    """Byte planes, the lowest first, to numbers with a sign."""
    size = max(1, 1 << (len(planes) - 1).bit_length()) if planes else 1
    dtype = np.dtype(f"u{size}")
    joined = planes[0].astype(dtype) if planes else np.zeros(shape[0] * shape[1], np.uint8)
    for number, plane in enumerate(planes[1:], 1):
        joined |= plane.astype(dtype) << dtype.type(8 * number)
    signless = joined.astype(np.uint64).reshape(shape)
    return (signless >> np.uint64(1)).view(np.int64) ^ -(signless & np.uint64(1)).view(np.int64)


def _restored(order: int, remainders: Ints, slope: Ints) -> Ints:
    """Undoes the prediction, in place."""
    match order:
        case 0:
            remainders += slope[:, np.newaxis]
        case 1:
            remainders[:, 1:] += slope[:, np.newaxis]
            np.cumsum(remainders, axis=1, out=remainders)
        case _:
            remainders[:, 1:2] = slope[:, np.newaxis]
            np.cumsum(remainders, axis=1, out=remainders)
            np.cumsum(remainders, axis=1, out=remainders)
    return remainders
