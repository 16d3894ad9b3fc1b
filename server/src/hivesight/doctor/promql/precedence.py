"""Operators that bind otherwise than they read."""

from collections.abc import Iterator

from hivesight.doctor.promql.flaw import Facts, Flaw, about
from hivesight.query.promql.ast import COMPARISONS, Binary, Expr, NumberLiteral, Unary
from hivesight.query.promql.walk import walk

_CHECK = "promql/precedence"


def traps(text: str, expr: Expr, facts: Facts) -> Iterator[Flaw]:
    """`a or b and c`, `-a ^ b` and `a == b == c` without parentheses."""
    for node in walk(expr):
        match node:
            case Binary(op="or"):
                for side in (node.lhs, node.rhs):
                    if isinstance(side, Binary) and side.op in ("and", "unless"):
                        message = f"{side.op} binds tighter than or: this is taken as if parentheses stood around it"
                        yield about(
                            side, _CHECK, message, "write the parentheses, or move them", _parenthesized(text, side)
                        )
            case Unary(op="-", expr=Binary(op="^") as power):
                message = "^ binds tighter than -: the power is taken first and then negated"
                yield about(node, _CHECK, message, "write the parentheses", f"-{_parenthesized(text, power)}")
            case Binary(op="==", lhs=Binary(op=op) as inner) if op in COMPARISONS and not _is_band(node, inner):
                message = f"this compares the result of {op} once more: it is no comparison of three"
                yield about(node, _CHECK, message, "compare twice, joined with `and`")
            case _:
                pass


def _is_band(outer: Binary, inner: Binary) -> bool:
    """`x > 1 == 2`: values are filtered twice, with numbers."""
    return isinstance(outer.rhs, NumberLiteral) and isinstance(inner.rhs, NumberLiteral) and not inner.returns_bool


def _parenthesized(text: str, node: Expr) -> str:
    return f"({text[node.start : node.end]})"
