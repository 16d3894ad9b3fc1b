"""Alerting rules: every element of an expression's answer is an alert with a life of its own."""

import math
from collections.abc import Mapping, Set
from dataclasses import replace
from typing import Final

from hivesight.gotmpl import Template, table_link
from hivesight.model.alert import Alert
from hivesight.model.labels import METRIC_NAME, Labels
from hivesight.query.promql.parser import parse
from hivesight.query.promql.printer import format as canonical
from hivesight.rules.alert_series import ALERT_NAME, samples_of
from hivesight.rules.alerts import (
    ActiveAlert,
    Alerts,
    AlertState,
    Timing,
    active,
    advance,
    needs_sending,
)
from hivesight.rules.expansion import Expansion, Surroundings, parse_template
from hivesight.rules.ports import Element, elements_of, number_of
from hivesight.rules.restoring import Remembered, Restoration, restored
from hivesight.rules.rule import Moment, Outcome, RuleFailed
from hivesight.rules.sections import RuleConfig

_VALIDITY: Final = 4
"""How many resend delays (or intervals, where those are longer) an alert holds unless it is said again: two
evaluations or two sendings may fail."""


class AlertingRule:
    """`alert: Name`, and its alerts. One thread evaluates it; `alerts` is a snapshot that any thread may read."""

    def __init__(self, config: RuleConfig, group_labels: Mapping[str, str]) -> None:
        """Raises BadQuery for an expression and TemplateError for a template that does not parse."""
        self.config = config
        self.query = canonical(parse(config.expr))
        self.labels = Labels({**group_labels, **config.labels})
        self.timing = Timing(config.for_ms, config.keep_firing_for_ms)
        self.alerts: Alerts = {}
        self._memory: Mapping[Labels, Remembered] = {}
        self._back_ms: int | None = None
        self._restoration = Restoration()
        self._label_templates = _templates(config.alert, {**group_labels, **config.labels})
        self._annotation_templates = _templates(config.alert, config.annotations)

    @property
    def state(self) -> AlertState:
        """The gravest state of any of its alerts."""
        states = {each.state for each in self.alerts.values()}
        firing_first = (AlertState.FIRING, AlertState.PENDING)
        return next((state for state in firing_first if state in states), AlertState.INACTIVE)

    def remember(self, memory: Mapping[Labels, Remembered], restoration: Restoration) -> None:
        """What is known of its alerts from before a restart. Each of them goes on as soon as its condition is seen to
        hold. One that fired and whose condition is not seen any more is over once there has been time to see it: after
        the first evaluation, and as long after it as the process was away, a minute at most."""
        self._memory, self._back_ms, self._restoration = memory, None, restoration

    def evaluate(self, moment: Moment) -> Outcome:
        """Ask, let every alert go on, and say which to write and which to send. Raises RuleFailed for equal label
        sets or past the limit, and QueryError, StorageError."""
        expansion = Expansion(moment.query, moment.at_ms, moment.surroundings, moment.template_failed)
        found = [self._recalled(each, moment.at_ms) for each in self._found(moment, expansion)]
        missing = self._missing({each.labels for each in found}, expansion, moment.at_ms)
        alerts = advance({**missing, **self.alerts}, found, self.timing, moment.at_ms)
        now_active = active(alerts)
        if moment.limit and len(now_active) > moment.limit:
            self.alerts = {}
            raise RuleFailed(f"exceeded limit of {moment.limit} with {len(now_active)} alerts")
        sent = [each for each in alerts.values() if needs_sending(each, moment.at_ms, moment.resend_delay_ms)]
        said = [self._said(each, moment) for each in sorted(sent, key=lambda each: each.labels)]
        alerts.update({each.labels: replace(each, last_sent_at_ms=moment.at_ms) for each in sent})
        self.alerts = alerts
        return Outcome([sample for each in now_active for sample in samples_of(each)], said)

    def _recalled(self, new: ActiveAlert, at_ms: int) -> ActiveAlert:
        """The alert with its past from before a restart, where it has one and is not under way already."""
        old = self._memory.get(new.labels)
        if old is None or new.labels in self.alerts:
            return new
        return restored(new, old, self.timing.for_ms, at_ms, self._restoration)

    def _missing(self, found: Set[Labels], expansion: Expansion, at_ms: int) -> Alerts:
        """Alerts that fired before a restart and whose condition does not hold now: those that `keep_firing_for`
        keeps, and those that there has been time to see. Their value is not known any more."""
        waiting = {labels: old for labels, old in self._memory.items() if labels not in found}
        missing: dict[Labels, ActiveAlert] = {}
        for labels, old in waiting.items():
            if labels in self.alerts or not (self.timing.keep_firing_for_ms or self._settled(old, at_ms)):
                continue
            data = expansion.data(labels.without(ALERT_NAME), math.nan)
            annotations = Labels(expansion.expand(self._annotation_templates, data))
            new = ActiveAlert(labels, math.nan, at_ms, annotations, keep_firing_since_ms=at_ms)
            alert = restored(new, old, self.timing.for_ms, at_ms, self._restoration)
            if alert.state is AlertState.FIRING:
                missing[labels] = alert
        self._memory = {labels: old for labels, old in waiting.items() if not self._settled(old, at_ms)}
        self._back_ms = at_ms if self._back_ms is None else self._back_ms
        return missing

    def _settled(self, old: Remembered, at_ms: int) -> bool:
        """Whether there has been time to see the condition of an alert from before the restart."""
        if self._back_ms is None:
            return False
        return at_ms - self._back_ms >= min(self._restoration.settling_ms, self._back_ms - old.down_at_ms)

    def _found(self, moment: Moment, expansion: Expansion) -> list[ActiveAlert]:
        """One new alert for each element of the answer."""
        elements = elements_of(moment.query(self.query, moment.data_ms))
        found: dict[Labels, ActiveAlert] = {}
        for element in elements:
            alert = self._alert(element, expansion, moment.at_ms)
            if alert.labels in found:
                raise RuleFailed("vector contains metrics with the same labelset after applying alert labels")
            found[alert.labels] = alert
        return list(found.values())

    def _alert(self, element: Element, expansion: Expansion, at_ms: int) -> ActiveAlert:
        labels, annotations = self.identity(element, expansion), self.annotations(element, expansion)
        return ActiveAlert(labels, number_of(element[1]), at_ms, annotations)

    def identity(self, element: Element, expansion: Expansion) -> Labels:
        """The labels of the alert that an element of the answer is."""
        labels, value = element
        own = expansion.expand(self._label_templates, expansion.data(labels, value))
        return labels.without(METRIC_NAME).merged({**own, ALERT_NAME: self.config.alert})

    def annotations(self, element: Element, expansion: Expansion) -> Labels:
        """What is said of the alert that an element of the answer is."""
        return Labels(expansion.expand(self._annotation_templates, expansion.data(*element)))

    def _said(self, alert: ActiveAlert, moment: Moment) -> Alert:
        """The alert as it is told to those who should hear. External labels stand where it has none of that name."""
        surroundings = moment.surroundings
        ends = moment.at_ms + _VALIDITY * max(moment.interval_ms, moment.resend_delay_ms)
        return Alert(
            labels=surroundings.external_labels.merged(alert.labels),
            annotations=alert.annotations,
            starts_at_ms=moment.at_ms if alert.fired_at_ms is None else alert.fired_at_ms,
            ends_at_ms=ends if alert.resolved_at_ms is None else alert.resolved_at_ms,
            generator_url=generator_url(surroundings, self.query),
            updated_at_ms=moment.at_ms,
        )


def generator_url(surroundings: Surroundings, query: str) -> str:
    """Where the expression can be looked at."""
    return surroundings.external_url.rstrip("/") + table_link(query)


def _templates(alert: str, texts: Mapping[str, str]) -> dict[str, Template]:
    return {name: parse_template(alert, text) for name, text in texts.items()}
