"""Signs of life: when an agent of a type last lived and last got on, as times in gauges."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from hivesight_sdk import metrics
from hivesight_sdk.batches import record_batched
from hivesight_sdk.recording import series

if TYPE_CHECKING:
    from prometheus_client import Gauge

LIFE: Final = (metrics.AGENT_LAST_HEARTBEAT,)
PROGRESS: Final = (metrics.AGENT_LAST_PROGRESS,)
LIFE_AND_PROGRESS: Final = LIFE + PROGRESS


def note(signs: tuple[Gauge, ...], agent_type: str) -> None:
    """Set `signs` (one of the constants here) of this agent type to now."""
    record_batched(_set, agent_type, (signs, time.time()))


def _set(agent_type: str, points: list[tuple[tuple[Gauge, ...], float]]) -> None:
    latest = {sign: now for signs, now in points for sign in signs}
    for sign, now in latest.items():
        series(sign, agent_type).set(now)
