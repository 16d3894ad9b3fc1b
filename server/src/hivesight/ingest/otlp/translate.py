"""ExportMetricsServiceRequest -> the samples of its series: one function for each type of data point."""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any, Final

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AggregationTemporality,
    ExponentialHistogramDataPoint,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    SummaryDataPoint,
)
from opentelemetry.proto.metrics.v1.metrics_pb2 import Exemplar as OtlpExemplar

from hivesight.ingest.otlp.columns import NO_RECORDED_VALUE, NS_PER_MS, Reading
from hivesight.ingest.otlp.delta import Totals, add, add_buckets
from hivesight.ingest.otlp.examples import exemplar_of
from hivesight.ingest.otlp.labelling import ResourceLabels, scope_labels
from hivesight.ingest.otlp.limits import OtlpLimits, Reason
from hivesight.ingest.otlp.naming import Kind, metric_name
from hivesight.ingest.otlp.native import MAX_SCALE, MIN_SCALE, ZERO_THRESHOLD, buckets_of
from hivesight.ingest.otlp.series import Family, PointKey, SeriesCache
from hivesight.model.gofloat import format_shortest
from hivesight.model.histogram import CUSTOM, Histogram, Scale
from hivesight.model.metadata import Metadata

TARGET_INFO_STEP_NS: Final = 150_000 * NS_PER_MS
"""Half of the lookback, so that `target_info` is found at each time at which the resource's metrics are."""
MAX_TARGET_INFO: Final = 64
_TYPES: Final = {
    Kind.GAUGE: "gauge",
    Kind.UP_DOWN: "gauge",
    Kind.COUNTER: "counter",
    Kind.HISTOGRAM: "histogram",
    Kind.EXPONENTIAL: "histogram",
    Kind.SUMMARY: "summary",
}
_DELTA: Final = AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA
_CUMULATIVE: Final = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE


def point_key(attributes: Iterable[KeyValue]) -> PointKey:
    """The attributes as they were sent; two spellings of a set are two keys of one series."""
    return tuple([each.SerializeToString() for each in attributes])


class Translation:
    """One request on its way into columns. cache, totals: what is known of the requests before."""

    def __init__(self, cache: SeriesCache, totals: Totals, limits: OtlpLimits, now_ms: int) -> None:
        self.cache = cache
        self.totals = totals
        self.limits = limits
        self.now_ms = now_ms
        self.reading = Reading()

    def read(self, request: ExportMetricsServiceRequest) -> Reading:
        """All of it."""
        config = self.cache.config
        for resource_metrics in request.resource_metrics:
            identity = resource_metrics.resource.SerializeToString()
            scopes = resource_metrics.scope_metrics
            if self._too_wide(resource_metrics.resource.attributes, len(identity)):
                self._refuse_all((each for scope in scopes for each in scope.metrics), Reason.ATTRIBUTES)
                continue
            resource = self.cache.resources.get(identity)
            if resource is None:
                resource = self.cache.resources[identity] = ResourceLabels(resource_metrics.resource, config)
                self.cache.weigh((identity,))
            columns = (self.reading.floats, self.reading.natives)
            first = [len(each.times) for each in columns]
            for scope in scopes:
                if self._too_wide(scope.scope.attributes, scope.scope.ByteSize()):
                    self._refuse_all(scope.metrics, Reason.ATTRIBUTES)
                    continue
                labels = scope_labels(scope, config)
                place = (identity, tuple(labels.items()))
                for metric in scope.metrics:
                    self._metric(metric, place, resource, labels)
            times = [time for column, start in zip(columns, first, strict=True) for time in column.times[start:]]
            self._target_info(resource, times)
        return self.reading

    def _metric(
        self, metric: Metric, place: tuple[object, ...], resource: ResourceLabels, scope: dict[str, str]
    ) -> None:
        data, kind = _data_of(metric)
        if kind is None:
            self.reading.rejected[Reason.TYPE] += 1
            return
        family = self._family(metric, kind, place, resource, scope)
        points = data.data_points
        temporality = _CUMULATIVE if kind in (Kind.GAUGE, Kind.SUMMARY) else data.aggregation_temporality
        if not family.name or temporality not in (_CUMULATIVE, _DELTA):
            self._refuse(Reason.TEMPORALITY if family.name else Reason.NAME, len(points))
            return
        delta = temporality == _DELTA
        match kind:
            case Kind.HISTOGRAM:
                self._each(family, points, self._histogram, delta)
            case Kind.EXPONENTIAL:
                self._each(family, points, self._exponential, delta)
            case Kind.SUMMARY:
                self._each(family, points, self._summary, delta)
            case _:
                self._numbers(family, points, delta)

    def _family(
        self, metric: Metric, kind: Kind, place: tuple[object, ...], resource: ResourceLabels, scope: dict[str, str]
    ) -> Family:
        key = (*place, metric.name, metric.unit, kind)
        family = self.cache.families.get(key)
        if family is None:
            config = self.cache.config
            name = metric_name(metric.name, metric.unit, kind, escapes=config.escapes, suffixes=config.suffixes)
            family = self.cache.families[key] = Family(name, kind, resource, scope)
            self.cache.weigh((metric.name.encode(), metric.unit.encode()))
        if family.help != metric.description and family.name:
            family.help = metric.description
            self.reading.metadata[family.name] = Metadata(_TYPES[kind], metric.description, metric.unit)
        return family

    def _numbers(self, family: Family, points: Sequence[NumberDataPoint], delta: bool) -> None:
        """Gauges and sums: the path that has to be short."""
        reading, column, known = self.reading, self.reading.floats, family.numbers
        exemplary = family.kind is not Kind.GAUGE
        for point in points:
            key = tuple([each.SerializeToString() for each in point.attributes])
            slot = known.get(key)
            if slot is None:
                base = self._labels(family, key, point)
                if isinstance(base, Reason):
                    self._refuse(base)
                    continue
                slot = known[key] = self.cache.slot(base, family.name)
            time, start, flags = point.time_unix_nano, point.start_time_unix_nano, point.flags
            # A value that is not set reads as 0, so the one that is set is whichever is not 0.
            value = point.as_double or point.as_int
            if delta and not flags & NO_RECORDED_VALUE:
                total = self.totals.total(self.cache.labels[slot], start, time, self.now_ms, None, value)
                if isinstance(total, Reason):
                    self._refuse(total)
                    continue
                if total[1]:
                    add(total[0], (float(value),))
                value, start = total[0].figures[0], total[0].start
            column.add(slot, time, start, value, reading.points, flags)
            if exemplary and point.exemplars:
                self._exemplars(point.exemplars, (slot,), ())
            reading.points += 1

    def _each(self, family: Family, points: Sequence[Any], take: Any, delta: bool) -> None:
        for point in points:
            reason = take(family, point_key(point.attributes), point, delta)
            if reason is not None:
                self.reading.rejected[reason] += 1
            self.reading.points += 1

    def _histogram(self, family: Family, key: PointKey, point: HistogramDataPoint, delta: bool) -> Reason | None:
        bounds = tuple(point.explicit_bounds)
        counts: Sequence[float] = point.bucket_counts
        if max(len(bounds), len(counts)) > self.limits.buckets:
            return Reason.BUCKETS
        if self.cache.config.convert_histograms_to_nhcb:
            return self._custom(family, key, point, delta, bounds)
        slots = family.slots.get((key, bounds))
        if slots is None:
            base = self._labels(family, key, point, len(bounds) + 3)
            if isinstance(base, Reason):
                return base
            upper = [*(format_shortest(each, "f") for each in bounds), "+Inf"]
            slots = family.slots[key, bounds] = (
                self.cache.slot(base, f"{family.name}_sum"),
                self.cache.slot(base, f"{family.name}_count"),
                *(self.cache.slot(base, f"{family.name}_bucket", le=each) for each in upper),
            )
            self.cache.weigh((b"",) * len(bounds))
        start, total, count = point.start_time_unix_nano, point.sum, float(point.count)
        if delta and not point.flags & NO_RECORDED_VALUE:
            new = (count, total, *map(float, counts))
            shape = (bounds, len(counts))
            found = self.totals.total(self.cache.labels[slots[1]], start, point.time_unix_nano, self.now_ms, shape, new)
            if isinstance(found, Reason):
                return found
            if found[1]:
                add(found[0], new)
            (count, total, *counts), start = found[0].figures, found[0].start
        values = [total, count, *accumulate(counts[: len(bounds)])]
        column = self.reading.floats
        # A point may have bounds and no counts; then it has no buckets but the last.
        shown = [*slots[: len(values)], slots[-1]]
        for slot, value in list(zip(shown, [*values, count], strict=True))[0 if point.HasField("sum") else 1 :]:
            column.add(slot, point.time_unix_nano, start, value, self.reading.points, point.flags)
        if point.exemplars:
            self._exemplars(point.exemplars, slots[2:], bounds)
        return None

    def _custom(
        self, family: Family, key: PointKey, point: HistogramDataPoint, delta: bool, bounds: tuple[float, ...]
    ) -> Reason | None:
        positive = {index: float(count) for index, count in enumerate(point.bucket_counts) if count}
        scale = Scale(CUSTOM, 0.0, bounds)
        return self._native(family, key, point, delta, Histogram(scale, point.count, point.sum, 0.0, positive))

    def _exponential(
        self, family: Family, key: PointKey, point: ExponentialHistogramDataPoint, delta: bool
    ) -> Reason | None:
        if point.scale < MIN_SCALE:
            return Reason.SCALE
        if max(len(point.positive.bucket_counts), len(point.negative.bucket_counts)) > self.limits.buckets:
            return Reason.BUCKETS
        scale = min(point.scale, MAX_SCALE)
        down = point.scale - scale
        threshold = point.zero_threshold if point.zero_threshold > 0 else ZERO_THRESHOLD
        positive = buckets_of(point.positive.bucket_counts, point.positive.offset, down)
        negative = buckets_of(point.negative.bucket_counts, point.negative.offset, down)
        histogram = Histogram(Scale(scale, threshold), point.count, point.sum, point.zero_count, positive, negative)
        return self._native(family, key, point, delta, histogram)

    def _native(
        self,
        family: Family,
        key: PointKey,
        point: HistogramDataPoint | ExponentialHistogramDataPoint,
        delta: bool,
        histogram: Histogram,
    ) -> Reason | None:
        slot = family.numbers.get(key)
        if slot is None:
            base = self._labels(family, key, point)
            if isinstance(base, Reason):
                return base
            slot = family.numbers[key] = self.cache.slot(base, family.name)
        time, start = point.time_unix_nano, point.start_time_unix_nano
        if point.flags & NO_RECORDED_VALUE:
            # A staleness marker is a float, of native histograms too.
            self.reading.floats.add(slot, time, start, 0.0, self.reading.points, point.flags)
            return None
        if delta:
            labels, scale = self.cache.labels[slot], histogram.scale
            shape = (scale.zero_threshold, scale.bounds)
            found = self.totals.total(labels, start, time, self.now_ms, shape, histogram)
            if isinstance(found, Reason):
                return found
            total, fresh = found
            if fresh:
                add(total, (histogram.count, histogram.sum, histogram.zero))
                add_buckets(total, scale.schema, dict(histogram.positive), dict(histogram.negative))
                if total.scale < MIN_SCALE and not scale.custom:
                    return Reason.SCALE
            scale = Scale(total.scale, scale.zero_threshold, scale.bounds)
            count, total_sum, zero = total.figures
            histogram = Histogram(scale, count, total_sum, zero, dict(total.positive), dict(total.negative))
            start = total.start
        self.reading.native(slot, time, start, histogram)
        if point.exemplars:
            self._exemplars(point.exemplars, (slot,), ())
        return None

    def _summary(self, family: Family, key: PointKey, point: SummaryDataPoint, delta: bool) -> Reason | None:
        quantiles = tuple([each.quantile for each in point.quantile_values])
        if len(quantiles) > self.limits.buckets:
            return Reason.BUCKETS
        slots = family.slots.get((key, quantiles))
        if slots is None:
            base = self._labels(family, key, point, len(quantiles) + 2)
            if isinstance(base, Reason):
                return base
            slots = family.slots[key, quantiles] = (
                self.cache.slot(base, f"{family.name}_sum"),
                self.cache.slot(base, f"{family.name}_count"),
                *(self.cache.slot(base, family.name, quantile=format_shortest(each, "f")) for each in quantiles),
            )
            self.cache.weigh((b"",) * len(quantiles))
        values = [point.sum, float(point.count), *(each.value for each in point.quantile_values)]
        start, column = point.start_time_unix_nano, self.reading.floats
        for slot, value in zip(slots, values, strict=True):
            column.add(slot, point.time_unix_nano, start, value, self.reading.points, point.flags)
        return None

    def _labels(self, family: Family, key: PointKey, point: Any, series: int = 1) -> dict[str, str] | Reason:
        """The labels of a point that is new, without the name, or why it is rejected. series: how many it has."""
        if self._too_wide(key, sum(map(len, key))):
            return Reason.ATTRIBUTES
        found = family.resource.of(point.attributes, family.scope)
        if not self.cache.afford((len(found) + 2) * series):
            return Reason.NEW_SERIES
        self.cache.weigh(key)
        return found

    def _too_wide(self, attributes: Sequence[object], size: int) -> bool:
        return len(attributes) > self.limits.attributes or size > self.limits.attribute_bytes

    def _exemplars(self, exemplars: Sequence[OtlpExemplar], slots: Sequence[int], bounds: Sequence[float]) -> None:
        """To the first series whose bound is not below the exemplar; slots has one more than bounds."""
        room = self.limits.exemplars - len(self.reading.exemplars)
        self.reading.exemplars_dropped += max(0, len(exemplars) - room)
        for each in exemplars[: max(0, room)]:
            value = each.as_double or each.as_int
            index = next((at for at, bound in enumerate(bounds) if value <= bound), len(bounds))
            self.reading.exemplars.append(exemplar_of(each, self.cache.labels[slots[index]]))

    def _target_info(self, resource: ResourceLabels, times: Sequence[int]) -> None:
        """1 at the first time of the resource's points, at the last, and often enough between."""
        if resource.target_info is None or not times:
            return
        slot, latest = self.cache.number(resource.target_info), max(times)
        earliest = max(min(times), latest - MAX_TARGET_INFO * TARGET_INFO_STEP_NS)
        for time in (*range(earliest, latest, TARGET_INFO_STEP_NS), latest):
            self.reading.floats.add(slot, time, 0, 1.0, -1)

    def _refuse_all(self, metrics: Iterable[Metric], reason: Reason) -> None:
        for metric in metrics:
            data, kind = _data_of(metric)
            self._refuse(reason, len(data.data_points) if kind is not None else 0)

    def _refuse(self, reason: Reason, points: int = 1) -> None:
        self.reading.rejected[reason] += points
        self.reading.points += points


def _data_of(metric: Metric) -> tuple[Any, Kind | None]:
    match metric.WhichOneof("data"):
        case "gauge":
            return metric.gauge, Kind.GAUGE
        case "sum":
            return metric.sum, Kind.COUNTER if metric.sum.is_monotonic else Kind.UP_DOWN
        case "histogram":
            return metric.histogram, Kind.HISTOGRAM
        case "exponential_histogram":
            return metric.exponential_histogram, Kind.EXPONENTIAL
        case "summary":
            return metric.summary, Kind.SUMMARY
        case _:
            return None, None
