"""Goals of functions of instant vectors, pushed down to their arguments."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from hivesight.doctor.synthesis import distributions, range_calls
from hivesight.doctor.synthesis.goals import Be, Goal, Gone, There, Values
from hivesight.doctor.synthesis.stage import Constraint, Moments
from hivesight.doctor.synthesis.starts import CLOCK
from hivesight.doctor.synthesis.stuck import Stuck
from hivesight.model.matcher import compile_regex
from hivesight.query.promql.ast import Call, MatrixSelector, StringLiteral, Subquery, ValueType, unwrap
from hivesight.query.promql.check import type_of
from hivesight.query.promql.printer import format

if TYPE_CHECKING:
    from hivesight.doctor.synthesis.search import Search

_INVERSES: Final[Mapping[str, Callable[[Values], Values]]] = {
    "exp": np.log,
    "ln": np.exp,
    "log2": np.exp2,
    "log10": lambda values: 10.0**values,
    "sqrt": np.square,
    "deg": np.deg2rad,
    "rad": np.rad2deg,
}
_AS_THEY_ARE: Final = frozenset(
    {"abs", "ceil", "floor", "round", "sgn", "sort", "sort_desc", "sort_by_label", "sort_by_label_desc"}
    | {"clamp", "clamp_min", "clamp_max", "scalar", "vector", "info", "timestamp"}
)
"""Functions that leave many values as they are: what they should be is asked of their argument."""


def call(search: "Search", node: Call, goal: Goal, of: Constraint, moments: Moments) -> None:
    """A function of PromQL."""
    func = node.func
    ranged = next((each for each in map(unwrap, node.args) if isinstance(each, MatrixSelector | Subquery)), None)
    if func in ("absent", "absent_over_time"):
        _absent(search, node, goal, moments)
    elif ranged is not None:
        range_calls.over(search, node, ranged, goal, of, moments)
    elif func == "timestamp" and isinstance(goal, Be):
        raise Stuck(f"{format(node)[:200]} is the time of a sample that is not older than the lookback of 5m")
    elif func in CLOCK and func != "timestamp":
        raise Stuck(f"{format(node)} is a matter of the time alone")
    elif func in ("label_replace", "label_join"):
        search.want(node.args[0], goal, _before_naming(search, node, of, moments), moments)
    elif func in distributions.FIGURES:
        distributions.figure(search, node, goal, of, moments)
    elif func in _INVERSES:
        wanted = Be(_INVERSES[func](goal.values)) if isinstance(goal, Be) else goal
        search.want(node.args[0], wanted, of, moments)
    elif func in _AS_THEY_ARE and node.args:
        search.want(node.args[0], goal, of if type_of(node.args[0]) is ValueType.VECTOR else {}, moments)
    else:
        raise Stuck(f"{func}() is not turned round")


def _absent(search: "Search", node: Call, goal: Goal, moments: Moments) -> None:
    if isinstance(goal, Be) and (goal.values != 1).any():
        raise Stuck(f"{format(node)} is 1 or nothing")
    inner = unwrap(node.args[0])
    turned = There() if isinstance(goal, Gone) else Gone()
    if isinstance(inner, MatrixSelector | Subquery):
        range_calls.presence(search, inner, turned, {}, moments)
    else:
        search.want(inner, turned, {}, moments)


def _before_naming(search: "Search", node: Call, of: Constraint, moments: Moments) -> Constraint:
    """The labels that a series has before a label of it is made of others."""
    texts = [each.value for each in map(unwrap, node.args[1:]) if isinstance(each, StringLiteral)]
    made = texts[0]
    if made not in of:
        return of
    rest = {name: value for name, value in of.items() if name != made}
    if node.func == "label_join":
        return {**rest, texts[2]: of[made]} if len(texts) == 3 else rest
    _, replacement, source, pattern = texts
    regex = compile_regex(pattern)
    for each in search.stage.elements(node.args[0], rest, moments):
        match = regex.fullmatch(each.labels.value(source))
        now = each.labels.value(made) if match is None else _expanded(match.expand, replacement)
        if now == of[made]:
            return each.labels
    whole = replacement in ("$1", "${1}") and pattern in ("(.*)", "(.+)")
    if whole and source != made:
        return {**rest, source: of[made]}
    if "$" not in replacement and replacement != of[made]:
        raise Stuck(f"{format(node)[:200]} has {made}={replacement!r} and not {of[made]!r}")
    return rest


def _expanded(expand: Callable[[str], str], replacement: str) -> str:
    """`$1` and `${1}` as RE2 for Python writes them."""
    made = replacement.replace("\\", "\\\\").replace("$$", "\0")
    for number in range(10):
        made = made.replace(f"${{{number}}}", f"\\{number}").replace(f"${number}", f"\\{number}")
    return expand(made).replace("\0", "$")
