"""Goals of aggregations, pushed down to the series that are aggregated."""

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from hivesight.doctor.synthesis.goals import Be, Goal, Gone, There, Values
from hivesight.doctor.synthesis.growth import grow
from hivesight.doctor.synthesis.rewriting import RANKINGS, carries
from hivesight.doctor.synthesis.stage import Constraint, Element, Moments
from hivesight.doctor.synthesis.stuck import Stuck
from hivesight.model.labels import Labels
from hivesight.query.promql.ast import COMPARISONS, Aggregate, Binary, Expr, StringLiteral, ValueType, unwrap
from hivesight.query.promql.check import type_of

if TYPE_CHECKING:
    from hivesight.doctor.synthesis.search import Search

MAX_COUNT: Final = 60
"""Series that are invented so that a count is large enough."""


def aggregate(search: "Search", node: Aggregate, goal: Goal, of: Constraint, moments: Moments) -> None:
    """`sum by (...) (...)` and its like."""
    inner = _below(node, of)
    if isinstance(goal, There | Gone) or node.op in RANKINGS:
        search.want(node.expr, goal, inner, moments)
        return
    members = _members(search, node, inner, moments)
    match node.op:
        case "count" | "group":
            _count(search, node, goal, inner, moments)
        case "count_values":
            _count_values(search, node, goal, of, moments)
        case "stddev" | "stdvar":
            _spread(search, node, goal, members, inner, moments)
        case _ if not members:
            search.want(node.expr, goal, inner, moments)
        case "sum":
            _sum(search, node, goal.values, members, moments)
        case _:
            for each in members:
                search.want(node.expr, goal, dict(each.labels), moments)


def _below(node: Aggregate, of: Constraint) -> dict[str, str]:
    """What the constraint says of the series below."""
    own = {node.param.value} if node.op == "count_values" and isinstance(node.param, StringLiteral) else set[str]()
    kept = {name: value for name, value in of.items() if carries(node, name)}
    lost = next((name for name, value in of.items() if value and name not in kept and name not in own), None)
    if lost is not None:
        raise Stuck(f"the label {lost!r} is needed, and {node.op} drops it")
    return kept


def _key(node: Aggregate, labels: Labels) -> Labels:
    return labels.without(*node.grouping) if node.without else labels.only(node.grouping)


def _members(search: "Search", node: Aggregate, inner: Constraint, moments: Moments) -> list[Element]:
    """The series of one group: the first that meets the constraint."""
    found = [each for each in search.stage.elements(node.expr, inner, moments) if each.whole]
    keys = list(dict.fromkeys(_key(node, each.labels) for each in found))
    if not keys:
        return []
    key = keys[search.pick(len(keys))]
    return [each for each in found if _key(node, each.labels) == key]


def _sum(search: "Search", node: Aggregate, wanted: Values, members: list[Element], moments: Moments) -> None:
    total = np.sum([each.values for each in members], axis=0)

    def share() -> None:
        # All in the same proportion; where they are nothing yet, in equal parts.
        scales = bool((total != 0).all() and np.isfinite(total).all() and (wanted / total >= 0).all())
        for each in members:
            values = each.values * (wanted / total) if scales else wanted / len(members)
            search.want(node.expr, Be(values), dict(each.labels), moments)

    def one() -> None:
        each = members[search.pick(len(members))]
        search.want(node.expr, Be(wanted - (total - each.values)), dict(each.labels), moments)

    def ones() -> None:
        # Of comparisons that are 0 or 1.
        count = math.ceil(float(wanted.max()))
        chosen = _enough(search, node, members, count, moments)
        for number, each in enumerate(chosen):
            search.want(node.expr, Be(np.full_like(wanted, float(number < count))), dict(each.labels), moments)

    inner = unwrap(node.expr)
    if isinstance(inner, Binary) and inner.op in COMPARISONS and inner.returns_bool:
        ones()
    else:
        search.first(share, one)


def _enough(search: "Search", node: Aggregate, members: list[Element], count: int, moments: Moments) -> list[Element]:
    if count > MAX_COUNT:
        raise Stuck(f"{count} series would be needed")
    while len(members) < count:
        key = _key(node, members[0].labels)
        grow(search.stage, search.fixed, node.grouping, without=node.without)
        before, found = len(members), search.stage.elements(node.expr, {}, moments)
        members = [each for each in found if each.whole and _key(node, each.labels) == key]
        if len(members) <= before:
            raise Stuck(f"{count} series of one group would be needed")
    return members


def _count(search: "Search", node: Aggregate, goal: Be, inner: Constraint, moments: Moments) -> None:
    """So many of those that could be there are there."""
    wanted = math.ceil(float(goal.values.max()) - 1e-9)
    if wanted < 1:
        raise Stuck("a count is never less than 1: it is missing where there is nothing to count")
    could = potential(node.expr)
    whole = Aggregate(op=node.op, expr=could, grouping=node.grouping, without=node.without)
    members = _members(search, whole, inner, moments)
    if not members:
        search.want(could, There(), inner, moments)
        return
    for number, each in enumerate(_enough(search, whole, members, wanted, moments)):
        search.want(node.expr, There() if number < wanted else Gone(), dict(each.labels), moments)


def potential(expr: Expr) -> Expr:
    """The series of which a comparison, `and` or `unless` lets some through."""
    expr = unwrap(expr)
    while (
        isinstance(expr, Binary) and not expr.returns_bool and (expr.op in COMPARISONS or expr.op in ("and", "unless"))
    ):
        expr = unwrap(expr.lhs if type_of(expr.lhs) is ValueType.VECTOR else expr.rhs)
    return expr


def _count_values(search: "Search", node: Aggregate, goal: Be, of: Constraint, moments: Moments) -> None:
    """So many series have one value."""
    members = _members(search, node, _below(node, of), moments)
    if not members:
        search.want(node.expr, There(), _below(node, of), moments)
        return
    count = math.ceil(float(goal.values.max()))
    for each in _enough(search, node, members, count, moments)[:count]:
        search.want(node.expr, Be(members[0].values), dict(each.labels), moments)


def _spread(
    search: "Search", node: Aggregate, goal: Be, members: list[Element], inner: Constraint, moments: Moments
) -> None:
    """Half of the series as far above the mean as the others are below it."""
    if not members:
        search.want(node.expr, There(), inner, moments)
        return
    chosen = _enough(search, node, members, 2, moments)
    away = goal.values if node.op == "stddev" else np.sqrt(goal.values)
    mean = np.mean([each.values for each in chosen], axis=0)
    for number, each in enumerate(chosen):
        search.want(node.expr, Be(mean + (away if number % 2 else -away)), dict(each.labels), moments)
