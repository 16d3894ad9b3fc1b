"""The rules that are back-tested, each with its clock, what it reads and what it makes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from hivesight.model.errors import BadQuery
from hivesight.model.labels import METRIC_NAME, Labels
from hivesight.model.matcher import Matcher
from hivesight.model.series import Times
from hivesight.query.promql.durations import Timing
from hivesight.query.promql.engine import tree
from hivesight.query.promql.fetch import Scope, needs_of
from hivesight.rules import RuleFile, RuleOptions
from hivesight.rules.alert_series import ALERT_NAME, ALERTS, ALERTS_FOR_STATE
from hivesight.rules.alerting import AlertingRule
from hivesight.rules.recording import RecordingRule
from hivesight.rules.schedule import first_slot, offset_ms

MAX_RULES: Final = 5_000
MAX_EVALUATIONS: Final = 3_000_000
"""Of one rule: half a year every 5 s."""


@dataclass(frozen=True, slots=True)
class Read:
    """A selector of an expression: its conditions, and how far before an evaluation it looks."""

    matchers: tuple[Matcher, ...]
    back_ms: int


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """A rule in its group. group: the number of its group, index: its place in it. offset_ms: where between two
    multiples of the interval it is evaluated."""

    rule: AlertingRule | RecordingRule
    file: str
    group_name: str
    group: int
    index: int
    limit: int
    interval_ms: int
    offset_ms: int
    query_offset_ms: int
    reads: tuple[Read, ...]

    @property
    def name(self) -> str:
        return self.rule.config.name

    @property
    def warm_up_ms(self) -> int:
        """How much earlier an alerting rule is evaluated so that its alerts are under way when the time begins."""
        if isinstance(self.rule, RecordingRule):
            return self.interval_ms
        return self.rule.timing.for_ms + self.rule.timing.keep_firing_for_ms + self.interval_ms

    def times(self, from_ms: int, until_ms: int) -> Times:
        """When it is evaluated. Raises BadQuery where that is too often."""
        first = first_slot(self.offset_ms, self.interval_ms, from_ms - 1)
        if (until_ms - first) // self.interval_ms >= MAX_EVALUATIONS:
            raise BadQuery(
                f"{self.name} would be evaluated more than {MAX_EVALUATIONS:,} times: begin later (--since), or "
                "evaluate less often (--step)"
            )
        return np.arange(first, until_ms + 1, self.interval_ms, dtype=np.int64)

    def makes(self, matchers: Sequence[Matcher]) -> bool:
        """Whether its series may meet these conditions."""
        return any(all(_may_meet(each, labels) for each in matchers) for labels in self.series)

    @property
    def series(self) -> tuple[Labels, ...]:
        """What is known of the labels of the series that it makes: for each name, those that are the same in all."""
        if isinstance(self.rule, RecordingRule):
            return (self.rule.labels.merged({METRIC_NAME: self.rule.config.record}),)
        fixed = {name: text for name, text in self.rule.labels.items() if "{{" not in text}
        named = {**fixed, ALERT_NAME: self.rule.config.alert}
        return tuple(Labels({**named, METRIC_NAME: name}) for name in (ALERTS, ALERTS_FOR_STATE))


def members_of(
    files: Sequence[tuple[str, RuleFile]],
    options: RuleOptions,
    lookback_ms: int,
    step_ms: int | None,
    origin_ms: int | None,
) -> list[Member]:
    """The rules in the order of their files. step_ms: instead of every group's interval. origin_ms: a time at which
    every group is evaluated; None for the slots that the server gives them. Raises BadQuery."""
    found: list[Member] = []
    groups = [(file, group) for file, content in files for group in content.groups]
    for number, (file, group) in enumerate(groups):
        interval = step_ms or group.interval_ms or options.interval_ms
        offset = offset_ms(file, group.name, interval) if origin_ms is None else origin_ms % interval
        back = options.query_offset_ms if group.query_offset_ms is None else group.query_offset_ms
        for index, config in enumerate(group.rules):
            kind = AlertingRule if config.alert else RecordingRule
            rule = kind(config, group.labels)
            reads = tuple(_reads(rule.query, lookback_ms, options.interval_ms))
            found.append(Member(rule, file, group.name, number, index, group.limit, interval, offset, back, reads))
            if len(found) > MAX_RULES:
                raise BadQuery(f"more than {MAX_RULES:,} rules: name fewer files")
    return found


def _reads(query: str, lookback_ms: int, default_step_ms: int) -> Iterator[Read]:
    scope = Scope(0, 0, 0, lookback_ms, default_step_ms)
    for matchers, start_ms, _ in needs_of(tree(query, Timing(0, 0)), scope).values():
        yield Read(matchers, max(0, -start_ms))


def _may_meet(matcher: Matcher, known: Labels) -> bool:
    """Labels that are not known may have any value; the name is known always."""
    value = known.value(matcher.name)
    return (not value and matcher.name != METRIC_NAME) or matcher.matches(value)
