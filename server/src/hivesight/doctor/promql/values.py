"""Between which numbers the values of an expression lie. Sound: every value that can come lies in the interval.

Two things are taken for granted: what is rated is a counter, so never negative, and exporters keep the conventions on
which `Metrics` relies. Rounding is left out of account.
"""

import math
from typing import Final

from hivesight.doctor.promql.interval import ANY, MIRRORED, POSITIVE, Interval, exactly, passing
from hivesight.doctor.promql.metrics import Kind, Metrics, family_of_part
from hivesight.doctor.promql.narrowing import is_share
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

_ONE: Final = exactly(1.0)
_UNIT: Final = Interval(0.0, 1.0, nan=False)
_SHARE: Final = _UNIT.maybe_nan()  # 0 / 0
_SPREAD: Final = POSITIVE.maybe_nan()
_WAVE: Final = Interval(-1.0, 1.0)

_SAME: Final = frozenset(
    {
        *("avg", "min", "max", "topk", "bottomk", "limitk", "limit_ratio"),
        *("sort", "sort_desc", "sort_by_label", "sort_by_label_desc", "label_replace", "label_join", "vector"),
        *("avg_over_time", "min_over_time", "max_over_time", "last_over_time", "first_over_time"),
    }
)
_QUANTILES: Final = frozenset({"quantile", "quantile_over_time"})
_KNOWN: Final[dict[str, Interval]] = {
    **dict.fromkeys(("absent", "absent_over_time", "present_over_time", "group"), _ONE),
    **dict.fromkeys(("count", "count_over_time"), Interval(1.0, nan=False)),
    **dict.fromkeys(("rate", "increase", "irate", "changes", "resets", "histogram_count"), POSITIVE),
    **dict.fromkeys(("stddev", "stdvar", "stddev_over_time", "stdvar_over_time", "mad_over_time"), _SPREAD),
    **dict.fromkeys(("abs", "sqrt", "exp", "histogram_stddev", "histogram_stdvar"), _SPREAD),
    **dict.fromkeys(("sin", "cos", "tanh", "sgn"), _WAVE),
    "histogram_fraction": _SHARE,
    "minute": Interval(0.0, 59.0, nan=False),
    "hour": Interval(0.0, 23.0, nan=False),
    "day_of_week": Interval(0.0, 6.0, nan=False),
    "day_of_month": Interval(1.0, 31.0, nan=False),
    "day_of_year": Interval(1.0, 366.0, nan=False),
    "days_in_month": Interval(28.0, 31.0, nan=False),
    "month": Interval(1.0, 12.0, nan=False),
    "pi": exactly(math.pi),
    "time": POSITIVE,
}
"""Functions and aggregations whose values lie there whatever they are given."""
_UP: Final = frozenset({"up", "probe_success"})


def range_of(expr: Expr, metrics: Metrics) -> Interval:
    """Where the values of `expr` lie."""
    match expr:
        case NumberLiteral(value=value):
            return exactly(value)
        case Paren(expr=inner) | Subquery(expr=inner):
            return range_of(inner, metrics)
        case Unary(op=op, expr=inner):
            inside = range_of(inner, metrics)
            return inside.negated() if op == "-" else inside
        case MatrixSelector(vector=vector):
            return range_of(vector, metrics)
        case VectorSelector():
            return _selected(expr, metrics)
        case Aggregate(op=op, expr=inner):
            return _folded(op, range_of(inner, metrics), expr.param)
        case Call():
            return _called(expr, metrics)
        case Binary():
            return _combined(expr, metrics)
        case _:
            return ANY


def operands(node: Binary, metrics: Metrics) -> tuple[Interval, Interval]:
    """Where the values on either side lie, with those that `fill` puts in the place of missing ones."""
    left, right = range_of(node.lhs, metrics), range_of(node.rhs, metrics)
    if node.matching is not None:
        if node.matching.fill_left is not None:
            left = left.union(exactly(node.matching.fill_left))
        if node.matching.fill_right is not None:
            right = right.union(exactly(node.matching.fill_right))
    return left, right


def _selected(selector: VectorSelector, metrics: Metrics) -> Interval:
    name = selector.name
    if name in _UP:
        return _UNIT
    match metrics.units.get(name):
        case "ratio":
            return _SHARE
        case "percent":
            return _SPREAD
        case _:
            return POSITIVE if metrics.kind(name) is Kind.COUNTER else ANY


def _folded(op: str, inner: Interval, param: Expr | None) -> Interval:
    if op in _SAME:
        return inner
    if op in _KNOWN:
        return _KNOWN[op]
    if op in ("sum", "sum_over_time"):  # of one or more
        low = inner.low if inner.positive else -math.inf
        high = inner.high if inner.high <= 0 else math.inf
        return Interval(low, high, inner.nan or (inner.low == -math.inf and inner.high == math.inf))
    if op in _QUANTILES and param is not None and _is_level(param):
        return inner.maybe_nan()
    return ANY


def _is_level(expr: Expr) -> bool:
    """Whether a quantile is asked for at a level from 0 to 1; beyond these the answer is infinite."""
    level = range_of(expr, Metrics())
    return not level.nan and 0 <= level.low <= level.high <= 1


def _called(node: Call, metrics: Metrics) -> Interval:
    if node.func in _KNOWN:
        return _KNOWN[node.func]
    if node.func == "histogram_quantile":
        return _quantile(node, metrics)
    inner = next((range_of(arg, metrics) for arg in node.args if _is_data(node, arg)), ANY)
    match node.func:
        case "ceil" | "floor":
            return inner.through(math.ceil if node.func == "ceil" else math.floor)
        case "clamp_min":
            return _not_below(inner, range_of(node.args[1], metrics))
        case "clamp_max":
            return _not_below(inner.negated(), range_of(node.args[1], metrics).negated()).negated()
        case "scalar":
            return inner.maybe_nan()
        case _:
            return _folded(node.func, inner, node.args[0] if node.args else None)


def _is_data(node: Call, arg: Expr) -> bool:
    kind = type_of(arg)
    return kind in (ValueType.VECTOR, ValueType.MATRIX) or (node.func == "vector" and kind is ValueType.SCALAR)


def _not_below(inner: Interval, limit: Interval) -> Interval:
    return Interval(max(inner.low, limit.low), max(inner.high, limit.high), inner.nan or limit.nan)


def _quantile(node: Call, metrics: Metrics) -> Interval:
    """A classic histogram's quantile is at most its highest finite bound (Prometheus, "histogram_quantile")."""
    names = [each.name for each in selectors(node.args[1])]
    bounds = [metrics.bounds.get(family_of_part(name)) for name in names]
    if not names or not _is_level(node.args[0]) or any(bound is None for bound in bounds):
        return ANY
    return Interval(0.0, max(bound for bound in bounds if bound is not None))


def _combined(node: Binary, metrics: Metrics) -> Interval:
    left, right = operands(node, metrics)
    if node.op in COMPARISONS:
        if node.returns_bool:
            return _UNIT
        if type_of(node.lhs) is ValueType.VECTOR:
            return left.cut(passing(node.op, right))
        return right.cut(passing(MIRRORED[node.op], left))
    match node.op:
        case "or":
            return left.union(right)
        case "and" | "unless":
            return left
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return _SHARE if is_share(node) else left / right
        case "%":
            return left % right
        case "^":
            return _SPREAD if left.positive else ANY
        case "atan2":
            return Interval(-math.pi, math.pi)
        case _:
            return ANY
