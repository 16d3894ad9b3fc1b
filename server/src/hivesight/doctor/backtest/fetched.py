"""What Prometheus' HTTP API answers -> the same in columns."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from hivesight.model.errors import BadQuery, QueryError
from hivesight.model.labels import NO_LABELS, Labels
from hivesight.model.series import STALE, SeriesBlock, Times
from hivesight.model.symbols import Symbols, label_table
from hivesight.query.promql import Matrix, Vector

MAX_CELLS: Final = 50_000_000
"""Series times moments of one answer."""
MAX_SAMPLES: Final = 20_000_000
"""Of one selection whose samples are fetched."""
_LATE: Final = 2.5
"""Intervals after which the next sample of a series is taken to be that of another life."""


def matrix_of(data: Any, times: Times, symbols: Symbols) -> Matrix:
    """The answer of `query_range` at these times. Raises QueryError."""
    series = list(_series(data))
    if len(series) * len(times) > MAX_CELLS:
        raise QueryError(f"more than {MAX_CELLS:,} values in one answer")
    values = np.zeros((len(series), len(times)))
    present = np.zeros(values.shape, dtype=np.bool_)
    labels: list[Labels] = []
    for row, (each, points) in enumerate(series):
        labels.append(each)
        at = np.rint(np.array([point[0] for point in points], dtype=np.float64) * 1000).astype(np.int64)
        columns = np.searchsorted(times, at)
        if (columns >= len(times)).any() or (times[columns] != at).any():
            raise QueryError("the server answers for other times than it was asked for")
        values[row, columns] = np.array([point[1] for point in points], dtype=np.float64)
        present[row, columns] = True
    return Matrix(label_table(labels, symbols), times, values, present)


def vector_of(data: Any, at_ms: int, symbols: Symbols) -> Vector:
    """The answer of `query`. Raises QueryError."""
    found = [(labels, float(points[0][1])) for labels, points in _series(data)]
    return Vector(at_ms, label_table([each for each, _ in found], symbols), np.array([value for _, value in found]))


class Parts:
    """The samples of a selection, which come piece by piece. Times in the order in which they come."""

    def __init__(self) -> None:
        self._points: dict[Labels, list[Any]] = {}
        self._left = MAX_SAMPLES

    def add(self, data: Any) -> None:
        """One answer to a range selector. Raises QueryError, and BadQuery for too many samples."""
        for labels, points in _series(data):
            self._left -= len(points)
            if self._left < 0:
                raise BadQuery(
                    f"more than {MAX_SAMPLES:,} samples would be fetched: begin later (--since), or record "
                    "this part of the expression"
                )
            self._points.setdefault(labels, []).extend(points)

    def blocks(self, end_ms: int, symbols: Symbols) -> list[SeriesBlock]:
        """All series until the end, each with a mark where it seems to have ended. This API does not give the marks
        away: a series whose next sample is late has ended an interval after the one before."""
        return [_block(labels, points, end_ms, symbols) for labels, points in self._points.items()]


def _block(labels: Labels, points: list[Any], end_ms: int, symbols: Symbols) -> SeriesBlock:
    times = np.rint(np.array([point[0] for point in points], dtype=np.float64) * 1000).astype(np.int64)
    values = np.array([point[1] for point in points], dtype=np.float64)
    if len(times) > 2:
        gaps = np.diff(times, append=end_ms)
        usual = int(np.median(gaps[:-1]))
        late = np.flatnonzero(gaps > _LATE * usual)
        values = np.insert(values, late + 1, STALE)
        times = np.insert(times, late + 1, times[late] + usual)
    return SeriesBlock(label_table([labels], symbols), times, values[None])


def _series(data: Any) -> Iterator[tuple[Labels, list[Any]]]:
    """Labels and points of an answer of any type."""
    try:
        result = data["result"]
        if data["resultType"] in ("scalar", "string"):
            yield NO_LABELS, [result]
            return
        for each in result:
            if "histogram" in each or "histograms" in each:
                raise QueryError("native histograms cannot be taken from another server: open its --data")
            yield Labels(each["metric"]), each["values"] if "values" in each else [each["value"]]
    except (KeyError, TypeError, AttributeError) as error:
        raise QueryError("the server does not answer as Prometheus' API does") from error
