"""Goals of functions of ranges: what a series must do in a window so that they answer what is wanted."""

from typing import TYPE_CHECKING, Final

import numpy as np

from hivesight.doctor.synthesis import leaves
from hivesight.doctor.synthesis.goals import Be, Goal, Gone, There, Values
from hivesight.doctor.synthesis.stage import Constraint, Moments
from hivesight.doctor.synthesis.stuck import Stuck
from hivesight.query.promql.ast import Call, Expr, MatrixSelector, Subquery, VectorSelector, unwrap
from hivesight.query.promql.printer import format

if TYPE_CHECKING:
    from hivesight.doctor.synthesis.search import Search

Ranged = MatrixSelector | Subquery

_PER_SECOND: Final = frozenset({"rate", "irate", "deriv"})
_PER_WINDOW: Final = frozenset({"increase", "delta"})
_PER_SAMPLE: Final = frozenset({"idelta"})
_LEVELS: Final = frozenset(
    {"avg_over_time", "min_over_time", "max_over_time", "last_over_time", "first_over_time", "quantile_over_time"}
    | {"double_exponential_smoothing"}
)


def over(search: "Search", node: Call, ranged: Ranged, goal: Goal, of: Constraint, moments: Moments) -> None:
    """A function of a range."""
    if not isinstance(goal, Be):
        presence(search, ranged, goal, of, moments)
        return
    wanted, range_seconds = goal.values, ranged.range_ms / 1000
    match node.func:
        case func if func in _PER_SECOND:
            _slope(search, ranged, of, moments, float(wanted[0]), short=func == "irate")
        case func if func in _PER_WINDOW:
            _slope(search, ranged, of, moments, float(wanted[0]) / range_seconds)
        case func if func in _PER_SAMPLE:
            _slope(search, ranged, of, moments, float(wanted[0]) * 1000 / _step_ms(search, ranged), short=True)
        case func if func in _LEVELS:
            _level(search, ranged, of, moments, wanted)
        case "sum_over_time":
            _level(search, ranged, of, moments, wanted * _step_ms(search, ranged) / ranged.range_ms)
        case "present_over_time":
            presence(search, ranged, There(), of, moments)
        case "count_over_time":
            _count(search, ranged, of, moments, float(wanted[0]))
        case "changes" | "resets":
            _jumps(search, node, ranged, of, moments, float(wanted[0]))
        case "stddev_over_time" | "stdvar_over_time" | "mad_over_time":
            away = float(wanted[0]) if node.func != "stdvar_over_time" else float(wanted[0]) ** 0.5
            leaves.wave(search, _selector(ranged), of, moments, 1, 2 * away)
        case "predict_linear":
            _ahead(search, node, ranged, of, moments, wanted)
        case _:
            raise Stuck(f"{node.func}() is not turned round")


def presence(search: "Search", ranged: Ranged, goal: There | Gone, of: Constraint, moments: Moments) -> None:
    """Whether there is something in a window."""
    if isinstance(ranged, MatrixSelector):
        leaves.presence(search, ranged.vector, goal, of, moments)
    else:
        search.want(ranged.expr, goal, of, _then(ranged, moments))


def _then(ranged: Subquery, moments: Moments) -> Moments:
    return tuple(each - ranged.offset_ms for each in moments)


def _step_ms(search: "Search", ranged: Ranged) -> int:
    if isinstance(ranged, MatrixSelector):
        return search.stage.timeline.interval_ms
    return ranged.step_ms or 60_000


def _selector(ranged: Ranged) -> VectorSelector:
    """The selector of a range; that of a subquery over one function of one selector as well."""
    node: Expr = ranged
    while True:
        match node:
            case MatrixSelector(vector=vector):
                return vector
            case VectorSelector():
                return node
            case Subquery(expr=inner):
                node = unwrap(inner)
            case _:
                raise Stuck(f"{format(ranged)[:200]} is more than a window of samples")


def _level(search: "Search", ranged: Ranged, of: Constraint, moments: Moments, wanted: Values) -> None:
    if isinstance(ranged, MatrixSelector):
        leaves.latest(search, ranged.vector, Be(wanted), of, moments)
    else:
        search.want(ranged.expr, Be(wanted), of, _then(ranged, moments))


def _slope(
    search: "Search", ranged: Ranged, of: Constraint, moments: Moments, per_second: float, *, short: bool = False
) -> None:
    """short: only the last two samples count."""
    if isinstance(ranged, MatrixSelector):
        range_ms = search.stage.timeline.interval_ms if short else ranged.range_ms
        leaves.slope(search, ranged.vector, of, moments, per_second, range_ms)
        return
    then = _then(ranged, moments)
    now = [each for each in search.stage.elements(ranged.expr, of, then) if each.whole]
    begins = float(now[0].values[0]) if now else 1.0
    line = begins + per_second * (np.array(then, dtype=np.float64) - then[0]) / 1000
    search.want(ranged.expr, Be(line), now[0].labels if now else of, then)


def _count(search: "Search", ranged: Ranged, of: Constraint, moments: Moments, wanted: float) -> None:
    """So many samples in a window: some are left out, if need be."""
    if isinstance(ranged, Subquery):
        presence(search, ranged, There() if wanted >= 1 else Gone(), of, moments)
    elif wanted < 1:
        raise Stuck("a count is never less than 1: it is missing where there is nothing to count")
    else:
        leaves.thin(search, ranged.vector, of, moments, int(ranged.range_ms / wanted))


def _jumps(search: "Search", node: Call, ranged: Ranged, of: Constraint, moments: Moments, wanted: float) -> None:
    """So many changes in a window; a reset is every other of them."""
    count = np.ceil(wanted) * (2 if node.func == "resets" else 1)
    every_ms = ranged.range_ms / (count + 1) if count >= 1 else np.inf
    leaves.wave(search, _selector(ranged), of, moments, every_ms, 0.0)


def _ahead(search: "Search", node: Call, ranged: Ranged, of: Constraint, moments: Moments, wanted: Values) -> None:
    """predict_linear: a slope from where the series is now, or another level where it does not lead anywhere."""
    ahead = search.stage.number(node.args[1], moments)
    now = [each for each in search.stage.elements(_selector(ranged), of, moments) if each.whole]
    if not now:
        presence(search, ranged, There(), of, moments)
        return
    chosen = now[search.pick(len(now))]
    if isinstance(ranged, Subquery) or not ahead.all():
        _level(search, ranged, chosen.labels, moments, wanted)
    else:
        per_second = float(((wanted - chosen.values) / ahead)[-1])
        leaves.slope(search, ranged.vector, chosen.labels, moments, per_second, ranged.range_ms)
