"""Which labels the series of a result can have. Sound, not complete: what is said to be impossible is impossible."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from hivesight.model.labels import METRIC_NAME
from hivesight.model.matcher import MatchType
from hivesight.query.promql.ast import (
    SET_OPERATORS,
    Aggregate,
    Binary,
    Call,
    Card,
    Expr,
    Matching,
    MatrixSelector,
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    ValueType,
    VectorSelector,
)
from hivesight.query.promql.check import type_of

BUCKET: Final = "le"


@dataclass(frozen=True, slots=True)
class Shape:
    """The labels of the series of a vector. only: nothing but these can be there, None where anything can.
    never: these cannot. always: every series has these, with a value that is not empty."""

    only: frozenset[str] | None = None
    never: frozenset[str] = frozenset()
    always: frozenset[str] = frozenset()

    def can_have(self, label: str) -> bool:
        """Whether a series of the result may carry `label`."""
        return label not in self.never and (self.only is None or label in self.only)

    def keeping(self, labels: Iterable[str]) -> "Shape":
        """Nothing but these labels is left, of those that could be there."""
        kept = frozenset(label for label in labels if self.can_have(label))
        return Shape(kept, always=self.always & kept)

    def without(self, *labels: str) -> "Shape":
        gone = frozenset(labels)
        only = None if self.only is None else self.only - gone
        return Shape(only, self.never | gone if only is None else frozenset(), self.always - gone)

    def adding(self, *labels: str, always: bool = False) -> "Shape":
        """These may be there as well; with `always`, they are."""
        more = frozenset(labels)
        only = None if self.only is None else self.only | more
        return Shape(only, self.never - more, self.always | more if always else self.always - more)

    def either(self, other: "Shape") -> "Shape":
        """Of a result whose series come from this one or from `other`."""
        if self.only is None or other.only is None:
            bounded = self.only if self.only is not None else other.only
            never = self.never & other.never if bounded is None else (self.never | other.never) - bounded
            return Shape(None, never, self.always & other.always)
        return Shape(self.only | other.only, always=self.always & other.always)


NO_LABELS: Final = Shape(frozenset())
_ANYTHING: Final = Shape()

# Functions that answer with the series as they are; the rest drop the metric's name, which no check asks for.
_BARE: Final = frozenset({"vector", "time", "pi", "scalar"})
_QUANTILES: Final = frozenset({"histogram_quantile", "histogram_fraction"})


def shape_of(expr: Expr) -> Shape:
    """The labels that the result can have; a scalar has none."""
    match expr:
        case Paren(expr=inner) | Unary(expr=inner) | Subquery(expr=inner):
            return shape_of(inner)
        case VectorSelector():
            return _selected(expr)
        case MatrixSelector(vector=vector):
            return _selected(vector)
        case Aggregate():
            return _aggregated(expr)
        case Call():
            return _called(expr)
        case Binary():
            return _combined(expr)
        case _:
            return NO_LABELS


def _selected(selector: VectorSelector) -> Shape:
    never, always = set[str](), set[str]()
    for matcher in selector.matchers:
        if matcher.name == METRIC_NAME:
            continue
        if matcher.type is MatchType.EQUAL:
            (always if matcher.value else never).add(matcher.name)
        elif not matcher.matches(""):
            always.add(matcher.name)
    return Shape(None, frozenset(never), frozenset(always))


def _aggregated(node: Aggregate) -> Shape:
    inner = shape_of(node.expr)
    if node.op in ("topk", "bottomk", "limitk", "limit_ratio"):
        return inner
    grouped = inner.without(*node.grouping) if node.without else inner.keeping(node.grouping)
    if node.op == "count_values" and isinstance(node.param, StringLiteral):
        return grouped.adding(node.param.value, always=True)
    return grouped


def _called(node: Call) -> Shape:
    if node.func in _BARE or not node.args:
        return NO_LABELS
    if node.func in ("absent", "absent_over_time"):
        return _absent(node.args[0])
    vectors = [arg for arg in node.args if type_of(arg) in (ValueType.VECTOR, ValueType.MATRIX)]
    if not vectors:
        return NO_LABELS
    if node.func == "info":
        return _ANYTHING
    inner = shape_of(vectors[0])
    if node.func in _QUANTILES:
        return inner.without(BUCKET)
    if node.func in ("label_replace", "label_join"):
        target = node.args[1]
        return inner.adding(target.value) if isinstance(target, StringLiteral) else _ANYTHING
    return inner


def _absent(arg: Expr) -> Shape:
    """absent() answers with the labels that its selector asks for by equality (Prometheus, "absent()")."""
    while isinstance(arg, Paren | Subquery):
        arg = arg.expr
    selector = arg.vector if isinstance(arg, MatrixSelector) else arg
    if not isinstance(selector, VectorSelector):
        return NO_LABELS
    named = [each for each in selector.matchers if each.name != METRIC_NAME]
    equal = {each.name for each in named if each.type is MatchType.EQUAL and each.value}
    twice = {each.name for each in named if sum(other.name == each.name for other in named) > 1}
    asked = frozenset(equal - twice)
    return Shape(asked, always=asked)


def _combined(node: Binary) -> Shape:
    left, right = shape_of(node.lhs), shape_of(node.rhs)
    if type_of(node.lhs) is not ValueType.VECTOR:
        return right
    if type_of(node.rhs) is not ValueType.VECTOR:
        return left
    if node.op in SET_OPERATORS:
        return left.either(right) if node.op == "or" else left
    matching = node.matching or Matching()
    match matching.card:
        case Card.MANY_TO_ONE:
            return left.adding(*matching.include)
        case Card.ONE_TO_MANY:
            return right.adding(*matching.include)
        case _:
            return left.keeping(matching.labels) if matching.on else left.without(*matching.labels)
