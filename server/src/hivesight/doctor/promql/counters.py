"""Functions for counters over what is none, and the other way round; ranges that hold too few samples."""

from collections.abc import Iterator

from hivesight.doctor.promql.flaw import Facts, Flaw, about
from hivesight.doctor.promql.limits import limit_of
from hivesight.doctor.promql.metrics import Kind, is_recorded_rate
from hivesight.model.duration import format_duration
from hivesight.query.promql.ast import (
    COMPARISONS,
    Aggregate,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    Subquery,
    VectorSelector,
    unwrap,
)
from hivesight.query.promql.walk import walk

_OF_COUNTERS = frozenset(("rate", "irate", "increase"))
_OF_GAUGES = frozenset(("delta", "idelta", "deriv", "predict_linear"))
_TWO_SAMPLES = _OF_COUNTERS | _OF_GAUGES
# The greatest or last of counters that count the same is a counter still.
_NO_COUNTERS = frozenset(("sum", "avg", "count", "quantile", "avg_over_time", "quantile_over_time", "sum_over_time"))


def misused(text: str, expr: Expr, facts: Facts) -> Iterator[Flaw]:
    """rate of gauges, of rates and of sums; delta of counters."""
    for node in walk(expr):
        if not isinstance(node, Call) or not node.args:
            continue
        if node.func in _OF_COUNTERS:
            yield from _rated(node, facts)
        elif node.func in _OF_GAUGES and isinstance(matrix := node.args[0], MatrixSelector):
            name = matrix.vector.name
            if facts.metrics.kind(name) is Kind.COUNTER:
                message = f"{node.func}() does not know of restarts, and {name} is a counter"
                yield about(node, "promql/delta-of-counter", message, f"increase({name}[...]) or rate({name}[...])")


def _rated(node: Call, facts: Facts) -> Iterator[Flaw]:
    match unwrap(node.args[0]):
        case MatrixSelector(vector=VectorSelector(name=name)) if is_recorded_rate(name) or name in facts.metrics.levels:
            message = f"{name} is what a rule worked out, no counter: its falls are taken for restarts"
            yield about(node, "promql/rate-of-rate", message, "record the rate itself over the range that is wanted")
        case MatrixSelector(vector=VectorSelector(name=name)) if facts.metrics.kind(name) is Kind.GAUGE:
            message = f"{name} is a gauge: {node.func}() takes each fall for a restart"
            remedy = f"delta({name}[...]) or deriv({name}[...]) for its change; avg_over_time(...) for its level"
            seeming = facts.metrics.only_seems(name)
            yield about(node, "promql/rate-of-seeming-gauge" if seeming else "promql/rate-of-gauge", message, remedy)
        case Subquery(expr=inner) if (found := no_counter(inner)) is not None:
            message = f"{node.func}() over {found}, which is no counter: its falls are taken for restarts"
            yield about(node, "promql/rate-of-rate", message, f"{node.func} first, then what is around it")
        case _:
            pass


def no_counter(expr: Expr) -> str | None:
    """What makes the values of an expression no counter's, however it grows; None where nothing surely does."""
    expr = unwrap(expr)
    while isinstance(expr, Binary) and expr.op in ("and", "unless", *COMPARISONS) and not expr.returns_bool:
        expr = unwrap(expr.lhs)
    for node in walk(expr):
        if isinstance(node, Aggregate) and node.op in _NO_COUNTERS:
            return f"a {node.op}"
        if isinstance(node, Call) and (node.func in _OF_COUNTERS or node.func in _NO_COUNTERS):
            return f"a {node.func}"
    return None


def raw_values(text: str, expr: Expr, facts: Facts) -> Iterator[Flaw]:
    """A counter's value itself held against a number."""
    for node in walk(expr):
        limit = limit_of(node)
        if limit is not None and limit.op in (">", ">=") and limit.number.value > 0:
            name = _raw_counter(limit.measured, facts)
            if name is not None:
                message = f"{name} only ever grows: once it is above {limit.number.value:g} this holds until a restart"
                yield about(node, "promql/counter-as-gauge", message, f"increase({name}[...]) of the time that matters")


def _raw_counter(expr: Expr, facts: Facts) -> str | None:
    expr = unwrap(expr)
    while isinstance(expr, Aggregate) and expr.op in ("sum", "max", "min", "avg"):
        expr = unwrap(expr.expr)
    if isinstance(expr, VectorSelector) and facts.metrics.kind(expr.name) is Kind.COUNTER:
        return expr.name
    return None


def fractions(text: str, expr: Expr, facts: Facts) -> Iterator[Flaw]:
    """An increase, which counts events, held against a fraction of one."""
    for node in walk(expr):
        limit = limit_of(node)
        if limit is None or limit.op not in (">", ">=") or limit.number.duration or not 0 < limit.number.value < 1:
            continue
        name = _increased(limit.measured)
        if name.endswith("_total") and "seconds" not in name:
            message = f"increase() of {name} counts events, and {limit.number.value:g} is part of one: any event fires"
            remedy = "rate(...) for a number a second, a ratio for a share, `> 0` for any event"
            yield about(node, "promql/fraction-of-increase", message, remedy)


def _increased(expr: Expr) -> str:
    expr = unwrap(expr)
    while isinstance(expr, Aggregate) and expr.op in ("sum", "max"):
        expr = unwrap(expr.expr)
    if isinstance(expr, Call) and expr.func == "increase" and isinstance(matrix := expr.args[0], MatrixSelector):
        return matrix.vector.name
    return ""


def short_ranges(text: str, expr: Expr, facts: Facts) -> Iterator[Flaw]:
    """Ranges in which there are not always two samples."""
    for node in walk(expr):
        if not isinstance(node, Call) or node.func not in _TWO_SAMPLES or not node.args:
            continue
        matrix = unwrap(node.args[0])
        if not isinstance(matrix, MatrixSelector) or matrix.range is not None:
            continue
        interval = facts.scrapes.interval_ms(matrix.vector)
        if interval is not None and 0 < matrix.range_ms < 2 * interval:
            each = format_duration(interval)
            message = (
                f"a range of {format_duration(matrix.range_ms)} holds fewer than two samples that come every {each}"
            )
            remedy = f"at least four scrapes: [{format_duration(4 * interval)}]"
            yield about(matrix, "promql/short-range", message, remedy)
