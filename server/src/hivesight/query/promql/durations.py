"""Duration expressions: arithmetic inside brackets and after `offset`, from tokens to seconds."""

import math
from dataclasses import dataclass, replace
from typing import Final

from hivesight.model.duration import format_duration
from hivesight.model.errors import QueryError
from hivesight.query.promql.ast import DurationExpr, Expr, MatrixSelector, Subquery, VectorSelector
from hivesight.query.promql.lexer import Kind
from hivesight.query.promql.literals import format_number, parse_number
from hivesight.query.promql.rebuild import rebuilt
from hivesight.query.promql.tokens import Tokens
from hivesight.query.promql.walk import walk

_PRECEDENCE: Final = {"+": 4, "-": 4, "*": 5, "/": 5, "%": 5, "^": 6}
_SIGN: Final = 5
"""A sign binds as tightly as a multiplication."""
_MOST_OPERANDS: Final = 100
_LARGEST_SECONDS: Final = 2**63 / 1e9


@dataclass(frozen=True, slots=True)
class Timing:
    """What `step()` and `range()` mean, in ms."""

    step_ms: int
    range_ms: int


def parse_duration_expr(tokens: Tokens, context: str, expected: str, *, tight: bool = False) -> DurationExpr:
    """A duration expression. tight: one operand, with its sign, as `offset` takes it."""
    parser = _Parser(tokens, context, expected)
    return parser.operand() if tight else parser.expression(0)


class _Parser:
    def __init__(self, tokens: Tokens, context: str, expected: str) -> None:
        self.tokens = tokens
        self.context = context
        self.expected = expected
        self.operands = 0

    def expression(self, weakest: int) -> DurationExpr:
        left = self.operand()
        while (token := self.tokens.next).kind is Kind.OPERATOR and _PRECEDENCE.get(token.text, 0) > weakest:
            self.tokens.take()
            precedence = _PRECEDENCE[token.text]
            right = self.expression(precedence - 1 if token.text == "^" else precedence)
            left = DurationExpr(op=token.text, args=(left, right), start=left.start, end=right.end)
        return left

    def operand(self) -> DurationExpr:
        tokens, token = self.tokens, self.tokens.next
        self.operands += 1
        if self.operands > _MOST_OPERANDS:
            tokens.fail(f"the duration has more than {_MOST_OPERANDS} operands", token.start, token.end)
        if tokens.at("-") or tokens.at("+"):
            tokens.take()
            inner = self.operand() if self.context == "offset" else self.expression(_SIGN)
            if token.text == "+":
                return inner
            return DurationExpr(op="neg", args=(inner,), start=token.start, end=inner.end)
        if tokens.at("("):
            tokens.take()
            self.context = "duration expression"
            inner = self.expression(0)
            tokens.expect(")", "duration expression", '")"')
            return DurationExpr(op="()", args=(inner,), start=token.start, end=tokens.last_end)
        if token.kind in (Kind.NUMBER, Kind.DURATION):
            return self._literal()
        if token.kind is not Kind.IDENTIFIER or token.text.lower() not in ("step", "range", "min_of", "max_of"):
            tokens.unexpected(self.context, self.expected)
        return self._call()

    def _literal(self) -> DurationExpr:
        token = self.tokens.next
        if token.kind is Kind.DURATION:
            seconds = self.tokens.duration_ms(self.context, self.expected) / 1000
            return DurationExpr(op="duration", seconds=seconds, start=token.start, end=token.end)
        self.tokens.take()
        return DurationExpr(op="number", seconds=parse_number(token.text), start=token.start, end=token.end)

    def _call(self) -> DurationExpr:
        tokens, name = self.tokens, self.tokens.take()
        op = name.text.lower()
        tokens.expect("(", "duration expression", '"("')
        args: list[DurationExpr] = []
        if op in ("min_of", "max_of"):
            self.context = "duration expression"
            args.append(self.expression(0))
            tokens.expect(",", "duration expression", '","')
            args.append(self.expression(0))
        tokens.expect(")", "duration expression", '")"')
        return DurationExpr(op=op, args=tuple(args), start=name.start, end=tokens.last_end)


def is_literal(duration: DurationExpr) -> bool:
    """Whether it is a number or a duration, perhaps with a sign."""
    inner = duration.args[0] if duration.op == "neg" else duration
    return inner.op in ("number", "duration")


def depends_on_query(duration: DurationExpr) -> bool:
    """Whether it can be worked out only when the query runs."""
    return duration.op in ("step", "range") or any(map(depends_on_query, duration.args))


def seconds_of(duration: DurationExpr, timing: Timing) -> float:
    """The duration in seconds. Raises QueryError for a division by zero and for what is out of range."""
    args = [seconds_of(arg, timing) for arg in duration.args]
    match duration.op:
        case "number" | "duration":
            found = duration.seconds
        case "step":
            found = timing.step_ms / 1000
        case "range":
            found = timing.range_ms / 1000
        case "()":
            found = args[0]
        case "neg":
            found = -args[0]
        case "min_of":
            found = min(args)
        case "max_of":
            found = max(args)
        case _:
            found = _calculated(duration.op, *args)
    if not abs(found) < _LARGEST_SECONDS:
        raise QueryError("duration is out of range")
    return found


def _calculated(op: str, left: float, right: float) -> float:
    if op in "/%" and right == 0:
        raise QueryError("division by zero" if op == "/" else "modulo by zero")
    try:
        match op:
            case "+":
                return left + right
            case "-":
                return left - right
            case "*":
                return left * right
            case "/":
                return left / right
            case "%":
                return math.fmod(left, right)
            case _:
                found = left**right
                return found if isinstance(found, float) else math.nan
    except (OverflowError, ZeroDivisionError):
        return math.inf


def format_duration_expr(duration: DurationExpr) -> str:
    """The expression as the printer writes it."""
    args = [format_duration_expr(arg) for arg in duration.args]
    match duration.op:
        case "number":
            return format_number(duration.seconds)
        case "duration":
            return format_duration(round(duration.seconds * 1000))
        case "()":
            return f"({args[0]})"
        case "neg":
            return f"-{args[0]}"
        case "step" | "range" | "min_of" | "max_of":
            return f"{duration.op}({', '.join(args)})"
        case _:
            return f"{args[0]} {duration.op} {args[1]}"


def resolved(expr: Expr, timing: Timing) -> Expr:
    """The tree with every duration worked out for a query with these times. Raises QueryError."""
    waiting = [each for node in walk(expr) for each in _durations(node)]
    if not any(map(depends_on_query, waiting)):
        return expr
    return rebuilt(expr, lambda node: _resolved(node, timing))


def _durations(node: Expr) -> list[DurationExpr]:
    match node:
        case VectorSelector(offset=offset):
            found = [offset]
        case MatrixSelector(range=range_):
            found = [range_]
        case Subquery(range=range_, step=step, offset=offset):
            found = [range_, step, offset]
        case _:
            found = []
    return [each for each in found if each is not None]


def _resolved(node: Expr, timing: Timing) -> Expr:
    if isinstance(node, VectorSelector | Subquery) and node.offset is not None:
        node = replace(node, offset_ms=_ms(node.offset, timing))
    if isinstance(node, MatrixSelector | Subquery) and node.range is not None:
        node = replace(node, range_ms=_positive(node.range, timing))
    if isinstance(node, Subquery) and node.step is not None:
        node = replace(node, step_ms=_positive(node.step, timing))
    return node


def _ms(duration: DurationExpr, timing: Timing) -> int:
    return round(seconds_of(duration, timing) * 1000)


def _positive(duration: DurationExpr, timing: Timing) -> int:
    if (found := _ms(duration, timing)) <= 0:
        raise QueryError("duration must be greater than 0")
    return found
