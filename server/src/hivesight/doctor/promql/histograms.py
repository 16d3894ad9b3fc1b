"""Quantiles that are always empty, and histograms that are asked for by the wrong name."""

from collections.abc import Iterator

from hivesight.doctor.promql.flaw import Facts, Flaw, about
from hivesight.doctor.promql.metrics import BUCKET_SUFFIX, Kind
from hivesight.doctor.promql.shape import BUCKET, shape_of
from hivesight.query.promql.ast import Aggregate, Binary, Call, Expr, VectorSelector, unwrap
from hivesight.query.promql.walk import selectors, walk

_RATES = frozenset(("rate", "increase", "irate", "delta"))
_ABSENCE = frozenset(("absent", "absent_over_time", "present_over_time", "count_over_time"))
_NO_HISTOGRAM = ("_sum", "_count", "_total")
_QUANTILE = "promql/quantile-without-buckets"


def quantiles(text: str, expr: Expr, facts: Facts) -> Iterator[Flaw]:
    """histogram_quantile and histogram_fraction over what has no buckets."""
    for node in walk(expr):
        if isinstance(node, Call) and node.func in ("histogram_quantile", "histogram_fraction") and node.args:
            yield from _quantile(node, node.args[-1], facts)


def _quantile(call: Call, vector: Expr, facts: Facts) -> Iterator[Flaw]:
    asked = [each for each in selectors(vector) if each.name]
    rated = any(isinstance(node, Call) and node.func in _RATES for node in walk(vector))
    buckets = [each for each in asked if each.name.endswith(BUCKET_SUFFIX)]
    if buckets and not shape_of(vector).can_have(BUCKET):
        message = f"the label {BUCKET} of {buckets[0].name} is gone before {call.func} needs it: the result is empty"
        yield about(call, _QUANTILE, message, f"keep it in the aggregation: sum by ({BUCKET}, ...) (...)")
    elif buckets and not rated and not any(facts.metrics.is_recorded(each.name) for each in buckets):
        message = f"{buckets[0].name} counts since the process began, and so does this quantile"
        remedy = f"rate({buckets[0].name}[5m]) in its place"
        yield about(buckets[0], "promql/quantile-of-raw-buckets", message, remedy)
    for each in asked:
        if each in buckets or facts.metrics.is_recorded(each.name):
            continue
        known = facts.metrics.kinds.get(each.name)
        # What is rated may be a native histogram, unless it has the name of a part of a classic one, or of a counter.
        if known in (Kind.HISTOGRAM, Kind.GAUGE) or not rated or each.name.endswith(_NO_HISTOGRAM):
            message = f"{each.name} has no series with the label {BUCKET}: {call.func} of it is always empty"
            family = each.name.removesuffix("_sum").removesuffix("_count")
            yield about(each, _QUANTILE, message, f"sum by ({BUCKET}) (rate({family}{BUCKET_SUFFIX}[5m]))")


def families(text: str, expr: Expr, facts: Facts) -> Iterator[Flaw]:
    """A classic histogram's family where one of its series is meant."""
    judged = _arguments(
        expr, frozenset({"histogram_quantile", "histogram_fraction", "histogram_count", "histogram_sum"})
    )
    # These take native histograms too, which have the family's name.
    perhaps = _arguments(expr, _RATES | _ABSENCE)
    for node in walk(expr):
        if not isinstance(node, VectorSelector) or id(node) in judged:
            continue
        if id(node) in perhaps and facts.metrics.kinds.get(node.name) is not Kind.HISTOGRAM:
            continue
        if facts.metrics.kind(name := node.name) is Kind.HISTOGRAM:
            message = f"{name} is a histogram's family: its series are {name}_bucket, {name}_sum and {name}_count"
            remedy = f"for the mean: sum(rate({name}_sum[5m])) / sum(rate({name}_count[5m]))"
            yield about(node, "promql/histogram-family", message, remedy)


def means(text: str, expr: Expr, facts: Facts) -> Iterator[Flaw]:
    """The mean of a process's whole life: a sum by its count, neither of them rated."""
    for node in walk(expr):
        if not isinstance(node, Binary) or node.op != "/":
            continue
        total, count = _counted(node.lhs), _counted(node.rhs)
        family = total.removesuffix("_sum")
        if total != family and ":" not in family and count == f"{family}_count":
            message = f"{total} and {count} count since the process began, and so does this mean: it hardly moves"
            remedy = f"rate({total}[5m]) / rate({count}[5m])"
            yield about(node, "promql/lifetime-mean", message, remedy)


def _counted(expr: Expr) -> str:
    """The name of a counter that is taken as it is, or added up; "" for all else."""
    expr = unwrap(expr)
    while isinstance(expr, Aggregate) and expr.op in ("sum", "avg"):
        expr = unwrap(expr.expr)
    return expr.name if isinstance(expr, VectorSelector) else ""


def _arguments(expr: Expr, functions: frozenset[str]) -> set[int]:
    """The selectors below calls of `functions`, by identity."""
    calls = [node for node in walk(expr) if isinstance(node, Call) and node.func in functions]
    return {id(selector) for call in calls for arg in call.args for selector in selectors(arg)}
