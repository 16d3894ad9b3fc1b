"""What a back-test found: for every rule its episodes, and the figures that are asked of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from hivesight.doctor.backtest.course import Episode
from hivesight.doctor.backtest.members import Member
from hivesight.doctor.backtest.replaying import Failures
from hivesight.model.labels import Labels
from hivesight.rules.alerts import RESOLVED_RETENTION_MS

RETURN_MS: Final = RESOLVED_RETENTION_MS
"""An alert that begins to fire again so soon after it was over has come back: so long Prometheus still says of an alert
that it is over."""
FLAPPING_RETURNS: Final = 2
"""So many returns of one alert are flapping."""


@dataclass(frozen=True, slots=True)
class RecordingResult:
    """A recording rule that an alerting rule reads. broken: why it was given up, empty where it was not."""

    member: Member
    evaluations: int
    failures: Failures
    broken: str


@dataclass(frozen=True, slots=True)
class AlertingResult:
    """An alerting rule. episodes: those that were not over before the time began. annotations: of an episode."""

    member: Member
    evaluations: int
    failures: Failures
    broken: str
    episodes: Sequence[Episode]
    annotations: Callable[[Episode], Labels]

    @property
    def firings(self) -> list[Episode]:
        """Those that fired, in the order in which they began to."""
        fired = [each for each in self.episodes if each.fired_at_ms is not None]
        return sorted(fired, key=lambda each: (each.fired_at_ms or 0, each.labels))

    @property
    def waits(self) -> list[Episode]:
        """Those that were over before they fired."""
        return [each for each in self.episodes if each.fired_at_ms is None and each.over_at_ms is not None]


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one rule in the time that is asked about. alerts: how many different ones fired. total_ms: all of them
    together, of which busy_ms is the time in which at least one fired. waits: how often the condition was over before
    `for`, longest_wait_ms: the longest of these. returns: how often an alert fired again soon after it was over,
    flapping: which alerts did so again and again, longest_gap_ms: the longest time in which one of these was over.
    firing, pending: at the end."""

    firings: int
    alerts: int
    total_ms: int
    busy_ms: int
    longest_ms: int
    waits: int
    longest_wait_ms: int
    returns: int
    flapping: tuple[Labels, ...]
    longest_gap_ms: int
    firing: int
    pending: int


@dataclass(frozen=True, slots=True)
class Results:
    """since_ms to until_ms: the time that was asked about. alerting, recording: in the order of the files."""

    since_ms: int
    until_ms: int
    alerting: Sequence[AlertingResult]
    recording: Sequence[RecordingResult]

    @property
    def sound(self) -> bool:
        """Whether every rule could be evaluated at every moment."""
        return not any(each.broken or each.failures.count for each in (*self.alerting, *self.recording))

    def span(self, episode: Episode) -> tuple[int, int]:
        """From when to when it fired, within the time."""
        begins = self.until_ms if episode.fired_at_ms is None else episode.fired_at_ms
        ends = self.until_ms if episode.over_at_ms is None else episode.over_at_ms
        return max(begins, self.since_ms), max(ends, self.since_ms)

    def figures(self, result: AlertingResult) -> Figures:
        """What is to be said of a rule."""
        firings = result.firings
        spans = [self.span(each) for each in firings]
        lengths = [end - begin for begin, end in spans]
        waits = [(each.over_at_ms or 0) - each.active_at_ms for each in result.waits]
        gaps = _gaps(firings)
        flapping = [labels for labels, found in gaps.items() if len(found) >= FLAPPING_RETURNS]
        open_ = [each for each in result.episodes if each.over_at_ms is None]
        firing = sum(each.fired_at_ms is not None for each in open_)
        return Figures(
            firings=len(firings),
            alerts=len({each.labels for each in firings}),
            total_ms=sum(lengths),
            busy_ms=_covered(spans),
            longest_ms=max(lengths, default=0),
            waits=len(waits),
            longest_wait_ms=max(waits, default=0),
            returns=sum(map(len, gaps.values())),
            flapping=tuple(sorted(flapping)),
            longest_gap_ms=max((max(gaps[each]) for each in flapping), default=0),
            firing=firing,
            pending=len(open_) - firing,
        )


def _gaps(firings: Sequence[Episode]) -> dict[Labels, list[int]]:
    """For each alert that came back, how long it was over each time."""
    over: dict[Labels, int] = {}
    gaps: dict[Labels, list[int]] = {}
    for each in firings:
        assert each.fired_at_ms is not None
        if each.labels in over and each.fired_at_ms - over[each.labels] <= RETURN_MS:
            gaps.setdefault(each.labels, []).append(each.fired_at_ms - over[each.labels])
        if each.over_at_ms is not None:
            over[each.labels] = each.over_at_ms
    return gaps


def _covered(spans: Sequence[tuple[int, int]]) -> int:
    """The time that any of them covers; they come in the order of their beginnings."""
    total, end_ms = 0, 0
    for begin, end in spans:
        total += max(0, end - max(begin, end_ms))
        end_ms = max(end_ms, end)
    return total
