"""Goals of quantiles: all observations fall into the bucket that gives the value."""

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from hivesight.doctor.synthesis.goals import Be, Goal
from hivesight.doctor.synthesis.stage import Constraint, Element, Moments
from hivesight.doctor.synthesis.stuck import Stuck
from hivesight.query.promql.ast import Call
from hivesight.query.promql.printer import format

if TYPE_CHECKING:
    from hivesight.doctor.synthesis.search import Search

_BUCKET = "le"


def quantile(search: "Search", node: Call, goal: Goal, of: Constraint, moments: Moments) -> None:
    """histogram_quantile over classic buckets."""
    if not isinstance(goal, Be):
        search.want(node.args[-1], goal, of, moments)
        return
    if node.func != "histogram_quantile":
        raise Stuck(f"{node.func}() is not turned round")
    found = [each for each in search.stage.elements(node.args[1], of, moments) if each.whole]
    buckets = [each for each in found if each.labels.value(_BUCKET)]
    if not buckets:
        raise Stuck(f"{format(node.args[1])[:200]} has no buckets")
    groups = list(dict.fromkeys(each.labels.without(_BUCKET) for each in buckets))
    group = groups[search.pick(len(groups))]
    mine = sorted((each for each in buckets if each.labels.without(_BUCKET) == group), key=_bound)
    share = float(search.stage.number(node.args[0], moments)[0])
    chosen = _bucket(mine, share, float(goal.values[0]))
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
