"""Changes of an expression that keep its meaning but for one thing: its time, its labels, or its choice of series."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from hivesight.model.matcher import Matcher
from hivesight.query.promql.ast import (
    SET_OPERATORS,
    Aggregate,
    Binary,
    Call,
    Card,
    Expr,
    Matching,
    StringLiteral,
    Subquery,
    VectorSelector,
    unwrap,
)
from hivesight.query.promql.rebuild import with_children
from hivesight.query.promql.walk import children

RANKINGS: Final = frozenset({"topk", "bottomk", "limitk", "limit_ratio"})
"""Aggregations that answer with some of the series as they are."""


def shifted(expr: Expr, offset_ms: int) -> Expr:
    """The expression as it was so long ago."""
    match expr:
        case _ if not offset_ms:
            return expr
        case VectorSelector() | Subquery():
            return replace(expr, offset_ms=expr.offset_ms + offset_ms)
        case _:
            return with_children(expr, {id(child): shifted(child, offset_ms) for child in children(expr)})


def labelled(expr: Expr, labels: Mapping[str, str]) -> Expr:
    """The expression with labels added to every series."""
    for name, value in labels.items():
        texts = (name, value.replace("$", "$$"), "", "")
        expr = Call(func="label_replace", args=(expr, *(StringLiteral(value=text) for text in texts)))
    return expr


def narrowed(expr: Expr, matcher: Matcher) -> Expr:
    """The expression with one condition more on its series, as far down as the label comes from."""
    label = matcher.name
    inner = list(children(expr))
    match expr:
        case VectorSelector(matchers=matchers):
            return expr if matcher in matchers else replace(expr, matchers=(*matchers, matcher))
        case Aggregate() if not carries(expr, label):
            return expr
        case Call(func="absent" | "absent_over_time"):
            return expr
        case Call(func="label_replace" | "label_join", args=args):
            target = unwrap(args[1])
            if isinstance(target, StringLiteral) and target.value == label:
                return expr
        case Binary(op=op, matching=Matching() as matching, lhs=lhs, rhs=rhs):
            shared = (label in matching.labels) == matching.on
            if not shared and (op != "or"):
                own = rhs if matching.card is Card.ONE_TO_MANY else lhs
                copied = label in matching.include and op not in SET_OPERATORS
                inner = [(lhs if own is rhs else rhs) if copied else own]
        case _:
            pass
    made = {id(child): child for child in children(expr)}
    return with_children(expr, made | {id(child): narrowed(child, matcher) for child in inner})


def carries(node: Aggregate, label: str) -> bool:
    """Whether a label of the series is still there in the result."""
    return node.op in RANKINGS or (label in node.grouping) != node.without
