"""The live metrics, built from the table in `semconv`, under the guide's constant names.

They live in `REGISTRY`, which is prometheus_client's own default registry, so that a user's other metrics are
exposed beside them. Every constant is an ordinary prometheus_client metric and can be used as one.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from prometheus_client import REGISTRY as REGISTRY
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from hivesight_sdk import families, semconv
from hivesight_sdk.multiprocess import prepare_directory

if TYPE_CHECKING:
    from hivesight_sdk.semconv import MetricFamily

_log = logging.getLogger("hivesight_sdk")

Metric = Counter | Gauge | Histogram
MetricT = TypeVar("MetricT", bound=Metric)
AnyT = TypeVar("AnyT")

_conflicts: list[str] = []


def registered(registry: CollectorRegistry, kind: type[AnyT], name: str, labels: tuple[str, ...]) -> AnyT | None:
    """The metric of this name in `registry`, if it is of this kind and has these labels; else None."""
    # prometheus_client has no public look-up of a collector by name.
    collectors = cast("dict[str, object]", getattr(registry, "_names_to_collectors", {}))
    found = collectors.get(name)
    if isinstance(found, kind) and tuple(cast("tuple[str, ...]", getattr(found, "_labelnames", ()))) == labels:
        return found
    return None


def _build(
    kind: type[MetricT], own: type[MetricT], family: MetricFamily, registry: CollectorRegistry, **options: Any
) -> MetricT:
    if family.kind != "counter" and family.name.endswith(f"_{family.unit}"):
        options["unit"] = family.unit
    try:
        return own(family.name, family.help, family.labels, registry=registry, **options)
    except ValueError:
        # The name is taken: by this module's earlier import, or by the host's own copy of the guide's metrics.
        found = registered(registry, kind, family.name, family.labels)
        if found is not None:
            return found
    _conflicts.append(family.name)
    _log.warning(
        "metric %s is already registered by this process with another type or other labels; "
        "what the SDK records under that name is not exposed. Remove your own definition.",
        family.name,
    )
    return own(family.name, family.help, family.labels, registry=None, **options)


def build_counter(family: MetricFamily, registry: CollectorRegistry = REGISTRY) -> Counter:
    """The counter of `family` in `registry`: created, or the one that is already there. Never raises on a clash."""
    return _build(Counter, families.Counter, family, registry)


def build_gauge(family: MetricFamily, registry: CollectorRegistry = REGISTRY) -> Gauge:
    """The gauge of `family` in `registry`: created, or the one that is already there. Never raises on a clash."""
    return _build(Gauge, families.Gauge, family, registry, multiprocess_mode=family.multiprocess_mode)


def build_histogram(family: MetricFamily, registry: CollectorRegistry = REGISTRY) -> Histogram:
    """The histogram of `family` in `registry`: created, or the one that is already there. Never raises on a clash."""
    return _build(Histogram, families.Histogram, family, registry, buckets=(*family.buckets, float("inf")))


prepare_directory()

AGENT_COORDINATION_LATENCY: Final[Histogram] = build_histogram(semconv.AGENT_COORDINATION_LATENCY)
ACTIVE_AGENTS: Final[Gauge] = build_gauge(semconv.ACTIVE_AGENTS)
TASKS_COMPLETED: Final[Counter] = build_counter(semconv.TASKS_COMPLETED)
RESOURCE_UTILIZATION: Final[Gauge] = build_gauge(semconv.RESOURCE_UTILIZATION)
DECISION_CONFIDENCE: Final[Histogram] = build_histogram(semconv.DECISION_CONFIDENCE)
LEARNING_ACCURACY: Final[Gauge] = build_gauge(semconv.LEARNING_ACCURACY)
EXTERNAL_API_REQUESTS: Final[Counter] = build_counter(semconv.EXTERNAL_API_REQUESTS)
EXTERNAL_API_DURATION: Final[Histogram] = build_histogram(semconv.EXTERNAL_API_DURATION)
MEMORY_USAGE: Final[Gauge] = build_gauge(semconv.MEMORY_USAGE)
CPU_USAGE: Final[Gauge] = build_gauge(semconv.CPU_USAGE)
TASK_DURATION: Final[Histogram] = build_histogram(semconv.TASK_DURATION)
TASK_RETRIES: Final[Counter] = build_counter(semconv.TASK_RETRIES)
TASK_TRANSITIONS: Final[Counter] = build_counter(semconv.TASK_TRANSITIONS)
TASK_QUEUE_LENGTH: Final[Gauge] = build_gauge(semconv.TASK_QUEUE_LENGTH)
TASK_QUEUE_OLDEST: Final[Gauge] = build_gauge(semconv.TASK_QUEUE_OLDEST)
HANDOFFS: Final[Counter] = build_counter(semconv.HANDOFFS)
AGENT_RUNS: Final[Counter] = build_counter(semconv.AGENT_RUNS)
AGENT_RUN_DURATION: Final[Histogram] = build_histogram(semconv.AGENT_RUN_DURATION)
AGENT_LAST_HEARTBEAT: Final[Gauge] = build_gauge(semconv.AGENT_LAST_HEARTBEAT)
AGENT_LAST_PROGRESS: Final[Gauge] = build_gauge(semconv.AGENT_LAST_PROGRESS)
WORKFLOW_RUNS: Final[Counter] = build_counter(semconv.WORKFLOW_RUNS)
WORKFLOW_RUN_DURATION: Final[Histogram] = build_histogram(semconv.WORKFLOW_RUN_DURATION)
MODEL_CALLS: Final[Counter] = build_counter(semconv.MODEL_CALLS)
MODEL_CALL_DURATION: Final[Histogram] = build_histogram(semconv.MODEL_CALL_DURATION)
MODEL_TIME_TO_FIRST_CHUNK: Final[Histogram] = build_histogram(semconv.MODEL_TIME_TO_FIRST_CHUNK)
MODEL_TOKENS: Final[Counter] = build_counter(semconv.MODEL_TOKENS)
MODEL_COST: Final[Counter] = build_counter(semconv.MODEL_COST)
MODEL_FINISHES: Final[Counter] = build_counter(semconv.MODEL_FINISHES)
TOOL_CALLS: Final[Counter] = build_counter(semconv.TOOL_CALLS)
TOOL_CALL_DURATION: Final[Histogram] = build_histogram(semconv.TOOL_CALL_DURATION)
CIRCUIT_BREAKER_STATE: Final[Gauge] = build_gauge(semconv.CIRCUIT_BREAKER_STATE)
CIRCUIT_BREAKER_TRANSITIONS: Final[Counter] = build_counter(semconv.CIRCUIT_BREAKER_TRANSITIONS)
ERRORS: Final[Counter] = build_counter(semconv.ERRORS)
EVENT_LOOP_LAG: Final[Histogram] = build_histogram(semconv.EVENT_LOOP_LAG)
JOB_LAST_RUN: Final[Gauge] = build_gauge(semconv.JOB_LAST_RUN)
JOB_LAST_SUCCESS: Final[Gauge] = build_gauge(semconv.JOB_LAST_SUCCESS)
JOB_DURATION: Final[Gauge] = build_gauge(semconv.JOB_DURATION)
JOB_STATUS: Final[Gauge] = build_gauge(semconv.JOB_STATUS)
MONITOR_FIGURE: Final[Gauge] = build_gauge(semconv.MONITOR_FIGURE)
MONITOR_ALERT: Final[Gauge] = build_gauge(semconv.MONITOR_ALERT)
LOG_REDACTIONS: Final[Counter] = build_counter(semconv.LOG_REDACTIONS)
SDK_EXPORTED: Final[Counter] = build_counter(semconv.SDK_EXPORTED)
SDK_EXPORT_QUEUE_LENGTH: Final[Gauge] = build_gauge(semconv.SDK_EXPORT_QUEUE_LENGTH)
SDK_DROPPED: Final[Counter] = build_counter(semconv.SDK_DROPPED)

ALL: Final[tuple[Metric, ...]] = (
    AGENT_COORDINATION_LATENCY,
    ACTIVE_AGENTS,
    TASKS_COMPLETED,
    RESOURCE_UTILIZATION,
    DECISION_CONFIDENCE,
    LEARNING_ACCURACY,
    EXTERNAL_API_REQUESTS,
    EXTERNAL_API_DURATION,
    MEMORY_USAGE,
    CPU_USAGE,
    TASK_DURATION,
    TASK_RETRIES,
    TASK_TRANSITIONS,
    TASK_QUEUE_LENGTH,
    TASK_QUEUE_OLDEST,
    HANDOFFS,
    AGENT_RUNS,
    AGENT_RUN_DURATION,
    AGENT_LAST_HEARTBEAT,
    AGENT_LAST_PROGRESS,
    WORKFLOW_RUNS,
    WORKFLOW_RUN_DURATION,
    MODEL_CALLS,
    MODEL_CALL_DURATION,
    MODEL_TIME_TO_FIRST_CHUNK,
    MODEL_TOKENS,
    MODEL_COST,
    MODEL_FINISHES,
    TOOL_CALLS,
    TOOL_CALL_DURATION,
    CIRCUIT_BREAKER_STATE,
    CIRCUIT_BREAKER_TRANSITIONS,
    ERRORS,
    EVENT_LOOP_LAG,
    JOB_LAST_RUN,
    JOB_LAST_SUCCESS,
    JOB_DURATION,
    JOB_STATUS,
    MONITOR_FIGURE,
    MONITOR_ALERT,
    LOG_REDACTIONS,
    SDK_EXPORTED,
    SDK_EXPORT_QUEUE_LENGTH,
    SDK_DROPPED,
)
"""Every live metric, in the order of `semconv.FAMILIES`."""


def register_in(registry: CollectorRegistry) -> None:
    """Expose the SDK's metrics in a further registry too. Names that are already there are left alone."""
    for metric in ALL:
        try:
            registry.register(metric)
        except ValueError:
            _log.debug("%s is already in the registry", metric)


for _reason in semconv.DROP_REASONS:
    SDK_DROPPED.labels(_reason)
if _conflicts:
    SDK_DROPPED.labels("name_conflict").inc(len(_conflicts))
