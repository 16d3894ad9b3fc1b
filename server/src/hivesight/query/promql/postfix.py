"""What may follow an operand: ranges, subqueries, `offset` and `@`."""

import math
from dataclasses import replace

from hivesight.query.promql.ast import At, Expr, MatrixSelector, Subquery, ValueType, VectorSelector
from hivesight.query.promql.check import type_of
from hivesight.query.promql.lexer import Kind
from hivesight.query.promql.literals import parse_number
from hivesight.query.promql.tokens import Tokens


def parse_postfix(tokens: Tokens, expr: Expr) -> Expr:
    """The operand with all that follows it."""
    while True:
        if tokens.at("["):
            expr = _range(tokens, expr)
        elif tokens.at("offset"):
            expr = _offset(tokens, expr)
        elif tokens.at("@"):
            expr = _at(tokens, expr)
        elif tokens.next.kind is Kind.IDENTIFIER and tokens.next.text.lower() in ("anchored", "smoothed"):
            expr = _extended(tokens, expr)
        else:
            return expr


def _range(tokens: Tokens, expr: Expr) -> Expr:
    tokens.take()
    place = tokens.next
    range_ms = tokens.duration_ms("subquery or range selector", "duration")
    if range_ms <= 0:
        tokens.fail("duration must be greater than 0", place.start, place.end)
    if tokens.accept(":"):
        step_ms = None
        if not tokens.at("]"):
            place = tokens.next
            step_ms = tokens.duration_ms("subquery selector", 'duration or "]"')
            if step_ms <= 0:
                tokens.fail("duration must be greater than 0", place.start, place.end)
        tokens.expect("]", "subquery selector", '"]"')
        if (found := type_of(expr)) is not ValueType.VECTOR:
            tokens.fail(f"subquery is only allowed on instant vector, got {found} instead", expr.start, expr.end)
        return Subquery(expr=expr, range_ms=range_ms, step_ms=step_ms, start=expr.start, end=tokens.last_end)
    tokens.expect("]", "subquery or range", '":" or "]"')
    if not isinstance(expr, VectorSelector):
        tokens.fail("ranges only allowed for vector selectors", expr.start, tokens.last_end)
    if expr.offset_ms:
        tokens.fail("no offset modifiers allowed before range", expr.start, tokens.last_end)
    if expr.at is not None:
        tokens.fail("no @ modifiers allowed before range", expr.start, tokens.last_end)
    return MatrixSelector(vector=expr, range_ms=range_ms, start=expr.start, end=tokens.last_end)


def _offset(tokens: Tokens, expr: Expr) -> Expr:
    tokens.take()
    sign = -1 if tokens.at("-") else 1
    if tokens.at("-") or tokens.at("+"):
        tokens.take()
    offset_ms = sign * tokens.duration_ms("offset", "number or duration")
    target = expr.vector if isinstance(expr, MatrixSelector) else expr
    if not isinstance(target, VectorSelector | Subquery):
        message = (
            "offset modifier must be preceded by an instant vector selector or range vector selector or a subquery"
        )
        tokens.fail(message, expr.start, tokens.last_end)
    if target.offset_ms:
        tokens.fail("offset may not be set multiple times", expr.start, tokens.last_end)
    return _modified(expr, target.at, offset_ms, tokens.last_end)


def _at(tokens: Tokens, expr: Expr) -> Expr:
    start = tokens.take().start
    ms, edge = 0, ""
    token = tokens.next
    if token.kind is Kind.IDENTIFIER and token.text.lower() in ("start", "end"):
        edge = tokens.take().text.lower()
        tokens.expect("(", "@", '"("')
        tokens.expect(")", "@", '")"')
    else:
        sign = -1 if tokens.at("-") else 1
        if tokens.at("-") or tokens.at("+"):
            tokens.take()
        token = tokens.next
        if token.kind is Kind.DURATION:
            ms = sign * tokens.duration_ms("@", "timestamp")
        elif token.kind is Kind.NUMBER:
            tokens.take()
            seconds = sign * parse_number(token.text)
            if math.isnan(seconds) or abs(seconds) >= 2**63 / 1000:
                tokens.fail(f"timestamp out of bounds for @ modifier: {seconds:f}", token.start, token.end)
            ms = round(seconds * 1000)
        else:
            tokens.unexpected("@", "timestamp")
    target = expr.vector if isinstance(expr, MatrixSelector) else expr
    if not isinstance(target, VectorSelector | Subquery):
        message = "@ modifier must be preceded by an instant vector selector or range vector selector or a subquery"
        tokens.fail(message, expr.start, tokens.last_end)
    if target.at is not None:
        tokens.fail("@ <timestamp> may not be set multiple times", expr.start, tokens.last_end)
    at = At(ms=ms, edge=edge, start=start, end=tokens.last_end)
    return _modified(expr, at, target.offset_ms, tokens.last_end)


def _extended(tokens: Tokens, expr: Expr) -> Expr:
    word = tokens.take().text.lower()
    if not isinstance(expr, MatrixSelector):
        tokens.fail(f"{word} modifier must be preceded by a range vector selector", expr.start, tokens.last_end)
    if expr.vector.extended:
        tokens.fail("anchored and smoothed modifiers cannot be used together or twice", expr.start, tokens.last_end)
    return replace(expr, vector=replace(expr.vector, extended=word), end=tokens.last_end)


def _modified(expr: Expr, at: At | None, offset_ms: int, end: int) -> Expr:
    if isinstance(expr, MatrixSelector):
        vector = replace(expr.vector, at=at, offset_ms=offset_ms)
        return replace(expr, vector=vector, end=end)
    assert isinstance(expr, VectorSelector | Subquery)
    return replace(expr, at=at, offset_ms=offset_ms, end=end)
