"""A syntax tree as JSON: what Prometheus' page draws as a tree (`web/api/v1/translate_ast.go`). The text is put
together by hand, since a chain of operators is as deep as it is long."""

from collections.abc import Sequence
from typing import Any, Final

import orjson

from hivesight.model.matcher import Matcher
from hivesight.query.promql.ast import (
    Aggregate,
    At,
    Binary,
    Call,
    Expr,
    Matching,
    MatrixSelector,
    NumberLiteral,
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    ValueType,
    VectorSelector,
)
from hivesight.query.promql.literals import format_plain
from hivesight.query.promql.signatures import SIGNATURES

_TYPES: Final = {
    ValueType.SCALAR: "scalar",
    ValueType.VECTOR: "vector",
    ValueType.MATRIX: "matrix",
    ValueType.STRING: "string",
}


def as_json(expr: Expr) -> bytes:
    """The tree as JSON."""
    heads: list[bytes] = []
    tails: list[bytes] = []
    while isinstance(expr, Binary):
        heads.append(b'{"type":"binaryExpr","lhs":')
        said = orjson.dumps({"op": expr.op, "matching": _matching(expr.matching), "bool": expr.returns_bool})
        tails.append(b',"rhs":' + as_json(expr.rhs) + b"," + said[1:])
        expr = expr.lhs
    return b"".join((*heads, _operand(expr), *reversed(tails)))


def _operand(expr: Expr) -> bytes:
    match expr:
        case NumberLiteral(value=value):
            return _object("numberLiteral", {"val": format_plain(value)})
        case StringLiteral(value=value):
            return _object("stringLiteral", {"val": _text(value)})
        case VectorSelector():
            return _object("vectorSelector", _selector(expr))
        case MatrixSelector(vector=vector, range_ms=range_ms):
            return _object("matrixSelector", {**_selector(vector), "range": range_ms})
        case Subquery():
            said = {
                "range": expr.range_ms,
                "offset": expr.offset_ms,
                "step": expr.step_ms or 0,
                **_at(expr.at),
            }
            return _object("subquery", said, expr=as_json(expr.expr))
        case Call(func=func, args=args):
            inner = b"[" + b",".join(as_json(arg) for arg in args) + b"]"
            return _object("call", {"func": _function(func)}, args=inner)
        case Aggregate():
            said = {"op": expr.op, "grouping": list(map(_text, expr.grouping)), "without": expr.without}
            param = b"null" if expr.param is None else as_json(expr.param)
            return _object("aggregation", said, expr=as_json(expr.expr), param=param)
        case Unary(op=op, expr=inner):
            return _object("unaryExpr", {"op": op}, expr=as_json(inner))
        case Paren(expr=inner):
            return _object("parenExpr", {}, expr=as_json(inner))
        case Binary():
            return as_json(expr)


def _object(kind: str, said: dict[str, Any], **nodes: bytes) -> bytes:
    """An object of plain values and of nodes that are JSON already."""
    parts = [orjson.dumps({"type": kind, **said})[:-1]]
    parts += [b',"%b":%b' % (name.encode(), node) for name, node in nodes.items()]
    return b"".join((*parts, b"}"))


def _selector(selector: VectorSelector) -> dict[str, Any]:
    return {
        "name": _text(selector.name),
        "offset": selector.offset_ms,
        "matchers": _matchers(selector.matchers),
        **_at(selector.at),
        "anchored": selector.extended == "anchored",
        "smoothed": selector.extended == "smoothed",
    }


def _matchers(matchers: Sequence[Matcher]) -> list[dict[str, str]]:
    return [{"name": _text(each.name), "value": _text(each.value), "type": each.type.value} for each in matchers]


def _at(at: At | None) -> dict[str, Any]:
    if at is None:
        return {"timestamp": None, "startOrEnd": None}
    return {"timestamp": None, "startOrEnd": at.edge} if at.edge else {"timestamp": at.ms, "startOrEnd": None}


def _function(name: str) -> dict[str, Any]:
    signature = SIGNATURES[name]
    return {
        "name": name,
        "argTypes": [_TYPES[each] for each in signature.args],
        "variadic": -1 if signature.repeats else signature.optional,
        "returnType": _TYPES[signature.returns],
    }


def _matching(matching: Matching | None) -> dict[str, Any] | None:
    if matching is None:
        return None
    return {
        "card": matching.card.value,
        "labels": list(map(_text, matching.labels)),
        "on": matching.on,
        "include": list(map(_text, matching.include)),
        "fillValues": {"lhs": matching.fill_left, "rhs": matching.fill_right},
    }


def _text(text: str) -> str:
    """What is no Unicode becomes the replacement character, as in Go."""
    return text.encode(errors="surrogateescape").decode(errors="replace")
