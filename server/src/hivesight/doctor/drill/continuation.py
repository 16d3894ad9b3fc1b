"""Series beyond their end: gone on with as they were, ended, or followed by others."""

from collections.abc import Mapping

import numpy as np

from hivesight.model.labels import Labels
from hivesight.model.series import ABSENT, STALE, is_absent
from hivesight.rule_tests.notation import Points

Series = Mapping[Labels, Points]
"""Samples of each series, one an interval."""


def lasting(series: Series, count: int) -> dict[Labels, Points]:
    """The first `count` samples of each; one that has fewer goes on with its last step, or with its last histogram."""
    return {labels: _lasting(points, count) for labels, points in series.items()}


def ended(series: Series) -> dict[Labels, Points]:
    """The series with a mark behind them that they are over."""
    return {labels: _joined(points, Points(np.array([STALE]), {})) for labels, points in series.items()}


def followed(series: Series, others: Series) -> dict[Labels, Points]:
    """The series, and behind all of them these; who is not among these ends. All of the first are of one length."""
    length = max((len(each.values) for each in series.values()), default=0)
    nothing = Points(np.full(length, ABSENT), {})
    after = ended({labels: points for labels, points in series.items() if labels not in others})
    return after | {labels: _joined(series.get(labels, nothing), points) for labels, points in others.items()}


def resampled(series: Series, from_ms: int, to_ms: int) -> dict[Labels, Points]:
    """Series with a sample every `from_ms`, with one every `to_ms`: the last there was."""
    if from_ms == to_ms:
        return dict(series)
    return {labels: _resampled(points, from_ms, to_ms) for labels, points in series.items()}


def _lasting(points: Points, count: int) -> Points:
    values = points.values[:count]
    histograms = {place: each for place, each in points.histograms.items() if place < count}
    missing = count - len(values)
    if missing <= 0 or not len(values):
        return Points(values, histograms)
    last = len(values) - 1
    if last in histograms:
        more = dict.fromkeys(range(len(values), count), histograms[last])
        return Points(np.concatenate([values, np.zeros(missing)]), histograms | more)
    number = not is_absent(values[-1:])[0] and not np.isnan(values[-1])
    before = values[-2] if number and last and not np.isnan(values[-2]) else values[-1]
    if not number:
        return Points(np.concatenate([values, np.full(missing, ABSENT)]), histograms)
    step = values[-1] - before
    return Points(np.concatenate([values, values[-1] + step * np.arange(1, missing + 1)]), histograms)


def _joined(points: Points, more: Points) -> Points:
    length = len(points.values)
    later = {place + length: each for place, each in more.histograms.items()}
    return Points(np.concatenate([points.values, more.values]), points.histograms | later)


def _resampled(points: Points, from_ms: int, to_ms: int) -> Points:
    count = len(points.values) * from_ms // to_ms
    place = np.arange(count) * to_ms // from_ms
    histograms = {at: points.histograms[each] for at, each in enumerate(place.tolist()) if each in points.histograms}
    return Points(points.values[place], histograms)
