"""The tiles of a block by number: read from the file, checked, decoded, and kept in the cache of all blocks."""

import os
import weakref
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from hivesight.model.series import Times, Values
from hivesight.storage.tsdb.block.cells import RowCells, decode_cells, no_row_cells
from hivesight.storage.tsdb.block.codec import decode_floats, decode_int64
from hivesight.storage.tsdb.block.errors import BlockDamaged, BlockError
from hivesight.storage.tsdb.block.grid import Grid
from hivesight.storage.tsdb.block.index import Index
from hivesight.storage.tsdb.block.meta import TILES_HEADER_BYTES, TILES_MAGIC, Header
from hivesight.storage.tsdb.block.shared import Tile, Tiles

_Number = TypeVar("_Number", np.float64, np.int64)


class TileFile:
    """Any thread may read. The file is closed when nobody holds this any more, so that a block can be removed while it
    is read. All arrays are for reading only. Raises BlockDamaged, which names file and tile, and OSError."""

    def __init__(self, path: Path, index: Index, header: Header, tiles: Tiles) -> None:
        self._path = path
        self._index = index
        self._header = header
        self._tiles = tiles
        self._serial = next(tiles.serials)
        self._ends = np.cumsum(index.tile_size, dtype=np.int64) + TILES_HEADER_BYTES
        try:
            self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise BlockDamaged("is missing", path) from error
        weakref.finalize(self, os.close, self._file)
        if os.fstat(self._file).st_size != header.tile_bytes:
            raise BlockDamaged(f"has {os.fstat(self._file).st_size} bytes where {header.tile_bytes} are due", path)
        if os.pread(self._file, TILES_HEADER_BYTES, 0) != TILES_MAGIC + header.id:
            raise BlockDamaged("is of another block", path)

    def uncached(self) -> "TileFile":
        """The same tiles read from the disk itself, for those who read each of them once."""
        return TileFile(self._path, self._index, self._header, Tiles(0))

    def times(self, grid: Grid, band: int) -> Times:
        """The times of a band of columns."""
        samples = len(grid.column_range(band))
        number = grid.times(band)

        def load(data: memoryview) -> Times:
            found = decode_int64(data, 1, samples)[0]
            if not (np.diff(found) > 0).all():
                raise BlockDamaged("has times that do not increase")
            return _frozen(found)

        return self._get(number, load)

    def values(self, grid: Grid, row_band: int, band: int) -> Values:
        """The values of a tile, shape (rows of the band, columns of the band)."""
        shape = len(grid.row_range(row_band)), len(grid.column_range(band))
        return self._get(grid.values(row_band, band), lambda data: _frozen(decode_floats(data, *shape)))

    def starts(self, grid: Grid, row_band: int, band: int) -> Times:
        """The starts of a tile, as `values`."""
        shape = len(grid.row_range(row_band)), len(grid.column_range(band))
        return self._get(grid.starts(row_band, band), lambda data: _frozen(decode_int64(data, *shape)))

    def cells(self, grid: Grid, row: int, band: int) -> RowCells:
        """The histograms of a row in a band of columns."""
        samples = len(grid.column_range(band))
        number = grid.histograms(row, band)
        if not self._index.tile_size[number]:
            return no_row_cells(samples)
        return self._get(number, lambda data: decode_cells(data, samples, self._index.layouts))

    def _get(self, number: int, decode: Callable[[memoryview], Tile]) -> Tile:
        def load() -> Tile:
            try:
                return decode(self._read(number))
            except BlockError as error:
                raise BlockDamaged(f"tile {number} {error.reason}", self._path) from error

        return self._tiles.get((self._serial, number), load)

    def _read(self, number: int) -> memoryview:
        size = int(self._index.tile_size[number])
        data = os.pread(self._file, size, int(self._ends[number]) - size)
        if len(data) != size or zlib.crc32(data) != int(self._index.tile_crc[number]):
            raise BlockDamaged("is cut short or has a wrong checksum")
        return memoryview(data)


def _frozen(array: NDArray[_Number]) -> NDArray[_Number]:
    """The array, which is in the cache and in answers at once, closed to whoever would write to it."""
    array.flags.writeable = False
    return array
