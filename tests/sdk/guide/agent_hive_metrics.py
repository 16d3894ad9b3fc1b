"""A hive's metrics module in the guide's shape, definitions and decorator included. Only the import of the four classes
is another; the rest stays, faults too."""
# ruff: noqa: F401, F841

import time
from functools import wraps

from hivesight_sdk import Counter, Gauge, Histogram, Summary

AGENT_COORDINATION_LATENCY = Histogram(
    "agent_hive_coordination_latency_seconds",
    "Coordination",
    buckets=(0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, float("inf")),
)
ACTIVE_AGENTS = Gauge("agent_hive_active_agents_total", "Agents", ["agent_type", "status"])
TASKS_COMPLETED = Counter("agent_hive_tasks_completed_total", "Tasks", ["agent_type", "status", "priority"])
RESOURCE_UTILIZATION = Gauge("agent_hive_resource_utilization_percent", "Utilization", ["resource_type"])
DECISION_CONFIDENCE = Histogram(
    "agent_hive_decision_confidence_score", "Confidence", buckets=(0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
)
LEARNING_ACCURACY = Gauge("agent_hive_learning_accuracy_percent", "Accuracy", ["model_type"])
EXTERNAL_API_REQUESTS = Counter(
    "agent_hive_external_api_requests_total", "Requests", ["service", "method", "status_code"]
)
EXTERNAL_API_DURATION = Histogram(
    "agent_hive_external_api_duration_seconds",
    "Duration",
    ["service", "method"],
    buckets=(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, float("inf")),
)
MEMORY_USAGE = Gauge("agent_hive_memory_usage_bytes", "Memory", ["component"])
CPU_USAGE = Gauge("agent_hive_cpu_usage_percent", "CPU", ["component"])


def track_latency(metric_name=None):
    def decorator(func):
        @wraps(func)
        async def wrapper(*args, **kwargs):
            start_time = time.time()
            try:
                result = await func(*args, **kwargs)
                AGENT_COORDINATION_LATENCY.observe(time.time() - start_time)
                return result
            except Exception as e:
                TASKS_COMPLETED.labels(agent_type="orchestrator", status="error", priority="high").inc()
                raise

        return wrapper

    return decorator


def track_resource_usage():
    import psutil

    memory = psutil.virtual_memory()
    MEMORY_USAGE.labels(component="system").set(memory.used)
    RESOURCE_UTILIZATION.labels(resource_type="memory").set(memory.percent)
    cpu_percent = psutil.cpu_percent(interval=0.1)
    CPU_USAGE.labels(component="system").set(cpu_percent)
    RESOURCE_UTILIZATION.labels(resource_type="cpu").set(cpu_percent)
    disk = psutil.disk_usage("/")
    RESOURCE_UTILIZATION.labels(resource_type="disk").set((disk.used / disk.total) * 100)


class MonitoredOrchestrator:
    @track_latency("coordination")
    async def coordinate_agents(self, tasks):
        ACTIVE_AGENTS.labels(agent_type="backend", status="active").set(5)
        [task() for task in tasks]
        TASKS_COMPLETED.labels(agent_type="backend", status="completed", priority="medium").inc()
