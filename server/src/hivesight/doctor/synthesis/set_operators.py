"""Goals of `and`, `or` and `unless`."""

from typing import TYPE_CHECKING

from hivesight.doctor.synthesis.goals import Be, Goal, Gone, There
from hivesight.doctor.synthesis.pairing import partners, sides, signature
from hivesight.doctor.synthesis.stage import Constraint, Element, Moments
from hivesight.query.promql.ast import Binary, Expr, Matching

if TYPE_CHECKING:
    from hivesight.doctor.synthesis.search import Search


def combine(search: "Search", node: Binary, goal: Goal, of: Constraint, moments: Moments) -> None:
    """A set operator, whose values are those of the left side, and for `or` of either."""
    match node.op, goal:
        case "or", _:
            _either(search, node, goal, of, moments)
        case "and", Gone():
            _none_of_both(search, node, of, moments)
        case "and", _:
            _both(search, node, goal, of, moments)
        case _, Gone():
            _excluded(search, node, of, moments)
        case _:
            _left_alone(search, node, goal, of, moments)


def _either(search: "Search", node: Binary, goal: Goal, of: Constraint, moments: Moments) -> None:
    sides_there = [side for side in (node.lhs, node.rhs) if _answers(search, side, of, moments)]
    if isinstance(goal, Gone):
        for side in sides_there:
            search.want(side, goal, of, moments)
        return
    one, other = (node.rhs, node.lhs) if sides_there == [node.rhs] and isinstance(goal, Be) else (node.lhs, node.rhs)
    ways = [lambda: search.want(one, goal, of, moments), lambda: search.want(other, goal, of, moments)]
    if sides_there[:1] == [node.lhs] and isinstance(goal, Be):
        # What stands behind it, for when there is nothing.
        ways.append(lambda: search.want(node.lhs, Gone(), of, moments))
    search.first(*ways)


def _both(search: "Search", node: Binary, goal: Goal, of: Constraint, moments: Moments) -> None:
    left = _whole(search, node.lhs, of, moments)
    if not left or isinstance(goal, Be):
        search.want(node.lhs, goal, of, moments)
        left = _whole(search, node.lhs, of, moments)
    matching, (_, of_right) = node.matching or Matching(), sides(node, of)
    right = _whole(search, node.rhs, of_right, moments)
    if left and not partners(left, right, matching):
        chosen = left[search.pick(len(left))]
        wanted = {**of_right, **signature(chosen.labels, matching)}
        search.first(
            lambda: search.want(node.rhs, There(), wanted, moments),
            lambda: _follow(search, node, right, moments),
        )


def _follow(search: "Search", node: Binary, right: list[Element], moments: Moments) -> None:
    """The left side gets a partner for what is on the right."""
    if not right:
        search.want(node.rhs, There(), {}, moments)
        return
    search.want(node.lhs, There(), signature(right[0].labels, node.matching or Matching()), moments)


def _none_of_both(search: "Search", node: Binary, of: Constraint, moments: Moments) -> None:
    _, of_right = sides(node, of)
    search.first(
        lambda: search.want(node.lhs, Gone(), of, moments), lambda: search.want(node.rhs, Gone(), of_right, moments)
    )


def _left_alone(search: "Search", node: Binary, goal: Goal, of: Constraint, moments: Moments) -> None:
    """`unless`: the left side without the right one."""
    left = _whole(search, node.lhs, of, moments)
    if not left or isinstance(goal, Be):
        search.want(node.lhs, goal, of, moments)
        left = _whole(search, node.lhs, of, moments)
    if left:
        matching = node.matching or Matching()
        chosen = left[search.pick(len(left))]
        shared = signature(chosen.labels, matching)
        if _answers(search, node.rhs, shared, moments):
            search.want(node.rhs, Gone(), shared, moments)


def _excluded(search: "Search", node: Binary, of: Constraint, moments: Moments) -> None:
    """Nothing on the left, or something on the right for each of it."""
    matching = node.matching or Matching()

    def partner_all() -> None:
        for each in search.stage.elements(node.lhs, of, moments):
            search.want(node.rhs, There(), signature(each.labels, matching), moments)

    search.first(lambda: search.want(node.lhs, Gone(), of, moments), partner_all)


def _answers(search: "Search", expr: Expr, of: Constraint, moments: Moments) -> bool:
    return bool(search.stage.elements(expr, of, moments))


def _whole(search: "Search", expr: Expr, of: Constraint, moments: Moments) -> list[Element]:
    return [each for each in search.stage.elements(expr, of, moments) if each.whole]
