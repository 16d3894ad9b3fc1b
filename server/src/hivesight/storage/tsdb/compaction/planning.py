"""Which blocks are to become one: what is known of them in, their places out. Nothing is read or written here.

Blocks that overlap come first. Then, as in Prometheus (tsdb `LeveledCompactor`), those that lie together in an aligned
period of three, nine, 27, ... times what a block spans when it leaves memory."""

from collections.abc import Iterator, Sequence
from typing import Final

from hivesight.storage.tsdb.block.meta import BlockMeta
from hivesight.storage.tsdb.cutting import BLOCK_MS

_FACTOR: Final = 3
_MAX_SPAN_MS: Final = 31 * 24 * 3_600_000
_SHARE_OF_RETENTION: Final = 10
MAX_SERIES: Final = 4_000_000
"""All blocks that become one may have so many rows together: the index of the new one is made in memory."""

MAX_SAMPLES: Final = 1_000_000_000
"""And so many samples, which takes minutes: nothing leaves memory meanwhile, and larger blocks gain nothing."""


def spans(retention_ms: int | None) -> list[int]:
    """The periods, shortest first: at most 31 days and a tenth of the retention, since a block goes as a whole."""
    most = _MAX_SPAN_MS if retention_ms is None else min(_MAX_SPAN_MS, retention_ms // _SHARE_OF_RETENTION)
    found: list[int] = []
    span = BLOCK_MS * _FACTOR
    while span <= most:
        found.append(span)
        span *= _FACTOR
    return found


def candidates(blocks: Sequence[BlockMeta], periods: Sequence[int]) -> Iterator[list[int]]:
    """Places of blocks that are to become one, the most pressing first. blocks: by their oldest sample. periods: see
    `spans`."""
    for found in (*_overlapping(blocks), *_periods(blocks, periods)):
        series, samples = (
            sum(each) for each in zip(*((blocks[at].series, blocks[at].samples) for at in found), strict=True)
        )
        if len(found) > 1 and series <= MAX_SERIES and samples <= MAX_SAMPLES:
            yield found


def _overlapping(blocks: Sequence[BlockMeta]) -> list[list[int]]:
    runs: list[list[int]] = []
    high = 0
    for at, block in enumerate(blocks):
        if runs and block.min_ms <= high:
            runs[-1].append(at)
            high = max(high, block.max_ms)
        else:
            runs.append([at])
            high = block.max_ms
    return runs


def _periods(blocks: Sequence[BlockMeta], periods: Sequence[int]) -> Iterator[list[int]]:
    for span in periods:
        found: dict[int, list[int]] = {}
        for at, block in enumerate(blocks):
            number = block.min_ms // span
            # A period is over when a block has begun behind it: no other will come from memory.
            if block.max_ms // span == number and (number + 1) * span <= blocks[-1].min_ms:
                found.setdefault(number, []).append(at)
        yield from found.values()
