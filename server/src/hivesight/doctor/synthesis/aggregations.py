"""Goals of aggregations, pushed down to the series that are aggregated."""

import math
from typing import TYPE_CHECKING

import numpy as np

from hivesight.doctor.synthesis import counting
from hivesight.doctor.synthesis.goals import Be, Goal, Gone, There, Values
from hivesight.doctor.synthesis.membership import enough, members
from hivesight.doctor.synthesis.rewriting import RANKINGS, carries
from hivesight.doctor.synthesis.stage import Constraint, Element, Moments
from hivesight.doctor.synthesis.stuck import Stuck
from hivesight.query.promql.ast import COMPARISONS, Aggregate, Binary, StringLiteral, unwrap

if TYPE_CHECKING:
    from hivesight.doctor.synthesis.search import Search


def aggregate(search: "Search", node: Aggregate, goal: Goal, of: Constraint, moments: Moments) -> None:
    """`sum by (...) (...)` and its like."""
    inner = _below(node, of)
    if isinstance(goal, There | Gone) or node.op in RANKINGS:
        search.want(node.expr, goal, inner, moments)
        return
    match node.op:
        case "count":
            counting.count(search, node, goal, inner, moments)
        case "count_values":
            counting.count_values(search, node, goal, inner, moments)
        case "stddev" | "stdvar":
            counting.spread(search, node, goal, inner, moments)
        case "group":
            raise Stuck("group() is 1 or nothing")
        case _:
            _values(search, node, goal, inner, moments)


def _below(node: Aggregate, of: Constraint) -> dict[str, str]:
    """What the constraint says of the series below."""
    own = {node.param.value} if node.op == "count_values" and isinstance(node.param, StringLiteral) else set[str]()
    kept = {name: value for name, value in of.items() if carries(node, name)}
    lost = next((name for name, value in of.items() if value and name not in kept and name not in own), None)
    if lost is not None:
        raise Stuck(f"the label {lost!r} is needed, and {node.op} drops it")
    return kept


def _values(search: "Search", node: Aggregate, goal: Be, inner: Constraint, moments: Moments) -> None:
    found = members(search, node, inner, moments)
    inside = unwrap(node.expr)
    if not found:
        search.want(node.expr, goal, inner, moments)
    elif node.op == "sum" and isinstance(inside, Binary) and inside.op in COMPARISONS and inside.returns_bool:
        _ones(search, node, goal.values, found, moments)
    elif node.op == "sum":
        _sum(search, node, goal.values, found, moments)
    elif node.op in ("max", "min"):
        _extreme(search, node, goal.values, found, moments)
    else:
        for each in found:
            search.want(node.expr, goal, each.labels, moments)


def _sum(search: "Search", node: Aggregate, wanted: Values, found: list[Element], moments: Moments) -> None:
    total = np.sum([each.values for each in found], axis=0)

    def share() -> None:
        # All in the same proportion; where they are nothing yet, in equal parts.
        scales = bool((total != 0).all() and np.isfinite(total).all() and (wanted / total >= 0).all())
        for each in found:
            values = each.values * (wanted / total) if scales else wanted / len(found)
            search.want(node.expr, Be(values), each.labels, moments)

    def one() -> None:
        each = found[search.pick(len(found))]
        search.want(node.expr, Be(wanted - (total - each.values)), each.labels, moments)

    search.first(share, one)


def _ones(search: "Search", node: Aggregate, wanted: Values, found: list[Element], moments: Moments) -> None:
    """The sum of what is 0 or 1 is a count."""
    count = math.ceil(float(wanted.max()))
    for number, each in enumerate(enough(search, node, found, count, moments)):
        search.want(node.expr, Be(np.full_like(wanted, float(number < count))), each.labels, moments)


def _extreme(search: "Search", node: Aggregate, wanted: Values, found: list[Element], moments: Moments) -> None:
    """The largest is the first, the smallest the last, so that one series can be either; none is beyond it."""
    chosen = found[0] if node.op == "max" else found[-1]
    for each in found:
        beyond = each.values > wanted if node.op == "max" else each.values < wanted
        if each is chosen or beyond.any():
            search.want(node.expr, Be(wanted), each.labels, moments)
