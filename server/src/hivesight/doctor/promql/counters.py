"""Functions for counters over what is none, and the other way round; ranges that hold too few samples."""

from collections.abc import Iterator

from hivesight.doctor.promql.flaw import Facts, Flaw, about
from hivesight.doctor.promql.metrics import Kind, family_of_part, is_recorded_rate
from hivesight.model.duration import format_duration
from hivesight.query.promql.ast import (
    Aggregate,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Subquery,
    VectorSelector,
    unwrap,
)
from hivesight.query.promql.walk import walk

_OF_COUNTERS = frozenset(("rate", "irate", "increase"))
_OF_GAUGES = frozenset(("delta", "idelta", "deriv", "predict_linear"))
_TWO_SAMPLES = _OF_COUNTERS | _OF_GAUGES


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
        case MatrixSelector(vector=VectorSelector(name=name)) if is_recorded_rate(name):
            message = f"{name} is what a rule worked out, no counter: its falls are taken for restarts"
            yield about(node, "promql/rate-of-rate", message, "record the rate itself over the range that is wanted")
        case MatrixSelector(vector=VectorSelector(name=name)) if facts.metrics.kind(name) is Kind.GAUGE:
            message = f"{name} is a gauge: {node.func}() takes each fall for a restart"
            remedy = f"delta({name}[...]) or deriv({name}[...]) for its change; avg_over_time(...) for its level"
            yield about(node, "promql/rate-of-gauge", message, remedy)
        case Subquery(expr=inner) if (found := _no_counter(inner)) is not None:
            message = f"{node.func}() over {found}, which is no counter: its falls are taken for restarts"
            yield about(node, "promql/rate-of-rate", message, f"{node.func} first, then what is around it")
        case _:
            pass


def _no_counter(expr: Expr) -> str | None:
    for node in walk(expr):
        if isinstance(node, Aggregate) and node.op in ("sum", "avg", "count", "min", "max", "quantile"):
            return f"a {node.op}"
        if isinstance(node, Call) and (node.func in _OF_COUNTERS or node.func.endswith("_over_time")):
            return f"a {node.func}"
    return None


def raw_values(text: str, expr: Expr, facts: Facts) -> Iterator[Flaw]:
    """A counter's value itself held against a number."""
    for node in walk(expr):
        if not isinstance(node, Binary) or node.op not in (">", ">="):
            continue
        limit = unwrap(node.rhs)
        if isinstance(limit, NumberLiteral) and limit.value > 0:
            name = _raw_counter(node.lhs, facts)
            if name is not None:
                message = f"{name} only ever grows: once it is above {limit.value:g} this holds until a restart"
                yield about(node, "promql/counter-as-gauge", message, f"increase({name}[...]) of the time that matters")


def _raw_counter(expr: Expr, facts: Facts) -> str | None:
    expr = unwrap(expr)
    while isinstance(expr, Aggregate) and expr.op in ("sum", "max", "min", "avg"):
        expr = unwrap(expr.expr)
    if isinstance(expr, VectorSelector) and facts.metrics.kind(expr.name) is Kind.COUNTER:
        return expr.name
    return None


def short_ranges(text: str, expr: Expr, facts: Facts) -> Iterator[Flaw]:
    """Ranges in which there are not always two samples."""
    interval = facts.scrape_interval_ms
    if interval is None:
        return
    for node in walk(expr):
        if not isinstance(node, Call) or node.func not in _TWO_SAMPLES or not node.args:
            continue
        matrix = unwrap(node.args[0])
        if isinstance(matrix, MatrixSelector) and matrix.range is None and 0 < matrix.range_ms < 2 * interval:
            each = format_duration(interval)
            message = (
                f"a range of {format_duration(matrix.range_ms)} holds fewer than two samples that come every {each}"
            )
            remedy = f"at least four scrapes: [{format_duration(4 * interval)}]"
            yield about(matrix, "promql/short-range", message, remedy)


def sample_family(name: str) -> str:
    """The family by which a series' unit is named."""
    return family_of_part(name) or name.removesuffix("_total")
