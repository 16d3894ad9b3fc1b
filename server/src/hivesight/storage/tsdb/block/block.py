"""An immutable block on disk: opened, asked, marked with deletions, verified, and read whole without them."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

import numpy as np

from hivesight.model.matcher import Matcher
from hivesight.model.series import SeriesBlock
from hivesight.model.symbols import LabelTable
from hivesight.storage.tsdb.block.errors import BlockDamaged, BlockError
from hivesight.storage.tsdb.block.groups import (
    Group,
    Groups,
    check_group,
    columns_of,
    read_group,
    read_values,
    times_of,
    without,
)
from hivesight.storage.tsdb.block.index import Index, decode_index
from hivesight.storage.tsdb.block.meta import (
    HEADER_BYTES,
    INDEX,
    MAX_INDEX_BYTES,
    TILES,
    TOMBSTONES,
    BlockMeta,
    Header,
)
from hivesight.storage.tsdb.block.part import Part
from hivesight.storage.tsdb.block.shared import Chosen, Rows, Shared
from hivesight.storage.tsdb.block.tilefile import TileFile
from hivesight.storage.tsdb.block.tombstones import Tombstones, read_tombstones, write_tombstones
from hivesight.storage.tsdb.columns import present_rows
from hivesight.storage.tsdb.plan import MAX_TIME_MS


class Block:
    """Any thread may ask; one at a time deletes. See `open`."""

    def __init__(self, path: Path, index: Index, header: Header, shared: Shared, tombstones: Tombstones) -> None:
        self.path = path
        self.meta: BlockMeta = header.meta
        self.replaces = index.replaces
        self._shared = shared
        self._tombstones = tombstones
        self._deleting = threading.Lock()
        self._tables = list(_tables(index, shared))
        self._groups = Groups(index)
        self._file = TileFile(path / TILES, index, header, shared.tiles)

    @classmethod
    def open(cls, path: Path, shared: Shared) -> Self:
        """Reads index and tombstones of the block in the directory `path`; its strings are interned in
        `shared.symbols`. Raises BlockDamaged (set it aside), BlockTooNew (leave it) and OSError."""
        index, header, tombstones = _read(path)
        return cls(path, index, header, shared, tombstones)

    @property
    def deletions(self) -> int:
        """How many intervals of rows are marked as deleted."""
        return len(self._tombstones)

    def label_tables(self) -> list[LabelTable]:
        """The labels of all rows. Equal tables of several blocks are one object."""
        return list(self._tables)

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[SeriesBlock]:
        """The rows that meet all matchers and have a sample in the closed interval, with those samples; nothing that
        was deleted. Arrays are for reading only. Equal questions get the identical label tables. A series that was in
        several sources is answered as often (`assemble` joins it). Raises BlockDamaged, which names file and tile, and
        OSError."""
        tombstones = self._tombstones
        start_ms, end_ms = _bounded(start_ms), _bounded(end_ms)
        found: list[SeriesBlock] = []
        for group, chosen, at, rows in self._candidates(matchers, start_ms, end_ms):
            times = times_of(self._file, group.grid)
            low, high = columns_of(times, start_ms, end_ms)
            first, last = self._groups.extent(group, rows)
            met = (first < high) & (last >= low)
            at, rows = at[met], rows[met]
            if not len(rows):
                continue
            gone = tombstones.deleted(group.first, rows, times[low:high])
            values = without(read_values(self._file, group.grid, rows, low, high), gone)
            present = present_rows(values)
            if not present.all():
                at, rows, values = at[present], rows[present], values[present]
                gone = None if gone is None else gone[present]
            if len(rows):
                table = chosen.part(at)
                found.append(read_group(self._file, group.grid, table, times, rows, values, low, gone))
        return found

    def tables(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[LabelTable]:
        """The labels of what `select` would answer. Tiles are read only for rows of which the index does not say
        whether they have a sample in the interval."""
        tombstones = self._tombstones
        start_ms, end_ms = _bounded(start_ms), _bounded(end_ms)
        found: list[LabelTable] = []
        for group, chosen, at, rows in self._candidates(matchers, start_ms, end_ms):
            times = times_of(self._file, group.grid)
            low, high = columns_of(times, start_ms, end_ms)
            first, last = self._groups.extent(group, rows)
            present = ((low <= first) & (first < high)) | ((low <= last) & (last < high))
            marked = tombstones.among(group.first, group.grid.rows)[rows]
            unclear = (first < high) & (last >= low) & (marked | ~present)
            if unclear.any():
                values = read_values(self._file, group.grid, rows[unclear], low, high)
                gone = tombstones.deleted(group.first, rows[unclear], times[low:high])
                present[unclear] = present_rows(without(values, gone))
            if present.any():
                found.append(chosen.part(at[present]))
        return found

    def delete(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> int:
        """Marks the samples in the closed interval of the rows that meet all matchers as deleted, durably; for how many
        rows. Raises OSError; then nothing is deleted."""
        with self._deleting:
            start, end = max(start_ms, self.meta.min_ms), min(end_ms, self.meta.max_ms)
            numbers = [group.first + rows for group, _, _, rows in self._candidates(matchers, start, end)]
            if start > end or not numbers:
                return 0
            rows = np.concatenate(numbers).astype(np.int32)
            joined = self._tombstones.joined(rows, start, end)
            write_tombstones(self.path / TOMBSTONES, self.meta.id, joined)
            self._tombstones = joined
            return len(rows)

    def parts(self) -> list[Part]:
        """All groups, to be read less what is deleted until now."""
        file, tombstones = self._file.uncached(), self._tombstones
        found: list[Part] = []
        for group, chosen, at, rows in self._candidates((), self.meta.min_ms, self.meta.max_ms):
            first, last = self._groups.extent(group, rows)
            found.append(Part(file, tombstones, group, chosen.part(at), last - first + 1))
        return found

    def verify(self) -> list[str]:
        """Reads every byte; what is wrong, in words that name file and tile. Empty for a sound block."""
        findings: list[str] = []
        samples = histograms = 0
        try:
            if _read(self.path)[1].meta != self.meta:
                findings.append(f"{self.path / INDEX}: is another than when the block was opened")
        except (BlockError, OSError) as error:
            findings.append(str(error))
        try:
            file = self._file.uncached()
        except (BlockError, OSError) as error:
            return [*findings, str(error)]
        for group, _, _, rows in self._candidates((), self.meta.min_ms, self.meta.max_ms):
            try:
                for found in check_group(file, group.grid, self._groups.extent(group, rows)):
                    samples += found[0]
                    histograms += found[1]
            except (BlockError, OSError) as error:
                findings.append(str(error))
        if not findings and (samples, histograms) != (self.meta.samples, self.meta.histograms):
            findings.append(f"{self.path}: has {samples} samples where {self.meta.samples} are due")
        return findings

    def _candidates(
        self, matchers: Sequence[Matcher], start_ms: int, end_ms: int
    ) -> Iterator[tuple[Group, Chosen, Rows, Rows]]:
        """Groups that may answer: with each what was chosen of its table, the places among the chosen that are in the
        group, and their rows in it."""
        selection = self._shared.selection(matchers)
        for number, table in enumerate(self._tables):
            chosen = selection(table)
            if not len(chosen.rows):
                continue
            for group in self._groups.of_table(number, start_ms, end_ms):
                low, high = np.searchsorted(chosen.rows, (group.offset, group.offset + group.grid.rows)).tolist()
                if low < high:
                    yield group, chosen, np.arange(low, high), chosen.rows[low:high] - group.offset


def _read(path: Path) -> tuple[Index, Header, Tombstones]:
    """What of a block is read when it is opened."""
    try:
        if (path / INDEX).stat().st_size > HEADER_BYTES + MAX_INDEX_BYTES:
            raise BlockDamaged("is larger than an index can be")
        index, header = decode_index((path / INDEX).read_bytes())
        return index, header, read_tombstones(path / TOMBSTONES, header.id, header.series)
    except FileNotFoundError as error:
        raise BlockDamaged("is missing", Path(error.filename)) from error
    except BlockError as error:
        raise error if error.path else type(error)(error.reason, path / INDEX) from error


def _bounded(time_ms: int) -> int:
    """Bounds beyond any time that is stored, and perhaps beyond 64 bits, mean no bound."""
    return min(max(time_ms, -MAX_TIME_MS), MAX_TIME_MS)


def _tables(index: Index, shared: Shared) -> Iterator[LabelTable]:
    """The label tables, coded by the symbols of the process."""
    code = np.array([shared.symbols.intern(text) for text in index.texts], np.int32)
    codes = code[index.codes]
    name = cell = 0
    for rows, width in zip(index.table_rows.tolist(), index.table_width.tolist(), strict=True):
        numbers: list[int] = index.names[name : name + width].tolist()
        names = tuple(index.texts[each] for each in numbers)
        yield shared.table(names, codes[cell : cell + rows * width].reshape(width, rows).T)
        name, cell = name + width, cell + rows * width
