"""Which alerts may mute which, by what can be known of their labels before they fire."""

from collections.abc import Sequence

from hivesight.alerting import Config
from hivesight.alerting.inhibit import build_rules
from hivesight.doctor.drill.subject import Subject
from hivesight.model.matcher import Matcher
from hivesight.rules.alert_series import ALERT_NAME


def may_mute(config: Config, source: Subject, target: Subject) -> bool:
    """Whether an inhibition rule of the file may let alerts of `source` mute those of `target`."""
    return any(
        _may_meet(each.source, source) and _may_meet(each.target, target) for each in build_rules(config.inhibit_rules)
    )


def _may_meet(matchers: Sequence[Matcher], subject: Subject) -> bool:
    """Labels that the rule does not write may come from a series, and those that are templates may be anything."""
    written = {**subject.group.labels, **subject.rule.labels, ALERT_NAME: subject.name}
    known = {name: value for name, value in written.items() if "{{" not in value}
    return all(each.matches(known[each.name]) for each in matchers if each.name in known)
