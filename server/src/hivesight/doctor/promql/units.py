"""Limits in another unit than the metric's."""

from collections.abc import Iterator, Sequence
from typing import Final

from hivesight.doctor.promql.flaw import Facts, Flaw, about
from hivesight.doctor.promql.limits import limit_of
from hivesight.doctor.promql.metrics import BUCKET_SUFFIX, family_of_part
from hivesight.query.promql.ast import (
    Aggregate,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    VectorSelector,
    unwrap,
)
from hivesight.query.promql.walk import selectors, walk

_LEVELS: Final = frozenset({"avg", "min", "max", "quantile", "topk", "bottomk"})
_OVER_TIME: Final = frozenset({"avg_over_time", "min_over_time", "max_over_time", "last_over_time"})
_RATES: Final = frozenset({"rate", "increase", "irate"})
_SUMS: Final = frozenset({"sum", "sum_over_time"})
_SUM_SUFFIX: Final = "_sum"
_SURELY_PERCENT: Final = 5.0
_SURELY_RATIO: Final = 0.5


def mistaken(text: str, expr: Expr, facts: Facts) -> Iterator[Flaw]:
    """Limits that look like another unit's."""
    for node in walk(expr):
        limit = limit_of(node)
        if limit is None or limit.op not in (">", ">=", "<", "<=") or limit.number.duration:
            continue
        name = _measured(limit.measured)
        message = _mismatch(name, limit.number.value, facts)
        if message is not None:
            yield about(limit.number, "promql/unit", f"{name} {message}", "write the limit in the metric's unit")


def _measured(expr: Expr) -> str:
    """The metric in whose unit an expression is; "" where it is in none or another."""
    match unwrap(expr):
        case VectorSelector(name=name) if not family_of_part(name):
            return name
        case Aggregate(op=op, expr=inner) if op in _LEVELS:
            return _measured(inner)
        case Call(func=func, args=args) if func in _OVER_TIME:
            matrix = unwrap(args[0])
            return _measured(matrix.vector) if isinstance(matrix, MatrixSelector) else ""
        case Call(func="quantile_over_time", args=(_, MatrixSelector(vector=vector))):
            return _measured(vector)
        case Call(func="histogram_quantile", args=(_, buckets)):
            return _buckets(buckets)
        case Binary(op="/", lhs=lhs, rhs=rhs):
            return _mean(selectors(lhs), selectors(rhs))
        case _:
            return ""


def _mean(sums: Sequence[VectorSelector], counts: Sequence[VectorSelector]) -> str:
    """The sum of a histogram or summary that is divided by its count."""
    names = {each.name for each in sums}, {each.name for each in counts}
    name = sums[0].name if sums else ""
    of_one = name.endswith(_SUM_SUFFIX) and names == ({name}, {f"{family_of_part(name)}_count"})
    return name if of_one else ""


def _buckets(expr: Expr) -> str:
    """The buckets whose bounds a quantile has as values."""
    match unwrap(expr):
        case VectorSelector(name=name) if name.endswith(BUCKET_SUFFIX):
            return name
        case MatrixSelector(vector=vector):
            return _buckets(vector)
        case Aggregate(op=op, expr=inner) if op in _SUMS:
            return _buckets(inner)
        case Call(func=func, args=args) if func in _RATES | _SUMS:
            return _buckets(args[0])
        case _:
            return ""


def _mismatch(name: str, limit: float, facts: Facts) -> str | None:
    family = name.removesuffix(BUCKET_SUFFIX).removesuffix(_SUM_SUFFIX)
    known = facts.metrics.units.get(family)
    match known or family.rpartition("_")[2]:
        case "ratio" if limit > (1 if known else _SURELY_PERCENT):
            return f"is a ratio from 0 to 1, and {limit:g} looks like percent: is {limit / 100:g} meant?"
        case "percent" if (0 if known else _SURELY_RATIO) < limit < 1:
            return f"is in percent, and {limit:g} looks like a ratio: is {limit * 100:g} meant?"
        case "seconds" if name != family and _looks_like_milliseconds(limit):
            return f"is in seconds, and {limit:g} looks like milliseconds: is {limit / 1000:g} meant?"
        case "bytes" if 0 < limit < 1024:
            return f"is in bytes, and {limit:g} of them is next to nothing"
        case _:
            return None


def _looks_like_milliseconds(limit: float) -> bool:
    """Round in tens, as people write milliseconds, and not in minutes, as they write seconds."""
    return limit >= 100 and limit % 50 == 0 and limit % 60 != 0
