"""Series blocks become a block on disk, one after the other: memory holds one of them, a tile and the index."""

import os
import shutil
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO, Final
from uuid import uuid4

import numpy as np
import structlog
from numpy.typing import NDArray
from structlog.typing import FilteringBoundLogger

from hivesight.model.series import Mask, SeriesBlock, Times, Values, is_absent
from hivesight.storage.tsdb.block.cells import encode_cells
from hivesight.storage.tsdb.block.codec import encode_floats, encode_int64
from hivesight.storage.tsdb.block.grid import HISTOGRAMS, STARTS, Grid
from hivesight.storage.tsdb.block.index import encode_index
from hivesight.storage.tsdb.block.indexing import Indexing
from hivesight.storage.tsdb.block.meta import INDEX, TILES, TILES_MAGIC, BlockMeta, Header
from hivesight.storage.tsdb.directory import sync_directory

_log: FilteringBoundLogger = structlog.get_logger(__name__)

SUFFIX: Final = ".tmp"
_SCAN_CELLS: Final = 1 << 18

_Rows = NDArray[np.intp]


def write_block(path: Path, sources: Iterable[SeriesBlock], replaces: Sequence[str] = ()) -> BlockMeta | None:
    """Writes the directory `path`, which must not exist, under a temporary name, makes it durable and gives it its
    name. Rows and columns without a sample are left out; each source becomes a group (two where some of its rows hold
    histograms). replaces: names of blocks whose samples these are, none of them with a line break.

    Leaves None, and no directory, where there is no sample at all. Raises OSError; then nothing is left behind."""
    temporary = path.with_name(path.name + SUFFIX)
    if path.exists():
        raise FileExistsError(f"{path} exists")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        with (temporary / TILES).open("wb") as file:
            writing = _Writing(file, replaces)
            for source in sources:
                writing.take(source)
            _settle(file)
        if not writing.indexing.series:
            shutil.rmtree(temporary)
            return None
        meta = writing.finish(temporary / INDEX)
        sync_directory(temporary)
        temporary.rename(path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    sync_directory(path.parent)
    return meta


def remove_block(path: Path) -> None:
    """Removes a block so that no part of it is found later: first its name goes. Who reads its files goes on. Where the
    disk does not let it, it stays."""
    leaving = path.with_name(path.name + SUFFIX)
    try:
        path.rename(leaving)
        sync_directory(path.parent)
        shutil.rmtree(leaving)
    except OSError as error:
        _log.warning("block cannot be deleted", path=str(path), reason=str(error))


def remove_temporary(directory: Path) -> None:
    """Removes what blocks in `directory` left that did not get to their end, or not to the end of their removal."""
    for left in directory.glob("*" + SUFFIX):
        if left.is_dir():
            shutil.rmtree(left)
        else:
            left.unlink()


def _settle(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


class _Writing:
    def __init__(self, file: BinaryIO, replaces: Sequence[str]) -> None:
        self._file = file
        self._id = uuid4().bytes
        self._bytes = file.write(TILES_MAGIC + self._id)
        self._replaces = tuple(replaces)
        self.indexing = Indexing()
        self._samples = self._histograms = 0

    def take(self, source: SeriesBlock) -> None:
        """Writes the tiles of one source."""
        first, last, used = _extent(source.values)
        present = last >= 0
        if not present.any():
            return
        grid = source.histograms
        holds = np.zeros(len(present), dtype=bool)
        if grid is not None:
            for low, high in _strips(grid.place.shape):
                holds[low:high] = (grid.place[low:high] >= 0).any(axis=1)
        order = self.indexing.order(source.labels)
        for rows, flags in ((order[(present & ~holds)[order]], 0), (order[(present & holds)[order]], HISTOGRAMS)):
            if len(rows):
                self._group(source, rows, first[rows], last[rows], used, flags)

    def _group(self, source: SeriesBlock, rows: _Rows, first: _Rows, last: _Rows, used: Mask, flags: int) -> None:
        low, high = int(first.min()), int(last.max()) + 1
        # Columns that hold nothing of these rows may remain between others: they cost next to nothing.
        columns = np.flatnonzero(used[low:high]) + low
        position = np.cumsum(used) - 1
        first, last = position[first] - position[low], position[last] - position[low]
        times = source.times[columns]
        starts = source.starts
        if starts is not None and any(starts[rows[a:b]].any() for a, b in _strips((len(rows), starts.shape[1]))):
            flags |= STARTS
        grid = Grid(len(rows), len(times), flags)
        self.indexing.group(source.labels, rows, times, flags, first, last)
        for band in range(grid.column_bands):
            cut = grid.column_range(band)
            first_at, last_at = int(columns[cut.start]), int(columns[cut.stop - 1])
            whole = last_at - first_at == len(cut) - 1
            within = slice(first_at, last_at + 1) if whole else columns[cut.start : cut.stop]
            self._tiles(source, rows, grid, times[cut.start : cut.stop], within)

    def _tiles(self, source: SeriesBlock, rows: _Rows, grid: Grid, times: Times, columns: _Rows | slice) -> None:
        """One band of columns."""
        self._tile(encode_int64(times[np.newaxis]))
        bands = [rows[grid.row_range(band).start : grid.row_range(band).stop] for band in range(grid.row_bands)]
        for band in bands:
            values = source.values[band][:, columns]
            self._samples += int((~is_absent(values)).sum())
            if source.histograms is not None:
                at = source.histograms.place[band][:, columns] >= 0
                self._histograms += int(at.sum())
                values = np.where(at, 0.0, values)
            self._tile(encode_floats(values))
        if grid.flags & STARTS and source.starts is not None:
            for band in bands:
                self._tile(encode_int64(np.ascontiguousarray(source.starts[band][:, columns])))
        if grid.flags & HISTOGRAMS and source.histograms is not None:
            for row in rows.tolist():
                place = source.histograms.place[row, columns]
                self._tile(encode_cells(place, source.histograms.cells, self.indexing.layout))

    def _tile(self, data: bytes) -> None:
        self._bytes += self._file.write(data)
        self.indexing.tile(len(data), zlib.crc32(data))

    def finish(self, path: Path) -> BlockMeta:
        index = self.indexing.index(self._replaces)
        header = Header(
            self._id, int(index.group_min.min()), int(index.group_max.max()), self._samples, self._histograms,
            self._bytes, *[0] * 13,
        )  # fmt: skip
        data = encode_index(index, header)
        with path.open("wb") as file:
            file.write(data)
            _settle(file)
        written = self.indexing
        return BlockMeta(
            self._id, header.min_ms, header.max_ms, written.groups, written.series, self._samples, self._histograms,
            len(data) + self._bytes,
        )  # fmt: skip


def _strips(shape: tuple[int, ...]) -> list[tuple[int, int]]:
    step = max(1, _SCAN_CELLS // max(1, shape[1]))
    return [(low, min(low + step, shape[0])) for low in range(0, shape[0], step)]


def _extent(values: Values) -> tuple[_Rows, _Rows, Mask]:
    """The columns of the first and last sample of each row (-1 where it has none), and which columns hold any."""
    rows, samples = values.shape
    first, last = np.full(rows, -1, np.intp), np.full(rows, -1, np.intp)
    used = np.zeros(samples, dtype=bool)
    if not samples:
        return first, last, used
    for low, high in _strips(values.shape):
        present = ~is_absent(np.ascontiguousarray(values[low:high]))
        used |= present.any(axis=0)
        holding = present.any(axis=1)
        first[low:high] = np.where(holding, present.argmax(axis=1), -1)
        last[low:high] = np.where(holding, samples - 1 - present[:, ::-1].argmax(axis=1), -1)
    return first, last, used
