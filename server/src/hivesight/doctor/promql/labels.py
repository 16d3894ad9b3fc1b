"""Labels that are asked for after something has dropped them, and ratios of a series with itself."""

from collections.abc import Iterator

from hivesight.doctor.promql.flaw import Facts, Flaw, about
from hivesight.doctor.promql.shape import Shape, shape_of
from hivesight.model.labels import METRIC_NAME
from hivesight.model.matcher import Matcher
from hivesight.query.promql.ast import (
    SET_OPERATORS,
    Aggregate,
    Binary,
    Call,
    Expr,
    Matching,
    MatrixSelector,
    Paren,
    Subquery,
    Unary,
    VectorSelector,
    unwrap,
)
from hivesight.query.promql.walk import walk

_IMPOSSIBLE = "promql/impossible-label"
_SELF = "promql/pairs-with-itself"


def dropped(text: str, expr: Expr, facts: Facts) -> Iterator[Flaw]:
    """Grouping by, or matching on, a label that the series there cannot have."""
    for node in walk(expr):
        if isinstance(node, Aggregate) and not node.without:
            yield from _grouping(node)
        elif isinstance(node, Binary) and node.matching is not None:
            yield from _matching(node, node.matching)


def _grouping(node: Aggregate) -> Iterator[Flaw]:
    inner = shape_of(node.expr)
    for label in node.grouping:
        if not inner.can_have(label):
            message = f"{node.op} by {label}: the series it aggregates cannot have the label {label}"
            yield about(node, _IMPOSSIBLE, message, f"keep {label} in the aggregation inside, or leave it out here")


def _matching(node: Binary, matching: Matching) -> Iterator[Flaw]:
    sides = {"left": shape_of(node.lhs), "right": shape_of(node.rhs)}
    if matching.on:
        for label in matching.labels:
            missing = [name for name, shape in sides.items() if not shape.can_have(label)]
            if len(missing) == 1:
                message = f"{node.op} on ({label}): the {missing[0]} side cannot have {label}, so nothing matches"
                yield about(node, _IMPOSSIBLE, message, f"keep {label} on both sides, or do not match on it")
    elif not matching.labels and node.op != "or":
        yield from _different_labels(node, sides["left"], sides["right"])


def _different_labels(node: Binary, left: Shape, right: Shape) -> Iterator[Flaw]:
    """Without on() or ignoring() all labels have to be equal: a label that one side always has, and the other never."""
    for have, lack, name in ((left, right, "right"), (right, left, "left")):
        needed = sorted(label for label in have.always if not lack.can_have(label))
        if needed:
            message = (
                f"the {name} side of {node.op} has no label {needed[0]}, which the other always has: nothing matches"
            )
            yield about(
                node, _IMPOSSIBLE, message, f"say on (...) with the labels that both have, or ignoring ({needed[0]})"
            )
            return


def self_paired(text: str, expr: Expr, facts: Facts) -> Iterator[Flaw]:
    """Ratios whose sides differ in their matchers alone, and are matched on the labels that these are about."""
    for node in walk(expr):
        if not isinstance(node, Binary) or node.op in SET_OPERATORS or node.op != "/":
            continue
        matching = node.matching
        if matching is None or matching.include:
            continue
        difference = _difference(node.lhs, node.rhs)
        if difference is None:
            continue
        shape = shape_of(node.lhs)
        matched = {label for label in difference if shape.can_have(label) and _is_matched(label, matching)}
        if matched == difference:
            which = ", ".join(sorted(difference))
            message = "both sides are the same series, each divided by itself: the quotient is always 1"
            if difference:
                message = f"both sides keep {which}, so that each series is divided by itself: the quotient is always 1"
            yield about(
                node,
                _SELF,
                message,
                "aggregate both sides: sum(...) / sum(...), by labels other than " + (which or "all"),
            )


def _is_matched(label: str, matching: Matching) -> bool:
    return (label in matching.labels) is matching.on


def _difference(left: Expr, right: Expr) -> set[str] | None:
    """The labels in whose matchers two expressions differ, one of them being the narrower; None where they differ in
    anything else."""
    left, right = unwrap(left), unwrap(right)
    match left, right:
        case VectorSelector(), VectorSelector():
            return _narrowed(left, right)
        case MatrixSelector(), MatrixSelector() if left.range_ms == right.range_ms:
            return _difference(left.vector, right.vector)
        case Call(), Call() if left.func == right.func and len(left.args) == len(right.args) and left.args:
            return _all_differences(left.args, right.args)
        case Aggregate(), Aggregate() if (left.op, left.without, set(left.grouping), left.param) == (
            right.op,
            right.without,
            set(right.grouping),
            right.param,
        ):
            return _difference(left.expr, right.expr)
        case Unary(), Unary() if left.op == right.op:
            return _difference(left.expr, right.expr)
        case Subquery(), Subquery() if (left.range_ms, left.step_ms) == (right.range_ms, right.step_ms):
            return _difference(left.expr, right.expr)
        case _:
            return set() if left == right and not isinstance(left, Paren) else None


def _all_differences(left: tuple[Expr, ...], right: tuple[Expr, ...]) -> set[str] | None:
    found = set[str]()
    for one, other in zip(left, right, strict=True):
        difference = _difference(one, other)
        if difference is None:
            return None
        found |= difference
    return found


def _narrowed(left: VectorSelector, right: VectorSelector) -> set[str] | None:
    if (left.name, left.offset_ms, left.at) != (right.name, right.offset_ms, right.at):
        return None
    mine, others = _conditions(left), _conditions(right)
    if mine <= others or others <= mine:
        return {matcher.name for matcher in mine ^ others}
    return None


def _conditions(selector: VectorSelector) -> set[Matcher]:
    return {matcher for matcher in selector.matchers if matcher.name != METRIC_NAME}
