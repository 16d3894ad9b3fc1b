"""Comparisons with a number, whichever side that stands on."""

from dataclasses import dataclass

from hivesight.doctor.promql.interval import MIRRORED
from hivesight.query.promql.ast import Binary, Expr, NumberLiteral, unwrap


@dataclass(frozen=True, slots=True)
class Limit:
    """`measured op number`."""

    op: str
    measured: Expr
    number: NumberLiteral


def limit_of(node: Expr) -> Limit | None:
    """What a comparison holds against a number; None for anything else."""
    if not isinstance(node, Binary) or node.op not in MIRRORED:
        return None
    left, right = unwrap(node.lhs), unwrap(node.rhs)
    if isinstance(right, NumberLiteral) and not isinstance(left, NumberLiteral):
        return Limit(node.op, left, right)
    if isinstance(left, NumberLiteral) and not isinstance(right, NumberLiteral):
        return Limit(MIRRORED[node.op], right, left)
    return None
