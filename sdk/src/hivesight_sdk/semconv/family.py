"""What is known of a metric family and of a group of families. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

MetricKind = Literal["counter", "gauge", "histogram"]
MultiprocessMode = Literal["livesum", "livemax", "max", "mostrecent"]


@dataclass(frozen=True, slots=True)
class MetricFamily:
    """One metric family as Prometheus sees it.

    `name` is the name in the text exposition; for a counter it ends in `_total`. `buckets` are the finite upper
    bounds of a histogram in ascending order; `+Inf` is always implied. `unit` is the unit of the value
    ("seconds", "bytes", "percent", "ratio", "dollars") or "" for a plain count. `multiprocess_mode` says how a gauge's
    values of several processes become one in prometheus_client's multi-process mode; counters and histograms add up.
    `recorded_by` are the SDK's names that record into it; none for what the SDK says of itself. `lint` is the reason
    why the name stays although promtool's lint complains of it.
    """

    name: str
    kind: MetricKind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    unit: str = ""
    multiprocess_mode: MultiprocessMode = "livesum"
    recorded_by: tuple[str, ...] = ()
    lint: str = ""


@dataclass(frozen=True, slots=True)
class MetricGroup:
    """Families of one subject, as the reference shows them: a title, what they are about, the families."""

    title: str
    about: str
    families: tuple[MetricFamily, ...]


CALL_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Seconds of what should be over soon: a call, a step."""

LONG_BUCKETS: Final = (15.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""Seconds, further up: what calls of models make long."""

TASK_BUCKETS: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
"""Seconds of a whole piece of work, up to an hour."""
