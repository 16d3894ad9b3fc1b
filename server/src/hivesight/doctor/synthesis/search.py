"""The search: the engine says what an expression answers now; goals are pushed down the tree, against the values that
its other parts have, until they reach series; these are changed, and the engine is asked again."""

import random
from collections.abc import Callable
from typing import Final

import numpy as np

from hivesight.doctor.synthesis import aggregations, calls, leaves, operators, set_operators
from hivesight.doctor.synthesis.goals import STYLES, Be, Goal, Gone, There
from hivesight.doctor.synthesis.stage import Constraint, Moments, Stage
from hivesight.doctor.synthesis.stuck import Stuck
from hivesight.model.labels import NO_LABELS
from hivesight.query.promql.ast import (
    COMPARISONS,
    SET_OPERATORS,
    Aggregate,
    Binary,
    Call,
    Expr,
    NumberLiteral,
    Unary,
    ValueType,
    VectorSelector,
    unwrap,
)
from hivesight.query.promql.check import type_of
from hivesight.query.promql.printer import format

MAX_MOVES: Final = 40
"""Changes that lead to one goal."""
MAX_STEPS: Final = 4_000
"""Goals that are pushed down for it."""


class Search:
    """One attempt on a stage. seed: which of several ways are tried first; 0 takes what is most natural."""

    def __init__(self, stage: Stage, fixed: frozenset[str], seed: int) -> None:
        """fixed: labels that selectors have conditions on."""
        self.stage = stage
        self.fixed = fixed
        self._random = random.Random(seed)
        self._seed = seed
        self._steps = 0

    def reach(self, expr: Expr, goal: There | Gone, moments: Moments) -> None:
        """Changes series until an expression answers something, or nothing, at these moments. Raises Stuck."""
        self._steps = 0
        if type_of(expr) is ValueType.SCALAR:
            raise Stuck("a number is always there, whatever it is: compare without bool, or with vector() around it")
        for _ in range(MAX_MOVES):
            found = self.stage.elements(expr, NO_LABELS, moments)
            if any(each.whole for each in found) if isinstance(goal, There) else not found:
                return
            before = list(self.stage.signals)
            # Values that are no numbers come to nothing where a series would have to have them.
            with np.errstate(all="ignore"):
                self.want(expr, goal, NO_LABELS, moments)
            if before == self.stage.signals:
                raise Stuck(f"nothing that can be measured changes {format(expr)[:200]}")
        raise Stuck(f"{MAX_MOVES} changes of its series did not settle {format(expr)[:200]}")

    def want(self, expr: Expr, goal: Goal, of: Constraint, moments: Moments) -> None:
        """Pushes a goal one level down. of: labels of the element that is meant. Raises Stuck."""
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise Stuck("the search took too many steps")
        expr = unwrap(expr)
        if isinstance(goal, Be) and not np.isfinite(goal.values).all():
            raise Stuck(f"{format(expr)[:200]} would have to be {goal.values[0]:g}")
        match expr:
            case VectorSelector():
                leaves.latest(self, expr, goal, of, moments)
            case Unary(op=op, expr=inner):
                negated = Be(-goal.values) if isinstance(goal, Be) and op == "-" else goal
                self.want(inner, negated, of, moments)
            case Call():
                calls.call(self, expr, goal, of, moments)
            case Aggregate():
                aggregations.aggregate(self, expr, goal, of, moments)
            case Binary(op=op) if op in SET_OPERATORS:
                set_operators.combine(self, expr, goal, of, moments)
            case Binary(op=op) if op in COMPARISONS:
                operators.compare(self, expr, goal, of, moments)
            case Binary():
                operators.calculate(self, expr, goal, of, moments)
            case NumberLiteral():
                raise Stuck(f"{format(expr)} is a number of the rule itself")
            case _:
                raise Stuck(f"{format(expr)[:200]} is not understood")

    def first(self, *ways: Callable[[], None]) -> None:
        """Goes one of several ways: the first that is not stuck. Raises the Stuck of the first where all are."""
        order = list(ways)
        if self._seed and self._random.random() < 0.5:
            self._random.shuffle(order)
        stuck: Stuck | None = None
        for way in order:
            before = list(self.stage.signals)
            try:
                way()
            except Stuck as reason:
                stuck = stuck or reason
                self.stage.restore(before)
            else:
                return
        raise stuck or Stuck("there is no way")

    def styles(self) -> list[int]:
        """Ways to be beyond a bound, in the order in which they are tried this time."""
        order = list(range(STYLES))
        if self._seed:
            self._random.shuffle(order)
        return order

    def pick(self, count: int) -> int:
        """Which of several to take."""
        return self._random.randrange(count) if self._seed else 0
