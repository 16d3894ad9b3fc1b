"""Two expressions that differ in their matchers alone, so that one selects a part of what the other selects."""

from enum import Enum

from hivesight.model.labels import METRIC_NAME
from hivesight.query.promql.ast import (
    Aggregate,
    Binary,
    Call,
    Card,
    Expr,
    MatrixSelector,
    Subquery,
    VectorSelector,
    unwrap,
)

_COUNTED = frozenset({"rate", "irate", "increase"})


class Side(Enum):
    """Which of two expressions selects no more than the other; EQUAL where both select the same."""

    LEFT = "left"
    RIGHT = "right"
    EQUAL = "equal"


Narrowing = tuple[Side, frozenset[str]]
"""The narrower side, and the labels whose matchers make the difference."""


def narrowing(left: Expr, right: Expr) -> Narrowing | None:
    """How two expressions differ, None where they do in more than how narrowly they select."""
    left, right = unwrap(left), unwrap(right)
    match left, right:
        case VectorSelector(), VectorSelector():
            return _of_selectors(left, right)
        case MatrixSelector(), MatrixSelector() if (left.range_ms, left.range) == (right.range_ms, right.range):
            return narrowing(left.vector, right.vector)
        case Call(), Call() if left.func == right.func and left.args[1:] == right.args[1:] and left.args and right.args:
            return narrowing(left.args[0], right.args[0])
        case Aggregate(), Aggregate() if _grouped(left) == _grouped(right):
            return narrowing(left.expr, right.expr)
        case Subquery(), Subquery() if _window(left) == _window(right):
            return narrowing(left.expr, right.expr)
        case _:
            return (Side.EQUAL, frozenset()) if left == right else None


def is_share(node: Binary) -> bool:
    """Whether `node` divides a part of something by all of it: a sum of counters by that of more of them, a count."""
    found = narrowing(node.lhs, node.rhs)
    if found is None or found[0] is Side.RIGHT or node.matching is None or node.matching.card is not Card.ONE_TO_ONE:
        return False
    part = unwrap(node.lhs)
    if node.matching.fill_left is not None or node.matching.fill_right is not None or not isinstance(part, Aggregate):
        return False
    inner = unwrap(part.expr)
    if part.op == "count":
        return isinstance(inner, VectorSelector)
    return part.op == "sum" and isinstance(inner, Call) and inner.func in _COUNTED and _is_plain(inner)


def _is_plain(call: Call) -> bool:
    return isinstance(unwrap(call.args[0]), MatrixSelector)


def _of_selectors(left: VectorSelector, right: VectorSelector) -> Narrowing | None:
    if (left.offset_ms, left.offset, left.at) != (right.offset_ms, right.offset, right.at):
        return None
    mine, others = frozenset(left.matchers), frozenset(right.matchers)
    labels = frozenset(matcher.name for matcher in mine ^ others)
    if METRIC_NAME in labels:
        return None
    if mine == others:
        return Side.EQUAL, labels
    if mine > others:
        return Side.LEFT, labels
    return (Side.RIGHT, labels) if mine < others else None


def _grouped(node: Aggregate) -> tuple[object, ...]:
    return node.op, node.without, frozenset(node.grouping), node.param


def _window(node: Subquery) -> tuple[object, ...]:
    return node.range_ms, node.step_ms, node.offset_ms, node.at, node.range, node.step, node.offset
