"""One group of a block for whoever reads it whole: its labels are known, its samples are read when asked for."""

import numpy as np

from hivesight.model.series import SeriesBlock
from hivesight.model.symbols import LabelTable
from hivesight.storage.tsdb.block.grid import HISTOGRAMS
from hivesight.storage.tsdb.block.groups import Group, read_group, read_values, times_of, without
from hivesight.storage.tsdb.block.shared import Rows
from hivesight.storage.tsdb.block.tilefile import TileFile
from hivesight.storage.tsdb.block.tombstones import Tombstones


class Part:
    """table: the labels of its rows. extent: of each row how many columns there are from its first to its last sample,
    deleted ones among them."""

    def __init__(self, file: TileFile, tombstones: Tombstones, group: Group, table: LabelTable, extent: Rows) -> None:
        self.table = table
        self.extent = extent
        self._file = file
        self._tombstones = tombstones
        self._group = group

    @property
    def columns(self) -> int:
        """How many times its rows have."""
        return self._group.grid.samples

    @property
    def has_histograms(self) -> bool:
        """Whether some samples are native histograms."""
        return bool(self._group.grid.flags & HISTOGRAMS)

    def read(self, rows: Rows | None = None) -> SeriesBlock:
        """Some rows, in increasing order, or all, less what was deleted. Nothing is kept in the cache. Raises
        BlockDamaged and OSError."""
        grid = self._group.grid
        table = self.table if rows is None else self.table.rows(rows)
        chosen = np.arange(grid.rows) if rows is None else rows
        times = times_of(self._file, grid)
        gone = self._tombstones.deleted(self._group.first, chosen, times)
        values = without(read_values(self._file, grid, chosen, 0, len(times)), gone)
        return read_group(self._file, grid, table, times, chosen, values, 0, gone)
