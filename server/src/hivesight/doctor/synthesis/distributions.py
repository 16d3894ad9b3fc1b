"""Goals of what is read from histograms: all observations fall where they give the value."""

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from hivesight.doctor.synthesis import leaves
from hivesight.doctor.synthesis.goals import Be, Goal
from hivesight.doctor.synthesis.stage import Constraint, Element, Moments
from hivesight.doctor.synthesis.stuck import Stuck
from hivesight.query.promql.ast import Aggregate, Call, Expr, MatrixSelector, VectorSelector, unwrap
from hivesight.query.promql.printer import format

if TYPE_CHECKING:
    from hivesight.doctor.synthesis.search import Search

FIGURES: Final = frozenset(
    {"histogram_quantile", "histogram_fraction", "histogram_count", "histogram_sum", "histogram_avg"}
)

_BUCKET: Final = "le"


def figure(search: "Search", node: Call, goal: Goal, of: Constraint, moments: Moments) -> None:
    """A function of histograms, classic or native."""
    inner = node.args[-1]
    found = [each for each in search.stage.elements(inner, of, moments) if each.whole]
    if not isinstance(goal, Be) or not found:
        search.want(inner, goal, of, moments)
        return
    wanted = float(goal.values[0])
    buckets = [each for each in found if each.labels.value(_BUCKET)]
    if buckets and node.func == "histogram_quantile":
        _classic(search, node, buckets, wanted, moments)
        return
    chosen = found[search.pick(len(found))].labels
    match node.func:
        case "histogram_count":
            _observe(search, inner, chosen, moments, per_second=wanted)
        case "histogram_sum":
            counts = search.stage.elements(Call(func="histogram_count", args=(inner,)), chosen, moments)
            _observe(search, inner, chosen, moments, value=wanted / max(float(counts[0].values[0]), 1e-9))
        case "histogram_fraction":
            low, high = (float(search.stage.number(each, moments)[0]) for each in node.args[:2])
            inside = (low + high) / 2 if np.isfinite(low + high) else (2 * low if np.isfinite(low) else high / 2)
            outside = 2 * high if np.isfinite(high) else low / 2
            _observe(search, inner, chosen, moments, value=inside if wanted >= 0.5 else outside)
        case _:
            _observe(search, inner, chosen, moments, value=wanted)


def _observe(
    search: "Search",
    expr: Expr,
    of: Constraint,
    moments: Moments,
    *,
    value: float | None = None,
    per_second: float | None = None,
) -> None:
    """Native histograms see other values, or more of them."""
    expr = unwrap(expr)
    match expr:
        case Aggregate(expr=inner):
            of = {name: text for name, text in of.items() if (name in expr.grouping) != expr.without}
            for each in search.stage.elements(inner, of, moments):
                _observe(search, inner, each.labels, moments, value=value, per_second=per_second)
        case Call(func="rate" | "irate" | "increase", args=(MatrixSelector() as ranged,)):
            scale = ranged.range_ms / 1000 if expr.func == "increase" else 1.0
            faster = None if per_second is None else per_second / scale
            leaves.observe(search, ranged.vector, of, moments, value, faster)
        case VectorSelector() if per_second is None:
            leaves.observe(search, expr, of, moments, value, None)
        case _:
            raise Stuck(f"the histograms of {format(expr)[:200]} come from more than rates and sums")


def _classic(search: "Search", node: Call, buckets: list[Element], wanted: float, moments: Moments) -> None:
    groups = list(dict.fromkeys(each.labels.without(_BUCKET) for each in buckets))
    group = groups[search.pick(len(groups))]
    mine = sorted((each for each in buckets if each.labels.without(_BUCKET) == group), key=_bound)
    share = float(search.stage.number(node.args[0], moments)[0])
    chosen = _bucket(mine, share, wanted)
    count = max(1.0, *(float(np.nan_to_num(each.values).max()) for each in mine))
    for number, each in enumerate(mine):
        search.want(node.args[1], Be(np.full(len(moments), count if number >= chosen else 0.0)), each.labels, moments)


def _bound(element: Element) -> float:
    return float(element.labels.value(_BUCKET))


def _bucket(buckets: list[Element], share: float, wanted: float) -> int:
    """The bucket in which the quantile comes closest to a value, inside which it lies at `share`."""
    bounds = [0.0, *map(_bound, buckets)]
    inside = [low + (high - low) * share for low, high in pairwise(bounds) if np.isfinite(high)]
    if not inside:
        raise Stuck("there are no buckets below +Inf")
    return int(np.argmin(np.abs(np.log(np.maximum(inside, 1e-12)) - np.log(max(wanted, 1e-12)))))
