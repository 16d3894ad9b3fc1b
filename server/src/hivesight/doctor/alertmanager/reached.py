"""Whom the alerts of the set reach: those that nobody is told of, and those whose severity the routes cannot see."""

from collections.abc import Iterator
from typing import Final

from hivesight.doctor.alertmanager.receivers import is_null
from hivesight.doctor.alertmanager.sections import AlertmanagerSections, InhibitSection
from hivesight.doctor.alertmanager.tree import PlacedRoute, Traffic
from hivesight.doctor.alerts.always import always_fires
from hivesight.doctor.alerts.label_value import ABSENT, Meets
from hivesight.doctor.alerts.possible import ALERT_NAME, PossibleAlert
from hivesight.doctor.finding import Finding
from hivesight.doctor.rule_files import at
from hivesight.query.promql.walk import selectors

_SEVERITY: Final = "severity"
_OF_ALERTS: Final = "ALERTS"


def findings(file: AlertmanagerSections, ways: Traffic) -> Iterator[Finding]:
    """What is wrong with the alerts of the set as this file routes them; the places are those of the rules."""
    if file.tree is None:
        return
    takers = _takers(file.tree, ways)
    by_severity = any(each.name == _SEVERITY for node in file.tree.walk() for each in node.route.matchers)
    for alert in file.alerts:
        if always_fires(alert.rule):
            continue
        nodes = takers.get(id(alert), [])
        yield from _told_nobody(file, alert, nodes)
        if by_severity:
            yield from _without_severity(alert, nodes)
    yield from _two_severities(file)


def _takers(root: PlacedRoute, ways: Traffic) -> dict[int, list[PlacedRoute]]:
    found: dict[int, list[PlacedRoute]] = {}
    for node in root.walk():
        for alert in ways.taken.get(node.route.index, ()):
            found.setdefault(id(alert), []).append(node)
    return found


def _at(alert: PossibleAlert, code: str, message: str, remedy: str) -> Finding:
    return at(alert.rule.source, (*alert.rule.location, "alert"), code, message, remedy)


def _told_nobody(file: AlertmanagerSections, alert: PossibleAlert, nodes: list[PlacedRoute]) -> Iterator[Finding]:
    receivers = [file.receiver(node.route.options.receiver) for node in nodes]
    if not receivers or any(each is None or each.integrations for each in receivers):
        return
    meant = all(each is not None and is_null(each, [node]) for each, node in zip(receivers, nodes, strict=True))
    by_default = all(node is file.tree for node in nodes) and any(each.integrations for each in file.receivers)
    if not meant or by_default:
        names = ", ".join(sorted({each.name for each in receivers if each is not None}))
        message = f"{alert.name} reaches {names} alone, which has no integration: nobody is told"
        remedy = f"a route in {file.document.path.name} that takes it to somebody"
        yield _at(alert, "rules/unrouted", message, remedy)


def _without_severity(alert: PossibleAlert, nodes: list[PlacedRoute]) -> Iterator[Finding]:
    if _SEVERITY in alert.labels or _SEVERITY in (alert.shape.always if alert.shape is not None else ()):
        return
    if alert.rule.expr is None or any(each.name == _OF_ALERTS for each in selectors(alert.rule.expr)):
        return
    if alert.passage.rewrites(_SEVERITY) or any(_surely(node, alert) for node in nodes):
        return
    message = f"{alert.name} has no severity, by which the routes choose: it goes to the default receiver"
    yield _at(alert, "rules/no-severity", message, "labels: {severity: ...}")


def _surely(node: PlacedRoute, alert: PossibleAlert) -> bool:
    return len(node.location) > 1 and alert.meets(node.conditions) is Meets.YES


def _two_severities(file: AlertmanagerSections) -> Iterator[Finding]:
    """Alerts of one name, of which nothing mutes the milder one while the graver one fires."""
    first: dict[str, PossibleAlert] = {}
    for alert in file.alerts:
        other = first.setdefault(alert.name, alert)
        severities = {each.value(_SEVERITY).text for each in (other, alert)}
        if other is alert or len(severities) < 2 or None in severities:
            continue
        if not any(_mutes(each, *pair) for each in file.inhibitions for pair in ((other, alert), (alert, other))):
            message = f"{alert.name} is {' and '.join(sorted(map(str, severities)))}, and both are told at once"
            remedy = f"an inhibit rule in {file.document.path.name}, with equal: [{ALERT_NAME}, ...]"
            yield _at(alert, "rules/two-severities", message, remedy)


def _mutes(section: InhibitSection, source: PossibleAlert, target: PossibleAlert) -> bool:
    rule = section.rule
    if Meets.NO in (source.meets(rule.source), target.meets(rule.target)):
        return False
    return all((source.own(label) == ABSENT) == (target.own(label) == ABSENT) for label in rule.equal)
