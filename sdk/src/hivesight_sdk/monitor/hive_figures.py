"""Figures of the hive, read from the SDK's own metric families: agents, tasks, queue, latencies, external APIs.

Rates, shares and percentiles are over about the last minute: over the readings that this object took in that time, so a
second reader shortens nobody's window.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from math import inf, isnan, nan
from typing import TYPE_CHECKING, Final

from hivesight_sdk import semconv
from hivesight_sdk.recording import collect_exclusively

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from prometheus_client import CollectorRegistry

    from hivesight_sdk.semconv import MetricFamily

WINDOW_SECONDS: Final = 60.0
_MAX_READINGS: Final = 60

_LABEL_KEPT: Final = {
    semconv.ACTIVE_AGENTS.name: "status",
    semconv.TASK_QUEUE_LENGTH.name: "state",
    semconv.TASKS_COMPLETED.name: "status",
    semconv.EXTERNAL_API_REQUESTS.name: "status_code",
}
_HISTOGRAMS: Final = (
    semconv.AGENT_COORDINATION_LATENCY,
    semconv.DECISION_CONFIDENCE,
    semconv.TASK_DURATION,
    semconv.EXTERNAL_API_DURATION,
)
_QUEUE_OLDEST: Final = semconv.TASK_QUEUE_OLDEST.name
_SAMPLE_NAMES: Final = (
    *_LABEL_KEPT,
    _QUEUE_OLDEST,
    *(family.name + suffix for family in _HISTOGRAMS for suffix in ("_bucket", "_sum", "_count")),
)

Totals = dict[str, dict[str, float]]
"""Sample name -> value of the one label that matters here ("le" of buckets, else "") -> sum over all other labels."""


def quantile(buckets: Iterable[tuple[float, float]], share: float) -> float:
    """The `share` quantile (0 to 1) of a histogram of (upper bound, cumulative count), worked out as Prometheus does.

    Within a bucket it interpolates linearly from the bound below (0 for the first); in the last it is the highest
    finite bound. NaN without observations.
    """
    ordered = sorted(buckets)
    if not ordered or not ordered[-1][1] > 0:
        return nan
    rank = share * ordered[-1][1]
    lower, below = 0.0, 0.0
    for upper, count in ordered:
        if count >= rank and count > below:
            return lower if upper == inf else lower + (upper - lower) * (rank - below) / (count - below)
        lower, below = upper, count
    return lower


class HiveFigures:
    """A provider: call it for the figures of now. What has no data is left out. Thread-safe."""

    def __init__(self, registry: CollectorRegistry, clock: Callable[[], float]) -> None:
        self._registry = registry
        self._clock = clock
        self._readings: deque[tuple[float, Totals]] = deque()
        self._lock = threading.Lock()

    def new_lock(self) -> None:
        """For a forked child, whose copy of the lock may be held for ever."""
        self._lock = threading.Lock()

    def __call__(self) -> dict[str, float]:
        """The figures by name. Raises what a collector of the registry raises."""
        totals = _read(self._registry)
        with self._lock:
            now = self._clock()
            before = self._reading_of_a_window_ago(now)
            if not self._readings or now - self._readings[-1][0] >= WINDOW_SECONDS / _MAX_READINGS:
                self._readings.append((now, totals))
        figures = _now(totals)
        if before is not None and now > before[0]:
            figures |= _since(_Growth(before[1], totals), now - before[0])
        return {name: value for name, value in figures.items() if not isnan(value)}

    def _reading_of_a_window_ago(self, now: float) -> tuple[float, Totals] | None:
        while len(self._readings) > 1 and self._readings[1][0] <= now - WINDOW_SECONDS:
            self._readings.popleft()
        return self._readings[0] if self._readings else None


class _Growth:
    """By how much counters grew between two readings. One that shrank was reset, and grew from 0."""

    def __init__(self, before: Totals, after: Totals) -> None:
        self._before, self._after = before, after

    def by_label(self, name: str) -> dict[str, float]:
        before = self._before.get(name, {})
        grown: dict[str, float] = {}
        for label, value in self._after.get(name, {}).items():
            earlier = before.get(label, 0.0)
            grown[label] = value - earlier if value >= earlier else value
        return grown

    def quantile(self, family: MetricFamily, share: float) -> float:
        buckets = self.by_label(f"{family.name}_bucket")
        return quantile([(float(bound), count) for bound, count in buckets.items()], share)

    def mean(self, family: MetricFamily) -> float:
        count = sum(self.by_label(f"{family.name}_count").values())
        return sum(self.by_label(f"{family.name}_sum").values()) / count if count > 0 else nan


def _read(registry: CollectorRegistry) -> Totals:
    totals: Totals = defaultdict(lambda: defaultdict(float))
    failures: list[Exception] = []

    def action() -> None:
        try:
            for metric in registry.restricted_registry(_SAMPLE_NAMES).collect():
                for sample in metric.samples:
                    _add(totals, sample.name, sample.labels, sample.value)
        except Exception as error:  # noqa: BLE001  raised again below, outside of the gate that swallows it
            failures.append(error)

    collect_exclusively(action)
    if failures:
        raise failures[0]
    return totals


def _add(totals: Totals, name: str, labels: dict[str, str], value: float) -> None:
    if name == _QUEUE_OLDEST:
        if labels.get("state") == "waiting":
            totals[name]["waiting"] = max(totals[name]["waiting"], value)
    else:
        label = "le" if name.endswith("_bucket") else _LABEL_KEPT.get(name, "")
        totals[name][labels.get(label, "")] += value


def _now(totals: Totals) -> dict[str, float]:
    agents = totals.get(semconv.ACTIVE_AGENTS.name)
    queue = totals.get(semconv.TASK_QUEUE_LENGTH.name, {})
    oldest = totals.get(_QUEUE_OLDEST, {})
    return {
        # A hive all of whose agents are idle or failed has 0 active ones; one that counts no agents, an unknown number.
        "active_agents": agents.get("active", 0.0) if agents else nan,
        "task_queue_length": queue.get("waiting", nan),
        "task_queue_oldest_seconds": oldest.get("waiting", nan),
    }


def _since(growth: _Growth, seconds: float) -> dict[str, float]:
    per_minute = 60.0 / seconds
    tasks = growth.by_label(semconv.TASKS_COMPLETED.name)
    calls = growth.by_label(semconv.EXTERNAL_API_REQUESTS.name)
    latency = semconv.AGENT_COORDINATION_LATENCY
    return {
        "tasks_per_minute": sum(tasks.values()) * per_minute if tasks else nan,
        "errors_per_minute": tasks.get("error", 0.0) * per_minute if tasks else nan,
        "task_error_percent": _percent([tasks.get("error", 0.0)], tasks.values()),
        "task_duration_p95_seconds": growth.quantile(semconv.TASK_DURATION, 0.95),
        "coordination_latency_p50_ms": 1000 * growth.quantile(latency, 0.50),
        "coordination_latency_ms": 1000 * growth.quantile(latency, 0.95),
        "coordination_latency_p99_ms": 1000 * growth.quantile(latency, 0.99),
        "decision_confidence": growth.mean(semconv.DECISION_CONFIDENCE),
        "external_api_p95_seconds": growth.quantile(semconv.EXTERNAL_API_DURATION, 0.95),
        "external_api_error_percent": _percent(
            [count for code, count in calls.items() if _is_api_failure(code)],
            [count for code, count in calls.items() if code != "cancelled"],
        ),
    }


def _is_api_failure(code: str) -> bool:
    # The other side's fault, its refusal to serve us now, or no answer at all; the other 4xx are our own requests.
    return code.startswith("5") or code in ("429", "timeout", "error")


def _percent(part: Sequence[float], whole: Iterable[float]) -> float:
    total = sum(whole)
    return 100.0 * sum(part) / total if total > 0 else nan
