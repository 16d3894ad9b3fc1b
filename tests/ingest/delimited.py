"""A small encoder of protobuf exposition, which knows nothing of the code under test: messages are lists of fields."""

import struct


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def zigzag(value: int) -> bytes:
    return varint((value << 1) ^ (value >> 63))


def integer(number: int, value: int) -> bytes:
    return varint(number << 3) + varint(value)


def signed(number: int, value: int) -> bytes:
    return varint(number << 3) + zigzag(value)


def double(number: int, value: float) -> bytes:
    return varint(number << 3 | 1) + struct.pack("<d", value)


def message(number: int, *parts: bytes | str) -> bytes:
    body = b"".join(part.encode() if isinstance(part, str) else part for part in parts)
    return varint(number << 3 | 2) + varint(len(body)) + body


def delimited(*messages: bytes) -> bytes:
    return b"".join(varint(len(each)) + each for each in messages)


COUNTER, GAUGE, SUMMARY, UNTYPED, HISTOGRAM, GAUGE_HISTOGRAM = range(6)


def family(name: str, kind: int, *metrics: bytes, help: str = "", unit: str = "") -> bytes:
    """A MetricFamily of metrics that `metric` made."""
    head = [message(1, name), message(2, help), integer(3, kind)]
    return b"".join([*head, *(message(4, each) for each in metrics), message(5, unit) if unit else b""])


def metric(*parts: bytes, time_ms: int = 0, **labels: str) -> bytes:
    pairs = [message(1, message(1, name), message(2, value)) for name, value in labels.items()]
    return b"".join([*pairs, *parts, integer(6, time_ms) if time_ms else b""])


def time(number: int, seconds: int, nanos: int = 0) -> bytes:
    return message(number, integer(1, seconds), integer(2, nanos))


def exemplar(number: int, value: float, *times: bytes, **labels: str) -> bytes:
    pairs = [message(1, message(1, name), message(2, each)) for name, each in labels.items()]
    return message(number, *pairs, double(2, value), *times)


def counter(value: float, *parts: bytes) -> bytes:
    return message(3, double(1, value), *parts)


def gauge(value: float) -> bytes:
    return message(2, double(1, value))


def untyped(value: float) -> bytes:
    return message(5, double(1, value))


def summary(count: int, total: float, quantiles: dict[float, float]) -> bytes:
    parts = [message(3, double(1, each), double(2, value)) for each, value in quantiles.items()]
    return message(4, integer(1, count), double(2, total), *parts)


def histogram(*parts: bytes) -> bytes:
    return message(7, *parts)


def bucket(bound: float, count: float, *parts: bytes) -> bytes:
    counted = integer(1, count) if isinstance(count, int) else double(4, count)
    return message(3, counted, double(2, bound), *parts)


def counts(number: int, spans: list[tuple[int, int]], values: list[int] | list[float]) -> list[bytes]:
    """One side of a native histogram; number: 12 for the positive, 9 for the negative. Whole counts go as deltas."""
    parts = [message(number, signed(1, offset), integer(2, length)) for offset, length in spans]
    if any(isinstance(each, float) for each in values):
        return [*parts, message(number + 2, b"".join(struct.pack("<d", each) for each in values))]
    deltas = [value - before for value, before in zip(values, [0, *values], strict=False)]
    return [*parts, message(number + 1, b"".join(map(zigzag, deltas)))]


def native(
    count: float,
    total: float,
    positive: tuple[list[tuple[int, int]], list[int] | list[float]] = ([], []),
    negative: tuple[list[tuple[int, int]], list[int] | list[float]] = ([], []),
    *parts: bytes,
    schema: int = 0,
    zero: float = 0,
    threshold: float = 0.0,
) -> bytes:
    """A native histogram; integer counts where `count` is an int."""
    whole = isinstance(count, int)
    return histogram(
        integer(1, count) if whole else double(4, count),
        double(2, total),
        signed(5, schema),
        double(6, threshold),
        integer(7, int(zero)) if whole else double(8, zero),
        *counts(9, *negative),
        *counts(12, *positive),
        *parts,
    )
