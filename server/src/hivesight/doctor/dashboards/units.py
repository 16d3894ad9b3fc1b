"""The unit of a query's values, where names of metrics and what is done to them tell it."""

from typing import Final

from hivesight.doctor.promql.metrics import BUCKET_SUFFIX, family_of_part, has_recorded_name
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
    VectorSelector,
    unwrap,
)
from hivesight.query.promql.printer import format
from hivesight.query.promql.walk import selectors

_SUFFIXES: Final = ("seconds", "bytes", "percent", "ratio")
_POINT_IN_TIME: Final = ("timestamp_seconds", "timestamp_in_seconds", "time_seconds", "created")
_OVER_SERIES: Final = frozenset(("avg", "min", "max", "sum", "quantile", "topk", "bottomk"))
_OVER_TIME: Final = frozenset(
    ("avg_over_time", "min_over_time", "max_over_time", "last_over_time", "quantile_over_time")
)
_SHAPED: Final = frozenset(
    ("label_replace", "label_join", "round", "ceil", "floor", "abs", "sort", "sort_desc", "clamp_min", "clamp_max")
)
_SCALED: Final = {
    ("seconds", "*", 1000.0): "milliseconds",
    ("milliseconds", "/", 1000.0): "seconds",
    ("ratio", "*", 100.0): "percent",
    ("percent", "/", 100.0): "ratio",
}


def unit_of(expr: Expr) -> str:
    """`seconds`, `milliseconds`, `bytes`, `percent` or `ratio`; "" where it is another, or none can tell."""
    match expr:
        case Paren(expr=inner) | Subquery(expr=inner):
            return unit_of(inner)
        case MatrixSelector(vector=vector):
            return unit_of(vector)
        case VectorSelector(name=name):
            return _of_name(name)
        case Aggregate(op=op, expr=inner):
            return unit_of(inner) if op in _OVER_SERIES else ""
        case Call(func="histogram_quantile", args=(_, inner)):
            return _of_buckets(inner)
        case Call(func=func, args=args) if func in _OVER_TIME | _SHAPED and args:
            return unit_of(args[1] if func == "quantile_over_time" else args[0])
        case Binary():
            return _combined(expr)
        case _:
            return ""


def _of_name(name: str) -> str:
    if has_recorded_name(name) or name.endswith(_POINT_IN_TIME):
        return ""
    suffix = name.rpartition("_")[2]
    return suffix if suffix in _SUFFIXES else ""


def _of_buckets(expr: Expr) -> str:
    names = {each.name for each in selectors(expr)}
    name = names.pop() if len(names) == 1 else ""
    return _of_name(name.removesuffix(BUCKET_SUFFIX))


def _combined(node: Binary) -> str:
    left, right = unwrap(node.lhs), unwrap(node.rhs)
    if node.op in COMPARISONS:
        return "" if node.returns_bool else unit_of(left)
    if isinstance(right, NumberLiteral):
        return _SCALED.get((unit_of(left), node.op, right.value), "")
    if isinstance(left, NumberLiteral):
        return _SCALED.get((unit_of(right), node.op, left.value), "") if node.op == "*" else ""
    if node.op == "/":
        return _mean(left, right)
    return unit_of(left) if node.op in ("+", "-") and unit_of(left) == unit_of(right) else ""


def _mean(left: Expr, right: Expr) -> str:
    """What a sum divided by its count is in."""
    above, below = selectors(left), selectors(right)
    if len(above) != 1 or len(below) != 1 or not (above[0].name.endswith("_sum") and below[0].name.endswith("_count")):
        return ""
    family = family_of_part(above[0].name)
    same = format(left).replace(f"{family}_sum", "") == format(right).replace(f"{family}_count", "")
    return _of_name(family) if same else ""
