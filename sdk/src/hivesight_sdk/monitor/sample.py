"""What one collection found: named numbers and the moment they were taken at."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import nan
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_FIGURES: Final = 100
"""Different figures that one monitor takes; further ones are dropped and counted."""

_NETWORK: Final = {
    "bytes_sent": "network_sent_bytes_per_second",
    "bytes_recv": "network_received_bytes_per_second",
}
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")


def is_figure_name(name: object) -> bool:
    """Whether `name` may name a figure: 1 to 64 lower-case letters, digits and underscores, a letter first."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


@dataclass(frozen=True, slots=True, init=False)
class PerformanceMetrics:
    """The figures of one collection.

    `timestamp` is in UTC. `figures` has every figure that is known; the properties are the guide's names for some of
    them, and NaN where a figure is not known, so that every comparison with a threshold is false.
    """

    timestamp: datetime
    figures: Mapping[str, float]
    taken_at: float = field(repr=False, compare=False)
    """Monotonic seconds. The history goes by this, so that setting the clock neither empties nor fills it."""

    def __init__(
        self,
        timestamp: datetime,
        figures: Mapping[str, float] | None = None,
        taken_at: float | None = None,
        *,
        network_io: Mapping[str, float] | None = None,
        **guide_figures: float,
    ) -> None:
        """Figures by their names: in a mapping, as keywords as in the guide (`cpu_percent=85.0`), or both.

        `network_io` has `bytes_sent` and `bytes_recv`, per second. `taken_at` is now unless given.
        """
        network = {_NETWORK[key]: value for key, value in (network_io or {}).items() if key in _NETWORK}
        object.__setattr__(self, "timestamp", timestamp)
        object.__setattr__(self, "figures", {**(figures or {}), **network, **guide_figures})
        object.__setattr__(self, "taken_at", time.monotonic() if taken_at is None else taken_at)

    @classmethod
    def at(cls, unix_seconds: float, figures: Mapping[str, float], taken_at: float) -> PerformanceMetrics:
        """The figures of a moment in Unix seconds. Raises ValueError or OverflowError beyond what a date holds."""
        return cls(datetime.fromtimestamp(unix_seconds, UTC), figures, taken_at)

    def get(self, figure: str) -> float:
        """The figure's value, or NaN."""
        return self.figures.get(figure, nan)

    @property
    def cpu_percent(self) -> float:
        """Use of the host's CPUs, or of the control group's limit: 0 to 100."""
        return self.get("cpu_percent")

    @property
    def memory_percent(self) -> float:
        """Use of the host's memory, or of the control group's limit: 0 to 100."""
        return self.get("memory_percent")

    @property
    def disk_usage_percent(self) -> float:
        """Use of the disk that users can have: 0 to 100."""
        return self.get("disk_usage_percent")

    @property
    def network_io(self) -> dict[str, float]:
        """Bytes per second that the host (or the container) sends and receives."""
        return {key: self.get(figure) for key, figure in _NETWORK.items()}

    @property
    def active_agents(self) -> float:
        """Agents with the status `active`."""
        return self.get("active_agents")

    @property
    def task_queue_length(self) -> float:
        """Tasks that wait."""
        return self.get("task_queue_length")

    @property
    def coordination_latency_ms(self) -> float:
        """95th percentile of the coordination latency, in milliseconds."""
        return self.get("coordination_latency_ms")

    @property
    def decision_confidence(self) -> float:
        """Mean confidence of decisions: 0 to 1."""
        return self.get("decision_confidence")

    @property
    def errors_per_minute(self) -> float:
        """Tasks that ended in an error, per minute."""
        return self.get("errors_per_minute")
