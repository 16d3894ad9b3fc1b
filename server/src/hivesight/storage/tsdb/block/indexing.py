"""The index of a block while its samples are written: symbols, label tables and groups as they come."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.model.histogram import Layout
from hivesight.model.labels import METRIC_NAME
from hivesight.model.series import Times
from hivesight.model.symbols import Codes, LabelTable
from hivesight.storage.tsdb.block.index import Index

_SMALL_ROWS: Final = 64
_TABLE_ROWS: Final = 4096
_TABLE_CODES: Final = 1 << 17
"""Groups of fewer rows, with the same label names, share a label table as long as it does not pass these, so that a
block of very many of them has few tables. A larger group has its own, which then is equal to that of the same target in
the next block."""


class Indexing:
    """Collects what `write` finds."""

    def __init__(self) -> None:
        self._texts: list[str] = [""]
        self._numbers: dict[str, int] = {"": 0}
        self._layouts: dict[Layout, int] = {}
        self._open: list[tuple[tuple[str, ...], Codes]] = []
        self._open_rows = 0
        self._tables: list[tuple[int, tuple[int, ...], Codes]] = []
        self._groups: list[tuple[int, int, int, int, int]] = []
        self._first: list[NDArray[np.int32]] = []
        self._last: list[NDArray[np.int32]] = []
        self._tiles: list[tuple[int, int]] = []
        self.series = 0

    @property
    def groups(self) -> int:
        return len(self._groups)

    def order(self, table: LabelTable) -> NDArray[np.intp]:
        """The rows by metric name, then by the other labels in order of their names."""
        names = sorted(range(len(table.names)), key=lambda at: (table.names[at] != METRIC_NAME, table.names[at]))
        if not names:
            return np.arange(len(table), dtype=np.intp)
        codes, flat = np.unique(table.codes, return_inverse=True)
        texts = table.symbols.texts(codes.tolist())
        rank = np.empty(len(codes), np.int64)
        rank[sorted(range(len(codes)), key=texts.__getitem__)] = np.arange(len(codes))
        ranks = rank[flat].reshape(table.codes.shape)
        return np.lexsort([ranks[:, at] for at in reversed(names)])

    def group(
        self,
        table: LabelTable,
        rows: NDArray[np.intp],
        times: Times,
        flags: int,
        first: NDArray[np.intp],
        last: NDArray[np.intp],
    ) -> None:
        """Takes the chosen rows of a table as a group."""
        codes = table.codes[rows]
        used = (codes != 0).any(axis=0)
        names = tuple(name for name, is_used in zip(table.names, used.tolist(), strict=True) if is_used)
        distinct, flat = np.unique(codes[:, used], return_inverse=True)
        numbers = np.array([self._number(text) for text in table.symbols.texts(distinct.tolist())], np.int32)
        mine = numbers[flat].reshape(len(rows), len(names)) if names else np.zeros((len(rows), 0), np.int32)
        if not self._fits(len(rows), names):
            self._close()
        self._open.append((names, mine))
        self._open_rows += len(mine)
        self._groups.append((len(rows), len(times), flags, int(times[0]), int(times[-1])))
        self._first.append(first.astype(np.int32))
        self._last.append(last.astype(np.int32))
        self.series += len(rows)

    def tile(self, size: int, checksum: int) -> None:
        """Takes the next tile."""
        self._tiles.append((size, checksum))

    def layout(self, layout: Layout) -> int:
        """The number of a layout."""
        return self._layouts.setdefault(layout, len(self._layouts))

    def index(self, replaces: Sequence[str]) -> Index:
        """All of it."""
        self._close()
        groups = np.array(self._groups, np.int64).reshape(-1, 5)
        tiles = np.array(self._tiles, np.uint32).reshape(-1, 2)
        return Index(
            self._texts,
            np.array([rows for rows, _, _ in self._tables], np.int32),
            np.array([len(names) for _, names, _ in self._tables], np.int32),
            np.array([name for _, names, _ in self._tables for name in names], np.int32),
            np.concatenate([codes for _, _, codes in self._tables]),
            groups[:, 0].astype(np.int32),
            groups[:, 1].astype(np.int32),
            groups[:, 2].astype(np.int32),
            groups[:, 3],
            groups[:, 4],
            np.concatenate(self._first),
            np.concatenate(self._last),
            tiles[:, 0],
            tiles[:, 1],
            tuple(self._layouts),
            tuple(replaces),
        )

    def _number(self, text: str) -> int:
        number = self._numbers.setdefault(text, len(self._texts))
        if number == len(self._texts):
            self._texts.append(text)
        return number

    def _fits(self, rows: int, names: tuple[str, ...]) -> bool:
        if not self._open:
            return True
        total = rows + self._open_rows
        alike = self._open[0][0] == names and max(rows, len(self._open[0][1])) < _SMALL_ROWS
        return alike and total <= _TABLE_ROWS and total * len(names) <= _TABLE_CODES

    def _close(self) -> None:
        """The groups that share a table become one."""
        if not self._open:
            return
        names = self._open[0][0]
        codes = np.concatenate([codes for _, codes in self._open])
        self._tables.append((len(codes), tuple(map(self._number, names)), codes.T.reshape(-1)))
        self._open, self._open_rows = [], 0
