"""Labels that are asked for after something has dropped them, and ratios of a series with itself."""

from collections.abc import Iterator

from hivesight.doctor.promql.flaw import Facts, Flaw, about
from hivesight.doctor.promql.metrics import Metrics
from hivesight.doctor.promql.narrowing import narrowing
from hivesight.doctor.promql.shape import Shape, shape_of
from hivesight.query.promql.ast import (
    Aggregate,
    Binary,
    Call,
    Card,
    Expr,
    Matching,
    MatrixSelector,
    NumberLiteral,
    VectorSelector,
    unwrap,
)
from hivesight.query.promql.walk import walk

_IMPOSSIBLE = "promql/impossible-label"
_LOST = "promql/lost-label"
_ONE_SIDED = "promql/one-sided-match"
_SELF = "promql/pairs-with-itself"
_KEEPS_LABELS = frozenset({"rate", "irate", "increase", "delta", "avg_over_time", "max_over_time", "min_over_time"})


def dropped(text: str, expr: Expr, facts: Facts) -> Iterator[Flaw]:
    """Grouping by, or matching on, a label that the series there cannot have."""
    for node in walk(expr):
        if isinstance(node, Aggregate) and not node.without:
            yield from _grouping(node)
        elif isinstance(node, Binary) and node.matching is not None:
            yield from _matching(node, node.matching, facts.metrics)


def _grouping(node: Aggregate) -> Iterator[Flaw]:
    inner = shape_of(node.expr)
    for label in node.grouping:
        if not inner.can_have(label):
            message = f"{node.op} by {label}: the series it aggregates cannot have the label {label}"
            yield about(node, _LOST, message, f"keep {label} in the aggregation inside, or leave it out here")


def _matching(node: Binary, matching: Matching, metrics: Metrics) -> Iterator[Flaw]:
    if node.op == "or" or matching.fill_left is not None or matching.fill_right is not None:
        return
    left, right = shape_of(node.lhs), shape_of(node.rhs)
    for have, lack, side in ((left, right, "right"), (right, left, "left")):
        for label in sorted(have.always):
            if _is_matched(label, matching) and not lack.can_have(label):
                message = (
                    f"the {side} side of {node.op} has no label {label}, which the other always has: nothing matches"
                )
                remedy = f"on (...) with the labels that both sides have, or ignoring ({label})"
                yield about(node, _IMPOSSIBLE, message, remedy)
                return
    for label in (*_asked(matching, left, right), *_given_by_scrapes(node, matching, metrics)):
        if left.can_have(label) is not right.can_have(label):
            side = "right" if left.can_have(label) else "left"
            message = f"the {side} side of {node.op} has lost {label}, so only series without that label match"
            yield about(node, _ONE_SIDED, message, f"keep {label} on both sides, or match on (...) the labels of both")
            return


def _asked(matching: Matching, left: Shape, right: Shape) -> Iterator[str]:
    """The labels on which two vectors are matched, as far as these are known."""
    if matching.on:
        yield from matching.labels
    elif left.only is not None and right.only is not None:
        yield from sorted((left.only | right.only) - frozenset(matching.labels))


def _given_by_scrapes(node: Binary, matching: Matching, metrics: Metrics) -> Iterator[str]:
    """The label of its target that each scraped series has, where all labels are matched."""
    if not matching.on and any(_is_scraped(side, metrics) for side in (node.lhs, node.rhs)):
        yield from {"instance"} - set(matching.labels)


def _is_scraped(expr: Expr, metrics: Metrics) -> bool:
    """Whether the series are those of a target, each with all of its labels."""
    match unwrap(expr):
        case VectorSelector(name=name):
            return bool(name) and not metrics.is_recorded(name)
        case MatrixSelector(vector=vector):
            return _is_scraped(vector, metrics)
        case Call(func=func, args=args) if func in _KEEPS_LABELS:
            return _is_scraped(args[0], metrics)
        case Binary(matching=None, lhs=lhs, rhs=rhs):
            return _is_scraped(lhs, metrics) or _is_scraped(rhs, metrics)
        case Binary(matching=Matching(card=Card.ONE_TO_ONE, on=False), lhs=lhs, rhs=rhs):
            return _is_scraped(lhs, metrics) and _is_scraped(rhs, metrics)
        case _:
            return False


def self_paired(text: str, expr: Expr, facts: Facts) -> Iterator[Flaw]:
    """Ratios whose sides differ in their matchers alone, and are matched on the labels that these are about."""
    for node in walk(expr):
        if not isinstance(node, Binary) or node.op != "/" or (matching := node.matching) is None or matching.include:
            continue
        found = narrowing(_unscaled(node.lhs), _unscaled(node.rhs))
        if found is None:
            continue
        shape, difference = shape_of(node.lhs), found[1]
        if all(shape.can_have(label) and _is_matched(label, matching) for label in difference):
            which = ", ".join(sorted(difference))
            kept = (
                f"both sides keep {which}, so that each series is" if which else "both sides are the same series, each"
            )
            remedy = "sum(...) / sum(...), " + (
                f"by labels other than {which}" if which else "of more series on the right"
            )
            yield about(node, _SELF, f"{kept} divided by itself: the quotient is always the same", remedy)


def _unscaled(expr: Expr) -> Expr:
    """Without the number that it is multiplied with."""
    match unwrap(expr):
        case Binary(op="*", lhs=NumberLiteral(), rhs=inner) | Binary(op="*" | "/", lhs=inner, rhs=NumberLiteral()):
            return _unscaled(inner)
        case inner:
            return inner


def _is_matched(label: str, matching: Matching) -> bool:
    return (label in matching.labels) is matching.on
