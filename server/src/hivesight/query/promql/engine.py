"""The engine: a query and a time in, an answer out. Stateless but for its settings, so any number of threads may ask
at once."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Final

import numpy as np

from hivesight.model.clock import Clock, SystemClock
from hivesight.model.errors import BadQuery
from hivesight.model.series import Values
from hivesight.query.promql.annotations import Annotations
from hivesight.query.promql.ast import Expr, MatrixSelector, Subquery, ValueType, unwrap
from hivesight.query.promql.budget import Budget
from hivesight.query.promql.check import type_of
from hivesight.query.promql.durations import Timing, resolved
from hivesight.query.promql.evaluate import Evaluation
from hivesight.query.promql.fetch import Scope, fetch
from hivesight.query.promql.frames import Frame, Steps, Text, Value, finished
from hivesight.query.promql.info_selector import with_info_selectors
from hivesight.query.promql.parser import parse
from hivesight.query.promql.rows import raw_matrix
from hivesight.query.promql.tables import empty, sort_order
from hivesight.query.promql.types import Answer, Grid, Limits, Matrix, Querier, Scalar, String, Vector

_FARTHEST_MS: Final = 2**53
"""Times further away than this have no exact value in seconds, and no date either."""

_LONGEST_KNOWN: Final = 2048
"""In characters: a thousand trees of longer queries would be large."""

Cancelled = Callable[[], bool]


def never() -> bool:
    """Nobody cancels."""
    return False


class Engine:
    """Answers PromQL. lookback_ms: how old a sample may be and still be the current one. default_step_ms: the step of
    a subquery that names none. clock: measures how long a query takes."""

    def __init__(
        self,
        querier: Querier,
        *,
        lookback_ms: int = 300_000,
        default_step_ms: int = 60_000,
        limits: Limits | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._querier = querier
        self._lookback_ms = lookback_ms
        self.default_step_ms = default_step_ms
        self._limits = limits or Limits()
        self._clock = clock or SystemClock()

    def tuned(self, *, lookback_ms: int | None = None, timeout_seconds: float | None = None) -> "Engine":
        """The same engine for one question: with another lookback, and with a timeout that is at most its own."""
        limits = self._limits
        if timeout_seconds is not None:
            limits = replace(limits, timeout_seconds=min(timeout_seconds, limits.timeout_seconds))
        return Engine(
            self._querier,
            lookback_ms=self._lookback_ms if lookback_ms is None else lookback_ms,
            default_step_ms=self.default_step_ms,
            limits=limits,
            clock=self._clock,
        )

    def instant(self, query: str, at_ms: int, *, cancelled: Cancelled = never) -> Answer:
        """The answer at one time. Raises BadQuery for a fault in the query, QueryLimit where it is too large or took
        too long, QueryError where the data do not let it be answered."""
        _check_time(at_ms)
        expr = tree(query, Timing(0, 0))
        grid = Grid.of(at_ms, at_ms, 1)
        running = self._start(expr, query, (at_ms, at_ms, 0), cancelled, is_range=False)
        with np.errstate(all="ignore"):
            if isinstance(unwrap(expr), MatrixSelector | Subquery):
                value = raw_matrix(running.windows(expr, grid), running.symbols, running.budget)
                return _answer(value, running)
            found = running.value(expr, grid)
            return _answer(_instant(found, at_ms), running)

    def range(self, query: str, start_ms: int, end_ms: int, step_ms: int, *, cancelled: Cancelled = never) -> Answer:
        """The answer at every step from start to end. Raises as `instant` does."""
        if step_ms <= 0:
            raise BadQuery("zero or negative query resolution step widths are not accepted. Try a positive integer")
        if end_ms < start_ms:
            raise BadQuery("end timestamp must not be before start time")
        _check_time(start_ms)
        _check_time(end_ms)
        if (end_ms - start_ms) // step_ms > self._limits.max_points_per_series:
            raise BadQuery(
                f"exceeded maximum resolution of {self._limits.max_points_per_series:,} points per timeseries."
                " Try decreasing the query resolution (?step=XX)"
            )
        expr = tree(query, Timing(step_ms, end_ms - start_ms))
        if (found := type_of(expr)) not in (ValueType.SCALAR, ValueType.VECTOR):
            raise BadQuery(
                f'invalid expression type "{found}" for range query, must be Scalar or instant Vector', 0, len(query)
            )
        grid = Grid.of(start_ms, end_ms, step_ms)
        running = self._start(expr, query, (start_ms, end_ms, step_ms), cancelled, is_range=True)
        with np.errstate(all="ignore"):
            value = running.value(expr, grid)
            return _answer(_range(value, grid, running), running)

    def _start(
        self, expr: Expr, query: str, timing: tuple[int, int, int], cancelled: Cancelled, *, is_range: bool
    ) -> Evaluation:
        budget = Budget(self._limits, self._clock.monotonic, cancelled)
        scope = Scope(*timing, self._lookback_ms, self.default_step_ms)
        fetched = fetch(expr, self._querier, scope, budget)
        return Evaluation.of(expr, Annotations(query), budget, scope, fetched, is_range)


def tree(query: str, timing: Timing) -> Expr:
    """The query as it is evaluated. Rules and dashboards ask the same again and again."""
    return _known_tree(query, timing) if len(query) <= _LONGEST_KNOWN else _built_tree(query, timing)


def _built_tree(query: str, timing: Timing) -> Expr:
    return with_info_selectors(resolved(parse(query), timing))


_known_tree: Final = lru_cache(maxsize=1024)(_built_tree)


def _answer(value: Scalar | String | Vector | Matrix, running: Evaluation) -> Answer:
    return Answer(value, running.notes.warnings(), running.notes.infos(), running.budget.samples)


def _check_time(at_ms: int) -> None:
    if abs(at_ms) > _FARTHEST_MS:
        raise BadQuery(f"the time {at_ms} ms is out of range: it must lie within {_FARTHEST_MS} ms of the epoch")


def _instant(value: Value, at_ms: int) -> Scalar | String | Vector:
    match value:
        case Steps(values=values):
            return Scalar(at_ms, float(values[0]))
        case Text(value=text):
            return String(at_ms, text)
        case Frame():
            frame = finished(value)
            return Vector(at_ms, frame.labels, _shown(frame)[:, 0], frame.native)


def _range(value: Value, grid: Grid, running: Evaluation) -> Matrix:
    if isinstance(value, Steps):
        labels = empty(running.symbols, 1)
        return Matrix(labels, grid.times, value.values[None], np.ones((1, len(grid)), dtype=np.bool_))
    assert isinstance(value, Frame)
    frame = finished(value)
    order = sort_order(frame.labels)
    frame = frame.rows(order)
    return Matrix(frame.labels, grid.times, _shown(frame), frame.present, frame.native)


def _shown(frame: Frame) -> Values:
    """The values, NaN where a histogram stands."""
    return frame.values if frame.native is None else np.where(frame.native.place < 0, frame.values, np.nan)
