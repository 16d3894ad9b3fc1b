"""Between which numbers the values of an expression lie. Sound: every value that can come lies in the range."""

import math
from dataclasses import dataclass
from typing import Final

from hivesight.doctor.promql.metrics import Kind, Metrics, family_of_part
from hivesight.query.promql.ast import (
    COMPARISONS,
    Aggregate,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Paren,
    Subquery,
    Unary,
    ValueType,
    VectorSelector,
)
from hivesight.query.promql.check import type_of
from hivesight.query.promql.walk import selectors


@dataclass(frozen=True, slots=True)
class Range:
    """From `low` to `high`, both possible."""

    low: float = -math.inf
    high: float = math.inf

    def union(self, other: "Range") -> "Range":
        return Range(min(self.low, other.low), max(self.high, other.high))

    def cut(self, other: "Range") -> "Range":
        """What of it lies in `other` too; itself where that is nothing."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        return Range(low, high) if low <= high else self

    @property
    def constant(self) -> bool:
        return self.low == self.high


ANY: Final = Range()
POSITIVE: Final = Range(0.0)
_SAME: Final = frozenset(
    ("avg", "min", "max", "quantile", "topk", "bottomk", "limitk", "limit_ratio")
    + ("sort", "sort_desc", "sort_by_label", "sort_by_label_desc", "label_replace", "label_join")
    + ("avg_over_time", "min_over_time", "max_over_time", "quantile_over_time", "last_over_time", "first_over_time")
)
_FROM_ZERO: Final = frozenset(
    ("rate", "increase", "irate", "changes", "resets", "abs", "sqrt", "exp", "time", "timestamp", "year")
    + ("stddev", "stdvar", "stddev_over_time", "stdvar_over_time", "mad_over_time")
    + ("histogram_count", "histogram_stddev", "histogram_stdvar")
)
_ONE: Final = frozenset(("absent", "absent_over_time", "present_over_time", "group"))
_UP: Final = frozenset(("up", "probe_success"))


def range_of(expr: Expr, metrics: Metrics) -> Range:
    """The range of the values of `expr`, NaN apart."""
    match expr:
        case NumberLiteral(value=value):
            return ANY if math.isnan(value) else Range(value, value)
        case Paren(expr=inner) | Subquery(expr=inner):
            return range_of(inner, metrics)
        case Unary(op=op, expr=inner):
            inside = range_of(inner, metrics)
            return Range(-inside.high, -inside.low) if op == "-" else inside
        case MatrixSelector(vector=vector):
            return range_of(vector, metrics)
        case VectorSelector(name=name):
            if name in _UP:
                return Range(0.0, 1.0)
            return POSITIVE if metrics.kind(name) is Kind.COUNTER else ANY
        case Aggregate(op=op, expr=inner):
            return _folded(op, range_of(inner, metrics))
        case Call():
            return _called(expr, metrics)
        case Binary():
            return _combined(expr, metrics)
        case _:
            return ANY


def _folded(op: str, inner: Range) -> Range:
    if op in _SAME:
        return inner
    if op in _ONE:
        return Range(1.0, 1.0)
    if op == "count":
        return Range(1.0)
    if op == "sum":  # of one series or more
        return Range(inner.low if inner.low >= 0 else -math.inf, inner.high if inner.high <= 0 else math.inf)
    return POSITIVE if op in _FROM_ZERO else ANY


def _called(node: Call, metrics: Metrics) -> Range:
    if node.func in _ONE:
        return Range(1.0, 1.0)
    if node.func == "count_over_time":
        return Range(1.0)
    if node.func in _FROM_ZERO:
        return POSITIVE
    if node.func == "histogram_quantile":
        return _quantile(node, metrics)
    vectors = [arg for arg in node.args if type_of(arg) is not ValueType.STRING]
    if node.func == "vector" and vectors:
        return range_of(vectors[0], metrics)
    if node.func in _SAME and vectors:
        matrix = next((arg for arg in vectors if type_of(arg) is not ValueType.SCALAR), vectors[0])
        return range_of(matrix, metrics)
    return ANY


def _quantile(node: Call, metrics: Metrics) -> Range:
    """A classic histogram's quantile is at most its highest finite bound (Prometheus, "histogram_quantile")."""
    if len(node.args) != 2:
        return ANY
    names = [each.name for each in selectors(node.args[1])]
    bounds = [metrics.bounds.get(family_of_part(name)) for name in names]
    level = range_of(node.args[0], metrics)
    if not names or not 0 <= level.low <= level.high <= 1 or any(bound is None for bound in bounds):
        return ANY
    return Range(0.0, max(bound for bound in bounds if bound is not None))


def _combined(node: Binary, metrics: Metrics) -> Range:
    left, right = range_of(node.lhs, metrics), range_of(node.rhs, metrics)
    if node.op in COMPARISONS:
        if node.returns_bool:
            return Range(0.0, 1.0)
        vector = left if type_of(node.lhs) is ValueType.VECTOR else right
        other, op = (right, node.op) if vector is left else (left, MIRRORED[node.op])
        return vector.cut(_passing(op, other))
    match node.op:
        case "or":
            return left.union(right)
        case "and" | "unless":
            return left
        case "+":
            return Range(left.low + right.low, left.high + right.high)
        case "-":
            return Range(left.low - right.high, left.high - right.low)
        case "*" if left.low >= 0 and right.low >= 0:
            return POSITIVE
        case "/" if left.low >= 0 and right.low >= 0:
            return POSITIVE
        case _:
            return ANY


MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


def _passing(op: str, limit: Range) -> Range:
    match op:
        case ">" | ">=":
            return Range(limit.low)
        case "<" | "<=":
            return Range(high=limit.high)
        case "==":
            return limit
        case _:
            return ANY


def verdict(op: str, left: Range, right: Range) -> bool | None:
    """Whether `left op right` is always true, always false, or None where it depends on the values."""
    match op:
        case "<" | "<=":
            return verdict(MIRRORED[op], right, left)
        case ">":
            return True if left.low > right.high else False if left.high <= right.low else None
        case ">=":
            return True if left.low >= right.high else False if left.high < right.low else None
        case "==" | "!=":
            if left.constant and right.constant and left == right:
                return op == "=="
            apart = left.low > right.high or left.high < right.low
            return (op == "!=") if apart else None
        case _:
            return None
