"""Aggregations of what cannot be aggregated so, or never lacks."""

from collections.abc import Iterator
from typing import Final

from hivesight.doctor.promql.flaw import Facts, Flaw, about
from hivesight.doctor.promql.shape import shape_of
from hivesight.model.matcher import MatchType
from hivesight.query.promql.ast import (
    COMPARISONS,
    Aggregate,
    Binary,
    Call,
    Expr,
    Paren,
    Unary,
    ValueType,
    VectorSelector,
    unwrap,
)
from hivesight.query.promql.check import type_of
from hivesight.query.promql.walk import walk

_MIXED: Final = frozenset({"avg", "sum", "quantile"})
_CHOOSING: Final = frozenset({"topk", "bottomk"})
_ELEMENTWISE: Final = frozenset(
    {
        *("abs", "ceil", "floor", "round", "clamp", "clamp_min", "clamp_max"),
        *("label_replace", "label_join", "sort", "sort_desc"),
    }
)


def quantiles(text: str, expr: Expr, facts: Facts) -> Iterator[Flaw]:
    """Means, sums and quantiles of quantiles."""
    for node in walk(expr):
        if isinstance(node, Aggregate) and node.op in _MIXED and (what := _quantile_in(node.expr)) is not None:
            message = f"{node.op} of {what}: quantiles of several series do not add up to one of them all"
            remedy = "add up the buckets first: histogram_quantile(..., sum by (le, ...) (rate(..._bucket[5m])))"
            yield about(node, "promql/aggregated-quantile", message, remedy)


def _quantile_in(expr: Expr) -> str | None:
    match unwrap(expr):
        case Call(func="histogram_quantile"):
            return "histogram_quantile"
        case VectorSelector(matchers=matchers):
            levels = [
                each for each in matchers if each.name == "quantile" and each.type is MatchType.EQUAL and each.value
            ]
            return f"the quantile {levels[0].value}" if levels else None
        case _:
            return None


def choices(text: str, expr: Expr, facts: Facts) -> Iterator[Flaw]:
    """topk and bottomk of a single series."""
    for node in walk(expr):
        if isinstance(node, Aggregate) and node.op in _CHOOSING and shape_of(node.expr).only == frozenset():
            yield about(
                node,
                "promql/choice-of-one",
                f"{node.op} chooses among series, and here is one alone",
                f"{node.op} of an aggregation that keeps a label: sum by (...) (...)",
            )


def never_absent(text: str, expr: Expr, facts: Facts) -> Iterator[Flaw]:
    """absent() of what is always there."""
    for node in walk(expr):
        if isinstance(node, Call) and node.func == "absent" and is_never_empty(node.args[0]):
            message = "what absent() looks at is always there, so it never answers"
            yield about(
                node, "promql/absent-of-always", message, "absent() of the series itself, without `or vector(...)`"
            )


def is_never_empty(expr: Expr) -> bool:
    """Whether there is a series whatever the data are."""
    match expr:
        case Paren(expr=inner) | Unary(expr=inner):
            return is_never_empty(inner)
        case Call(func="vector"):
            return True
        case Call(func=func, args=args) if func in _ELEMENTWISE:
            return is_never_empty(args[0])
        case Call(func=func, args=args) if not args:
            return func not in ("absent", "absent_over_time")
        case Aggregate(op=op, expr=inner):
            return op in ("sum", "avg", "min", "max", "count", "group", "stddev", "stdvar") and is_never_empty(inner)
        case Binary(op="or"):
            return is_never_empty(expr.lhs) or is_never_empty(expr.rhs)
        case Binary(op=op) if op not in COMPARISONS or expr.returns_bool:
            vectors = [each for each in (expr.lhs, expr.rhs) if type_of(each) is ValueType.VECTOR]
            return len(vectors) == 1 and is_never_empty(vectors[0])
        case _:
            return False
