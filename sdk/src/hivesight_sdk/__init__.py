"""Hivesight's SDK: what an agent process imports to be seen. Threads only, never raises into its host.

Names are loaded on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

import os
from _thread import RLock
from importlib import import_module

TYPE_CHECKING = False  # type checkers take it for true; `typing` and `threading` cost more than all the rest here
if TYPE_CHECKING:
    from hivesight_sdk.circuit_breakers import record_circuit_breaker
    from hivesight_sdk.configuration import Sdk, configure
    from hivesight_sdk.errors import record_error
    from hivesight_sdk.event_loop import EventLoopWatch, watch_event_loop
    from hivesight_sdk.expectations import (
        declare_children,
        expect_agents,
        expect_circuit_breakers,
        expect_external_api,
        expect_model,
        expect_tools,
        expect_workflows,
    )
    from hivesight_sdk.exposition import MetricsApp, metrics_app
    from hivesight_sdk.logs import (
        JsonFormatter,
        LogContext,
        LogHandle,
        LogLimits,
        Redactor,
        StructlogRenderer,
        configure_logging,
        current_log_context,
        log_context,
    )
    from hivesight_sdk.metrics import (
        ACTIVE_AGENTS,
        AGENT_COORDINATION_LATENCY,
        AGENT_LAST_HEARTBEAT,
        AGENT_LAST_PROGRESS,
        AGENT_RUN_DURATION,
        AGENT_RUNS,
        CIRCUIT_BREAKER_STATE,
        CIRCUIT_BREAKER_TRANSITIONS,
        CPU_USAGE,
        DECISION_CONFIDENCE,
        ERRORS,
        EVENT_LOOP_LAG,
        EXTERNAL_API_DURATION,
        EXTERNAL_API_REQUESTS,
        HANDOFFS,
        JOB_DURATION,
        JOB_LAST_RUN,
        JOB_LAST_SUCCESS,
        JOB_STATUS,
        LEARNING_ACCURACY,
        LOG_REDACTIONS,
        MEMORY_USAGE,
        MODEL_CALL_DURATION,
        MODEL_CALLS,
        MODEL_COST,
        MODEL_FINISHES,
        MODEL_TIME_TO_FIRST_CHUNK,
        MODEL_TOKENS,
        MONITOR_ALERT,
        MONITOR_FIGURE,
        REGISTRY,
        RESOURCE_UTILIZATION,
        SDK_DROPPED,
        SDK_EXPORT_QUEUE_LENGTH,
        SDK_EXPORTED,
        TASK_DURATION,
        TASK_QUEUE_LENGTH,
        TASK_QUEUE_OLDEST,
        TASK_RETRIES,
        TASK_TRANSITIONS,
        TASKS_COMPLETED,
        TOOL_CALL_DURATION,
        TOOL_CALLS,
        WORKFLOW_RUN_DURATION,
        WORKFLOW_RUNS,
    )
    from hivesight_sdk.monitor import PerformanceAlert, PerformanceMetrics, PerformanceMonitor, Threshold
    from hivesight_sdk.own_metrics import Counter, Gauge, Histogram, Summary
    from hivesight_sdk.push import JobRun, job, push_metrics
    from hivesight_sdk.resources import ResourceSampler, track_resource_usage
    from hivesight_sdk.server import MetricsServer, serve_metrics
    from hivesight_sdk.tracing.instrumentation import instrument
    from hivesight_sdk.tracing.propagation import Remote, extract, inject, link
    from hivesight_sdk.trackers.api_calls import track_external_api
    from hivesight_sdk.trackers.decisions import record_decision, record_learning_accuracy, track_decision
    from hivesight_sdk.trackers.handoffs import handoff, record_handoff
    from hivesight_sdk.trackers.latency import track_latency
    from hivesight_sdk.trackers.levels import record_active_agents, record_queue
    from hivesight_sdk.trackers.model_calls import ModelCall, model_call
    from hivesight_sdk.trackers.prices import set_prices
    from hivesight_sdk.trackers.runs import agent, heartbeat, record_transition, tool, workflow
    from hivesight_sdk.trackers.tasks import record_progress, record_retry, track_task

__version__ = "0.1.0"

_MODULE_OF = {
    "record_circuit_breaker": "circuit_breakers",
    "Sdk": "configuration",
    "configure": "configuration",
    "EventLoopWatch": "event_loop",
    "watch_event_loop": "event_loop",
    "record_error": "errors",
    "declare_children": "expectations",
    "expect_agents": "expectations",
    "expect_external_api": "expectations",
    "expect_circuit_breakers": "expectations",
    "expect_model": "expectations",
    "expect_tools": "expectations",
    "expect_workflows": "expectations",
    "MetricsApp": "exposition",
    "metrics_app": "exposition",
    "ModelCall": "trackers.model_calls",
    "model_call": "trackers.model_calls",
    "set_prices": "trackers.prices",
    "JsonFormatter": "logs",
    "LogContext": "logs",
    "LogHandle": "logs",
    "LogLimits": "logs",
    "Redactor": "logs",
    "StructlogRenderer": "logs",
    "configure_logging": "logs",
    "current_log_context": "logs",
    "log_context": "logs",
    "JobRun": "push",
    "job": "push",
    "push_metrics": "push",
    "PerformanceAlert": "monitor",
    "PerformanceMetrics": "monitor",
    "PerformanceMonitor": "monitor",
    "Threshold": "monitor",
    "Counter": "own_metrics",
    "Gauge": "own_metrics",
    "Histogram": "own_metrics",
    "Summary": "own_metrics",
    "ResourceSampler": "resources",
    "track_resource_usage": "resources",
    "agent": "trackers.runs",
    "heartbeat": "trackers.runs",
    "record_transition": "trackers.runs",
    "tool": "trackers.runs",
    "workflow": "trackers.runs",
    "MetricsServer": "server",
    "serve_metrics": "server",
    "handoff": "trackers.handoffs",
    "record_active_agents": "trackers.levels",
    "record_decision": "trackers.decisions",
    "record_handoff": "trackers.handoffs",
    "record_learning_accuracy": "trackers.decisions",
    "record_progress": "trackers.tasks",
    "record_queue": "trackers.levels",
    "record_retry": "trackers.tasks",
    "track_decision": "trackers.decisions",
    "track_external_api": "trackers.api_calls",
    "track_latency": "trackers.latency",
    "track_task": "trackers.tasks",
    "instrument": "tracing.instrumentation",
    "Remote": "tracing.propagation",
    "extract": "tracing.propagation",
    "inject": "tracing.propagation",
    "link": "tracing.propagation",
}

__all__ = [
    "ACTIVE_AGENTS",
    "AGENT_COORDINATION_LATENCY",
    "AGENT_LAST_HEARTBEAT",
    "AGENT_LAST_PROGRESS",
    "AGENT_RUNS",
    "AGENT_RUN_DURATION",
    "CIRCUIT_BREAKER_STATE",
    "CIRCUIT_BREAKER_TRANSITIONS",
    "CPU_USAGE",
    "DECISION_CONFIDENCE",
    "ERRORS",
    "EVENT_LOOP_LAG",
    "EXTERNAL_API_DURATION",
    "EXTERNAL_API_REQUESTS",
    "HANDOFFS",
    "JOB_DURATION",
    "JOB_LAST_RUN",
    "JOB_LAST_SUCCESS",
    "JOB_STATUS",
    "LEARNING_ACCURACY",
    "LOG_REDACTIONS",
    "MEMORY_USAGE",
    "MODEL_CALLS",
    "MODEL_CALL_DURATION",
    "MODEL_COST",
    "MODEL_FINISHES",
    "MODEL_TIME_TO_FIRST_CHUNK",
    "MODEL_TOKENS",
    "MONITOR_ALERT",
    "MONITOR_FIGURE",
    "REGISTRY",
    "RESOURCE_UTILIZATION",
    "SDK_DROPPED",
    "SDK_EXPORTED",
    "SDK_EXPORT_QUEUE_LENGTH",
    "TASKS_COMPLETED",
    "TASK_DURATION",
    "TASK_QUEUE_LENGTH",
    "TASK_QUEUE_OLDEST",
    "TASK_RETRIES",
    "TASK_TRANSITIONS",
    "TOOL_CALLS",
    "TOOL_CALL_DURATION",
    "WORKFLOW_RUNS",
    "WORKFLOW_RUN_DURATION",
    "Counter",
    "EventLoopWatch",
    "Gauge",
    "Histogram",
    "JobRun",
    "JsonFormatter",
    "LogContext",
    "LogHandle",
    "LogLimits",
    "MetricsApp",
    "MetricsServer",
    "ModelCall",
    "PerformanceAlert",
    "PerformanceMetrics",
    "PerformanceMonitor",
    "Redactor",
    "Remote",
    "ResourceSampler",
    "Sdk",
    "StructlogRenderer",
    "Summary",
    "Threshold",
    "agent",
    "configure",
    "configure_logging",
    "current_log_context",
    "declare_children",
    "expect_agents",
    "expect_circuit_breakers",
    "expect_external_api",
    "expect_model",
    "expect_tools",
    "expect_workflows",
    "extract",
    "handoff",
    "heartbeat",
    "inject",
    "instrument",
    "job",
    "link",
    "log_context",
    "metrics_app",
    "model_call",
    "push_metrics",
    "record_active_agents",
    "record_circuit_breaker",
    "record_decision",
    "record_error",
    "record_handoff",
    "record_learning_accuracy",
    "record_progress",
    "record_queue",
    "record_retry",
    "record_transition",
    "serve_metrics",
    "set_prices",
    "tool",
    "track_decision",
    "track_external_api",
    "track_latency",
    "track_resource_usage",
    "track_task",
    "watch_event_loop",
    "workflow",
]


# A fork in the middle of another thread's import would leave the module locked for ever in the child.
_loading = RLock()


def __getattr__(name: str) -> object:
    module = _MODULE_OF.get(name) or ("metrics" if name.isupper() and name in __all__ else None)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with _loading:
        value: object = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_loading.acquire, after_in_parent=_loading.release, after_in_child=_loading.release)
