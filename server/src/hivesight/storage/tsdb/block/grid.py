"""How the samples of a group are cut into tiles, and the tiles numbered.

For each band of columns: the tile of its times; the values of each band of rows; where the group has starts, those of
each band of rows; where it has histograms, those of each single row."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

TILE_ROWS: Final = 64
TILE_SAMPLES: Final = 960
HISTOGRAMS: Final = 1
STARTS: Final = 2
"""Flags of a group."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The tiles of a group with so many rows and samples; `first` is the number of its first one in the block."""

    rows: int
    samples: int
    flags: int
    first: int = 0

    @property
    def row_bands(self) -> int:
        return -(-self.rows // TILE_ROWS)

    @property
    def column_bands(self) -> int:
        return -(-self.samples // TILE_SAMPLES)

    @property
    def tiles(self) -> int:
        """How many there are."""
        return self.column_bands * self._stride

    @property
    def _stride(self) -> int:
        starts = self.row_bands if self.flags & STARTS else 0
        return 1 + self.row_bands + starts + (self.rows if self.flags & HISTOGRAMS else 0)

    def row_range(self, band: int) -> range:
        """The rows of a band."""
        return range(band * TILE_ROWS, min((band + 1) * TILE_ROWS, self.rows))

    def column_range(self, band: int) -> range:
        """The columns of a band."""
        return range(band * TILE_SAMPLES, min((band + 1) * TILE_SAMPLES, self.samples))

    def times(self, column_band: int) -> int:
        """The number of a tile of times."""
        return self.first + column_band * self._stride

    def values(self, row_band: int, column_band: int) -> int:
        """The number of a tile of values."""
        return self.times(column_band) + 1 + row_band

    def starts(self, row_band: int, column_band: int) -> int:
        """The number of a tile of starts; the group must have some."""
        return self.values(row_band, column_band) + self.row_bands

    def histograms(self, row: int, column_band: int) -> int:
        """The number of a tile of histograms; the group must have some."""
        return self.first + (column_band + 1) * self._stride - self.rows + row


def tile_counts(rows: NDArray[np.int32], samples: NDArray[np.int32], flags: NDArray[np.int32]) -> NDArray[np.int64]:
    """How many tiles each of many groups has; see `Grid.tiles`."""
    row_bands = -(-rows.astype(np.int64) // TILE_ROWS)
    column_bands = -(-samples.astype(np.int64) // TILE_SAMPLES)
    starts = np.where(flags & STARTS, row_bands, 0)
    return column_bands * (1 + row_bands + starts + np.where(flags & HISTOGRAMS, rows, 0))
