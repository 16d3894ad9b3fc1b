"""Remote write messages as bytes: an encoder of its own, so that what is decoded was not encoded by the same code."""

import struct
from collections.abc import Mapping, Sequence

import cramjam

STALE = struct.pack("<Q", 0x7FF0000000000002)


def varint(number: int) -> bytes:
    number &= 0xFFFF_FFFF_FFFF_FFFF
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


def whole(number: int, value: int) -> bytes:
    """A varint field; left out where it is 0, as proto3 does."""
    return varint(number << 3) + varint(value) if value else b""


def double(number: int, value: float | bytes) -> bytes:
    raw = value if isinstance(value, bytes) else struct.pack("<d", value)
    return varint(number << 3 | 1) + raw if any(raw) else b""


def blob(number: int, value: bytes | str) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def zigzag(value: int) -> int:
    return (value << 1) ^ (value >> 63)


def sample(time_ms: int, value: float | bytes, start_ms: int = 0) -> bytes:
    return double(1, value) + whole(2, time_ms) + whole(3, start_ms)


def label(name: str | bytes, value: str | bytes) -> bytes:
    return blob(1, name) + blob(2, value)


def spans(number: int, pairs: Sequence[tuple[int, int]]) -> bytes:
    return b"".join(blob(number, whole(1, zigzag(offset)) + whole(2, length)) for offset, length in pairs)


def histogram(
    time_ms: int = 0,
    *,
    count: int | float = 0,
    total: float | bytes = 0.0,
    schema: int = 0,
    threshold: float = 0.0,
    zero: int | float = 0,
    negative: Sequence[tuple[int, int]] = (),
    positive: Sequence[tuple[int, int]] = (),
    negative_counts: Sequence[float] = (),
    positive_counts: Sequence[float] = (),
    hint: int = 0,
    bounds: Sequence[float] = (),
    start_ms: int = 0,
) -> bytes:
    """A Histogram of either version: with integer counts where `count` is an int. Counts of buckets are absolute."""
    is_float = isinstance(count, float)
    found = varint(2 << 3 | 1) + struct.pack("<d", count) if is_float else whole(1, int(count))
    found += double(3, total) + whole(4, zigzag(schema)) + double(5, threshold)
    found += double(7, zero) if is_float else whole(6, int(zero))
    for number, where, counts in ((8, negative, negative_counts), (11, positive, positive_counts)):
        found += spans(number, where)
        if is_float and counts:
            found += blob(number + 2, struct.pack(f"<{len(counts)}d", *counts))
        elif counts:
            deltas = [int(b - a) for a, b in zip([0, *counts], counts, strict=False)]
            found += blob(number + 1, b"".join(varint(zigzag(each)) for each in deltas))
    found += whole(14, hint) + whole(15, time_ms)
    if bounds:
        found += blob(16, struct.pack(f"<{len(bounds)}d", *bounds))
    return found + whole(17, start_ms)


def series1(
    labels: Mapping[str, str],
    samples: Sequence[bytes] = (),
    histograms: Sequence[bytes] = (),
    exemplars: Sequence[tuple[Mapping[str, str], float, int]] = (),
) -> bytes:
    """A TimeSeries of 1.0."""
    found = b"".join(blob(1, label(*each)) for each in labels.items())
    found += b"".join(blob(2, each) for each in samples)
    for own, value, time_ms in exemplars:
        inner = b"".join(blob(1, label(*each)) for each in own.items())
        found += blob(3, inner + double(2, value) + whole(3, time_ms))
    return found + b"".join(blob(4, each) for each in histograms)


def request1(series: Sequence[bytes], metadata: Sequence[tuple[int, str, str, str]] = ()) -> bytes:
    """A WriteRequest; metadata: type, family, help, unit."""
    found = b"".join(blob(1, each) for each in series)
    for kind, family, text, unit in metadata:
        found += blob(3, whole(1, kind) + blob(2, family) + blob(4, text) + blob(5, unit))
    return found


class Request2:
    """A Request of 2.0 in the making."""

    def __init__(self) -> None:
        self.symbols: dict[str, int] = {"": 0}
        self.series: list[bytes] = []

    def symbol(self, text: str) -> int:
        return self.symbols.setdefault(text, len(self.symbols))

    def references(self, labels: Mapping[str, str]) -> bytes:
        return b"".join(varint(self.symbol(each)) for pair in labels.items() for each in pair)

    def add(
        self,
        labels: Mapping[str, str],
        samples: Sequence[bytes] = (),
        histograms: Sequence[bytes] = (),
        exemplars: Sequence[tuple[Mapping[str, str], float, int]] = (),
        metadata: tuple[int, str, str] = (0, "", ""),
        created_ms: int = 0,
    ) -> "Request2":
        found = blob(1, self.references(labels))
        found += b"".join(blob(2, each) for each in samples) + b"".join(blob(3, each) for each in histograms)
        for own, value, time_ms in exemplars:
            found += blob(4, blob(1, self.references(own)) + double(2, value) + whole(3, time_ms))
        kind, text, unit = metadata
        found += blob(5, whole(1, kind) + whole(3, self.symbol(text)) + whole(4, self.symbol(unit)))
        self.series.append(found + whole(6, created_ms))
        return self

    def encoded(self) -> bytes:
        return b"".join(blob(4, each) for each in self.symbols) + b"".join(blob(5, each) for each in self.series)


def snappy(raw: bytes) -> bytes:
    return bytes(cramjam.snappy.compress_raw(raw))


def zstd(raw: bytes) -> bytes:
    return bytes(cramjam.zstd.compress(raw))
