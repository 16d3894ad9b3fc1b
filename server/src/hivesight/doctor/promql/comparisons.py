"""Comparisons that are decided before there is data, and limits in another unit than the metric's."""

from collections.abc import Iterator
from typing import Final

from hivesight.doctor.promql.counters import sample_family
from hivesight.doctor.promql.flaw import Facts, Flaw, about
from hivesight.doctor.promql.values import range_of, verdict
from hivesight.query.promql.ast import COMPARISONS, Aggregate, Binary, Call, Expr, NumberLiteral, VectorSelector, unwrap
from hivesight.query.promql.printer import format
from hivesight.query.promql.walk import walk

_ABSENT: Final = frozenset(("absent", "absent_over_time"))
_KEEPS_UNIT: Final = frozenset(("avg", "min", "max", "quantile", "topk", "bottomk", "sum"))
_LEVEL_FIRST: Final = frozenset(("histogram_quantile", "quantile_over_time"))
_RATES: Final = frozenset(("rate", "increase"))
_OVER_TIME: Final = frozenset(("avg_over_time", "min_over_time", "max_over_time", "last_over_time"))
_MILLI_FROM: Final = 100.0


def decided(text: str, expr: Expr, facts: Facts) -> Iterator[Flaw]:
    """Comparisons whose outcome does not depend on the data."""
    for node in walk(expr):
        if not isinstance(node, Binary) or node.op not in COMPARISONS:
            continue
        left, right = unwrap(node.lhs), unwrap(node.rhs)
        outcome = verdict(node.op, range_of(left, facts.metrics), range_of(right, facts.metrics))
        if outcome is None or (isinstance(left, NumberLiteral) and isinstance(right, NumberLiteral)):
            continue
        if outcome is False and _is_absent(left):
            message = "absent() is 1 or nothing, so this is never true, least of all when the series is missing"
            yield about(node, "promql/absent-compared", message, f"{format(_absent_in(left))} alone")
            continue
        if outcome and node.op in (">=", "!=") and range_of(right, facts.metrics).constant and not _has_limit(right):
            continue
        word = "true" if outcome else "false"
        message = f"this is always {word}: {_why(node, facts)}"
        yield about(node, "promql/constant-comparison", message, "look at the limit, and at what the left side can be")


def _why(node: Binary, facts: Facts) -> str:
    left = range_of(node.lhs, facts.metrics)
    return f"the left side lies between {left.low:g} and {left.high:g}"


def _has_limit(expr: Expr) -> bool:
    return isinstance(expr, NumberLiteral)


def _is_absent(expr: Expr) -> bool:
    return any(isinstance(node, Call) and node.func in _ABSENT for node in walk(expr)) and not any(
        isinstance(node, Binary) for node in walk(expr)
    )


def _absent_in(expr: Expr) -> Expr:
    return next(node for node in walk(expr) if isinstance(node, Call) and node.func in _ABSENT)


def units(text: str, expr: Expr, facts: Facts) -> Iterator[Flaw]:
    """Limits that look like another unit's."""
    for node in walk(expr):
        if not isinstance(node, Binary) or node.op not in (">", ">=", "<", "<="):
            continue
        limit = unwrap(node.rhs)
        metric = _measured(node.lhs)
        if not isinstance(limit, NumberLiteral) or limit.duration or metric is None:
            continue
        message = _mismatch(metric, limit.value, facts)
        if message is not None:
            yield about(limit, "promql/unit", f"{metric.name} {message}", "write the limit in the metric's unit")


def _measured(expr: Expr) -> VectorSelector | None:
    """The metric whose unit an expression has; None where it has none or another."""
    expr = unwrap(expr)
    match expr:
        case VectorSelector():
            return expr
        case Aggregate(op=op, expr=inner) if op in _KEEPS_UNIT:
            return _measured(inner)
        case Call(func=func, args=args) if args and func in _LEVEL_FIRST | _RATES | _OVER_TIME:
            inner = args[-1] if func in _LEVEL_FIRST else args[0]
            vector = getattr(inner, "vector", inner)
            return _measured(vector) if func not in _RATES else _bucket_of(vector)
        case _:
            return None


def _bucket_of(expr: Expr) -> VectorSelector | None:
    """rate() of buckets keeps the unit of the quantile that is made of it; of a counter it does not."""
    return expr if isinstance(expr, VectorSelector) and expr.name.endswith("_bucket") else None


def _mismatch(metric: VectorSelector, limit: float, facts: Facts) -> str | None:
    family = sample_family(metric.name)
    unit = facts.metrics.units.get(family) or facts.metrics.units.get(metric.name) or family.rpartition("_")[2]
    match unit:
        case "ratio" if limit > 1:
            return f"is a ratio from 0 to 1, and {limit:g} looks like percent: is {limit / 100:g} meant?"
        case "percent" if 0 < limit < 1:
            return f"is in percent, and {limit:g} looks like a ratio: is {limit * 100:g} meant?"
        case "seconds" if metric.name.endswith("_bucket") and limit >= _MILLI_FROM and limit % 10 == 0:
            return f"is in seconds, and {limit:g} looks like milliseconds: is {limit / 1000:g} meant?"
        case "bytes" if 0 < limit < 1024:
            return f"is in bytes, and {limit:g} of them is next to nothing"
        case _:
            return None
