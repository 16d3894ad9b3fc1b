"""Inhibition: an alert that fires mutes others. The current alerts enter; for a label set, the alert that mutes it
leaves. Not thread-safe: the room holds the lock."""

from collections.abc import Sequence
from dataclasses import dataclass

from hivesight.alerting.config import InhibitRuleConfig
from hivesight.alerting.index import MatcherIndex, fingerprint
from hivesight.alerting.route import plain_matchers
from hivesight.model.alert import Alert
from hivesight.model.labels import Labels
from hivesight.model.matcher import Matcher, all_match


@dataclass(frozen=True, slots=True)
class InhibitRule:
    """number: its position in the file."""

    number: int
    name: str
    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inhibition:
    """What mutes an alert: the firing alert's fingerprint and labels, and the rule by its position and name."""

    source: str
    labels: Labels
    rule: int
    name: str

    def __str__(self) -> str:
        named = f" {self.name!r}" if self.name else ""
        return f"{self.labels} fires, inhibit rule {self.rule + 1}{named}"


def build_rules(configs: Sequence[InhibitRuleConfig]) -> tuple[InhibitRule, ...]:
    """The rules of a checked file."""
    return tuple(
        InhibitRule(
            number,
            each.name,
            plain_matchers(each.source_match, each.source_match_re, each.source_matchers),
            plain_matchers(each.target_match, each.target_match_re, each.target_matchers),
            each.equal,
        )
        for number, each in enumerate(configs)
    )


class Inhibitor:
    """Per rule the firing sources, by the labels that must be equal. A label that is missing on both sides is equal,
    as in Alertmanager: that is its documented behaviour."""

    def __init__(self, rules: Sequence[InhibitRule]) -> None:
        self._by_source = MatcherIndex((rule.source, rule) for rule in rules)
        self._by_target = MatcherIndex((rule.target, rule) for rule in rules)
        self._sources: dict[int, dict[tuple[str, ...], dict[str, Alert]]] = {rule.number: {} for rule in rules}

    def insert(self, alert: Alert) -> None:
        """An alert as the store gives it."""
        for rule in self._by_source.matching(alert.labels):
            sources = self._sources[rule.number].setdefault(_equal(rule, alert.labels), {})
            sources[fingerprint(alert.labels)] = alert

    def inhibited_by(self, labels: Labels, now_ms: int) -> Inhibition | None:
        """The first alert found that mutes one with these labels, or None. An alert that is on both sides of a rule
        is not muted by another that is on both sides too (Alertmanager, "Inhibition-related settings")."""
        for rule in self._by_target.matching(labels):
            sources = self._sources[rule.number].get(_equal(rule, labels))
            if not sources:
                continue
            two_sided = all_match(rule.source, labels)
            for name, source in sources.items():
                if source.resolved_at(now_ms) or (two_sided and all_match(rule.target, source.labels)):
                    continue
                return Inhibition(name, source.labels, rule.number, rule.name)
        return None

    def sweep(self, now_ms: int) -> None:
        """Forget sources that are over."""
        for sources in self._sources.values():
            for key, alerts in list(sources.items()):
                for name, alert in list(alerts.items()):
                    if alert.resolved_at(now_ms):
                        del alerts[name]
                if not alerts:
                    del sources[key]


def _equal(rule: InhibitRule, labels: Labels) -> tuple[str, ...]:
    return tuple(labels.value(name) for name in rule.equal)
