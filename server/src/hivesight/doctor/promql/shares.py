"""Shares of a whole that are held against percent."""

import re
from collections.abc import Iterator
from typing import Final

from hivesight.doctor.promql.flaw import Facts, Flaw, about
from hivesight.query.promql.ast import Aggregate, Binary, Expr, NumberLiteral, VectorSelector, unwrap
from hivesight.query.promql.walk import selectors, walk

_WHOLE: Final = re.compile(
    r"(?i)_(?:mem)?(?:total|size|capacity|maximum|max|limit|limits|quota|allocatable|allocated)(?:_bytes|_cores)?\Z"
)
_PERCENT: Final = (5.0, 100.0)
"""What people write when they mean percent; a share of a limit that may be passed, of what may be overbooked, is held
against less."""


def mistaken(text: str, expr: Expr, facts: Facts) -> Iterator[Flaw]:
    """`avail / size < 10`, where 10 percent are meant."""
    for node in walk(expr):
        if not isinstance(node, Binary) or node.op not in (">", ">=", "<", "<="):
            continue
        limit = unwrap(node.rhs)
        if not isinstance(limit, NumberLiteral) or limit.duration or not _PERCENT[0] <= limit.value <= _PERCENT[1]:
            continue
        if (whole := _whole(node.lhs)) is not None:
            message = f"a share of {whole} is from 0 to 1, and {limit.value:g} looks like percent"
            yield about(limit, "promql/unit", message, f"{limit.value / 100:g}, or 100 times the share")


def _whole(expr: Expr) -> str | None:
    """The name of what an expression is a share of: `part / whole`, or `1 - part / whole`."""
    expr = unwrap(expr)
    if isinstance(expr, Aggregate) and expr.op in ("avg", "min", "max"):
        return _whole(expr.expr)
    match expr:
        case Binary(op="-", lhs=lhs, rhs=rhs) if _is_one(lhs):
            return _whole(rhs)
        case Binary(op="/", lhs=lhs, rhs=rhs):
            return _named(lhs, rhs)
        case _:
            return None


def _named(part: Expr, whole: Expr) -> str | None:
    """The whole's name, where both are levels in one unit that nothing multiplies."""
    divisor = unwrap(whole)
    while isinstance(divisor, Aggregate) and divisor.op in ("sum", "max", "avg"):
        divisor = unwrap(divisor.expr)
    if not isinstance(divisor, VectorSelector) or not _WHOLE.search(divisor.name):
        return None
    scaled = any(isinstance(node, NumberLiteral) for node in walk(part))
    alike = all(_unit(each.name) == _unit(divisor.name) for each in selectors(part))
    return divisor.name if alike and not scaled else None


def _is_one(expr: Expr) -> bool:
    one = unwrap(expr)
    return isinstance(one, NumberLiteral) and one.value == 1


def _unit(name: str) -> str:
    """The unit a name ends with, for bytes and cores; without one, the family that names begin with."""
    last = name.rpartition("_")[2]
    return last if last in ("bytes", "cores") else name.partition("_")[0]
