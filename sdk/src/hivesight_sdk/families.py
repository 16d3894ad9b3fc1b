"""prometheus_client's metric types, brought up to date whenever someone reads or touches them.

What trackers record waits in batches (`recording.record_batched`). So that this is never seen, a family has what waits
folded in before it is collected, by whatever registry, and before it hands out, removes or clears children.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Protocol

import prometheus_client
from prometheus_client.metrics import MetricWrapperBase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Self

    from prometheus_client import Metric
    from prometheus_client.samples import Exemplar


def _nothing_waits() -> None:
    pass


bring_up_to_date: Callable[[], None] = _nothing_waits
"""Folds in what waits; `recording` sets it."""


class Exemplary(Protocol):
    """An observation that shows an example of what it stands for."""

    @property
    def value(self) -> float: ...

    def exemplar(self) -> Exemplar:
        """Its exemplar, which is made only when a bucket keeps it."""
        ...


class UpToDate(MetricWrapperBase):
    """What a family does before anyone sees or touches its children."""

    def collect(self) -> Iterable[Metric]:
        bring_up_to_date()
        return super().collect()

    def labels(self, *labelvalues: object, **labelkwargs: object) -> Self:
        bring_up_to_date()
        return super().labels(*labelvalues, **labelkwargs)

    def remove(self, *labelvalues: Any) -> None:
        bring_up_to_date()
        super().remove(*labelvalues)

    def remove_by_labels(self, labels: dict[str, str]) -> None:
        bring_up_to_date()
        super().remove_by_labels(labels)

    def clear(self) -> None:
        bring_up_to_date()
        super().clear()


class Counter(UpToDate, prometheus_client.Counter):
    """A counter that is up to date whenever it is read."""


class Gauge(UpToDate, prometheus_client.Gauge):
    """A gauge that is up to date whenever it is read."""


class Histogram(UpToDate, prometheus_client.Histogram):
    """A histogram that is up to date whenever it is read."""

    def observe_all(self, observations: Iterable[float | Exemplary]) -> None:
        """As `observe` for each of them, at the cost of about one. A bucket keeps the last of their exemplars."""
        inner: Any = self  # prometheus_client does not say of what types its own parts are
        total = 0.0
        counts: defaultdict[int, int] = defaultdict(int)
        exemplary: dict[int, Exemplary] = {}
        for observation in observations:
            value = observation if isinstance(observation, (float, int)) else observation.value
            bucket = bisect_left(self._upper_bounds, value)
            total += value
            counts[bucket] += 1
            if not isinstance(observation, (float, int)):
                exemplary[bucket] = observation
        inner._sum.inc(total)
        for bucket, count in counts.items():
            inner._buckets[bucket].inc(count)
        for bucket, observation in exemplary.items():
            inner._buckets[bucket].set_exemplar(observation.exemplar())
