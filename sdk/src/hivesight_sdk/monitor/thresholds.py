"""Which figures are beyond their thresholds, since when, and what that changes: pure decisions on a monotonic clock."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, isnan
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from hivesight_sdk.monitor.sample import PerformanceMetrics

Direction = Literal["above", "below"]
AlertState = Literal["firing", "resolved"]

UNKNOWN_SECONDS: Final = 300.0
"""An alert whose figure is no longer known keeps its state for this long, as long as Prometheus looks back."""


class Threshold(float):
    """A number that a figure should not pass, and how to judge it. It is the limit itself, so it compares as one.

    The alert fires when the figure has been `direction` the limit for `for_seconds`. It resolves when the figure is
    back at `clear` or better; a `clear` apart from the limit keeps a figure that hovers there from flapping.
    Raises ValueError for a limit, a duration or a `clear` that cannot be meant.
    """

    __slots__ = ("clear", "direction", "for_seconds", "severity")

    clear: float
    direction: Direction
    for_seconds: float
    severity: str

    def __new__(
        cls,
        limit: float,
        *,
        for_seconds: float = 0.0,
        clear: float | None = None,
        direction: Direction = "above",
        severity: str = "warning",
    ) -> Threshold:
        if direction not in ("above", "below"):
            raise ValueError(f"direction must be 'above' or 'below', not {direction!r}")
        self = super().__new__(cls, limit)
        self.direction = direction
        self.clear = float(self if clear is None else clear)
        self.for_seconds = float(for_seconds)
        self.severity = severity
        if not isfinite(self) or not isfinite(self.clear) or not 0 <= self.for_seconds < float("inf"):
            raise ValueError("limit, clear and for_seconds must be finite, and for_seconds not negative")
        if self.passed_by(self.clear):
            raise ValueError(f"clear must be on the good side of {float(self):g}, and {self.clear:g} is {direction} it")
        return self

    def passed_by(self, value: float) -> bool:
        """Whether `value` is on the bad side of the limit."""
        return value > self if self.direction == "above" else value < self

    def cleared_by(self, value: float) -> bool:
        """Whether `value` is back on the good side of `clear`."""
        return value <= self.clear if self.direction == "above" else value >= self.clear


DEFAULT_THRESHOLDS: Final[Mapping[str, Threshold]] = {
    "cpu_percent": Threshold(85, for_seconds=120, clear=80),
    "memory_percent": Threshold(90, for_seconds=60, clear=85, severity="critical"),
    "disk_usage_percent": Threshold(95, clear=93, severity="critical"),
    "coordination_latency_ms": Threshold(500, for_seconds=60, clear=450),
    "errors_per_minute": Threshold(10, for_seconds=60, clear=8),
    "decision_confidence": Threshold(0.7, for_seconds=300, clear=0.75, direction="below"),
    "external_api_error_percent": Threshold(5, for_seconds=120, clear=4),
}


@dataclass(frozen=True, slots=True)
class PerformanceAlert:
    """A figure passed its threshold for long enough (`firing`), or is well again or no longer known (`resolved`).

    `value` is NaN when the figure is no longer known. `lasted_seconds` counts from the first collection beyond the
    limit to this one.
    """

    figure: str
    state: AlertState
    value: float
    limit: float
    direction: Direction
    severity: str
    timestamp: datetime
    lasted_seconds: float

    @property
    def message(self) -> str:
        """One line for people."""
        what = self.figure.replace("_", " ")
        how = "High" if self.direction == "above" else "Low"
        if self.state == "firing":
            return f"{how} {what}: {self.value:g} (limit {self.limit:g}) for {self.lasted_seconds:.0f} s"
        now = "no longer known" if isnan(self.value) else f"{self.value:g}"
        return f"Resolved {what}: {now} (limit {self.limit:g}) after {self.lasted_seconds:.0f} s"


@dataclass(slots=True)
class _Condition:
    threshold: Threshold
    since: float
    known_at: float
    firing: bool = False


class AlertStates:
    """The state of every threshold. Not thread-safe: whoever judges holds a lock."""

    def __init__(self) -> None:
        self._conditions: dict[str, _Condition] = {}

    @property
    def firing(self) -> tuple[str, ...]:
        """The figures whose alert is firing, in alphabetical order."""
        return tuple(sorted(figure for figure, condition in self._conditions.items() if condition.firing))

    def judge(self, thresholds: Mapping[str, Threshold], metrics: PerformanceMetrics) -> list[PerformanceAlert]:
        """What `metrics` changes: an alert for each that starts firing or is resolved. A second call changes nothing.

        An alert whose threshold was removed is resolved.
        """
        changes: list[PerformanceAlert] = []
        for figure in sorted({*thresholds, *self._conditions}):
            threshold = thresholds.get(figure)
            condition = self._conditions.get(figure)
            change = self._judge_one(figure, threshold, condition, metrics)
            if change is not None:
                changes.append(change)
        return changes

    def _judge_one(
        self, figure: str, threshold: Threshold | None, condition: _Condition | None, metrics: PerformanceMetrics
    ) -> PerformanceAlert | None:
        now, value = metrics.taken_at, metrics.get(figure)
        if threshold is None:
            return self._end(figure, metrics)
        if isnan(value):
            lost = condition is not None and now - condition.known_at >= UNKNOWN_SECONDS
            return self._end(figure, metrics) if lost else None
        if condition is None:
            if not threshold.passed_by(value):
                return None
            condition = self._conditions[figure] = _Condition(threshold, now, now)
        condition.threshold, condition.known_at = threshold, now
        if condition.firing:
            return self._end(figure, metrics) if threshold.cleared_by(value) else None
        if not threshold.passed_by(value):
            del self._conditions[figure]
            return None
        if now - condition.since < threshold.for_seconds:
            return None
        condition.firing = True
        return _alert(figure, "firing", condition, metrics)

    def _end(self, figure: str, metrics: PerformanceMetrics) -> PerformanceAlert | None:
        condition = self._conditions.pop(figure, None)
        return _alert(figure, "resolved", condition, metrics) if condition is not None and condition.firing else None


def _alert(figure: str, state: AlertState, condition: _Condition, metrics: PerformanceMetrics) -> PerformanceAlert:
    threshold = condition.threshold
    return PerformanceAlert(
        figure=figure,
        state=state,
        value=metrics.get(figure),
        limit=float(threshold),
        direction=threshold.direction,
        severity=threshold.severity,
        timestamp=metrics.timestamp,
        lasted_seconds=max(0.0, metrics.taken_at - condition.since),
    )
