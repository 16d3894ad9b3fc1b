"""The alerts that the rules of a set can make, and what is known of their labels before there is any data.

Sound: what is said to be certain is certain. A label whose value depends on the data, on a template or on a file that
is not in the set may have any value.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from hivesight.doctor.alerts.label_value import ABSENT, ANY, PRESENT, LabelValue, Meets
from hivesight.doctor.alerts.passage import Passage, passage_of
from hivesight.doctor.alerts.series_labels import SeriesLabels
from hivesight.doctor.facts import Rule, SetFacts
from hivesight.doctor.promql.shape import Shape, shape_of
from hivesight.doctor.workspace import Workspace
from hivesight.model.matcher import Matcher
from hivesight.query.promql.ast import Expr

ALERT_NAME: Final = "alertname"
_TEMPLATE: Final = "{{"


@dataclass(frozen=True, slots=True)
class PossibleAlert:
    """An alerting rule as those see it that its alerts are sent to. labels: the rule's own and its group's, as they
    are written. shape: of the series that its expression returns, None where that is not known."""

    rule: Rule
    labels: Mapping[str, str]
    shape: Shape | None
    series: SeriesLabels
    passage: Passage
    _own: dict[str, LabelValue] = field(default_factory=dict[str, LabelValue], init=False, repr=False, compare=False)

    @property
    def name(self) -> str:
        return self.rule.config.alert

    def own(self, label: str) -> LabelValue:
        """The label as the rule makes it, before the server adds its external labels."""
        if label not in self._own:
            self._own[label] = self._made(label)
        return self._own[label]

    def _made(self, label: str) -> LabelValue:
        if label == ALERT_NAME:
            return LabelValue(self.name)
        written = self.labels.get(label)
        if written is not None:
            return ANY if _TEMPLATE in written else LabelValue(written)
        if self.shape is None or self.rule.expr is None:
            return ANY
        if not self.shape.can_have(label) or not self.series.can_bring(self.rule.expr, label):
            return ABSENT
        return PRESENT if label in self.shape.always else ANY

    def value(self, label: str) -> LabelValue:
        """The label as Alertmanager gets it."""
        if self.passage.rewrites(label):
            return ANY
        own = self.own(label)
        if own == ABSENT:
            return self.passage.external(label)
        return own if own.text is not None or not own.may_lack else ANY

    def can_meet(self, matchers: Iterable[Matcher]) -> bool:
        """Whether its alerts can meet all of the conditions; `AlertIndex` asks for many alerts at once."""
        return all(self.value(each.name).meets(each) is not Meets.NO for each in matchers)


def possible_alerts(workspace: Workspace, facts: SetFacts) -> tuple[PossibleAlert, ...]:
    """The alerts of a set. None where a rule file cannot be read, as nobody knows then what alerts there are."""
    if any(source.value is None for source in facts.sources):
        return ()
    passage = passage_of(workspace)
    series = SeriesLabels.of(workspace)
    return tuple(
        PossibleAlert(rule, {**rule.group.labels, **rule.config.labels}, _shape(rule.expr), series, passage)
        for rule in facts.alerts
    )


def _shape(expr: Expr | None) -> Shape | None:
    return None if expr is None else shape_of(expr)
