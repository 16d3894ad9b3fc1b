"""Recorded names replaced by what they are recorded from, so that only names of raw series are left."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hivesight.doctor.synthesis.rewriting import labelled, narrowed, shifted
from hivesight.doctor.synthesis.stuck import Stuck
from hivesight.model.errors import BadQuery
from hivesight.model.labels import METRIC_NAME
from hivesight.model.matcher import MatchType
from hivesight.query.promql.ast import (
    Binary,
    Expr,
    Matching,
    MatrixSelector,
    Paren,
    Subquery,
    ValueType,
    VectorSelector,
)
from hivesight.query.promql.parser import parse
from hivesight.query.promql.rebuild import rebuilt
from hivesight.query.promql.walk import walk
from hivesight.rules import GroupConfig, RuleConfig

MAX_NODES: Final = 4_000
"""Of an expression with all that it is recorded from: each may name others several times."""

_MOST_STEPS: Final = 200
"""Of a subquery that stands for a range of a recorded series."""
_DEFAULT_INTERVAL_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording rule with its expression. labels: those that it adds, the group's among them. interval_ms: how often
    it is evaluated."""

    rule: RuleConfig
    expr: Expr
    labels: Mapping[str, str]
    interval_ms: int


class Recordings:
    """The recording rules of some groups, by name."""

    def __init__(self, groups: Sequence[GroupConfig]) -> None:
        self._by_name: dict[str, list[Recording]] = {}
        for group in groups:
            for rule in group.rules:
                try:
                    expr = parse(rule.expr)
                except BadQuery:
                    continue  # its reader reports it
                if rule.record:
                    labels, interval_ms = {**group.labels, **rule.labels}, group.interval_ms or _DEFAULT_INTERVAL_MS
                    self._by_name.setdefault(rule.record, []).append(Recording(rule, expr, labels, interval_ms))

    def inlined(self, expr: Expr) -> Expr:
        """The expression over raw names. Raises Stuck where it grows too large."""
        return self._inlined(expr, ())

    def needed(self, expr: Expr) -> frozenset[str]:
        """The recorded names that the expression needs, directly or through others."""
        found: set[str] = set()
        waiting = [expr]
        while waiting:
            for node in walk(waiting.pop()):
                name = name_of(node) if isinstance(node, VectorSelector) else ""
                if name in self._by_name and name not in found:
                    found.add(name)
                    waiting += [each.expr for each in self._by_name[name]]
        return frozenset(found)

    def looks_back_ms(self, expr: Expr) -> int:
        """How far back of recorded series is looked, by the expression and all that it needs."""
        names = self.needed(expr)
        trees = [expr, *(each.expr for name in names for each in self._by_name[name])]
        return max((each for tree in trees for each in _looks_back(tree, names)), default=0)

    def _inlined(self, expr: Expr, within: tuple[str, ...]) -> Expr:
        """within: the names whose expressions this stands in; a rule may record over its own name."""
        ranged = {id(node.vector) for node in walk(expr) if isinstance(node, MatrixSelector)}

        def changed(node: Expr) -> Expr:
            if isinstance(node, VectorSelector) and id(node) not in ranged:
                body, _ = self._replacement(node, within)
                return node if body is None else shifted(body, node.offset_ms)
            if isinstance(node, MatrixSelector):
                body, interval_ms = self._replacement(node.vector, within)
                if body is not None:
                    step_ms, offset_ms = max(interval_ms, node.range_ms // _MOST_STEPS), node.vector.offset_ms
                    return Subquery(expr=body, range_ms=node.range_ms, step_ms=step_ms, offset_ms=offset_ms)
            return node

        made = rebuilt(expr, changed)
        if sum(1 for _ in walk(made)) > MAX_NODES:
            raise Stuck("the expression is too large with all the rules that it is recorded from")
        return made

    def _replacement(self, selector: VectorSelector, within: tuple[str, ...]) -> tuple[Expr | None, int]:
        """What a selector of a recorded name stands for, and how often it is recorded."""
        name = name_of(selector)
        if name in within:
            return None, 0
        made: Expr | None = None
        interval_ms = _DEFAULT_INTERVAL_MS
        for recording in self._by_name.get(name, ()):
            given = recording.labels
            asked = [each for each in selector.matchers if each.name != METRIC_NAME]
            if not all(each.matches(given[each.name]) for each in asked if each.name in given):
                continue
            body = self._inlined(recording.expr, (*within, name))
            for matcher in asked:
                if matcher.name not in given:
                    body = narrowed(body, matcher)
            body = labelled(body, given)
            interval_ms = recording.interval_ms
            either = (
                Binary(op="or", lhs=made, rhs=body, returns=ValueType.VECTOR, matching=Matching()) if made else body
            )
            made = either
        return (None if made is None else Paren(expr=made)), interval_ms


def name_of(selector: VectorSelector) -> str:
    """The metric's name where the selector gives it; an empty string otherwise."""
    names = (each.value for each in selector.matchers if each.name == METRIC_NAME and each.type is MatchType.EQUAL)
    return selector.name or next(names, "")


def _looks_back(expr: Expr, names: frozenset[str]) -> Iterator[int]:
    for node in walk(expr):
        if isinstance(node, VectorSelector) and name_of(node) in names:
            yield node.offset_ms
        if isinstance(node, MatrixSelector) and name_of(node.vector) in names:
            yield node.range_ms + node.vector.offset_ms
        if isinstance(node, Subquery) and any(name_of(s) in names for s in walk(node) if isinstance(s, VectorSelector)):
            yield node.range_ms + node.offset_ms
