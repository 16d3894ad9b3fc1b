"""Which fault of the reference hive brings about which alert."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Fault:
    """kind, service, seconds: as `control.inject` takes them. takes_ms: how long it lasts at most until what the hive
    measures of itself is beyond a threshold."""

    kind: str
    service: str
    seconds: float | None = None
    takes_ms: int = 0

    def __str__(self) -> str:
        by = f" by {self.seconds:g} s a step" if self.seconds is not None else ""
        return f"{self.kind} {self.service}{by}"


_KILLED: Final = Fault("kill", "event-streaming")
_FAILING: Final = Fault("errors", "orchestrator")
_STUCK: Final = Fault("stuck", "orchestrator", takes_ms=180_000)
_MODEL_FAILING: Final = Fault("errors", "model", takes_ms=60_000)

_BY_ALERT: Final = {
    "AgentHiveDown": _KILLED,
    "HighTaskFailureRate": _FAILING,
    # Long enough for the warning, too short for its critical sister, which would hold it back.
    "HighCoordinationLatency": Fault("slow", "orchestrator", 0.16),
    "CriticalCoordinationLatency": Fault("slow", "orchestrator", 1.0),
    "ExternalAPIHighErrorRate": _MODEL_FAILING,
    "AgentsStuck": _STUCK,
    "NoActiveAgents": _STUCK,
    "LowActiveAgents": _STUCK,
    # Agents move, and slower than work comes in: the least urgent tasks wait.
    "TaskQueueBacklog": Fault("slow", "orchestrator", 3.0, takes_ms=300_000),
}


def fault_for(alert: str) -> Fault | None:
    """The fault under which the alert of this name fires; None where no fault of the hive brings it about."""
    return _BY_ALERT.get(alert)
