"""Which series an expression needs: one for every way in which its selectors tell the series of a metric apart."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Final

from hivesight.doctor.synthesis.distributions import FIGURES
from hivesight.doctor.synthesis.inlining import name_of
from hivesight.doctor.synthesis.regex_samples import samples
from hivesight.doctor.synthesis.signal import Course, Signal
from hivesight.doctor.synthesis.stuck import Stuck
from hivesight.model.labels import METRIC_NAME, Labels
from hivesight.model.matcher import Matcher, MatchType
from hivesight.query.promql.ast import (
    Aggregate,
    Binary,
    Call,
    Expr,
    Matching,
    MatrixSelector,
    NumberLiteral,
    StringLiteral,
    VectorSelector,
    unwrap,
)
from hivesight.query.promql.printer import format
from hivesight.query.promql.walk import walk

BUCKET: Final = "le"
_MAX_COMBINATIONS: Final = 4_096
_MAX_BUCKETS: Final = 24
_DECADES: Final = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0)
_COUNTER_FUNCTIONS: Final = frozenset({"rate", "irate", "increase", "resets"})
_USED_LABEL: Final = re.compile(r"\$labels\.([a-zA-Z_][a-zA-Z0-9_]*)|\.Labels\.([a-zA-Z_][a-zA-Z0-9_]*)")
_TARGET_LABELS: Final = ("job", "instance")
_NAMELESS: Final = "any_metric"


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays. rich: series have the labels that the rule groups by and shows, as those of real targets have; else
    they have those that selectors ask for, and no others."""

    expr: Expr
    texts: tuple[str, ...] = ()
    rich: bool = True

    def signals(self) -> list[Signal]:
        """The series. Raises Stuck for a selector that no series can meet."""
        selectors = [node for node in walk(self.expr) if isinstance(node, VectorSelector)]
        by_metric: dict[str, list[VectorSelector]] = {}
        for selector in selectors:
            by_metric.setdefault(_metric(selector), []).append(selector)
        given = self._given(selectors)
        counters = {
            _metric(arg.vector)
            for node in walk(self.expr)
            if isinstance(node, Call) and node.func in _COUNTER_FUNCTIONS
            for arg in node.args
            if isinstance(arg, MatrixSelector)
        }
        native = self._native()
        bounds = self._bounds(selectors)
        return [
            Signal(labels, counter=name in counters, healthy=_course(counter=name in counters), native=name in native)
            for name, group in by_metric.items()
            for labels in _of_metric(name, group, given, bounds if self._has_buckets(name) else ())
        ]

    def _given(self, selectors: Sequence[VectorSelector]) -> dict[str, str]:
        """Labels that all series have, with a value that suits as many selectors as can be."""
        if not self.rich:
            return {}
        names: dict[str, None] = dict.fromkeys(_TARGET_LABELS)
        for node in walk(self.expr):
            names |= dict.fromkeys(_mentioned(node))
        for text in self.texts:
            names |= dict.fromkeys(one or other for one, other in _USED_LABEL.findall(text))
        names.pop(METRIC_NAME, None)
        names.pop(BUCKET, None)
        return {
            name: _common(name, [each for s in selectors for each in s.matchers if each.name == name]) for name in names
        }

    def _native(self) -> set[str]:
        """Metrics whose samples must be native histograms: where there are classic buckets, nothing else is one."""
        found: set[str] = set()
        for node in walk(self.expr):
            if isinstance(node, Call) and node.func in FIGURES:
                names = {_metric(each) for each in walk(node) if isinstance(each, VectorSelector)}
                found |= set() if any(map(self._has_buckets, names)) else names
        return found

    def _has_buckets(self, name: str) -> bool:
        return name.endswith("_bucket")

    def _bounds(self, selectors: Iterable[VectorSelector]) -> tuple[str, ...]:
        """Upper bounds of buckets that suit the numbers of the expression."""
        numbers = {node.value for node in walk(self.expr) if isinstance(node, NumberLiteral)}
        near = [factor * each for each in sorted(numbers) if 0 < each < 1e12 for factor in (0.5, 1.0, 2.0)]
        bounds = sorted({*_DECADES, *near[:_MAX_BUCKETS]})
        return (*(f"{each:g}" for each in bounds), "+Inf")


def _mentioned(node: Expr) -> Iterator[str]:
    match node:
        case Aggregate(grouping=grouping, without=False):
            yield from grouping
        case Binary(matching=Matching(on=on, labels=labels, include=include)):
            yield from (*labels, *include) if on else include
        case Call(func="label_replace", args=args):
            source = unwrap(args[3])
            if isinstance(source, StringLiteral) and source.value:
                yield source.value
        case Call(func="label_join", args=args):
            yield from (each.value for arg in args[3:] if isinstance(each := unwrap(arg), StringLiteral))
        case _:
            pass


def _metric(selector: VectorSelector) -> str:
    name = name_of(selector)
    if name:
        return name
    asked = [each for each in selector.matchers if each.name == METRIC_NAME]
    return next(iter(_values(METRIC_NAME, asked, _NAMELESS)), _NAMELESS)


def _values(label: str, matchers: Sequence[Matcher], default: str) -> Iterator[str]:
    """Values that meet all conditions on a label."""
    return (each for each in _proposals(label, matchers, default) if all(one.matches(each) for one in matchers))


def _proposals(label: str, matchers: Iterable[Matcher], default: str) -> list[str]:
    found: list[str] = []
    for matcher in matchers:
        if matcher.type is MatchType.EQUAL:
            found.append(matcher.value)
        elif matcher.type is MatchType.REGEX:
            found += samples(matcher.value, default)
    return list(dict.fromkeys([*found, default, f"{label}-1", f"other-{label}", "other", "1", ""]))


def _common(label: str, matchers: Sequence[Matcher]) -> str:
    """The value that meets most of the conditions which different selectors have on a label."""
    default = f"{label}-1"
    if not matchers:
        return default
    choices = [each for each in _proposals(label, matchers, default) if each]
    return max(choices, key=lambda value: sum(each.matches(value) for each in matchers))


def _of_metric(
    name: str, selectors: Sequence[VectorSelector], given: Mapping[str, str], bounds: Sequence[str]
) -> Iterator[Labels]:
    """The label sets of a metric's series."""
    labels = dict.fromkeys(each.name for selector in selectors for each in selector.matchers)
    labels.pop(METRIC_NAME, None)
    if bounds:
        labels.pop(BUCKET, None)
    choices = [_told_apart(label, selectors, given.get(label, f"{label}-1")) for label in labels]
    seen: set[tuple[bool, ...]] = set()
    for values in islice(product(*choices), _MAX_COMBINATIONS):
        chosen = {**given, **dict(zip(labels, values, strict=True)), METRIC_NAME: name}
        met = tuple(_meets(one, chosen, labels) for one in selectors)
        if any(met) and met not in seen:
            seen.add(met)
            ladder = _ladder([one for one, yes in zip(selectors, met, strict=True) if yes], bounds)
            yield from (Labels({**chosen, BUCKET: bound}) for bound in ladder) if bounds else (Labels(chosen),)
    for number, selector in enumerate(selectors):
        if not any(met[number] for met in seen):
            raise Stuck(f"no text was found that all matchers accept of {format(selector)}")


def _told_apart(label: str, selectors: Sequence[VectorSelector], default: str) -> list[str]:
    """Values of a label, one for each set of selectors that accept it."""
    by_selector = [[each for each in one.matchers if each.name == label] for one in selectors]
    every = dict.fromkeys(each for group in by_selector for each in group)
    kept: dict[tuple[bool, ...], str] = {}
    for value in _proposals(label, every, default):
        kept.setdefault(tuple(all(each.matches(value) for each in group) for group in by_selector), value)
    return [value for accepted, value in kept.items() if any(accepted)]


def _meets(selector: VectorSelector, chosen: Mapping[str, str], labels: Iterable[str]) -> bool:
    return all(each.matches(chosen.get(each.name, "")) for each in selector.matchers if each.name in labels)


def _ladder(selectors: Sequence[VectorSelector], bounds: Sequence[str]) -> list[str]:
    """Upper bounds that some selector accepts, in order."""
    asked = [[each for each in one.matchers if each.name == BUCKET] for one in selectors]
    proposed = dict.fromkeys([*bounds, *(each for group in asked for each in _proposals(BUCKET, group, "+Inf"))])
    accepted = [each for each in proposed if any(all(one.matches(each) for one in group) for group in asked)]
    numbers = {_number(each): each for each in accepted}
    numbers.pop(None, None)
    return [numbers[each] for each in sorted(each for each in numbers if each is not None)]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _course(*, counter: bool) -> Course:
    return Course(level=0.0, slope=1.0) if counter else Course()
