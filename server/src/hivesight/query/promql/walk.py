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
    Paren,
    Subquery,
    Unary,
    VectorSelector,
)


def children(expr: Expr) -> tuple[Expr, ...]:
    """The expressions directly below, from left to right."""
    match expr:
        case MatrixSelector(vector=vector):
            return (vector,)
        case Subquery(expr=inner) | Unary(expr=inner) | Paren(expr=inner):
            return (inner,)
        case Call(args=args):
            return args
        case Aggregate(param=param, expr=inner):
            return (inner,) if param is None else (param, inner)
        case Binary(lhs=lhs, rhs=rhs):
            return (lhs, rhs)
        case _:
            return ()


def walk(expr: Expr) -> Iterator[Expr]:
    """Every expression of the tree, a parent before its children, from left to right."""
    stack = [expr]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(children(node)))


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
