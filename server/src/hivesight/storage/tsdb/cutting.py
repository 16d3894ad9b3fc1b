"""Old samples move from the head to a block: views of the groups in, a block out, and then the groups are cut.

Writers go on meanwhile. A group into whose old samples somebody wrote since is left as it is: what is held twice is
the same, and its turn comes again."""

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np

from hivesight.model.histogram import compact_grid
from hivesight.model.series import SeriesBlock
from hivesight.storage.tsdb.blocks import Blocks
from hivesight.storage.tsdb.columns import View, present_rows
from hivesight.storage.tsdb.head import Head, HeadGroup
from hivesight.storage.tsdb.writer import Writer

BLOCK_MS: Final = 2 * 3_600_000
"""What a block spans (Prometheus' `min-block-duration`)."""
LARGE_HEAD_BYTES: Final = 256 << 20
"""From here on a block spans half of that, so that memory holds less."""
OLD_BLOCK_MS: Final = 24 * 3_600_000
"""What a block of samples spans that came long after their time."""
_OLD_MS: Final = 48 * 3_600_000


def window_end(low_ms: int, high_ms: int, head_bytes: int) -> int | None:
    """The time before which samples may move to a block when the head has samples from low to high; None as long as
    there is nothing to move."""
    recent = BLOCK_MS if head_bytes < LARGE_HEAD_BYTES else BLOCK_MS // 2
    span = OLD_BLOCK_MS if high_ms - low_ms > _OLD_MS else recent
    end = (low_ms // span + 1) * span
    return end if high_ms >= end + recent // 2 else None


def cut_block(
    writer: Writer,
    blocks: Blocks,
    publishing: threading.Lock,
    end_ms: int,
    dropped: Callable[[HeadGroup, Sequence[bytes]], None],
) -> None:
    """Moves the samples before `end_ms` to a block. Raises OSError and StorageError; then the head has all of them."""
    with writer.writing:
        groups = _old(writer.head, end_ms)
        with publishing:
            views = [group.columns.view() for group in groups]
        for group in groups:
            group.columns.oldest_written_ms = None
    block = blocks.write(part for view in views for part in _parts(view, end_ms))
    if block is not None:
        blocks.publish(block)
    with writer.writing:
        for group in groups:
            written = group.columns.oldest_written_ms
            if group.id is not None and (written is None or written >= end_ms):
                writer.cut_group(group, end_ms, dropped)


def _old(head: Head, end_ms: int) -> list[HeadGroup]:
    bounds = ((group, group.columns.bounds_ms) for group in head.groups.values())
    return [group for group, each in bounds if each is not None and each[0] < end_ms]


def _parts(view: View, end_ms: int) -> Iterator[SeriesBlock]:
    columns = slice(0, int(np.searchsorted(view.times, end_ms)))
    values = view.values[:, columns]
    kept = np.flatnonzero(present_rows(values))
    if not len(kept):
        return
    every = len(kept) == len(view.table)
    rows = slice(None) if every else kept
    grid = None
    if view.place is not None and view.cells is not None:
        grid = compact_grid(view.cells, view.place[:, columns][rows])
    starts = None if view.starts is None else view.starts[:, columns][rows]
    table = view.table if every else view.table.rows(kept)
    yield SeriesBlock(table, view.times[columns], values[rows], grid, starts)
