"""Evaluates a syntax tree over a grid of steps: every operator works on whole (series x steps) arrays. An expression
that is the same at every step (because of `@`) is evaluated at one step and spread."""

from dataclasses import dataclass

import numpy as np

from hivesight.model.errors import QueryError
from hivesight.model.series import Times, Values
from hivesight.model.symbols import Symbols
from hivesight.query.promql.aggregate import aggregate
from hivesight.query.promql.annotations import Annotations
from hivesight.query.promql.ast import (
    Aggregate,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    NumberLiteral,
    StringLiteral,
    Subquery,
    Unary,
    VectorSelector,
    unwrap,
)
from hivesight.query.promql.binary import combine, negated
from hivesight.query.promql.budget import Budget
from hivesight.query.promql.extended import check_extended, reach_of
from hivesight.query.promql.fetch import Fetched, Scope
from hivesight.query.promql.frames import Frame, Steps, Text, Value, merged, spread
from hivesight.query.promql.functions import FUNCTIONS
from hivesight.query.promql.invariant import step_invariant
from hivesight.query.promql.native.compare import resampled
from hivesight.query.promql.selectors import Own, latest
from hivesight.query.promql.smoothed import interpolated
from hivesight.query.promql.tables import somewhere
from hivesight.query.promql.types import Grid
from hivesight.query.promql.windows import Windows, of_samples, windows_of


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One query on its way (a `Context` to the functions it calls)."""

    notes: Annotations
    budget: Budget
    scope: Scope
    fetched: Fetched
    invariant: frozenset[int]
    is_range: bool

    @staticmethod
    def of(
        expr: Expr, notes: Annotations, budget: Budget, scope: Scope, fetched: Fetched, is_range: bool
    ) -> "Evaluation":
        """The evaluation of a whole query."""
        return Evaluation(notes, budget, scope, fetched, step_invariant(expr), is_range)

    @property
    def symbols(self) -> Symbols:
        return self.fetched.symbols

    def value(self, expr: Expr, grid: Grid) -> Value:
        """What the expression yields at every step."""
        if len(grid) > 1 and id(expr) in self.invariant:
            return spread(self._value(expr, grid.first), len(grid))
        return self._value(expr, grid)

    def vector(self, expr: Expr, grid: Grid) -> Frame:
        found = self.value(expr, grid)
        if not isinstance(found, Frame):
            raise QueryError("expected an instant vector")
        return found

    def scalar(self, expr: Expr, grid: Grid) -> Values:
        found = self.value(expr, grid)
        if not isinstance(found, Steps):
            raise QueryError("expected a scalar")
        return found.values

    def text(self, expr: Expr) -> str:
        literal = unwrap(expr)
        if not isinstance(literal, StringLiteral):
            raise QueryError("expected a string")
        return literal.value

    def _value(self, expr: Expr, grid: Grid) -> Value:
        self.budget.check()
        expr = unwrap(expr)
        match expr:
            case NumberLiteral(value=value):
                return Steps(np.full(len(grid), value))
            case StringLiteral(value=text):
                return Text(text)
            case VectorSelector():
                return self._latest(expr, grid)
            case Unary():
                return self._unary(expr, grid)
            case Binary():
                return self._binary(expr, grid)
            case Aggregate():
                return aggregate(self, expr, grid)
            case Call(func=func):
                check_extended(expr)
                return FUNCTIONS[func](self, expr, grid)
            case _:
                raise QueryError("a range vector cannot stand here")

    def _binary(self, expr: Binary, grid: Grid) -> Value:
        # A chain of operators is as deep as it is long, so it is unrolled.
        chain: list[Binary] = []
        left: Expr = expr
        while isinstance(left, Binary) and (left is expr or len(grid) == 1 or id(left) not in self.invariant):
            chain.append(left)
            left = left.lhs
        found = self.value(left, grid)
        for node in reversed(chain):
            found = combine(node, found, self.value(node.rhs, grid), self)
            self.budget.check()
        return found

    def _unary(self, expr: Unary, grid: Grid) -> Value:
        found = self.value(expr.expr, grid)
        if expr.op == "+" or isinstance(found, Text):
            return found
        if isinstance(found, Steps):
            return Steps(-found.values)
        return merged(negated(found))

    def _times(self, node: VectorSelector | Subquery, grid: Grid) -> Times:
        """The time each step looks at: its own, or the one that `@` names, less the offset."""
        pinned = self.scope.pinned(node.at)
        times = grid.times if pinned is None else np.full(len(grid), pinned, dtype=np.int64)
        return times - node.offset_ms

    def _latest(self, selector: VectorSelector, grid: Grid, own: Own = Own.VALUE) -> Frame:
        blocks = self.fetched.by_selector[id(selector)]
        self.budget.spend(sum(len(block.labels) for block in blocks) * len(grid))
        times = self._times(selector, grid)
        if selector.extended == "smoothed" and own is Own.VALUE:
            return interpolated(blocks, times, self.scope.lookback_ms, self.symbols)
        return latest(blocks, times, self.scope.lookback_ms, self.symbols, own)

    def sample_times(self, selector: VectorSelector, grid: Grid) -> Frame:
        return self._latest(selector, grid, Own.TIME)

    def sample_starts(self, selector: VectorSelector, grid: Grid) -> Frame:
        return self._latest(selector, grid, Own.START)

    def windows(self, expr: Expr, grid: Grid) -> list[Windows]:
        node = unwrap(expr)
        if isinstance(node, MatrixSelector):
            blocks = self.fetched.by_selector[id(node.vector)]
            self.budget.spend(sum(len(block.labels) for block in blocks) * len(grid))
            closes = self._times(node.vector, grid)
            reach = reach_of(node.vector, self.scope.lookback_ms)
            return windows_of(blocks, closes - node.range_ms, closes, reach)
        if not isinstance(node, Subquery):
            raise QueryError("expected a range vector")
        closes = self._times(node, grid)
        opens = closes - node.range_ms
        inner = self.scope.inner_grid(node, int(opens.min()), int(closes.max()), self.budget)
        if not len(inner):
            return []
        found = self.value(node.expr, inner)
        assert isinstance(found, Frame)
        self.budget.spend(len(found) * len(grid))
        frame = found.rows(somewhere(found.present, 1))
        native = None if frame.native is None else resampled(frame.native)
        made = of_samples(
            frame.labels, frame.values, inner.times, frame.present, opens, closes, frame.nameless, native=native
        )
        return [] if made is None else [made]
