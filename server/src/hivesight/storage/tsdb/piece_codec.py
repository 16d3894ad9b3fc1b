"""A piece of samples to a record of the log and back. docs/format/wal.md is the description; `codec` has the others."""

import struct
from typing import Final

import numpy as np

from hivesight.model.histogram import CUSTOM, SCHEMAS, HistogramCells, HistogramGrid, Layout, Scale
from hivesight.storage.tsdb.codec import BadRecord, Kind, Numbers, are_row_numbers
from hivesight.storage.tsdb.framing import frame
from hivesight.storage.tsdb.piece import Piece

_HEAD: Final = struct.Struct("<IIIB")
_CELLS: Final = struct.Struct("<III")
_LAYOUT: Final = struct.Struct("<idIII")
_HISTOGRAMS: Final = 1
_STARTS: Final = 2


def encode_piece(group: int, numbers: Numbers, piece: Piece) -> bytes:
    """Some series of a group at some times. `numbers` must be strictly increasing and not empty."""
    flags = _HISTOGRAMS * (piece.histograms is not None) | _STARTS * (piece.starts is not None)
    parts = [
        _HEAD.pack(group, len(numbers), len(piece.times), flags),
        numbers.astype("<i4").tobytes(),
        piece.times.astype("<i8", copy=False).tobytes(),
        piece.values.astype("<f8", copy=False).tobytes(),
    ]
    if piece.starts is not None:
        parts.append(piece.starts.astype("<i8", copy=False).tobytes())
    if piece.histograms is not None:
        parts += _grid(piece.histograms)
    return frame(Kind.PIECE, *parts)


def _grid(grid: HistogramGrid) -> list[bytes]:
    used = np.unique(grid.place[grid.place >= 0]).astype(np.intp)
    cells = grid.cells.rows(used)
    place = np.where(grid.place < 0, -1, np.searchsorted(used, grid.place))
    parts = [_CELLS.pack(len(cells), cells.figures.shape[1], len(cells.layouts))]
    for each in cells.layouts:
        scale = each.scale
        parts += [
            _LAYOUT.pack(scale.schema, scale.zero_threshold, len(scale.bounds), len(each.negative), len(each.positive)),
            np.array(scale.bounds, dtype="<f8").tobytes(),
            np.array([*each.negative, *each.positive], dtype="<i8").tobytes(),
        ]
    return [
        *parts,
        place.astype("<i4").tobytes(),
        cells.layout.astype("<i4").tobytes(),
        cells.hint.astype("<i1").tobytes(),
        np.ascontiguousarray(cells.figures, dtype="<f8").tobytes(),
    ]


def decode_piece(payload: memoryview) -> tuple[int, Numbers, Piece]:
    """Group, row numbers and samples of a record. Raises BadRecord."""
    try:
        group, rows, samples, flags = _HEAD.unpack_from(payload)
        reader = _Reader(payload, _HEAD.size)
        numbers = reader.array("<i4", rows)
        times = reader.array("<i8", samples)
        values = reader.array("<f8", rows * samples).reshape(rows, samples)
        starts = reader.array("<i8", rows * samples).reshape(rows, samples) if flags & _STARTS else None
        grid = _read_grid(reader, rows, samples) if flags & _HISTOGRAMS else None
    except (struct.error, ValueError) as error:
        raise BadRecord(f"piece: {error}") from error
    if reader.at != len(payload) or bool((np.diff(times) <= 0).any()) or not are_row_numbers(numbers):
        raise BadRecord("piece: counts do not agree")
    return group, numbers, Piece(times, values, grid, starts)


class _Reader:
    """Arrays one after the other; NumPy refuses a count that passes the end."""

    def __init__(self, payload: memoryview, at: int) -> None:
        self.payload = payload
        self.at = at

    def array(self, kind: str, count: int) -> np.ndarray:
        found = np.frombuffer(self.payload, kind, count, self.at) if count else np.empty(0, kind)
        self.at += found.nbytes
        return found

    def unpack(self, form: struct.Struct) -> tuple[int, ...]:
        found = form.unpack_from(self.payload, self.at)
        self.at += form.size
        return found


def _read_grid(reader: _Reader, rows: int, samples: int) -> HistogramGrid:
    count, width, layout_count = reader.unpack(_CELLS)
    layouts: list[Layout] = []
    for _ in range(layout_count):
        schema, zero, bounds, negative, positive = reader.unpack(_LAYOUT)
        if schema != CUSTOM and schema not in SCHEMAS:
            raise ValueError(f"schema {schema} is not known")
        limits = tuple(reader.array("<f8", bounds).tolist())
        keys: list[int] = reader.array("<i8", negative + positive).tolist()
        if 3 + len(keys) > width:
            raise ValueError("a layout is wider than the figures")
        layouts.append(Layout(Scale(schema, zero, limits), tuple(keys[:negative]), tuple(keys[negative:])))
    place = reader.array("<i4", rows * samples).reshape(rows, samples).astype(np.int64)
    layout = reader.array("<i4", count).astype(np.int32)
    hint = reader.array("<i1", count).astype(np.int8)
    figures = reader.array("<f8", count * width).reshape(count, width)
    if (place.size and int(place.max()) >= count) or (
        count and not 0 <= int(layout.min()) <= int(layout.max()) < layout_count
    ):
        raise ValueError("a histogram is named that is not there")
    return HistogramGrid(HistogramCells(tuple(layouts), layout, figures, hint), place)
