"""Limits in another unit than the metric's."""

from collections.abc import Iterator
from typing import Final

from hivesight.doctor.promql.flaw import Facts, Flaw, about
from hivesight.doctor.promql.metrics import BUCKET_SUFFIX, family_of_part
from hivesight.query.promql.ast import (
    Aggregate,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    NumberLiteral,
    VectorSelector,
    unwrap,
)
from hivesight.query.promql.walk import walk

_LEVELS: Final = frozenset({"avg", "min", "max", "quantile", "topk", "bottomk"})
_OVER_TIME: Final = frozenset({"avg_over_time", "min_over_time", "max_over_time", "last_over_time"})
_RATES: Final = frozenset({"rate", "increase", "irate"})
_SUMS: Final = frozenset({"sum", "sum_over_time"})
_SURELY_PERCENT: Final = 5.0
_SURELY_RATIO: Final = 0.5


def mistaken(text: str, expr: Expr, facts: Facts) -> Iterator[Flaw]:
    """Limits that look like another unit's."""
    for node in walk(expr):
        if not isinstance(node, Binary) or node.op not in (">", ">=", "<", "<="):
            continue
        limit, measured = unwrap(node.rhs), _measured(node.lhs)
        if not isinstance(limit, NumberLiteral) or limit.duration or measured is None:
            continue
        message = _mismatch(measured.name, limit.value, facts)
        if message is not None:
            yield about(limit, "promql/unit", f"{measured.name} {message}", "write the limit in the metric's unit")


def _measured(expr: Expr) -> VectorSelector | None:
    """The metric in whose unit an expression is; None where it is in none or another."""
    match unwrap(expr):
        case VectorSelector() as selector if not family_of_part(selector.name):
            return selector
        case Aggregate(op=op, expr=inner) if op in _LEVELS:
            return _measured(inner)
        case Call(func=func, args=args) if func in _OVER_TIME:
            matrix = unwrap(args[0])
            return _measured(matrix.vector) if isinstance(matrix, MatrixSelector) else None
        case Call(func="quantile_over_time", args=(_, MatrixSelector(vector=vector))):
            return _measured(vector)
        case Call(func="histogram_quantile", args=(_, buckets)):
            return _buckets(buckets)
        case _:
            return None


def _buckets(expr: Expr) -> VectorSelector | None:
    """The buckets whose bounds a quantile has as values."""
    match unwrap(expr):
        case VectorSelector() as selector if selector.name.endswith(BUCKET_SUFFIX):
            return selector
        case MatrixSelector(vector=vector):
            return _buckets(vector)
        case Aggregate(op=op, expr=inner) if op in _SUMS:
            return _buckets(inner)
        case Call(func=func, args=args) if func in _RATES | _SUMS:
            return _buckets(args[0])
        case _:
            return None


def _mismatch(name: str, limit: float, facts: Facts) -> str | None:
    family = name.removesuffix(BUCKET_SUFFIX)
    known = facts.metrics.units.get(family)
    match known or family.rpartition("_")[2]:
        case "ratio" if limit > (1 if known else _SURELY_PERCENT):
            return f"is a ratio from 0 to 1, and {limit:g} looks like percent: is {limit / 100:g} meant?"
        case "percent" if (0 if known else _SURELY_RATIO) < limit < 1:
            return f"is in percent, and {limit:g} looks like a ratio: is {limit * 100:g} meant?"
        case "seconds" if name.endswith(BUCKET_SUFFIX) and _looks_like_milliseconds(limit):
            return f"is in seconds, and {limit:g} looks like milliseconds: is {limit / 1000:g} meant?"
        case "bytes" if 0 < limit < 1024:
            return f"is in bytes, and {limit:g} of them is next to nothing"
        case _:
            return None


def _looks_like_milliseconds(limit: float) -> bool:
    """Round in tens, as people write milliseconds, and not in minutes, as they write seconds."""
    return limit >= 100 and limit % 50 == 0 and limit % 60 != 0
