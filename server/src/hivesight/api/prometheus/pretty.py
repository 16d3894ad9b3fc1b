"""An expression over several lines, as Prometheus' format_query gives it (`promql/parser/prettier.go`): what fits into
a line stays on it, everything else is broken at its operators and parentheses."""

from typing import Final

from hivesight.query.promql import format as canonical
from hivesight.query.promql.ast import Aggregate, Binary, Call, Expr, Paren, Subquery, Unary

LONGEST_LINE: Final = 100
"""UTF-8 bytes that stay on one line."""
MOST_LEVELS: Final = 50
"""A chain of operators is as deep as it is long; what lies deeper stays on one line."""
LONGEST_BROKEN: Final = 10_000
"""Characters of an expression beyond which nobody reads it: it stays on one line."""


def pretty(expr: Expr, level: int = 0) -> str:
    """The expression indented by two blanks a level; parsing it gives the same tree again."""
    text, indent = canonical(expr), "  " * level
    fits = len(text.encode(errors="surrogateescape")) <= LONGEST_LINE
    if fits or level > MOST_LEVELS or len(text) > LONGEST_BROKEN:
        return indent + text
    match expr:
        case Aggregate():
            head = text[: len(text) - len(_inside(expr))]
            param = "" if expr.param is None else f"{pretty(expr.param, level + 1)},\n"
            return f"{indent}{head}(\n{param}{pretty(expr.expr, level + 1)}\n{indent})"
        case Binary(lhs=lhs, rhs=rhs):
            between = text[len(canonical(lhs)) + 1 : len(text) - len(canonical(rhs)) - 1]
            return f"{pretty(lhs, level + 1)}\n{indent}{between}\n{pretty(rhs, level + 1)}"
        case Call(func=func, args=args) if args:
            inside = ",\n".join(pretty(arg, level + 1) for arg in args)
            return f"{indent}{func}(\n{inside}\n{indent})"
        case Paren(expr=inner):
            return f"{indent}(\n{pretty(inner, level + 1)}\n{indent})"
        case Subquery(expr=inner):
            return pretty(inner, level) + text[len(canonical(inner)) :]
        case Unary(op=op, expr=inner):
            return f"{indent}{op}{pretty(inner, level).strip()}"
        case _:
            return indent + text


def _inside(node: Aggregate) -> str:
    """The parentheses of an aggregation and what is in them."""
    param = "" if node.param is None else f"{canonical(node.param)}, "
    return f"({param}{canonical(node.expr)})"
