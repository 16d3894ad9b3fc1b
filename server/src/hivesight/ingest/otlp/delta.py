"""Deltas summed up to cumulative values, as the Collector's deltatocumulative processor does."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from hivesight.ingest.otlp.limits import Reason
from hivesight.model.labels import Labels

MAX_BUCKETS: Final = 2_048


@dataclass(slots=True)
class Total:
    """What a series amounts to so far. shape: bounds of buckets, or the zero threshold; where it changes the sum
    begins anew. scale, positive, negative: of exponential histograms. last: the newest delta, to know it where it
    is sent again."""

    start: int
    time: int
    seen_ms: int
    shape: object
    last: object = None
    figures: list[float] = field(default_factory=list[float])
    scale: int = 0
    positive: dict[int, float] = field(default_factory=dict[int, float])
    negative: dict[int, float] = field(default_factory=dict[int, float])


class Totals:
    """The sums of all series with delta temporality, the one that was silent longest first."""

    def __init__(self, max_series: int, age_ms: int) -> None:
        self._max = max_series
        self._age_ms = age_ms
        self._totals: OrderedDict[Labels, Total] = OrderedDict()

    def __len__(self) -> int:
        return len(self._totals)

    def expire(self, now_ms: int) -> None:
        """Forgets series that were silent too long."""
        while self._totals:
            labels, oldest = next(iter(self._totals.items()))
            if now_ms - oldest.seen_ms <= self._age_ms:
                return
            del self._totals[labels]

    def total(
        self, labels: Labels, start: int, time: int, now_ms: int, shape: object, last: object
    ) -> tuple[Total, bool] | Reason:
        """The series' sum, and whether the delta is to be added: not where it was sent again after a failure."""
        found = self._totals.get(labels)
        if found is not None and found.shape == shape:
            if time == found.time and last == found.last:
                return found, False
            if time <= found.time:
                return Reason.DELTA_ORDER
        elif found is not None and time <= found.time:
            return Reason.DELTA_ORDER
        else:
            if found is None and len(self._totals) >= self._max:
                return Reason.DELTA_SERIES
            found = self._totals[labels] = Total(start, time, now_ms, shape)
        found.time, found.seen_ms, found.last = time, now_ms, last
        self._totals.move_to_end(labels)
        return found, True


def add(total: Total, figures: Sequence[float]) -> None:
    """Adds the figures of a delta to those so far."""
    if not total.figures:
        total.figures = list(figures)
    else:
        total.figures = [so_far + new for so_far, new in zip(total.figures, figures, strict=True)]


def add_buckets(total: Total, scale: int, positive: dict[int, float], negative: dict[int, float]) -> None:
    """Adds buckets by their keys, at the coarser of the two scales."""
    if not total.positive and not total.negative:
        total.scale = scale
    target = min(scale, total.scale)
    if len(total.positive) + len(total.negative) > MAX_BUCKETS:
        # Keys that go on wandering are no histogram's: what is kept of them becomes coarser until it fits.
        target -= 1
    for so_far, new in ((total.positive, positive), (total.negative, negative)):
        merged: dict[int, float] = {}
        for buckets, down in ((so_far, total.scale - target), (new, scale - target)):
            for key, count in buckets.items():
                at = ((key - 1) >> down) + 1
                merged[at] = merged.get(at, 0.0) + count
        so_far.clear()
        so_far.update(merged)
    total.scale = target
