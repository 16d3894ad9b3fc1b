"""Comparisons that are decided before there is data."""

from collections.abc import Iterator
from typing import Final

from hivesight.doctor.promql.flaw import Facts, Flaw, about
from hivesight.doctor.promql.interval import Interval, verdict
from hivesight.doctor.promql.values import operands
from hivesight.query.promql.ast import COMPARISONS, Aggregate, Binary, Call, Expr, NumberLiteral, unwrap
from hivesight.query.promql.printer import format
from hivesight.query.promql.walk import children, walk

_ABSENT: Final = frozenset({"absent", "absent_over_time"})


def decided(text: str, expr: Expr, facts: Facts) -> Iterator[Flaw]:
    """Comparisons whose outcome does not depend on the data."""
    for node in walk(expr):
        if not isinstance(node, Binary) or node.op not in COMPARISONS or _is_switch(node):
            continue
        left, right = operands(node, facts.metrics)
        outcome = verdict(node.op, left, right)
        if outcome is not None:
            yield _flaw(node, outcome, left, right)


def _is_switch(node: Binary) -> bool:
    """Numbers alone: written by hand to switch something on or off, and plain to see."""
    return all(isinstance(each, NumberLiteral) for each in walk(node) if not children(each))


def _flaw(node: Binary, outcome: bool, left: Interval, right: Interval) -> Flaw:
    absent = _inside(node, _ABSENT)
    if not outcome and absent is not None:
        message = "absent() is 1 or nothing, so this is never true, least of all when the series is missing"
        return about(node, "promql/absent-compared", message, f"{format(absent)} alone")
    if outcome and _says_there_is_one(left, right):
        message = f"{format(node.lhs)} is never less, so this holds wherever there is a series at all"
        return about(node, "promql/idle-comparison", message, "leave the comparison out")
    message = f"this is always {'true' if outcome else 'false'}: {_sides(left, right)}"
    if not outcome and isinstance(counted := unwrap(node.lhs), Aggregate) and counted.op == "count":
        remedy = f"count() of nothing is nothing, not 0: {format(counted)} or vector(0)"
    else:
        remedy = "look at the limit, and at what the other side can be"
    return about(node, "promql/constant-comparison", message, remedy)


def _says_there_is_one(left: Interval, right: Interval) -> bool:
    """`count(x) > 0`, `absent(x) == 1`, `x >= 0`: people write these to say that there is something."""
    return left.low >= right.low == right.high and right.low in (0.0, 1.0)


def _inside(node: Binary, functions: frozenset[str]) -> Expr | None:
    """A call of one of `functions` that gives one side its value: alone, or aggregated."""
    for side in (node.lhs, node.rhs):
        inner = unwrap(side)
        while isinstance(inner, Aggregate):
            inner = unwrap(inner.expr)
        if isinstance(inner, Call) and inner.func in functions:
            return inner
    return None


def _sides(left: Interval, right: Interval) -> str:
    return f"the left side is {_shown(left)}, the right one {_shown(right)}"


def _shown(interval: Interval) -> str:
    if interval.low == interval.high:
        return f"{interval.low:g}"
    if interval.low == float("-inf"):
        return f"at most {interval.high:g}"
    return (
        f"at least {interval.low:g}" if interval.high == float("inf") else f"from {interval.low:g} to {interval.high:g}"
    )
