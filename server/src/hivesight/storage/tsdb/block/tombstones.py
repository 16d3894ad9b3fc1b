"""What was deleted from a block: closed intervals of rows. A small file beside the block; docs/format/block.md."""

import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.model.series import Mask, Times
from hivesight.storage.tsdb.block.bytestream import Cursor
from hivesight.storage.tsdb.block.errors import BlockDamaged, BlockTooNew
from hivesight.storage.tsdb.block.meta import FORMAT
from hivesight.storage.tsdb.directory import sync_directory

_MAGIC: Final = b"HIVETMB1"
_HEADER: Final = struct.Struct("<8sI16sI")
_EACH: Final = 20


@dataclass(frozen=True, slots=True)
class Tombstones:
    """rows: int32 numbers of rows in the block, increasing; start, end: int64 ms, closed. The intervals of one row
    are in order and apart."""

    rows: NDArray[np.int32]
    start: Times
    end: Times

    def __len__(self) -> int:
        return len(self.rows)

    def deleted(self, first: int, rows: NDArray[np.intp], times: Times) -> Mask | None:
        """Which samples at these times are gone of the block's rows first + rows, which increase; None for none."""
        numbers = rows + first
        low, high = np.searchsorted(self.rows, (first, first + int(rows[-1]) + 1)) if len(rows) else (0, 0)
        mine = slice(int(low), int(high))
        if low == high or not len(times):
            return None
        at = np.searchsorted(numbers, self.rows[mine])
        begin, stop = np.searchsorted(times, self.start[mine]), np.searchsorted(times, self.end[mine], side="right")
        met = (numbers[np.minimum(at, len(numbers) - 1)] == self.rows[mine]) & (begin < stop)
        if not met.any():
            return None
        mask = np.zeros((len(rows), len(times)), dtype=bool)
        for row, a, b in zip(at[met].tolist(), begin[met].tolist(), stop[met].tolist(), strict=True):
            mask[row, a:b] = True
        return mask

    def among(self, first: int, count: int) -> Mask:
        """Which of `count` rows from `first` on have any; shape (count,)."""
        found = np.zeros(count, dtype=bool)
        low, high = np.searchsorted(self.rows, (first, first + count))
        found[self.rows[low:high] - first] = True
        return found

    def joined(self, rows: NDArray[np.int32], start_ms: int, end_ms: int) -> "Tombstones":
        """These and one interval for each of the rows."""
        every = np.concatenate((self.rows, rows))
        start = np.concatenate((self.start, np.full(len(rows), start_ms, np.int64)))
        end = np.concatenate((self.end, np.full(len(rows), end_ms, np.int64)))
        kept: list[list[int]] = []
        order = np.lexsort((start, every))
        for row, low, high in zip(every[order].tolist(), start[order].tolist(), end[order].tolist(), strict=True):
            if kept and kept[-1][0] == row and low <= kept[-1][2] + 1:
                kept[-1][2] = max(kept[-1][2], high)
            else:
                kept.append([row, low, high])
        columns = np.array(kept, np.int64).reshape(-1, 3)
        return Tombstones(columns[:, 0].astype(np.int32), columns[:, 1].copy(), columns[:, 2].copy())


def no_tombstones() -> Tombstones:
    """Nothing was deleted."""
    return Tombstones(np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0, np.int64))


def read_tombstones(path: Path, block: bytes, series: int) -> Tombstones:
    """The file of the block with this id; none where there is no file. Raises BlockDamaged, BlockTooNew, OSError."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return no_tombstones()
    if len(data) < _HEADER.size + 4 or data[:8] != _MAGIC:
        raise BlockDamaged("is no file of tombstones", path)
    if zlib.crc32(data[:-4]) != int.from_bytes(data[-4:], "little"):
        raise BlockDamaged("has a wrong checksum", path)
    _, version, owner, count = _HEADER.unpack_from(data)
    if version != FORMAT:
        raise BlockTooNew(f"has format {version}; this version reads format {FORMAT}", path)
    if owner != block or len(data) != _HEADER.size + _EACH * count + 4:
        raise BlockDamaged("is of another block, or has another size than it says", path)
    cursor = Cursor(memoryview(data)[_HEADER.size : -4])
    found = Tombstones(cursor.int32(count), cursor.int64(count), cursor.int64(count))
    if count and (int(found.rows[0]) < 0 or int(found.rows[-1]) >= series or bool((np.diff(found.rows) < 0).any())):
        raise BlockDamaged("names rows that are not there", path)
    return found


def write_tombstones(path: Path, block: bytes, tombstones: Tombstones) -> None:
    """Replaces the file, durably and at once. Raises OSError; then the old one stands."""
    body = _HEADER.pack(_MAGIC, FORMAT, block, len(tombstones)) + b"".join(
        (
            tombstones.rows.astype("<i4").tobytes(),
            tombstones.start.astype("<i8").tobytes(),
            tombstones.end.astype("<i8").tobytes(),
        )
    )
    new = path.with_name(path.name + ".tmp")
    try:
        with new.open("wb") as file:
            file.write(body + zlib.crc32(body).to_bytes(4, "little"))
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)
