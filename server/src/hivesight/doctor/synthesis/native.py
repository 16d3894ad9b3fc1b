"""Invented series of native histograms: so many observations a second, all of one value, another while the fault
lasts."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.doctor.synthesis.signal import Course, Signal
from hivesight.doctor.synthesis.timeline import Timeline
from hivesight.model.histogram import Histogram, Scale

_SCHEMA: Final = 3
"""Buckets whose bounds are 9 % apart."""
_SCALE: Final = Scale(_SCHEMA, zero_threshold=2.0**-128)


def histograms(signal: Signal, timeline: Timeline) -> dict[int, Histogram]:
    """The samples by place, all counted since the start. A course's level is the value that is observed, its slope is
    observations a second."""
    present = np.flatnonzero(~np.isnan(signal.values(timeline)))
    times = present * timeline.interval_ms
    healthy, faulty = signal.healthy, signal.course(fault=True)
    inside = np.clip(times, timeline.onset_ms, timeline.heals_ms) - timeline.onset_ms
    calm = _counts(healthy, times - inside)
    bad = _counts(faulty, inside)
    usual = _observed(healthy, 1.0)
    values = (usual, _observed(faulty, usual))
    return {
        int(place): _histogram(values, (float(one), float(other)))
        for place, one, other in zip(present, calm, bad, strict=True)
    }


def _observed(course: Course, otherwise: float) -> float:
    return otherwise if course.level is None else course.level


def _counts(course: Course, elapsed_ms: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.floor(course.slope * elapsed_ms / 1000)


def _histogram(values: tuple[float, float], counts: tuple[float, float]) -> Histogram:
    positive: dict[int, float] = {}
    zero = 0.0
    for value, count in zip(values, counts, strict=True):
        if value <= 0:
            zero += count
        else:
            key = math.ceil(math.log2(value) * 2**_SCHEMA)
            positive[key] = positive.get(key, 0.0) + count
    total = sum(value * count for value, count in zip(values, counts, strict=True))
    return Histogram(_SCALE, count=sum(counts), sum=total, zero=zero, positive=positive)
