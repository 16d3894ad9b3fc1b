"""prometheus_client's metric types, brought up to date whenever someone reads or touches them.

What trackers record waits in batches (`recording.record_batched`). So that this is never seen, a family has what waits
folded in before it is collected, by whatever registry, and before it hands out, removes or clears children.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import prometheus_client
from prometheus_client.metrics import MetricWrapperBase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Self

    from prometheus_client import Metric


def _nothing_waits() -> None:
    pass


bring_up_to_date: Callable[[], None] = _nothing_waits
"""Folds in what waits; `recording` sets it."""


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
