"""Whom the alerts of the set reach: those that nobody is told of, and those whose severity the routes cannot see."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from hivesight.doctor.alertmanager.receivers import is_null
from hivesight.doctor.alertmanager.sections import AlertmanagerSections, InhibitSection
from hivesight.doctor.alertmanager.tree import PlacedRoute, Traffic
from hivesight.doctor.alerts.always import always_fires
from hivesight.doctor.alerts.label_value import ABSENT
from hivesight.doctor.alerts.possible import ALERT_NAME, PossibleAlert
from hivesight.doctor.alerts.severity import SEVERITY
from hivesight.doctor.finding import Finding
from hivesight.doctor.rule_files import at
from hivesight.query.promql.walk import selectors

_OF_ALERTS: Final = "ALERTS"
_MOST_INHIBITIONS: Final = 200


def findings(file: AlertmanagerSections, ways: Traffic) -> Iterator[Finding]:
    """What is wrong with the alerts of the set as this file routes them; the places are those of the rules."""
    if file.tree is None or not any(each.integrations for each in file.receivers):
        return
    yield from _told_nobody(file, file.tree, ways)
    if any(each.name == SEVERITY for node in file.tree.walk() for each in node.route.matchers):
        yield from _without_severity(file.tree, ways)
    yield from _two_severities(file)


def _at(alert: PossibleAlert, code: str, message: str, remedy: str) -> Finding:
    return at(alert.rule.source, (*alert.rule.location, "alert"), code, message, remedy)


def _told_nobody(file: AlertmanagerSections, tree: PlacedRoute, ways: Traffic) -> Iterator[Finding]:
    told, meant = 0, 0
    silent: dict[str, int] = {}
    receivers = {each.name: each for each in file.receivers}
    for node in tree.walk():
        receiver = receivers.get(node.route.options.receiver)
        taken = ways.takes(node)
        if receiver is None or receiver.integrations:
            told |= taken
        elif node is not tree and is_null(receiver, [node]):
            meant |= taken
        else:
            silent[receiver.name] = silent.get(receiver.name, 0) | taken
    for name, taken in silent.items():
        for alert in ways.index.members(taken & ~told & ~meant):
            if not always_fires(alert.rule):
                message = f"{alert.name} reaches {name} alone, which has no integration: nobody is told"
                remedy = f"a route in {file.document.name} that takes it to somebody"
                yield _at(alert, "rules/unrouted", message, remedy)


def _without_severity(tree: PlacedRoute, ways: Traffic) -> Iterator[Finding]:
    routed = 0
    for node in tree.walk():
        routed |= 0 if node is tree else ways.index.surely(node.conditions)
    for alert in ways.index.members(ways.index.all & ~routed):
        if not _may_have_severity(alert) and not always_fires(alert.rule):
            message = f"{alert.name} has no severity, by which the routes choose: it goes to the default receiver"
            yield _at(alert, "rules/no-severity", message, "labels: {severity: ...}")


def _may_have_severity(alert: PossibleAlert) -> bool:
    """Whether a rule says it, or its series can have it: those that alerts are made into."""
    if alert.rule.expr is None or alert.shape is None or SEVERITY in alert.labels:
        return True
    if SEVERITY in alert.shape.always | (alert.shape.only or frozenset()) or alert.passage.rewrites(SEVERITY):
        return True
    return any(each.name == _OF_ALERTS for each in selectors(alert.rule.expr))


def _two_severities(file: AlertmanagerSections) -> Iterator[Finding]:
    """Alerts of one name, of which nothing mutes the milder one while the graver one fires."""
    first: dict[str, PossibleAlert] = {}
    for alert in file.alerts.alerts:
        other = first.setdefault(alert.name, alert)
        severities = {each.value(SEVERITY).text for each in (other, alert)}
        if other is alert or len(severities) < 2 or None in severities:
            continue
        pairs = ((other, alert), (alert, other))
        if not any(_mutes(each, *pair) for each in islice(file.inhibitions, _MOST_INHIBITIONS) for pair in pairs):
            message = f"{alert.name} is {' and '.join(sorted(map(str, severities)))}, and both are told at once"
            remedy = f"an inhibit rule in {file.document.name}, with equal: [{ALERT_NAME}, ...]"
            yield _at(alert, "rules/two-severities", message, remedy)


def _mutes(section: InhibitSection, source: PossibleAlert, target: PossibleAlert) -> bool:
    rule = section.rule
    if not source.can_meet(rule.source) or not target.can_meet(rule.target):
        return False
    return all((source.own(label) == ABSENT) == (target.own(label) == ABSENT) for label in rule.equal)
