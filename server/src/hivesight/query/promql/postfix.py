"""What may follow an operand: ranges, subqueries, `offset` and `@`."""

import math
from dataclasses import replace

from hivesight.model.errors import QueryError
from hivesight.query.promql.ast import At, DurationExpr, Expr, MatrixSelector, Subquery, ValueType, VectorSelector
from hivesight.query.promql.check import type_of
from hivesight.query.promql.durations import (
    Timing,
    depends_on_query,
    is_literal,
    parse_duration_expr,
    seconds_of,
)
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
    range_ms, range_ = _duration(tokens, "subquery or range selector", "duration")
    if tokens.accept(":"):
        step_ms, step = None, None
        if not tokens.at("]"):
            step_ms, step = _duration(tokens, "subquery selector", 'duration or "]"')
        tokens.expect("]", "subquery selector", '"]"')
        if (found := type_of(expr)) is not ValueType.VECTOR:
            tokens.fail(f"subquery is only allowed on instant vector, got {found} instead", expr.start, expr.end)
        return Subquery(
            expr=expr,
            range_ms=range_ms,
            step_ms=step_ms,
            range=range_,
            step=step,
            start=expr.start,
            end=tokens.last_end,
        )
    tokens.expect("]", "subquery or range", '":" or "]"')
    if not isinstance(expr, VectorSelector):
        tokens.fail("ranges only allowed for vector selectors", expr.start, tokens.last_end)
    if expr.offset_ms or expr.offset is not None:
        tokens.fail("no offset modifiers allowed before range", expr.start, tokens.last_end)
    if expr.at is not None:
        tokens.fail("no @ modifiers allowed before range", expr.start, tokens.last_end)
    return MatrixSelector(vector=expr, range_ms=range_ms, range=range_, start=expr.start, end=tokens.last_end)


def _duration(tokens: Tokens, context: str, expected: str) -> tuple[int, DurationExpr | None]:
    """A duration above zero in ms, and how it was written where that is more than a literal."""
    written = parse_duration_expr(tokens, context, expected)
    ms, kept = _worked_out(tokens, written)
    if ms <= 0 and not (kept is not None and depends_on_query(kept)):
        tokens.fail("duration must be greater than 0", written.start, written.end)
    return ms, kept


def _worked_out(tokens: Tokens, written: DurationExpr) -> tuple[int, DurationExpr | None]:
    if depends_on_query(written):
        return 0, written
    try:
        ms = round(seconds_of(written, Timing(0, 0)) * 1000)
    except QueryError as error:
        tokens.fail(str(error), written.start, written.end)
    return ms, None if is_literal(written) else written


def _offset(tokens: Tokens, expr: Expr) -> Expr:
    tokens.take()
    offset_ms, offset = _worked_out(tokens, parse_duration_expr(tokens, "offset", "number or duration", tight=True))
    target = expr.vector if isinstance(expr, MatrixSelector) else expr
    if not isinstance(target, VectorSelector | Subquery):
        message = (
            "offset modifier must be preceded by an instant vector selector or range vector selector or a subquery"
        )
        tokens.fail(message, expr.start, tokens.last_end)
    if target.offset_ms or target.offset is not None:
        tokens.fail("offset may not be set multiple times", expr.start, tokens.last_end)
    return _modified(expr, target.at, offset_ms, offset, tokens.last_end)


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
    return _modified(expr, at, target.offset_ms, target.offset, tokens.last_end)


def _extended(tokens: Tokens, expr: Expr) -> Expr:
    word = tokens.take().text.lower()
    if isinstance(expr, VectorSelector) and word == "smoothed" and not expr.extended:
        return replace(expr, extended=word, end=tokens.last_end)
    if not isinstance(expr, MatrixSelector):
        tokens.fail(f"{word} modifier must be preceded by a range vector selector", expr.start, tokens.last_end)
    if expr.vector.extended:
        tokens.fail("anchored and smoothed modifiers cannot be used together or twice", expr.start, tokens.last_end)
    return replace(expr, vector=replace(expr.vector, extended=word), end=tokens.last_end)


def _modified(expr: Expr, at: At | None, offset_ms: int, offset: DurationExpr | None, end: int) -> Expr:
    if isinstance(expr, MatrixSelector):
        vector = replace(expr.vector, at=at, offset_ms=offset_ms, offset=offset)
        return replace(expr, vector=vector, end=end)
    assert isinstance(expr, VectorSelector | Subquery)
    return replace(expr, at=at, offset_ms=offset_ms, offset=offset, end=end)
