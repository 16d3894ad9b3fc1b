"""Delimited MetricFamily messages to columns: what `ingest.exposition` is for text. A series is found in the target's
`SeriesCache` by its family's name, the bytes of its metric's labels and its part in the metric, so that a warm scrape
decodes no labels. Semantics: Prometheus' protobuf parser."""

import math
import struct
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from hivesight.ingest.parsed import (
    MAX_EXEMPLARS,
    MAX_SAMPLES,
    NO_INDEX,
    Convert,
    ExpositionError,
    Parsed,
    noted,
    senders_nans,
)
from hivesight.ingest.protobuf.framing import FramingError, delimited, pieces
from hivesight.ingest.protobuf.messages import (
    DecodeError,
    ExemplarMessage,
    FamilyMessage,
    HistogramMessage,
    LabelMessage,
    MetricMessage,
    TimestampMessage,
    family_of,
    label_of,
)
from hivesight.ingest.protobuf.native import MAX_BUCKETS, NativeCells, NativeOptions, TooManyBuckets, is_native, native
from hivesight.ingest.series_cache import SeriesCache
from hivesight.ingest.textline import (
    MAX_HELP_BYTES,
    MAX_LABELS,
    MAX_NAME_BYTES,
    MAX_VALUE_BYTES,
    Exemplar,
    LineError,
    shown,
)
from hivesight.model.gofloat import format_g
from hivesight.model.labels import METRIC_NAME, Labels
from hivesight.model.metadata import Metadata

TYPES: Final = ("counter", "gauge", "summary", "unknown", "histogram", "gaugehistogram")
"""By the number of the message's type."""

MAX_FAMILIES: Final = 200_000
"""In one body, with those that have no metrics: an empty one is a single byte."""

_CLASSIC_ONLY: Final = NativeOptions()
# Stands between the parts of a key; no valid text holds it, so that a key is never that of a line of text.
_SEPARATOR: Final = b"\xff"
_double: Final = struct.Struct("<d").pack
_MAX_SECONDS: Final = (1 << 62) // 1000


def parse_protobuf(
    cache: SeriesCache,
    body: bytes,
    options: NativeOptions = _CLASSIC_ONLY,
    *,
    max_samples: int = MAX_SAMPLES,
    convert: Convert | None = None,
) -> Parsed:
    """The body's samples. Raises ExpositionError, which names the family; the cache then knows the series it knew
    before."""
    reading = _Reading(cache, options, min(max_samples, MAX_SAMPLES))
    try:
        for message in delimited(body):
            reading.family(message)
        parsed = reading.parsed()
    except (FramingError, LineError, DecodeError) as error:
        cache.forget(reading.added)
        reason = f"cannot be decoded: {error}" if isinstance(error, DecodeError) else str(error)
        raise ExpositionError(f"{reading.place()}: {reason}", reading.count) from None
    return noted(cache, parsed, len(body), convert)


class _Reading:
    """One body on its way through the cache."""

    def __init__(self, cache: SeriesCache, options: NativeOptions, max_samples: int) -> None:
        self.added: set[int] = set()
        self._cache = cache
        self._known = cache.ids
        self._options = options
        self._max_samples = max_samples
        self._families = 0
        self._name = ""
        self._prefix = b""
        self._gauge = False
        self._ids: list[int] = []
        self._values: list[float] = []
        self._timed: list[int] = []
        self._times: list[int] = []
        self._exemplars: list[tuple[int, Exemplar]] = []
        self._histogram_exemplars: list[tuple[int, Exemplar]] = []
        self._natives = NativeCells()
        self._over_limit: list[tuple[int, int]] = []
        self._take: tuple[Callable[[MetricMessage], None], ...] = (
            self._counter,
            self._gauge_value,
            self._summary,
            self._untyped,
            self._histogram,
            self._histogram,
        )

    @property
    def count(self) -> int:
        """The samples so far."""
        return len(self._ids) + len(self._natives) + len(self._over_limit)

    def place(self) -> str:
        """The family that is read, for an error message."""
        name = f" ({shown(self._name.encode())})" if self._name else ""
        return f"metric family {self._families + 1}{name}"

    def parsed(self) -> Parsed:
        """What was read."""
        return Parsed(
            np.array(self._ids, dtype=np.int32),
            senders_nans(np.array(self._values, dtype=np.float64)),
            np.array(self._timed, dtype=np.int64) if self._timed else NO_INDEX,
            np.array(self._times, dtype=np.int64) if self._times else NO_INDEX,
            tuple(self._exemplars),
            self._natives.batches(),
            tuple(self._histogram_exemplars),
            tuple(self._over_limit),
        )

    def family(self, data: bytes) -> None:
        """Raises FramingError, LineError and DecodeError."""
        self._name = ""
        if self._families >= MAX_FAMILIES:
            raise LineError(f"more than {MAX_FAMILIES} metric families")
        kind: int | None = None
        header: FamilyMessage | None = None
        for piece in pieces(data, self._max_samples - self.count):
            message = family_of(piece)
            if header is None:
                header = message
                self._name = header.name
            if not message.metric:
                continue
            if kind is None:
                kind = self._head(header)
            take = self._take[kind]
            for metric in message.metric:
                start = len(self._ids)
                take(metric)
                if self.count > self._max_samples:
                    raise LineError(f"more than {self._max_samples} samples")
                time_ms = metric.timestamp_ms
                # Like Prometheus, which cannot tell a timestamp of 0 from none.
                if time_ms:
                    self._timed.extend(range(start, len(self._ids)))
                    self._times.extend([time_ms] * (len(self._ids) - start))
        self._families += 1

    def _head(self, header: FamilyMessage) -> int:
        """The family's type, when it has been judged and noted."""
        name, unit = header.name, header.unit
        if not name:
            raise LineError("no metric name")
        if len(name.encode()) > MAX_NAME_BYTES:
            raise LineError(f"the metric name is over {MAX_NAME_BYTES} bytes")
        if not 0 <= header.type < len(TYPES):
            raise LineError(f"unknown metric type {header.type}")
        if len(header.help) > MAX_HELP_BYTES:
            raise LineError(f"the HELP text is over {MAX_HELP_BYTES} bytes")
        kind = TYPES[header.type]
        if unit and not (name.removesuffix("_total") if kind == "counter" else name).endswith(f"_{unit}"):
            raise LineError(f"unit {shown(unit.encode())} is not the end of the metric name")
        self._cache.describe(name, Metadata(kind, header.help, unit))
        self._prefix = name.encode() + _SEPARATOR
        self._gauge = kind == "gaugehistogram"
        return header.type

    def _series(self, metric: MetricMessage, key: bytes, suffix: str = "", label: str = "", value: str = "") -> int:
        """The id of a series that is new to the cache: the metric's labels, and one more."""
        pairs = {METRIC_NAME: self._name + suffix}
        if len(metric.label) > MAX_LABELS:
            raise LineError(f"more than {MAX_LABELS} labels")
        _add(pairs, [label_of(each) for each in metric.label])
        if label:
            if label in pairs:
                raise LineError(f'label name "{label}" is not unique')
            pairs[label] = value
        index = self._cache.add(key, pairs)
        self.added.add(index)
        return index

    def _simple(self, metric: MetricMessage, value: float) -> int:
        key = self._prefix + _SEPARATOR.join(metric.label)
        index = self._known.get(key)
        if index is None:
            index = self._series(metric, key)
        self._ids.append(index)
        self._values.append(value)
        return index

    def _gauge_value(self, metric: MetricMessage) -> None:
        self._simple(metric, metric.gauge.value)

    def _untyped(self, metric: MetricMessage) -> None:
        self._simple(metric, metric.untyped.value)

    def _counter(self, metric: MetricMessage) -> None:
        counter = metric.counter
        self._simple(metric, counter.value)
        if counter.HasField("exemplar"):
            self._note(metric, counter.exemplar)

    def _part(self, metric: MetricMessage, base: bytes, suffix: str, value: float) -> None:
        key = base + suffix.encode()
        index = self._known.get(key)
        self._ids.append(self._series(metric, key, suffix) if index is None else index)
        self._values.append(value)

    def _bound(self, metric: MetricMessage, base: bytes, suffix: str, label: str, bound: float, value: float) -> None:
        key = base + _double(bound)
        index = self._known.get(key)
        self._ids.append(self._series(metric, key, suffix, label, bound_text(bound)) if index is None else index)
        self._values.append(value)

    def _summary(self, metric: MetricMessage) -> None:
        summary = metric.summary
        base = self._prefix + _SEPARATOR.join(metric.label) + _SEPARATOR
        if len(summary.quantile) > MAX_BUCKETS:
            raise LineError(f"more than {MAX_BUCKETS} quantiles")
        self._part(metric, base, "_count", float(summary.sample_count))
        self._part(metric, base, "_sum", summary.sample_sum)
        for each in summary.quantile:
            self._bound(metric, base + b"quantile", "", "quantile", each.quantile, each.value)

    def _histogram(self, metric: MetricMessage) -> None:
        histogram = metric.histogram
        if len(histogram.bucket) > MAX_BUCKETS:
            raise LineError(f"more than {MAX_BUCKETS} buckets")
        if self._options.wanted and is_native(histogram):
            self._native(metric, histogram)
            if not self._options.keep_classic or not histogram.bucket:
                return
        base = self._prefix + _SEPARATOR.join(metric.label) + _SEPARATOR
        count = histogram.sample_count_float or float(histogram.sample_count)
        self._part(metric, base, "_count", count)
        self._part(metric, base, "_sum", histogram.sample_sum)
        buckets = base + b"le"
        for each in histogram.bucket:
            bound = each.upper_bound
            value = each.cumulative_count_float or float(each.cumulative_count)
            self._bound(metric, buckets, "_bucket", "le", bound, value)
            if each.HasField("exemplar"):
                self._note(metric, each.exemplar, "_bucket", bound_text(bound))
            if bound == math.inf:
                return
        self._bound(metric, buckets, "_bucket", "le", math.inf, count)

    def _native(self, metric: MetricMessage, histogram: HistogramMessage) -> None:
        key = self._prefix + _SEPARATOR.join(metric.label) + _SEPARATOR + b"native"
        index = self._known.get(key)
        if index is None:
            index = self._series(metric, key)
        try:
            made = native(histogram, self._gauge, self._options)
        except TooManyBuckets as error:
            self._over_limit.append((index, error.buckets))
            return
        created = histogram.created_timestamp if histogram.HasField("created_timestamp") else None
        self._natives.add(index, made, metric.timestamp_ms, _milliseconds(created) if created else 0)
        own = histogram.exemplars or [each.exemplar for each in histogram.bucket if each.HasField("exemplar")]
        for each in own:
            # Those without a time are of no use here: each scrape would make another one of them.
            if each.HasField("timestamp") and len(self._histogram_exemplars) < MAX_EXEMPLARS:
                self._histogram_exemplars.append((index, _exemplar(each)))
                self._exposed(metric, index)

    def _note(self, metric: MetricMessage, message: ExemplarMessage, suffix: str = "", le: str = "") -> None:
        """The example of the sample that was taken last."""
        if len(self._exemplars) < MAX_EXEMPLARS:
            self._exemplars.append((len(self._ids) - 1, _exemplar(message)))
            self._exposed(metric, self._ids[-1], suffix, le)

    def _exposed(self, metric: MetricMessage, index: int, suffix: str = "", le: str = "") -> None:
        if index not in self._cache.exemplary:
            pairs = {METRIC_NAME: self._name + suffix}
            _add(pairs, [label_of(each) for each in metric.label])
            self._cache.exemplary[index] = {**pairs, "le": le} if le else pairs


def bound_text(bound: float) -> str:
    """A value of `le` or `quantile` as Prometheus writes it: whole numbers end with .0."""
    text = format_g(bound)
    return text if "." in text or "e" in text or not math.isfinite(bound) else f"{text}.0"


def _add(pairs: dict[str, str], labels: Sequence[LabelMessage]) -> None:
    for label in labels:
        name, value = label.name, label.value
        if not name:
            raise LineError("a label name is empty")
        if len(name) > MAX_NAME_BYTES or len(value) > MAX_VALUE_BYTES:
            raise LineError(
                f"a label name is over {MAX_NAME_BYTES} bytes or the value of a label over {MAX_VALUE_BYTES}"
            )
        if name in pairs:
            raise LineError(f"label name {shown(name.encode())} is not unique")
        pairs[name] = value


def _exemplar(message: ExemplarMessage) -> Exemplar:
    pairs: dict[str, str] = {}
    if len(message.label) > MAX_LABELS:
        raise LineError(f"an exemplar with more than {MAX_LABELS} labels")
    _add(pairs, message.label)
    time_ms = _milliseconds(message.timestamp) if message.HasField("timestamp") else None
    return Exemplar(Labels(pairs), message.value, time_ms)


def _milliseconds(time: TimestampMessage) -> int:
    if abs(time.seconds) > _MAX_SECONDS:
        raise LineError(f"invalid timestamp of {time.seconds} seconds")
    return time.seconds * 1000 + time.nanos // 1_000_000
