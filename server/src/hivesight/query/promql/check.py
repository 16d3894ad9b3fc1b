"""Types of a parsed query (Prometheus' `checkAST`)."""

from typing import NoReturn

from hivesight.query.promql.ast import (
    COMPARISONS,
    SET_OPERATORS,
    Aggregate,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    ValueType,
    VectorSelector,
)
from hivesight.query.promql.faults import parse_fault
from hivesight.query.promql.signatures import SIGNATURES
from hivesight.query.promql.walk import walk


def type_of(expr: Expr) -> ValueType:
    """What the expression yields."""
    while isinstance(expr, Paren | Unary):
        expr = expr.expr
    match expr:
        case NumberLiteral():
            return ValueType.SCALAR
        case StringLiteral():
            return ValueType.STRING
        case MatrixSelector() | Subquery():
            return ValueType.MATRIX
        case Call(func=func):
            return SIGNATURES[func].returns
        case Binary(returns=returns):
            return returns
        case _:
            return ValueType.VECTOR


def check(expr: Expr, query: str) -> None:
    """Raises BadQuery for an expression somewhere in the tree that does not fit where it stands."""
    checker = _Checker(query)
    # Parents before children, from left to right; turned around, that is children first.
    for node in reversed(list(walk(expr))):
        checker.check(node)


class _Checker:
    def __init__(self, query: str) -> None:
        self.query = query

    def check(self, node: Expr) -> None:
        match node:
            case Call():
                self._call(node)
            case Aggregate():
                self._aggregate(node)
            case Binary():
                self._binary(node)
            case Unary(expr=inner):
                if (found := type_of(inner)) not in (ValueType.SCALAR, ValueType.VECTOR):
                    message = "unary expression only allowed on expressions of type scalar or instant vector, got"
                    self._fail(f'{message} "{found}"', node)
            case Subquery(expr=inner):
                self._expect(inner, ValueType.VECTOR, "subquery")
            case _:
                pass

    def _fail(self, message: str, node: Expr) -> NoReturn:
        raise parse_fault(self.query, message, node.start, node.end)

    def _expect(self, node: Expr, wanted: ValueType, context: str) -> None:
        if (found := type_of(node)) is not wanted:
            self._fail(f"expected type {wanted} in {context}, got {found}", node)

    def _call(self, node: Call) -> None:
        signature, count = SIGNATURES[node.func], len(node.args)
        most = len(signature.args)
        if count < signature.fewest:
            least = "at least " if signature.optional or signature.repeats else ""
            message = f'expected {least}{signature.fewest} argument(s) in call to "{node.func}", got {count}'
            self._fail(message, node)
        if count > most and not signature.repeats:
            least = "at most " if signature.optional else ""
            self._fail(f'expected {least}{most} argument(s) in call to "{node.func}", got {count}', node)
        if node.func == "info" and count > 1:
            selector = node.args[1]
            if not isinstance(selector, VectorSelector) or selector.name:
                self._fail("expected label selectors only, got vector selector instead", selector)
        for index, arg in enumerate(node.args):
            wanted = signature.args[min(index, most - 1)]
            self._expect(arg, wanted, f'call to function "{node.func}"')

    def _aggregate(self, node: Aggregate) -> None:
        self._expect(node.expr, ValueType.VECTOR, "aggregation expression")
        if node.param is not None:
            wanted = ValueType.STRING if node.op == "count_values" else ValueType.SCALAR
            self._expect(node.param, wanted, "aggregation parameter")

    def _binary(self, node: Binary) -> None:
        sides = (type_of(node.lhs), type_of(node.rhs))
        for side, found in zip((node.lhs, node.rhs), sides, strict=True):
            if found not in (ValueType.SCALAR, ValueType.VECTOR):
                self._fail("binary expression must contain only scalar and instant vector types", side)
        if ValueType.SCALAR in sides and node.op in SET_OPERATORS:
            self._fail(f'set operator "{node.op}" not allowed in binary scalar expression', node)
        if sides == (ValueType.SCALAR, ValueType.SCALAR) and node.op in COMPARISONS and not node.returns_bool:
            self._fail("comparisons between scalars must use BOOL modifier", node)
