"""Native histograms of protobuf messages: spans and deltas become counts by bucket key, in the resolution that the
limits allow, and those of one body become cells. Semantics: Prometheus' `model/histogram` and the limits of its scrape
loop."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.ingest.parsed import HistogramBatch, senders_nans
from hivesight.ingest.protobuf.messages import HistogramMessage, SpanMessage
from hivesight.ingest.textline import LineError
from hivesight.model.histogram import SCHEMAS, Hint, HistogramCells, Layout, Scale

MAX_BUCKETS: Final = 16_384
"""Of one histogram, classic or native."""
MAX_BODY_BUCKETS: Final = 4_000_000
"""Of all native histograms of one body."""
MAX_KEY: Final = 1 << 20
"""No float lies in a bucket whose key is beyond it, in any schema."""

Keys = NDArray[np.int64]
Counts = NDArray[np.float64]
Side = tuple[Keys, Counts]


class TooManyBuckets(Exception):
    """The limit on buckets is exceeded in every resolution. buckets: how many the coarsest one has."""

    def __init__(self, buckets: int) -> None:
        super().__init__(f"{buckets} buckets in the coarsest resolution")
        self.buckets = buckets


@dataclass(frozen=True, slots=True)
class NativeOptions:
    """How native histograms are read. wanted: not at all, where it is false: their classic buckets are.
    keep_classic: the classic buckets are read too. bucket_limit: 0 for none. max_schema: the finest resolution."""

    wanted: bool = False
    keep_classic: bool = False
    bucket_limit: int = 0
    max_schema: int = SCHEMAS[-1]


def max_schema(min_bucket_factor: float) -> int:
    """The finest schema whose buckets grow by at least this factor each; the finest of all for one up to 1, the
    coarsest where none grows so fast."""
    if not min_bucket_factor > 1:
        return SCHEMAS[-1]
    return math.floor(min(max(-math.log2(math.log2(min_bucket_factor)), SCHEMAS[0]), SCHEMAS[-1]))


def is_native(message: HistogramMessage) -> bool:
    """Whether it has more than classic buckets; a native histogram without observations says so by an empty span."""
    return bool(
        message.positive_span
        or message.negative_span
        or message.zero_threshold > 0
        or message.zero_count > 0
        or message.zero_count_float > 0
    )


@dataclass(slots=True)
class Native:
    """One histogram on its way: counts by key."""

    schema: int
    zero_threshold: float
    figures: tuple[float, float, float]
    negative: Side
    positive: Side
    hint: Hint

    @property
    def width(self) -> int:
        return len(self.negative[0]) + len(self.positive[0])

    def coarsen(self, schema: int) -> None:
        """Merges buckets down to a schema."""
        shift = self.schema - schema
        self.negative, self.positive = _merged(self.negative, shift), _merged(self.positive, shift)
        self.schema = schema

    def fit(self, options: NativeOptions) -> None:
        """Merges buckets until the limits are met; those without observations count towards them. Raises
        TooManyBuckets."""
        if self.schema > options.max_schema:
            self.coarsen(options.max_schema)
        while 0 < options.bucket_limit < self.width:
            if self.schema <= SCHEMAS[0]:
                raise TooManyBuckets(self.width)
            self.coarsen(self.schema - 1)

    def drop_empty(self) -> None:
        """Leaves out the buckets without observations."""
        self.negative, self.positive = _used(self.negative), _used(self.positive)


def native(message: HistogramMessage, gauge: bool, options: NativeOptions) -> Native:
    """The histogram of a message. Raises LineError for one that contradicts itself, TooManyBuckets."""
    if message.schema not in SCHEMAS:
        raise LineError(f"native histogram with the unknown schema {message.schema}")
    if not 0 <= message.zero_threshold < math.inf:
        raise LineError(f"native histogram with the zero threshold {message.zero_threshold}")
    floats = message.sample_count_float > 0 or message.zero_count_float > 0
    count = message.sample_count_float if floats else message.sample_count
    zero = message.zero_count_float if floats else message.zero_count
    sides: list[Side] = []
    total = zero
    for name, spans, deltas, counts in (
        ("negative", message.negative_span, message.negative_delta, message.negative_count),
        ("positive", message.positive_span, message.positive_delta, message.positive_count),
    ):
        keys = _keys(name, spans, len(counts) if floats else len(deltas))
        if floats:
            values = np.fromiter(counts, dtype=np.float64, count=len(counts))
        else:
            whole = np.cumsum(np.fromiter(deltas, dtype=np.int64, count=len(deltas)))
            values = whole.astype(np.float64)
            total += sum(whole.tolist())
        if not (values >= 0).all():
            raise LineError(f"native histogram with a {name} bucket whose count is negative or no number")
        sides.append((keys, values))
    if not 0 <= zero <= math.inf or not 0 <= count <= math.inf:
        raise LineError("native histogram with a negative count")
    if not floats and (total > count if math.isnan(message.sample_sum) else total != count):
        raise LineError(f"native histogram with {total} observations in its buckets and a count of {count}")
    made = Native(
        message.schema,
        message.zero_threshold,
        (float(count), message.sample_sum, float(zero)),
        sides[0],
        sides[1],
        Hint.GAUGE if gauge else Hint.UNKNOWN,
    )
    made.fit(options)
    made.drop_empty()
    return made


def _used(side: Side) -> Side:
    used = side[1] != 0
    return side[0][used], side[1][used]


def _keys(name: str, spans: Sequence[SpanMessage], buckets: int) -> Keys:
    if buckets > MAX_BUCKETS or len(spans) > MAX_BUCKETS:
        raise LineError(f"native histogram with more than {MAX_BUCKETS} {name} buckets or spans")
    told = [(span.offset, span.length) for span in spans]
    if sum(length for _, length in told) != buckets:
        raise LineError(
            f"native histogram whose {name} spans have {sum(length for _, length in told)} buckets, and {buckets} "
            "counts are given"
        )
    keys = np.empty(buckets, dtype=np.int64)
    key = filled = 0
    for index, (offset, length) in enumerate(told):
        if index and offset < 0:
            raise LineError(f"native histogram whose {name} span {index + 1} has the negative offset {offset}")
        key += offset
        if abs(key) > MAX_KEY or key + length > MAX_KEY:
            raise LineError(f"native histogram with a {name} bucket that no number falls into")
        keys[filled : filled + length] = np.arange(key, key + length)
        key, filled = key + length, filled + length
    return keys


def _merged(side: Side, shift: int) -> Side:
    keys, place = np.unique(((side[0] - 1) >> shift) + 1, return_inverse=True)
    counts = np.zeros(len(keys))
    np.add.at(counts, place, side[1])
    return keys, counts


@dataclass(slots=True)
class _Shelf:
    """Histograms of about the same width."""

    layouts: dict[tuple[int, float, bytes, bytes], int] = field(
        default_factory=dict[tuple[int, float, bytes, bytes], int]
    )
    known: list[Layout] = field(default_factory=list[Layout])
    layout: list[int] = field(default_factory=list[int])
    natives: list[Native] = field(default_factory=list[Native])
    ids: list[int] = field(default_factory=list[int])
    times_ms: list[int] = field(default_factory=list[int])
    starts_ms: list[int] = field(default_factory=list[int])

    def batch(self) -> HistogramBatch:
        figures = np.zeros((len(self.natives), 3 + max(each.width for each in self.natives)))
        for row, each in zip(figures, self.natives, strict=True):
            split = 3 + len(each.negative[0])
            row[:3] = each.figures
            row[3:split] = each.negative[1]
            row[split : 3 + each.width] = each.positive[1]
        hints = np.array([each.hint for each in self.natives], dtype=np.int8)
        layout = np.array(self.layout, dtype=np.int32)
        return HistogramBatch(
            np.array(self.ids, dtype=np.int32),
            HistogramCells(tuple(self.known), layout, senders_nans(figures), hints),
            np.array(self.times_ms, dtype=np.int64),
            np.array(self.starts_ms, dtype=np.int64),
        )


@dataclass(slots=True)
class NativeCells:
    """Collects the native histograms of one body."""

    _shelves: dict[int, _Shelf] = field(default_factory=dict[int, _Shelf])
    _buckets: int = 0
    _count: int = 0

    def __len__(self) -> int:
        return self._count

    def add(self, index: int, made: Native, time_ms: int, start_ms: int) -> None:
        """A sample of the series `index`. Raises LineError where the body has too many buckets."""
        self._buckets += made.width
        if self._buckets > MAX_BODY_BUCKETS:
            raise LineError(f"more than {MAX_BODY_BUCKETS} buckets of native histograms")
        self._count += 1
        shelf = self._shelves.setdefault((made.width + 3).bit_length(), _Shelf())
        negative, positive = made.negative[0], made.positive[0]
        key = (made.schema, made.zero_threshold, negative.tobytes(), positive.tobytes())
        number = shelf.layouts.setdefault(key, len(shelf.known))
        if number == len(shelf.known):
            scale = Scale(made.schema, made.zero_threshold)
            shelf.known.append(Layout(scale, tuple(negative.tolist()), tuple(positive.tolist())))
        shelf.layout.append(number)
        shelf.natives.append(made)
        shelf.ids.append(index)
        shelf.times_ms.append(time_ms)
        shelf.starts_ms.append(start_ms)

    def batches(self) -> tuple[HistogramBatch, ...]:
        return tuple(shelf.batch() for shelf in self._shelves.values())
