"""Goals of arithmetic and of comparisons, pushed down to one side against the value of the other."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from hivesight.doctor.synthesis.goals import MIRRORED, NEGATED, Be, Goal, Gone, There, Values, beyond, holds
from hivesight.doctor.synthesis.pairing import partners, sides, signature
from hivesight.doctor.synthesis.stage import Constraint, Element, Moments
from hivesight.doctor.synthesis.stuck import Stuck
from hivesight.model.labels import NO_LABELS
from hivesight.query.promql.ast import Binary, Expr, Matching, ValueType
from hivesight.query.promql.check import type_of
from hivesight.query.promql.printer import format

if TYPE_CHECKING:
    from hivesight.doctor.synthesis.search import Search

Pair = tuple[Element, Element]


def calculate(search: "Search", node: Binary, goal: Goal, of: Constraint, moments: Moments) -> None:
    """`a + b`: one side takes what the other leaves."""
    if isinstance(goal, Gone):
        of_left, of_right = sides(node, of)
        search.first(
            lambda: search.want(node.lhs, goal, of_left, moments),
            lambda: search.want(node.rhs, goal, of_right, moments),
        )
        return
    pair = _pair(search, node, of, moments)
    if pair is None or isinstance(goal, There):
        return
    left, right = pair

    def move_left() -> None:
        if node.op in ("*", "/") and not _usable(right.values):
            search.want(node.rhs, Be(np.ones_like(right.values)), right.labels, moments)
        else:
            search.want(node.lhs, Be(_left(node.op, goal.values, right.values)), left.labels, moments)

    def move_right() -> None:
        if node.op in ("*", "/") and not _usable(left.values):
            search.want(node.lhs, Be(np.ones_like(left.values)), left.labels, moments)
        else:
            search.want(node.rhs, Be(_right(node.op, goal.values, left.values)), right.labels, moments)

    search.first(move_left, move_right)


def _usable(values: Values) -> bool:
    return bool(np.isfinite(values).all() and (values != 0).all())


def _left(op: str, wanted: Values, right: Values) -> Values:
    """What the left side must be."""
    match op:
        case "+":
            return wanted - right
        case "-":
            return wanted + right
        case "*":
            return wanted / right
        case "/":
            return wanted * right
        case "%":
            return wanted
        case "^":
            return wanted ** (1 / right)
        case _:
            raise Stuck(f"{op} is not turned round")


def _right(op: str, wanted: Values, left: Values) -> Values:
    """What the right side must be."""
    match op:
        case "+":
            return wanted - left
        case "-":
            return left - wanted
        case "*":
            return wanted / left
        case "/":
            return left / wanted
        case "^":
            return np.log(wanted) / np.log(left)
        case _:
            raise Stuck(f"{op} is not turned round")


def compare(search: "Search", node: Binary, goal: Goal, of: Constraint, moments: Moments) -> None:
    """`a > b`: made true, or false for every pair."""
    if node.returns_bool:
        _compare_bool(search, node, goal, of, moments)
        return
    if isinstance(goal, Gone):
        for left, right in _pairs(search, node, of, moments):
            if _met(node, left, right):
                search.first(*_undone(search, node, left, right, moments))
        return
    pair = _pair(search, node, of, moments)
    if pair is None:
        return
    left, right = pair
    if isinstance(goal, Be):
        # What goes through is the vector's value.
        mine, side = (node.rhs, right) if type_of(node.lhs) is not ValueType.VECTOR else (node.lhs, left)
        search.want(mine, goal, side.labels, moments)
        other = right.values if side is left else left.values
        op = node.op if side is left else MIRRORED[node.op]
        if not holds(op, goal.values, other):
            yours, side = (node.rhs, right) if side is left else (node.lhs, left)
            search.want(yours, Be(beyond(MIRRORED[op], goal.values, search.styles()[0])), side.labels, moments)
    elif not holds(node.op, left.values, right.values):
        _settle(search, node, node.op, left, right, moments)


def _undone(
    search: "Search", node: Binary, left: Element, right: Element, moments: Moments
) -> tuple[Callable[[], None], ...]:
    """Ways to end a comparison that is true: other values, or none."""
    mine, side = (node.rhs, right) if type_of(node.lhs) is not ValueType.VECTOR else (node.lhs, left)
    return (
        lambda: _settle(search, node, NEGATED[node.op], left, right, moments),
        lambda: search.want(mine, Gone(), side.labels, moments),
    )


def _compare_bool(search: "Search", node: Binary, goal: Goal, of: Constraint, moments: Moments) -> None:
    if isinstance(goal, Gone):
        calculate(search, node, goal, of, moments)
        return
    pair = _pair(search, node, of, moments)
    if pair is None or isinstance(goal, There):
        return
    op = node.op if goal.values[0] >= 0.5 else NEGATED[node.op]
    if not holds(op, pair[0].values, pair[1].values):
        _settle(search, node, op, *pair, moments)


def _settle(search: "Search", node: Binary, op: str, left: Element, right: Element, moments: Moments) -> None:
    """Moves one side so that `left op right` holds."""

    def way(side: Expr, op: str, bound: Element, moved: Element, style: int) -> Callable[[], None]:
        return lambda: search.want(side, Be(beyond(op, _known(bound), style)), moved.labels, moments)

    styles = search.styles()
    search.first(
        *(way(node.lhs, op, right, left, style) for style in styles),
        *(way(node.rhs, MIRRORED[op], left, right, style) for style in styles),
    )


def _known(element: Element) -> Values:
    """Its values; where some are missing or no numbers, another's."""
    good = element.present & ~np.isnan(element.values)
    if good.all():
        return element.values
    return np.full_like(element.values, element.values[good][0] if good.any() else 1.0)


def _met(node: Binary, left: Element, right: Element) -> bool:
    """Whether a comparison is true of a pair at any moment."""
    both = left.present & right.present
    return any(holds(node.op, left.values[[at]], right.values[[at]]) for at in np.flatnonzero(both))


def _pair(search: "Search", node: Binary, of: Constraint, moments: Moments) -> Pair | None:
    """Two elements that meet. None where a side had to be called first: then there is more to do."""
    pairs = [each for each in _pairs(search, node, of, moments) if each[0].whole and each[1].whole]
    if pairs:
        return pairs[search.pick(len(pairs))]
    of_left, of_right = sides(node, of)
    left = [each for each in _side(search, node.lhs, of_left, moments) if each.whole]
    if not left:
        search.want(node.lhs, There(), of_left, moments)
        return None
    right = [each for each in _side(search, node.rhs, of_right, moments) if each.whole]
    matching = node.matching or Matching()
    if node.matching is None:
        search.want(node.rhs, There(), of_right, moments)
        return None
    chosen = left[search.pick(len(left))]
    search.first(
        lambda: search.want(node.rhs, There(), {**of_right, **signature(chosen.labels, matching)}, moments),
        lambda: _follow(search, node, right, of_left, moments),
    )
    return None


def _follow(search: "Search", node: Binary, right: list[Element], of_left: Constraint, moments: Moments) -> None:
    """The left side gets a partner for what is on the right."""
    if not right:
        raise Stuck(f"{format(node.rhs)[:200]} has no series for {format(node.lhs)[:200]}")
    shared = signature(right[search.pick(len(right))].labels, node.matching or Matching())
    search.want(node.lhs, There(), {**of_left, **shared}, moments)


def _pairs(search: "Search", node: Binary, of: Constraint, moments: Moments) -> list[Pair]:
    of_left, of_right = sides(node, of)
    left, right = _side(search, node.lhs, of_left, moments), _side(search, node.rhs, of_right, moments)
    if node.matching is None:
        return [(one, other) for one in left for other in right]
    return partners(left, right, node.matching)


def _side(search: "Search", expr: Expr, of: Constraint, moments: Moments) -> list[Element]:
    """The elements of a side; a number is one without labels."""
    if type_of(expr) is ValueType.VECTOR:
        return search.stage.elements(expr, of, moments)
    values = search.stage.number(expr, moments)
    return [Element(NO_LABELS, values, np.ones(len(values), dtype=np.bool_))]
