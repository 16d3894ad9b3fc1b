"""Which expressions yield the same at every step: those that look at times fixed by `@` alone."""

from hivesight.query.promql.ast import (
    Call,
    Expr,
    MatrixSelector,
    NumberLiteral,
    StringLiteral,
    Subquery,
    VectorSelector,
)
from hivesight.query.promql.signatures import TIME_DEPENDENT
from hivesight.query.promql.walk import children, walk


def step_invariant(expr: Expr) -> frozenset[int]:
    """The `id()` of every expression of the tree that does not depend on the step."""
    found: set[int] = set()
    for node in reversed(list(walk(expr))):
        match node:
            case NumberLiteral() | StringLiteral():
                fixed = True
            case VectorSelector(at=at) | Subquery(at=at):
                fixed = at is not None
            case MatrixSelector(vector=vector):
                fixed = vector.at is not None
            case _:
                fixed = all(id(child) in found for child in children(node))
                fixed = fixed and not (isinstance(node, Call) and node.func in TIME_DEPENDENT)
        if fixed:
            found.add(id(node))
    return frozenset(found)
