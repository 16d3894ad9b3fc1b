"""Walks over a syntax tree without recursion: a chain of a thousand `or` is a thousand levels deep."""

from collections.abc import Iterator

from hivesight.model.labels import METRIC_NAME
from hivesight.model.matcher import MatchType
from hivesight.query.promql.ast import (
    Aggregate,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Paren,
    Subquery,
    Unary,
    VectorSelector,
)


def children(expr: Expr) -> tuple[Expr, ...]:
    """The expressions directly below, from left to right."""
    # Asked hundreds of times of each expression that the doctor examines: leaves and the most frequent first.
    match expr:
        case VectorSelector() | NumberLiteral():
            return ()
        case Binary():
            return (expr.lhs, expr.rhs)
        case Call():
            return expr.args
        case MatrixSelector():
            return (expr.vector,)
        case Aggregate():
            return (expr.expr,) if expr.param is None else (expr.param, expr.expr)
        case Paren() | Subquery() | Unary():
            return (expr.expr,)
        case _:
            return ()


def walk(expr: Expr) -> Iterator[Expr]:
    """Every expression of the tree, a parent before its children, from left to right."""
    stack = [expr]
    while stack:
        node = stack.pop()
        yield node
        if below := children(node):
            stack.extend(below[::-1])


def selectors(expr: Expr) -> list[VectorSelector]:
    """Every selector of the query, from left to right."""
    return [node for node in walk(expr) if isinstance(node, VectorSelector)]


def metric_names(expr: Expr) -> set[str]:
    """The metric names that the query asks for by name (by equality; a regular expression names none)."""
    return {
        matcher.value
        for selector in selectors(expr)
        for matcher in selector.matchers
        if matcher.name == METRIC_NAME and matcher.type is MatchType.EQUAL
    }
