"""The syntax tree of PromQL: frozen records with positions. The parser builds it; the evaluator, the printer and
everything that asks what a query touches read it. `start` and `end` are character offsets and no part of equality."""

import math
from dataclasses import dataclass, field
from enum import StrEnum

from hivesight.model.matcher import Matcher


class ValueType(StrEnum):
    """What an expression yields, in the words of Prometheus' error messages."""

    SCALAR = "scalar"
    VECTOR = "instant vector"
    MATRIX = "range vector"
    STRING = "string"


class Card(StrEnum):
    """How many series of either side may share a match group."""

    ONE_TO_ONE = "one-to-one"
    MANY_TO_ONE = "many-to-one"
    ONE_TO_MANY = "one-to-many"
    MANY_TO_MANY = "many-to-many"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Anything with a place in the query text."""

    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberLiteral(Node):
    value: float
    duration: bool = False
    """Written as a duration (`5m` is 300)."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, NumberLiteral):
            return NotImplemented
        same = self.value == other.value or (math.isnan(self.value) and math.isnan(other.value))
        return same and self.duration == other.duration

    def __hash__(self) -> int:
        return hash((str(self.value), self.duration))


@dataclass(frozen=True, slots=True, kw_only=True)
class StringLiteral(Node):
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class At(Node):
    """The `@` modifier: a fixed time, or an edge of the query ("start" or "end")."""

    ms: int = 0
    edge: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DurationExpr(Node):
    """A duration that is worked out: `5m + step()`. op: "number" or "duration" for a literal of so many seconds, "()",
    "neg", an arithmetic operator, "step", "range", "min_of" or "max_of"."""

    op: str
    args: "tuple[DurationExpr, ...]" = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorSelector(Node):
    """matchers: all conditions, the one on the name among them; name: the metric's name where it was written outside
    or as a lone string inside the braces."""

    name: str = ""
    matchers: tuple[Matcher, ...] = ()
    offset_ms: int = 0
    offset: DurationExpr | None = None
    """How the offset was written, where it is more than a literal; worked out into offset_ms."""
    at: At | None = None
    extended: str = ""
    """"anchored" or "smoothed" for a range whose functions look beyond its edges."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixSelector(Node):
    vector: VectorSelector
    range_ms: int
    range: DurationExpr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subquery(Node):
    """step_ms: None where it was left out."""

    expr: "Expr"
    range_ms: int
    step_ms: int | None = None
    offset_ms: int = 0
    at: At | None = None
    range: DurationExpr | None = None
    step: DurationExpr | None = None
    offset: DurationExpr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Node):
    func: str
    args: "tuple[Expr, ...]" = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate(Node):
    op: str
    expr: "Expr"
    param: "Expr | None" = None
    grouping: tuple[str, ...] = ()
    without: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching(Node):
    """How the series of two vectors find each other. labels: those of `on` or `ignoring`; include: those that
    `group_left` or `group_right` copies from the one side; fill_left, fill_right: the value of a series that is missing
    on that side."""

    card: Card = Card.ONE_TO_ONE
    on: bool = False
    labels: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    fill_left: float | None = None
    fill_right: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary(Node):
    """returns: scalar or instant vector; matching: None unless both sides are vectors."""

    op: str
    lhs: "Expr"
    rhs: "Expr"
    returns: ValueType
    returns_bool: bool = False
    matching: Matching | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary(Node):
    op: str
    expr: "Expr"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paren(Node):
    expr: "Expr"


Expr = (
    NumberLiteral
    | StringLiteral
    | VectorSelector
    | MatrixSelector
    | Subquery
    | Call
    | Aggregate
    | Binary
    | Unary
    | Paren
)

COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
TRIMS = frozenset({"</", ">/"})
"""Operators that cut a histogram at a value."""
SET_OPERATORS = frozenset({"and", "or", "unless"})
AGGREGATORS = frozenset(
    {
        "sum",
        "avg",
        "count",
        "min",
        "max",
        "group",
        "stddev",
        "stdvar",
        "topk",
        "bottomk",
        "count_values",
        "quantile",
        "limitk",
        "limit_ratio",
    }
)
PARAMETER_AGGREGATORS = frozenset({"topk", "bottomk", "count_values", "quantile", "limitk", "limit_ratio"})
"""Those that take a parameter before the vector."""


def unwrap(expr: Expr) -> Expr:
    """The expression without the parentheses around it."""
    while isinstance(expr, Paren):
        expr = expr.expr
    return expr
