"""One invented series as a function of time: a line in health, another while the fault lasts."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.doctor.synthesis.timeline import Timeline
from hivesight.model.labels import Labels
from hivesight.model.series import ABSENT, STALE

_DEFAULT_LEVEL: Final = 1.0


@dataclass(frozen=True, slots=True)
class Course:
    """A line, from the beginning of a phase on. level: where it begins, None to go on from the phase before. slope: per
    second. pinned: an expression asked for the slope, so that a demand for a level moves the line and does not turn
    it. wave_ms: the level jumps up by `height` and down again, staying so long; 0 where it does not. every: there is a
    sample at every interval, or only at every second, third, ..."""

    present: bool = True
    level: float | None = _DEFAULT_LEVEL
    slope: float = 0.0
    pinned: bool = False
    wave_ms: int = 0
    height: float = 1.0
    every: int = 1


@dataclass(frozen=True, slots=True)
class Signal:
    """A series. counter: it never sinks but to begin anew, and goes on where it was after the fault. faulty: None where
    the fault does not concern it. copy: which copy of another series it is; 0 for one that is none. native: its samples
    are native histograms."""

    labels: Labels
    counter: bool = False
    healthy: Course = Course()
    faulty: Course | None = None
    copy: int = 0
    native: bool = False

    def course(self, *, fault: bool) -> Course:
        """How it runs in a phase. In the fault it goes on from health unless it is told otherwise."""
        if not fault:
            return self.healthy
        return self.faulty or replace(self.healthy, level=None)

    def with_course(self, course: Course, *, fault: bool) -> "Signal":
        return replace(self, faulty=course) if fault else replace(self, healthy=course)

    def values(self, timeline: Timeline) -> NDArray[np.float64]:
        """One value an interval, ABSENT where there is none, STALE where it ends."""
        times = np.arange(0, timeline.end_ms + 1, timeline.interval_ms, dtype=np.int64)
        healthy = self._line(self.healthy, times, 0, _DEFAULT_LEVEL)
        if self.faulty is None:
            return healthy
        onset, heals = (int(np.searchsorted(times, at, side="right")) for at in (timeline.onset_ms, timeline.heals_ms))
        before = self._before(healthy, onset)
        fault = self._line(self.faulty, times[onset:heals], timeline.onset_ms, before)
        healed = healthy[heals:]
        if self.counter and self.healthy.present:
            after = self._before(fault, len(fault), before)
            healed = self._line(replace(self.healthy, level=None), times[heals:], timeline.heals_ms, after)
        made = np.concatenate([healthy[:onset], fault, healed])
        for first, there in ((onset, self.faulty.present), (heals, self.healthy.present)):
            if not there and 0 < first < len(made) and not np.isnan(made[:first]).all():
                made[first] = STALE
        return made

    def _before(self, values: NDArray[np.float64], end: int, otherwise: float = _DEFAULT_LEVEL) -> float:
        """The last value before a place."""
        return float(values[end - 1]) if end and not np.isnan(values[end - 1]) else otherwise

    def _line(self, course: Course, times: NDArray[np.int64], begin_ms: int, before: float) -> NDArray[np.float64]:
        if not course.present:
            return np.full(len(times), ABSENT)
        elapsed_ms = times - begin_ms
        level = before if course.level is None else course.level
        values = level + course.slope * (elapsed_ms / 1000)
        if course.wave_ms:
            values = values + course.height * ((elapsed_ms // course.wave_ms) % 2)
        if course.every > 1:
            values[np.arange(len(values)) % course.every != 0] = ABSENT
        return values
