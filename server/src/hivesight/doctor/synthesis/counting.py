"""Goals of aggregations that depend on how many series there are, and how they differ."""

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from hivesight.doctor.synthesis.goals import Be, Gone, There
from hivesight.doctor.synthesis.membership import enough, members
from hivesight.doctor.synthesis.stage import Constraint, Moments
from hivesight.doctor.synthesis.stuck import Stuck
from hivesight.query.promql.ast import COMPARISONS, Aggregate, Binary, Expr, ValueType, unwrap
from hivesight.query.promql.check import type_of

if TYPE_CHECKING:
    from hivesight.doctor.synthesis.search import Search


def count(search: "Search", node: Aggregate, goal: Be, inner: Constraint, moments: Moments) -> None:
    """So many of the series that could be there are there."""
    wanted = _whole(search, node, goal, inner, moments)
    if wanted < 1:
        raise Stuck("a count is never less than 1: it is missing where there is nothing to count")
    inside = unwrap(node.expr)
    if isinstance(inside, Aggregate) and inside.op == "count_values":
        _different(search, replace(node, expr=inside.expr), wanted, inner, moments)
        return
    whole = replace(node, expr=_potential(node.expr))
    found = members(search, whole, inner, moments)
    if not found:
        search.want(whole.expr, There(), inner, moments)
        return
    for number, each in enumerate(enough(search, whole, found, wanted, moments)):
        search.want(node.expr, There() if number < wanted else Gone(), each.labels, moments)


def _whole(search: "Search", node: Aggregate, goal: Be, inner: Constraint, moments: Moments) -> int:
    """The count that is meant, on the far side of what is counted now."""
    wanted = float(goal.values.max())
    now = [float(each.values.max()) for each in search.stage.elements(node, inner, moments) if each.whole]
    return math.floor(wanted) if now and wanted < now[0] else math.ceil(wanted - 1e-9)


def _potential(expr: Expr) -> Expr:
    """The series of which a comparison, `and` or `unless` lets some through."""
    expr = unwrap(expr)
    while isinstance(expr, Binary) and not expr.returns_bool and expr.op in (*COMPARISONS, "and", "unless"):
        expr = unwrap(expr.lhs if type_of(expr.lhs) is ValueType.VECTOR else expr.rhs)
    return expr


def _different(search: "Search", node: Aggregate, wanted: int, inner: Constraint, moments: Moments) -> None:
    """So many different values among the series."""
    found = members(search, node, inner, moments)
    if not found:
        search.want(node.expr, There(), inner, moments)
        return
    for number, each in enumerate(enough(search, node, found, wanted, moments)):
        search.want(node.expr, Be(found[0].values + min(number, wanted - 1)), each.labels, moments)


def count_values(search: "Search", node: Aggregate, goal: Be, inner: Constraint, moments: Moments) -> None:
    """So many series have one value, and the others have others."""
    found = members(search, node, inner, moments)
    if not found:
        search.want(node.expr, There(), inner, moments)
        return
    wanted = math.ceil(float(goal.values.max()))
    for number, each in enumerate(enough(search, node, found, wanted, moments)):
        search.want(node.expr, Be(found[0].values + max(0, number + 1 - wanted)), each.labels, moments)


def spread(search: "Search", node: Aggregate, goal: Be, inner: Constraint, moments: Moments) -> None:
    """Half of the series are as far above the mean as the others are below it."""
    found = members(search, node, inner, moments)
    if not found:
        search.want(node.expr, There(), inner, moments)
        return
    chosen = enough(search, node, found, 2, moments)
    away = goal.values if node.op == "stddev" else np.sqrt(goal.values)
    mean = np.mean([each.values for each in chosen], axis=0)
    for number, each in enumerate(chosen):
        search.want(node.expr, Be(mean + (away if number % 2 else -away)), each.labels, moments)
