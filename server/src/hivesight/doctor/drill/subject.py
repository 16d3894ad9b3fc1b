"""The rules of a set, and of them those that have to do with an alert."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from hivesight.query.promql import parse
from hivesight.query.promql.ast import Expr, MatrixSelector, Subquery, VectorSelector
from hivesight.query.promql.walk import metric_names, selectors, walk
from hivesight.rules import GroupConfig, RuleConfig, RuleFile
from hivesight.rules.alert_series import ALERTS, ALERTS_FOR_STATE

Files = Sequence[tuple[str, RuleFile]]

LOOKBACK_MS: Final = 300_000
"""How long a sample counts that no other follows."""


@dataclass(frozen=True, eq=False)
class Subject:
    """An alerting rule with its place. Each is itself alone: a set may have rules that are alike."""

    path: str
    group: GroupConfig
    rule: RuleConfig

    @property
    def name(self) -> str:
        return self.rule.alert


class RuleSet:
    """All rule files that are evaluated together; without errors, each under its path."""

    def __init__(self, files: Files) -> None:
        self.files = tuple(files)
        every = [(path, group, rule) for path, file in files for group in file.groups for rule in group.rules]
        self.alerts = tuple(Subject(*each) for each in every if each[2].alert)
        self._recorded: dict[str, list[Expr]] = {}
        for _, _, rule in every:
            if rule.record:
                self._recorded.setdefault(rule.record, []).append(_tree(rule.expr))

    def selectors(self, subject: Subject) -> list[VectorSelector]:
        """Those of raw series that an alert is judged by, through all that is recorded."""
        found = (each for tree in self._trees(subject) for each in selectors(tree))
        return [each for each in found if each.name not in self._recorded]

    def reach_ms(self, subject: Subject) -> int:
        """How long what was measured can count at most: all ranges and offsets, one after the other."""
        return sum(max(map(_length_ms, walk(tree)), default=0) for tree in self._trees(subject))

    def memory_ms(self, subject: Subject) -> int:
        """How long before a moment rules must be evaluated so that the alert stands at it as it would if they always
        had been: for what is asked of recorded series, and for the alert's own waits."""
        ranges = (
            _length_ms(node)
            for tree in self._trees(subject)
            for node in walk(tree)
            if any(each.name in self._recorded for each in selectors(node))
        )
        return sum(ranges) + LOOKBACK_MS + subject.rule.for_ms + subject.rule.keep_firing_for_ms

    def around(self, subject: Subject, may_mute: Callable[[Subject], bool]) -> Files:
        """The files with the alert and what is recorded for it; with those alerts that may mute it too, where they are
        judged by the same series, or fire whatever is measured."""
        asked = self._raw(subject)
        beside = (each for each in self.alerts if self._raw(each) <= asked and may_mute(each))
        kept = [subject, *(each for each in beside if each is not subject)]
        needed = {name for each in kept for tree in self._trees(each) for name in metric_names(tree)}
        everything = any(_nameless(tree) for each in kept for tree in self._trees(each))
        rules = {id(each.rule) for each in kept}

        def wanted(rule: RuleConfig) -> bool:
            return id(rule) in rules or bool(rule.record and (everything or rule.record in needed))

        return [
            (path, RuleFile(groups=tuple(_limited(file.groups, wanted))))
            for path, file in self.files
            if any(wanted(rule) for group in file.groups for rule in group.rules)
        ]

    def _raw(self, subject: Subject) -> set[str]:
        return {each.name for each in self.selectors(subject)}

    def _trees(self, subject: Subject) -> list[Expr]:
        """The alert's expression, and those of all that it is recorded from."""
        trees = [_tree(subject.rule.expr)]
        known: set[str] = set()
        for tree in trees:
            for name in metric_names(tree) - known:
                known.add(name)
                trees += self._recorded.get(name, ())
        return trees


@lru_cache(maxsize=4096)
def _tree(text: str) -> Expr:
    return parse(text)


def _limited(groups: Sequence[GroupConfig], wanted: Callable[[RuleConfig], bool]) -> Iterator[GroupConfig]:
    for group in groups:
        rules = tuple(filter(wanted, group.rules))
        if rules:
            yield replace(group, rules=rules)


def _length_ms(node: Expr) -> int:
    match node:
        case MatrixSelector(vector=vector, range_ms=range_ms):
            return range_ms + abs(vector.offset_ms)
        case Subquery(range_ms=range_ms, offset_ms=offset_ms):
            return range_ms + abs(offset_ms)
        case VectorSelector(offset_ms=offset_ms):
            return abs(offset_ms)
        case _:
            return 0


def _nameless(tree: Expr) -> bool:
    """Whether it asks for series by something else than their name, or for those of alerts."""
    return any(not each.name or each.name in (ALERTS, ALERTS_FOR_STATE) for each in selectors(tree))
