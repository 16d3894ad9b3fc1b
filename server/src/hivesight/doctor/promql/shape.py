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
    unwrap,
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
        always = self.always & other.always
        if self.only is not None and other.only is not None:
            return Shape(self.only | other.only, always=always)
        never = frozenset(
            label for label in self.never | other.never if not (self.can_have(label) or other.can_have(label))
        )
        return Shape(None, never, always)


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
    if node.op == "count_values" and node.param is not None:
        # The label of the value is one of those that `without` names, or it is there.
        named = _naming(grouped, node.param, always=True)
        return named.without(*node.grouping) if node.without else named
    return grouped


def _naming(shape: Shape, label: Expr, *, always: bool = False) -> Shape:
    """With a label more, whose name an argument gives."""
    label = unwrap(label)
    return shape.adding(label.value, always=always) if isinstance(label, StringLiteral) else _ANYTHING


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
        return _naming(inner, node.args[1])
    if node.func == "histogram_quantiles":
        return _naming(inner.without(BUCKET), node.args[1])
    return inner


def _absent(arg: Expr) -> Shape:
    """absent() answers with the labels that its selector asks for by equality (Prometheus, "absent()")."""
    arg = unwrap(arg)
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
            matched = _including(left, right, matching)
        case Card.ONE_TO_MANY:
            matched = _including(right, left, matching)
        case _:
            matched = left.keeping(matching.labels) if matching.on else left.without(*matching.labels)
    # A series that stands alone, beside a value that fills in for the other, has its own labels.
    if matching.fill_left is not None:
        matched = matched.either(right)
    return matched.either(left) if matching.fill_right is not None else matched


def _including(many: Shape, one: Shape, matching: Matching) -> Shape:
    """The many side's labels, with those that are copied from the one side."""
    copied = [label for label in matching.include if one.can_have(label)]
    return many.without(*matching.include).adding(*copied)
