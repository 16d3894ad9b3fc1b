"""A syntax tree to its canonical text (Prometheus' `Expr.String()`)."""

from hivesight.model.duration import format_duration
from hivesight.model.labels import METRIC_NAME
from hivesight.model.matcher import Matcher, MatchType
from hivesight.query.promql.ast import (
    PARAMETER_AGGREGATORS,
    Aggregate,
    At,
    Binary,
    Call,
    Card,
    DurationExpr,
    Expr,
    Matching,
    MatrixSelector,
    NumberLiteral,
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    VectorSelector,
)
from hivesight.query.promql.durations import format_duration_expr
from hivesight.query.promql.literals import format_number, quote


def format(expr: Expr) -> str:
    """The expression on one line; parsing it gives the same tree again."""
    match expr:
        case NumberLiteral():
            return _number(expr)
        case StringLiteral(value=value):
            return quote(value)
        case VectorSelector():
            extended = f" {expr.extended}" if expr.extended else ""
            return _selector(expr) + extended + _modifiers(expr.at, expr.offset_ms, expr.offset)
        case MatrixSelector(vector=vector):
            extended = f" {vector.extended}" if vector.extended else ""
            modifiers = extended + _modifiers(vector.at, vector.offset_ms, vector.offset)
            return f"{_selector(vector)}[{_duration(expr.range_ms, expr.range)}]{modifiers}"
        case Subquery():
            step = _duration(expr.step_ms, expr.step) if expr.step_ms is not None else ""
            text = f"{format(expr.expr)}[{_duration(expr.range_ms, expr.range)}:{step}]"
            return text + _modifiers(expr.at, expr.offset_ms, expr.offset)
        case Call(func=func, args=args):
            return f"{func}({', '.join(format(arg) for arg in args)})"
        case Aggregate():
            return _aggregate(expr)
        case Unary(op=op, expr=inner):
            return op + format(inner)
        case Paren(expr=inner):
            return f"({format(inner)})"
        case Binary():
            return _binary(expr)


def _number(literal: NumberLiteral) -> str:
    if literal.duration:
        return format_duration(round(literal.value * 1000))
    return format_number(literal.value)


def _label(name: str) -> str:
    return name if name.isidentifier() and name.isascii() else quote(name)


def _matcher(matcher: Matcher) -> str:
    return f"{_label(matcher.name)}{matcher.type}{quote(matcher.value)}"


def _selector(selector: VectorSelector) -> str:
    shown: list[str] = []
    outside = selector.name
    plain = outside.replace(":", "_").isidentifier() and outside.isascii()
    if outside and not plain:
        shown.append(quote(outside))
        outside = ""
    for matcher in selector.matchers:
        said = matcher.name == METRIC_NAME and matcher.type is MatchType.EQUAL and matcher.value == selector.name
        if not (said and selector.name):
            shown.append(_matcher(matcher))
    return f"{outside}{{{','.join(shown)}}}" if shown or not outside else outside


def _duration(ms: int, written: DurationExpr | None) -> str:
    return format_duration(ms) if written is None else format_duration_expr(written)


def _modifiers(at: At | None, offset_ms: int, offset: DurationExpr | None) -> str:
    text = ""
    if at is not None:
        text = f" @ {at.edge}()" if at.edge else f" @ {at.ms / 1000:.3f}"
    if offset_ms or offset is not None:
        text += f" offset {_duration(offset_ms, offset)}"
    return text


def _aggregate(node: Aggregate) -> str:
    text = node.op
    if node.without:
        text += f" without ({', '.join(map(_label, node.grouping))}) "
    elif node.grouping:
        text += f" by ({', '.join(map(_label, node.grouping))}) "
    param = f"{format(node.param)}, " if node.param is not None and node.op in PARAMETER_AGGREGATORS else ""
    return f"{text}({param}{format(node.expr)})"


def _binary(node: Binary) -> str:
    # A chain of operators is as deep as it is long, so it is unrolled.
    tail: list[str] = []
    left: Expr = node
    while isinstance(left, Binary):
        modifier = " bool" if left.returns_bool else ""
        tail.append(f" {left.op}{modifier}{_matching(left.matching)}{_fills(left.matching)} {format(left.rhs)}")
        left = left.lhs
    return format(left) + "".join(reversed(tail))


def _matching(matching: Matching | None) -> str:
    if matching is None:
        return ""
    grouped = matching.card in (Card.MANY_TO_ONE, Card.ONE_TO_MANY)
    if not (matching.labels or matching.on or grouped):
        return ""
    text = f" {'on' if matching.on else 'ignoring'} ({', '.join(map(_label, matching.labels))})"
    if grouped:
        word = "group_left" if matching.card is Card.MANY_TO_ONE else "group_right"
        text += f" {word} ({', '.join(map(_label, matching.include))})"
    return text


def _fills(matching: Matching | None) -> str:
    if matching is None:
        return ""
    left, right = (
        None if value is None else format_number(value) for value in (matching.fill_left, matching.fill_right)
    )
    if left is not None and left == right:
        return f" fill ({left})"
    return "".join(
        f" {word} ({value})" for word, value in (("fill_left", left), ("fill_right", right)) if value is not None
    )
