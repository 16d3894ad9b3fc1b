"""What rules need from outside, each a function or a protocol of one method."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hivesight.model.alert import Alert
from hivesight.model.errors import BadQuery
from hivesight.model.histogram import Histogram, HistogramGrid
from hivesight.model.labels import NO_LABELS, Labels
from hivesight.model.matcher import Matcher
from hivesight.model.series import SeriesBlock
from hivesight.query.promql.types import Answer, Scalar, Vector

QueryFunc = Callable[[str, int], Answer]
"""An instant query: PromQL and a time in ms in, the answer out. Raises QueryError and StorageError."""

SendFunc = Callable[[Sequence[Alert]], object]
"""Takes alerts that fire or are over; called from the thread of an evaluation."""

Element = tuple[Labels, float | Histogram]
"""One element of an instant vector."""


class SampleSink(Protocol):
    """Where the series that rules make are kept."""

    def write(
        self,
        key: str,
        at_ms: int,
        labels: Sequence[Labels],
        values: NDArray[np.float64],
        histograms: HistogramGrid | None = None,
    ) -> None:
        """One sample of each series at one time, STALE where a series ended. key: the rule's own, the same over
        restarts. labels: no two are equal. histograms: which samples are native histograms, place of shape
        (len(labels), 1); `values` holds their sums. Raises StorageError."""
        ...


class History(Protocol):
    """What was kept before this process began."""

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[SeriesBlock]:
        """The series that meet every condition, with their samples in the closed interval, STALE ones among them.
        Raises StorageError."""
        ...


def elements_of(answer: Answer) -> list[Element]:
    """An answer as the elements of a vector; a scalar is one element without labels. Raises BadQuery for others."""
    value = answer.value
    if isinstance(value, Vector):
        return list(value.samples())
    if isinstance(value, Scalar):
        return [(NO_LABELS, value.value)]
    raise BadQuery("rule result is not a vector or scalar: aggregate it over time, for example with avg_over_time")


def number_of(value: float | Histogram) -> float:
    """The value of an element where only a number can stand: 0 for a histogram, as in Prometheus."""
    return 0.0 if isinstance(value, Histogram) else value
