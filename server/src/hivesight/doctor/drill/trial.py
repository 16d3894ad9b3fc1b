"""What a drill puts an alert through: series, and what is expected of the alert when."""

from dataclasses import dataclass

from hivesight.doctor.drill.continuation import Series


@dataclass(frozen=True, slots=True)
class Trial:
    """series: one sample an interval from `start_ms` (since the epoch) on; all other times count from it. step_ms:
    between evaluations, which begin at evaluate_from_ms.

    silent_ms: when the alert must not fire. silent_until_ms: up to here it never may. fires_by_ms: it fires here; None
    for a trial of health alone. heals_at_ms: the fault is over. end_ms: how long is waited for what is to come.
    origin: where the series are from, in words."""

    origin: str
    series: Series
    interval_ms: int
    step_ms: int
    start_ms: int = 0
    evaluate_from_ms: int = 0
    silent_ms: tuple[int, ...] = ()
    silent_until_ms: int | None = None
    fires_by_ms: int | None = None
    heals_at_ms: int = 0
    end_ms: int = 0

    @property
    def evaluations(self) -> int:
        """How many there are, as a measure of what it costs."""
        return (self.end_ms - self.evaluate_from_ms) // self.step_ms + 1
