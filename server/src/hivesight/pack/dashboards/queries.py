"""PromQL of panels, made from the table of metrics: what is asked for exists, and has the labels it is grouped by."""

from collections.abc import Sequence
from typing import Final

from hivesight_sdk.semconv import MetricFamily

SCOPE: Final = 'job=~"$job", instance=~"$instance"'
"""Which processes: every query of the hive's own metrics has it."""
RATE: Final = "$__rate_interval"
RANGE: Final = "$__range"


def series(family: MetricFamily, where: str = "", suffix: str = "") -> str:
    """A selector. where: matchers besides the scope. suffix: `_count`, `_sum` or `_bucket` of a histogram."""
    return f"{family.name}{suffix}{{{', '.join(filter(None, (SCOPE, where)))}}}"


def rate(family: MetricFamily, *by: str, where: str = "", over: str = RATE) -> str:
    """How often a second, by labels; of a histogram, its observations."""
    suffix = "_count" if family.kind == "histogram" else ""
    return f"sum{_by(family, by)} (rate({series(family, where, suffix)}[{over}]))"


def increase(family: MetricFamily, *by: str, where: str = "", over: str = RANGE) -> str:
    """How many in a time, by labels."""
    suffix = "_count" if family.kind == "histogram" else ""
    return f"sum{_by(family, by)} (increase({series(family, where, suffix)}[{over}]))"


def quantile(q: float, family: MetricFamily, *by: str, where: str = "", over: str = RATE) -> str:
    """A quantile of a histogram, by labels."""
    grouped = ", ".join((*_known(family, by), "le"))
    return f"histogram_quantile({q:g}, sum by ({grouped}) (rate({series(family, where, '_bucket')}[{over}])))"


def mean(family: MetricFamily, *by: str, where: str = "", over: str = RATE) -> str:
    """The mean of a histogram, by labels."""
    total, count = (series(family, where, suffix) for suffix in ("_sum", "_count"))
    grouped = _by(family, by)
    return f"sum{grouped} (rate({total}[{over}])) / sum{grouped} (rate({count}[{over}]))"


def buckets(family: MetricFamily, where: str = "") -> str:
    """How many observations in each bucket, for a heatmap."""
    return f"sum by (le) (increase({series(family, where, '_bucket')}[{RATE}]))"


def some(family: MetricFamily, part: str, *by: str, where: str = "", over: str = RATE) -> str:
    """How many of a counter's events a second have the matchers `part`, by labels; 0 where nothing has."""
    found = rate(family, *by, where=", ".join(filter(None, (where, part))), over=over)
    return f"{found} or 0 * {rate(family, *by, where=where, over=over)}"


def share(family: MetricFamily, part: str, *by: str, where: str = "", over: str = RATE) -> str:
    """The part of a counter's events that has the matchers `part`, by labels; 0 where nothing has."""
    return f"({some(family, part, *by, where=where, over=over)}) / {rate(family, *by, where=where, over=over)}"


def of(operator: str, family: MetricFamily, *by: str, where: str = "") -> str:
    """A gauge, aggregated by labels."""
    return f"{operator}{_by(family, by)} ({series(family, where)})"


def age(family: MetricFamily, *by: str, where: str = "") -> str:
    """Seconds since the time that a gauge holds."""
    return f"time() - {of('max', family, *by, where=where)}"


def top(expr: str, count: int = 10) -> str:
    """The largest."""
    return f"topk({count}, {expr})"


def _by(family: MetricFamily, by: Sequence[str]) -> str:
    return f" by ({', '.join(_known(family, by))})" if by else ""


def _known(family: MetricFamily, by: Sequence[str]) -> Sequence[str]:
    strange = set(by) - {*family.labels, "job", "instance"}
    if strange:
        raise ValueError(f"{family.name} has no label {', '.join(sorted(strange))}; it has {', '.join(family.labels)}")
    return by
