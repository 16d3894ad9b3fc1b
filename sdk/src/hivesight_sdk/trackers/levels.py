"""Levels that the host knows and sets: agents by status, the queue by state."""

from __future__ import annotations

from hivesight_sdk import metrics
from hivesight_sdk.recording import record, series


def record_active_agents(agent_type: str, status: str, count: int) -> None:
    """Set how many agents of a type are in a status now ("active", "idle", "failed"); 0 for one that emptied."""
    record(lambda: series(metrics.ACTIVE_AGENTS, agent_type, status).set(count))


def record_queue(state: str, length: int, oldest_seconds: float = 0.0) -> None:
    """Set how many tasks the queue holds in a state ("waiting", "running") and the age of the oldest in seconds."""

    def action() -> None:
        series(metrics.TASK_QUEUE_LENGTH, state).set(length)
        series(metrics.TASK_QUEUE_OLDEST, state).set(oldest_seconds)

    record(action)
