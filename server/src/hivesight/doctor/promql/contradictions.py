"""Conditions of one thing that cannot hold together."""

from collections.abc import Iterator

from hivesight.doctor.promql.flaw import Facts, Flaw, about
from hivesight.doctor.promql.interval import Interval, passing
from hivesight.doctor.promql.values import range_of
from hivesight.query.promql.ast import COMPARISONS, Binary, Expr, unwrap
from hivesight.query.promql.printer import format
from hivesight.query.promql.walk import walk


def joined(text: str, expr: Expr, facts: Facts) -> Iterator[Flaw]:
    """`x > 10 and x < 5`."""
    for node in walk(expr):
        if isinstance(node, Binary) and node.op == "and" and _same_series(node):
            yield from _between(node, facts)


def _between(node: Binary, facts: Facts) -> Iterator[Flaw]:
    one, other = _condition(node.lhs, facts), _condition(node.rhs, facts)
    if one is None or other is None or one[0] != other[0]:
        return
    (measured, (first, closed)), (_, (second, closed_too)) = one, other
    apart = max(first.low, second.low) - min(first.high, second.high)
    if apart > 0 or (apart == 0 and not (closed and closed_too)):
        message = f"never true: {format(measured)} cannot meet both conditions"
        yield about(node, "promql/contradiction", message, "or in place of and, or other limits")


def _same_series(node: Binary) -> bool:
    """Whether each series meets itself: matched on all labels."""
    return node.matching is None or (not node.matching.on and not node.matching.labels)


def _condition(expr: Expr, facts: Facts) -> tuple[Expr, tuple[Interval, bool]] | None:
    """What is compared with a number, and where it may lie, its ends counted or not."""
    node = unwrap(expr)
    if not isinstance(node, Binary) or node.op not in COMPARISONS or node.op == "!=" or node.returns_bool:
        return None
    limit = range_of(node.rhs, facts.metrics)
    if not limit.constant:
        return None
    return unwrap(node.lhs), (passing(node.op, limit), node.op in (">=", "<=", "=="))
