"""What synthesis leaves: series with a fault in them and the times that go with it, or why there are none."""

from dataclasses import dataclass

from hivesight.model.labels import Labels
from hivesight.rule_tests.notation import Points


@dataclass(frozen=True, slots=True)
class Scenario:
    """Series that are healthy, then make one alerting rule fire, then heal.

    series: the samples of each, one an interval from the start on. start_ms: when that is, since the epoch; all other
    times count from it. evaluate_from_ms: rules are evaluated from here on; before it, windows are not yet full.
    health_until_ms: the alert does not fire up to here. fires_by_ms: it fires here. heals_at_ms: the fault is over, and
    up to it the alert fires. end_ms: the alert does not fire any more; no sample is later.
    constant: the condition holds whatever is measured (`vector(1)`): the alert is never silent and never over."""

    series: dict[Labels, Points]
    interval_ms: int
    health_until_ms: int
    fires_by_ms: int
    heals_at_ms: int
    end_ms: int
    evaluate_from_ms: int = 0
    start_ms: int = 0
    constant: bool = False


@dataclass(frozen=True, slots=True)
class Impossible:
    """No series were found. reason: why, and what to do instead, for whoever wrote the rule."""

    reason: str
