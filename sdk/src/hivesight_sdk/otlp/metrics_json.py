"""prometheus_client's metrics as OTLP requests in JSON (opentelemetry-proto 1.x, "JSON Protobuf Encoding").

Names are those of the exposition and units are left out, so that whoever translates names back finds them unchanged.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hivesight_sdk.otlp.values import attributes, number

if TYPE_CHECKING:
    from prometheus_client import Metric
    from prometheus_client.samples import Sample

MAX_POINTS_PER_REQUEST: Final = 5_000

_SCOPE: Final = "hivesight_sdk"
_CUMULATIVE: Final = 2  # AGGREGATION_TEMPORALITY_CUMULATIVE

Labels = tuple[tuple[str, str], ...]


class Point(NamedTuple):
    """A data point, the name and help of its metric, and which kind of data it is."""

    name: str
    help: str
    kind: str
    point: dict[str, Any]


class Request(NamedTuple):
    """A body, and how many points it has."""

    body: bytes
    points: int


def requests(points: Iterable[Point], resource: Mapping[str, object]) -> Iterator[Request]:
    """Bodies of ExportMetricsServiceRequest with at most `MAX_POINTS_PER_REQUEST` points each."""
    left = iter(points)
    while part := list(islice(left, MAX_POINTS_PER_REQUEST)):
        metrics: dict[tuple[str, str], dict[str, Any]] = {}
        for name, help, kind, point in part:
            empty: dict[str, Any] = {"name": name, "description": help, kind: {**_DATA[kind], "dataPoints": []}}
            metrics.setdefault((name, kind), empty)[kind]["dataPoints"].append(point)
        scope = {"scope": {"name": _SCOPE}, "metrics": list(metrics.values())}
        body = {"resourceMetrics": [{"resource": {"attributes": attributes(resource)}, "scopeMetrics": [scope]}]}
        yield Request(json.dumps(body, separators=(",", ":"), allow_nan=False).encode(), len(part))


_DATA: Final[dict[str, dict[str, Any]]] = {
    "sum": {"aggregationTemporality": _CUMULATIVE, "isMonotonic": True},
    "gauge": {},
    "histogram": {"aggregationTemporality": _CUMULATIVE},
    "summary": {},
}


def points(families: Iterable[Metric], time_ns: int) -> Iterator[Point]:
    """Every series of the families, as a point at `time_ns` (Unix time in nanoseconds)."""
    for family in families:
        created = {_key(sample): sample.value for sample in family.samples if sample.name.endswith("_created")}
        samples = [sample for sample in family.samples if not sample.name.endswith("_created")]
        if family.type in ("histogram", "summary"):
            yield from _distributions(family, samples, created, time_ns)
            continue
        kind = "sum" if family.type == "counter" else "gauge"
        for sample in samples:
            point = {"asDouble": number(sample.value), **_when(created.get(_key(sample)), time_ns)}
            yield Point(sample.name, family.documentation, kind, _labelled(point, _key(sample)))


def _distributions(
    family: Metric, samples: list[Sample], created: Mapping[Labels, float], time_ns: int
) -> Iterator[Point]:
    series: defaultdict[Labels, list[Sample]] = defaultdict(list)
    for sample in samples:
        series[_key(sample)].append(sample)
    for labels, parts in series.items():
        values = {part.name: part.value for part in parts if part.name.endswith(("_sum", "_count"))}
        point: dict[str, Any] = {
            "count": str(int(values.get(f"{family.name}_count", 0))),
            "sum": number(values.get(f"{family.name}_sum", 0.0)),
            **_when(created.get(labels), time_ns),
        }
        if family.type == "histogram":
            point.update(_buckets(parts))
        else:
            quantiles = [part for part in parts if "quantile" in part.labels]
            point["quantileValues"] = [
                {"quantile": float(part.labels["quantile"]), "value": number(part.value)} for part in quantiles
            ]
        yield Point(family.name, family.documentation, family.type, _labelled(point, labels))


def _buckets(parts: list[Sample]) -> dict[str, Any]:
    """Counts up to each bound (exposition) as counts between the bounds (OTLP)."""
    upto = sorted((float(part.labels["le"]), int(part.value)) for part in parts if "le" in part.labels)
    counts = [count - before for (_, count), before in zip(upto, [0, *(count for _, count in upto)], strict=False)]
    return {
        "explicitBounds": [bound for bound, _ in upto if math.isfinite(bound)],
        "bucketCounts": [str(max(0, count)) for count in counts],
    }


def _key(sample: Sample) -> Labels:
    return tuple(item for item in sample.labels.items() if item[0] not in ("le", "quantile"))


def _labelled(point: dict[str, Any], labels: Labels) -> dict[str, Any]:
    return {"attributes": attributes(dict(labels)), **point}


def _when(created: float | None, time_ns: int) -> dict[str, str]:
    when = {"timeUnixNano": str(time_ns)}
    if created is not None and math.isfinite(created) and created > 0:
        when["startTimeUnixNano"] = str(min(time_ns, int(created * 1e9)))
    return when
