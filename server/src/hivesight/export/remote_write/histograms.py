"""Native histograms as both messages of remote write spell them. (Remote-Write 1.0 and 2.0, message Histogram)

Counts that are whole numbers go as such, with the differences between buckets; others as floats. Empty buckets are left
out: a store of columns has them only because another sample has not."""

import struct
from collections.abc import Sequence
from typing import Final

from hivesight.export.remote_write.protobuf import bytes_field, number_field, varint, zigzag
from hivesight.model.histogram import HistogramCells

_DOUBLE: Final = struct.Struct("<d")
_EXACT: Final = float(1 << 53)


def histogram(cells: HistogramCells, row: int, time_ms: int) -> bytes:
    """The content of one message Histogram."""
    layout = cells.layouts[int(cells.layout[row])]
    scale = layout.scale
    count, total, zero, *counts = cells.figures[row, : 3 + layout.width].tolist()
    below = [pair for pair in zip(layout.negative, counts, strict=False) if pair[1]]
    above = [pair for pair in zip(layout.positive, counts[len(layout.negative) :], strict=True) if pair[1]]
    whole = all(each.is_integer() and 0 <= each < _EXACT for each in (count, zero, *counts))
    parts = [
        number_field(1, int(count)) if whole else _double(2, count),
        _double(3, total),
        varint(4 << 3) + zigzag(scale.schema),
        _double(5, scale.zero_threshold) if scale.zero_threshold else b"",
        b"" if scale.custom else number_field(6, int(zero)) if whole else _double(7, zero),
        *_buckets(8, below, whole),
        *_buckets(11, above, whole),
        number_field(14, int(cells.hint[row])),
        number_field(15, time_ms),
    ]
    if scale.bounds:
        parts.append(bytes_field(16, struct.pack(f"<{len(scale.bounds)}d", *scale.bounds)))
    return b"".join(parts)


def _double(field: int, number: float) -> bytes:
    return varint(field << 3 | 1) + _DOUBLE.pack(number)


def _buckets(field: int, pairs: Sequence[tuple[int, float]], whole: bool) -> list[bytes]:
    """Spans in `field`, then the counts: as differences in the next field, as floats in the one behind."""
    if not pairs:
        return []
    spans: list[list[int]] = []
    after = 0
    for key, _ in pairs:
        if spans and key == after:
            spans[-1][1] += 1
        else:
            spans.append([key - after, 1])
        after = key + 1
    found = [bytes_field(field, varint(1 << 3) + zigzag(gap) + number_field(2, length)) for gap, length in spans]
    if not whole:
        return [*found, bytes_field(field + 2, struct.pack(f"<{len(pairs)}d", *(count for _, count in pairs)))]
    counts = [int(count) for _, count in pairs]
    steps = (count - before for count, before in zip(counts, [0, *counts], strict=False))
    return [*found, bytes_field(field + 1, b"".join(map(zigzag, steps)))]
