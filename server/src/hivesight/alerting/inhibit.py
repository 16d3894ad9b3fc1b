"""Inhibition: an alert that fires mutes others. The current alerts enter; for a label set, the alerts that mute it
leave. Not thread-safe: the room holds the lock."""

from collections.abc import Sequence
from dataclasses import dataclass

from hivesight.alerting.config import InhibitRuleConfig
from hivesight.alerting.route import plain_matchers
from hivesight.model.alert import Alert
from hivesight.model.labels import Labels
from hivesight.model.matcher import Matcher, all_match


@dataclass(frozen=True, slots=True)
class InhibitRule:
    name: str
    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inhibition:
    """What mutes an alert: the fingerprint of the firing alert, and the rule by its position and name."""

    source: str
    rule: int
    name: str


def build_rules(configs: Sequence[InhibitRuleConfig]) -> tuple[InhibitRule, ...]:
    """The rules of a checked file."""
    return tuple(
        InhibitRule(
            each.name,
            plain_matchers(each.source_match, each.source_match_re, each.source_matchers),
            plain_matchers(each.target_match, each.target_match_re, each.target_matchers),
            each.equal,
        )
        for each in configs
    )


class Inhibitor:
    """Per rule the firing sources, indexed by the labels that must be equal. A label that is missing on both sides
    is equal, as in Alertmanager: that is its documented behaviour."""

    def __init__(self, rules: Sequence[InhibitRule]) -> None:
        self._rules = tuple(rules)
        self._sources: tuple[dict[tuple[str, ...], dict[str, Alert]], ...] = tuple({} for _ in self._rules)

    def insert(self, alert: Alert) -> None:
        """An alert as the store gives it."""
        for rule, sources in zip(self._rules, self._sources, strict=True):
            if all_match(rule.source, alert.labels):
                sources.setdefault(_equal(rule, alert.labels), {})[alert.fingerprint] = alert

    def inhibited_by(self, labels: Labels, now_ms: int) -> Inhibition | None:
        """The first alert found that mutes one with these labels, or None. An alert that is on both sides of a rule
        is not muted by another that is on both sides too (Alertmanager, "Inhibition-related settings")."""
        for number, (rule, sources) in enumerate(zip(self._rules, self._sources, strict=True)):
            if not all_match(rule.target, labels):
                continue
            two_sided = all_match(rule.source, labels)
            for fingerprint, source in sources.get(_equal(rule, labels), {}).items():
                if source.resolved_at(now_ms) or (two_sided and all_match(rule.target, source.labels)):
                    continue
                return Inhibition(fingerprint, number, rule.name)
        return None

    def sweep(self, now_ms: int) -> None:
        """Forget sources that are over."""
        for sources in self._sources:
            for key, alerts in list(sources.items()):
                for fingerprint, alert in list(alerts.items()):
                    if alert.resolved_at(now_ms):
                        del alerts[fingerprint]
                if not alerts:
                    del sources[key]


def _equal(rule: InhibitRule, labels: Labels) -> tuple[str, ...]:
    return tuple(labels.value(name) for name in rule.equal)
