"""The live head in compact form, which stands for all older segments of the log. Called by `Tsdb.truncate`."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from hivesight.model.histogram import compact_grid
from hivesight.storage.tsdb.codec import encode_block, encode_end, encode_group, encode_series
from hivesight.storage.tsdb.columns import NewSeries, View
from hivesight.storage.tsdb.directory import Directory, sync_directory
from hivesight.storage.tsdb.framing import CHECKPOINT_MAGIC, file_header
from hivesight.storage.tsdb.head import Head
from hivesight.storage.tsdb.piece import Piece
from hivesight.storage.tsdb.piece_codec import encode_piece
from hivesight.storage.tsdb.side_codec import encode_exemplars, encode_metadata

_BLOCK_CELLS: Final = 1 << 19
_EXEMPLARS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One group at the moment when the log was rotated."""

    group_id: int
    key: str
    view: View


def snapshots_of(head: Head) -> list[Snapshot]:
    """All groups with series. The caller holds both locks of the writing side."""
    return [
        Snapshot(group.id, group.key, group.columns.view())
        for group in head.groups.values()
        if group.id is not None and group.columns.rows
    ]


def write_checkpoint(
    directory: Directory, sequence: int, head: Head, snapshots: Sequence[Snapshot], aside: Sequence[bytes]
) -> int:
    """Writes the checkpoint for all segments before `sequence` under a temporary name, makes it durable, and gives it
    its name. Leaves its size in bytes. Raises OSError; then nothing changed."""
    path = directory.checkpoint(sequence)
    temporary = path.with_suffix(".checkpoint.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(file_header(CHECKPOINT_MAGIC, sequence))
            count = 0
            for each in snapshots:
                for kind_count, data in _records(head, each):
                    file.write(data)
                    count += kind_count
            for data in aside:
                file.write(data)
            file.write(encode_end(count + len(aside)))
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(directory.wal)
    return size


def _records(head: Head, each: Snapshot) -> Iterator[tuple[int, bytes]]:
    """How many records, and their bytes."""
    view = each.view
    yield 1, encode_group(each.group_id, each.key)
    series = encode_series(head.definition(each.group_id, _definition(head, view)))
    yield len(series), b"".join(series)
    step = max(1, _BLOCK_CELLS // max(1, len(view.times)))
    for low in range(0, len(view.numbers) if len(view.times) else 0, step):
        rows = slice(low, low + step)
        yield 1, _samples(each.group_id, view, rows)


def _samples(group_id: int, view: View, rows: slice) -> bytes:
    """The samples of some rows as a record."""
    numbers, values = view.numbers[rows], view.values[rows]
    if view.place is None and view.starts is None:
        return encode_block(group_id, numbers, view.times, values)
    grid = None
    if view.place is not None and view.cells is not None:
        grid = compact_grid(view.cells, view.place[rows])
    starts = view.starts[rows] if view.starts is not None else None
    return encode_piece(group_id, numbers, Piece(view.times, values, grid, starts))


def aside_records(head: Head) -> Iterator[bytes]:
    """Records of what is kept beside samples. The caller holds the writers' lock."""
    exemplars = head.exemplars.all()
    for low in range(0, len(exemplars), _EXEMPLARS):
        yield encode_exemplars(exemplars[low : low + _EXEMPLARS])
    metadata = head.metadata.all()
    if metadata:
        yield encode_metadata(metadata)


def _definition(head: Head, view: View) -> NewSeries:
    """The series of a view as a batch; identities are not needed for the log."""
    codes = view.table.codes
    rows, columns = np.nonzero(codes)
    names = np.array([head.intern(name) for name in view.table.names], dtype=np.int32)
    pairs = np.stack((names[columns], codes[rows, columns]), axis=1).astype(np.int32)
    counts = np.bincount(rows, minlength=len(view.table)).astype(np.int32)
    return NewSeries((), view.numbers, counts, pairs)
