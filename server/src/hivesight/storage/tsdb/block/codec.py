"""Strips of samples, histogram figures, and times to compressed bytes and back, bit for bit.

A row of floats that are decimals of few digits, as counters and most gauges are, is kept as integers and a power of
ten; any other row as the integers that its bit patterns are. Cells that no integer stands for (ABSENT, STALE, other
NaNs, infinities, -0) are written apart, and the row is closed over them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.model.series import ABSENT_BITS, Mask, Values, bits, is_absent
from hivesight.storage.tsdb.block.bytestream import Cursor, compress, decompress
from hivesight.storage.tsdb.block.errors import BlockDamaged
from hivesight.storage.tsdb.block.integers import Ints, decode_integers, encode_integers

MAX_ROWS: Final = 1 << 16
MAX_SAMPLES: Final = 1 << 26
MAX_CELLS: Final = 1 << 26
"""No strip or time vector is larger."""

_PATTERNS: Final = 255
"""In place of a power of ten: the row's integers are bit patterns."""
_POWERS: Final = 10.0 ** np.arange(16)
_EXACT: Final = 2.0**53
_WHOLE: Final = 2.0**62
_PROBES: Final = 8
_SPARE: Final = 16
"""A row of which one cell in this many is special still counts as one of integers."""


def encode_floats(values: Values) -> bytes:
    """A strip, float64 of shape (rows, samples), to bytes: no NaN's bit pattern is changed."""
    samples = values.shape[1]
    values = np.ascontiguousarray(values)
    absent = is_absent(values)
    special = absent | ~np.isfinite(values) | (bits(values) == np.uint64(1 << 63))
    odd = (special & ~absent).sum(axis=1)
    special[odd > samples // _SPARE + 1] = False
    special |= absent
    filled = _closed(values, special)
    scale, matrix = _integers(filled)
    kept = special & ~absent
    kept[scale == _PATTERNS] = False
    patterned = scale == _PATTERNS
    if patterned.any():
        matrix[patterned] = _closed(values[patterned], absent[patterned]).view(np.int64)
    holed = absent.any(axis=1)
    places = np.flatnonzero(kept)
    parts = [
        scale.tobytes(),
        holed.astype(np.uint8).tobytes(),
        np.packbits(absent[holed], axis=1, bitorder="little").tobytes(),
        np.array([len(places)], "<i4").tobytes(),
        places.astype("<i4").tobytes(),
        bits(values)[kept].astype("<u8").tobytes(),
        encode_integers(matrix),
    ]
    raw = b"".join(parts)
    return np.array([len(raw)], "<u4").tobytes() + compress(raw)


def decode_floats(data: memoryview, rows: int, samples: int) -> Values:
    """The strip back. Raises BlockDamaged for anything that `encode_floats` does not make of such a shape."""
    cursor = _content(data, rows, samples)
    scale, holed = cursor.bytes(rows), cursor.bytes(rows)
    if bool(((scale >= len(_POWERS)) & (scale != _PATTERNS)).any()) or bool((holed > 1).any()):
        raise BlockDamaged("has rows of an unknown form")
    holed_rows = np.flatnonzero(holed)
    octets = (samples + 7) // 8
    packed = cursor.bytes(len(holed_rows) * octets).reshape(len(holed_rows), octets)
    count = cursor.size()
    places, patterns = cursor.int32(count), cursor.take("<u8", count)
    if count and not 0 <= int(places.min()) <= int(places.max()) < rows * samples:
        raise BlockDamaged("has a cell outside its rows")
    matrix = decode_integers(cursor, rows, samples)
    cursor.end()
    values = _floats(matrix, scale)
    if count:
        bits(values).reshape(-1)[places] = patterns
    if len(holed_rows):
        absent = np.unpackbits(packed, axis=1, count=samples, bitorder="little").view(np.bool_)
        cells = bits(values)
        cells[holed_rows] = np.where(absent, ABSENT_BITS, cells[holed_rows])
    return values


def encode_int64(matrix: Ints) -> bytes:
    """Times, starts or places, int64 of shape (rows, samples), to bytes."""
    raw = encode_integers(matrix)
    return np.array([len(raw)], "<u4").tobytes() + compress(raw)


def decode_int64(data: memoryview, rows: int, samples: int) -> Ints:
    """The matrix back. Raises BlockDamaged for anything that `encode_int64` does not make of such a shape."""
    cursor = _content(data, rows, samples)
    matrix = decode_integers(cursor, rows, samples)
    cursor.end()
    return matrix


def _content(data: memoryview, rows: int, samples: int) -> Cursor:
    """What was compressed, never more than such a shape can need."""
    if not (0 <= rows <= MAX_ROWS and 0 <= samples <= MAX_SAMPLES and rows * samples <= MAX_CELLS):
        raise BlockDamaged(f"has a strip of {rows} rows of {samples} samples, more than there can be")
    if len(data) < 4:
        raise BlockDamaged("ends before its content does")
    size = int.from_bytes(data[:4], "little")
    if size > 32 * rows + 24 * rows * samples + rows * ((samples + 7) // 8) + 64:
        raise BlockDamaged("has a strip larger than its rows can be")
    return Cursor(decompress(data[4:], size))


def _closed(values: Values, special: Mask) -> Values:
    """The values with each special cell as the last before it that is not, else the next; zeros where all are."""
    holed = np.flatnonzero(special.any(axis=1))
    if not len(holed):
        return values
    mask = special[holed]
    last: NDArray[np.intp] = np.where(mask, 0, np.arange(values.shape[1], dtype=np.intp))
    np.maximum.accumulate(last, axis=1, out=last)
    np.maximum(last, np.argmin(mask, axis=1)[:, np.newaxis], out=last)
    filled = values.copy()
    filled[holed] = np.take_along_axis(values[holed], last, axis=1)
    filled[holed[mask.all(axis=1)]] = 0.0
    return filled


def _integers(values: Values) -> tuple[NDArray[np.uint8], Ints]:
    """For each row the power of ten that makes it whole (or _PATTERNS), and the integers."""
    rows, samples = values.shape
    scale = np.full(rows, _PATTERNS, np.uint8)
    matrix = np.zeros((rows, samples), np.int64)
    if not values.size:
        return scale, matrix
    probes = values[:, :: max(1, samples // _PROBES)]
    open_rows: NDArray[np.intp] = np.arange(rows, dtype=np.intp)
    with np.errstate(all="ignore"):
        for power in range(len(_POWERS)):
            likely = open_rows[_whole(probes[open_rows], power)[1]]
            whole, right = _whole(values[likely], power)
            found = likely[right]
            scale[found] = power
            matrix[found] = whole[right].astype(np.int64)
            open_rows = open_rows[scale[open_rows] == _PATTERNS]
            if not len(open_rows):
                break
    return scale, matrix


def _whole(values: Values, power: int) -> tuple[Values, Mask]:
    """The values as whole numbers of 10 ** -power, and which rows are nothing else."""
    whole = np.rint(values * _POWERS[power]) if power else np.rint(values)
    back = whole / _POWERS[power] if power else whole
    bound = _EXACT if power else _WHOLE
    right = (bits(back + 0.0) == bits(values)) & (np.abs(whole) <= bound)
    return whole, right.all(axis=1)


def _floats(matrix: Ints, scale: NDArray[np.uint8]) -> Values:
    """Undoes `_integers`."""
    values = matrix.astype(np.float64)
    scaled = (scale > 0) & (scale != _PATTERNS)
    if scaled.any():
        values /= np.where(scaled, _POWERS[np.where(scaled, scale, 0)], 1.0)[:, np.newaxis]
    patterned = np.flatnonzero(scale == _PATTERNS)
    if len(patterned):
        values[patterned] = matrix[patterned].view(np.float64)
    return values
