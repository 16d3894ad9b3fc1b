"""Changes nodes of a syntax tree, children first, without recursion."""

from collections.abc import Callable, Mapping
from dataclasses import replace

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
from hivesight.query.promql.walk import walk


def rebuilt(expr: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """The tree with every node replaced by what `change` makes of it."""
    made: dict[int, Expr] = {}
    for node in reversed(list(walk(expr))):
        made[id(node)] = change(with_children(node, made))
    return made[id(expr)]


def with_children(node: Expr, made: Mapping[int, Expr]) -> Expr:
    """The node with other children. made: what takes the place of each, under the `id()` of the old one."""
    match node:
        case MatrixSelector(vector=vector):
            changed = made[id(vector)]
            assert isinstance(changed, VectorSelector)
            return replace(node, vector=changed)
        case Subquery(expr=inner) | Unary(expr=inner) | Paren(expr=inner):
            return replace(node, expr=made[id(inner)])
        case Call(args=args):
            return replace(node, args=tuple(made[id(arg)] for arg in args))
        case Aggregate(param=param, expr=inner):
            return replace(node, expr=made[id(inner)], param=None if param is None else made[id(param)])
        case Binary(lhs=lhs, rhs=rhs):
            return replace(node, lhs=made[id(lhs)], rhs=made[id(rhs)])
        case _:
            return node
