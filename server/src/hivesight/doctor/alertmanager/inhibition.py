"""Inhibition rules that never mute anything, and those that mute what has nothing to do with their source."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from hivesight.alerting.inhibit import InhibitRule
from hivesight.doctor.alertmanager.sections import AlertmanagerSections, InhibitSection
from hivesight.doctor.alertmanager.tree import contradiction
from hivesight.doctor.alerts.index import AlertIndex
from hivesight.doctor.alerts.label_value import ABSENT, LabelValue
from hivesight.doctor.alerts.possible import ALERT_NAME, PossibleAlert
from hivesight.doctor.alerts.severity import SEVERITY
from hivesight.doctor.finding import Finding
from hivesight.doctor.rule_files import at
from hivesight.model.matcher import Matcher, MatchType

_OF_SERVERS: Final = frozenset(
    ("cluster", "region", "zone", "datacenter", "dc", "site", "env", "environment", "stage", "tenant", "prometheus")
)
"""Labels that a server gives all of its alerts, as external labels that may stand in a file which is not in the set."""
MAX_PAIRS: Final = 200_000
"""Kinds of sources times kinds of targets that are compared, over all rules of a file."""
MAX_SIDES: Final = 300_000
"""Rules of a file times alerts of the set that are looked at."""


def findings(file: AlertmanagerSections) -> Iterator[Finding]:
    """What is wrong with the inhibition rules of a file."""
    # A file with more rules than this is examined in its first ones, as far as the alerts of the set go.
    most = MAX_SIDES // (1 + len(file.alerts.alerts))
    by_names = any(_mutes_by_name(file.alerts, section.rule) for section in file.inhibitions[:most])
    for number, section in enumerate(file.inhibitions):
        by_itself = list(_by_itself(file, section))
        yield from by_itself
        if file.alerts and not by_itself and number < most:
            yield from _with_alerts(file, section, by_names)


def _at(
    file: AlertmanagerSections, section: InhibitSection, code: str, message: str, remedy: str, *path: str | int
) -> Finding:
    return at(file.document.loaded, (*section.location, *path), code, message, remedy)


# ---- what the rule alone tells ----


def _by_itself(file: AlertmanagerSections, section: InhibitSection) -> Iterator[Finding]:
    rule = section.rule
    for side, matchers in (("source", rule.source), ("target", rule.target)):
        if not matchers:
            message = f"without conditions on its {side}: every alert is one"
            yield _at(file, section, "alertmanager/inhibits-all", message, f"write {side}_matchers")
            return
        if (fault := contradiction(matchers)) is not None:
            message = f"no alert can be its {side}: that needs {fault[0]} and {fault[1]} at once"
            yield _at(file, section, "alertmanager/inhibits-nothing", message, "take one of the two out")
            return
    if set(rule.source) == set(rule.target):
        message = (
            "source and target are the same alerts, and an alert that is both is not muted by another that is both"
        )
        yield _at(
            file, section, "alertmanager/inhibits-nothing", message, "let the target be the less grave ones alone"
        )
        return
    for index, label in enumerate(rule.equal):
        source, target = _fixed(rule.source, label), _fixed(rule.target, label)
        if source and target and source != target:
            message = f"never mutes: {label} is {source} at the source and {target} at the target, and must be equal"
            remedy = f"take {label} out of equal"
            yield _at(file, section, "alertmanager/inhibits-nothing", message, remedy, "equal", index)
            return
    if not rule.equal and all(each.name == SEVERITY for each in rule.source):
        shown = ", ".join(map(str, rule.source))
        message = f"without equal: one alert with {shown} mutes all targets, whatever they are about"
        remedy = "name the labels that both must share, such as equal: [cluster, service]"
        yield _at(file, section, "alertmanager/inhibits-all", message, remedy)


def _fixed(matchers: Sequence[Matcher], label: str) -> str | None:
    return next((each.value for each in matchers if each.name == label and each.type is MatchType.EQUAL), None)


def _named(matchers: Sequence[Matcher]) -> bool:
    return any(each.name == ALERT_NAME for each in matchers)


# ---- what the alerts of the set tell ----


@dataclass(frozen=True, slots=True)
class _Kind:
    """Alerts of one side of a rule of which the same is known about the labels that must be equal. two_sided: whether
    they surely are on the other side as well. names: their names. one: any of them."""

    values: tuple[LabelValue, ...]
    lacking: bool
    two_sided: bool
    names: set[str]
    one: PossibleAlert


Pair = tuple[_Kind, _Kind]


def _mutes_by_name(alerts: AlertIndex, rule: InhibitRule) -> bool:
    """Whether two alerts of one name exist, of which a rule lets one mute the other: then the names of the set are
    meant to say what an alert is about."""
    if ALERT_NAME not in rule.equal:
        return False
    sources = {each.name for each in alerts.members(alerts.maybe(rule.source))}
    return any(each.name in sources for each in alerts.members(alerts.maybe(rule.target)))


def _with_alerts(file: AlertmanagerSections, section: InhibitSection, by_names: bool) -> Iterator[Finding]:
    rule, alerts = section.rule, file.alerts
    sides = {"source": (rule.source, rule.target), "target": (rule.target, rule.source)}
    for side, (matchers, _) in sides.items():
        if not alerts.maybe(matchers):
            shown = ", ".join(map(str, matchers))
            code = "alertmanager/inhibits-nothing" if _named(matchers) else "alertmanager/inhibits-nothing-here"
            message = f"no alert of these files can be its {side} ({shown})"
            yield _at(file, section, code, message, "look at the labels of the alerts, or take the rule out")
            return
    labels = [label for label in rule.equal if label != ALERT_NAME]
    sources, targets = (_kinds(alerts, *matchers, labels) for matchers in sides.values())
    if len(sources) * len(targets) * len(file.inhibitions) > MAX_PAIRS:
        return
    pairs = [(one, other) for one, other in product(sources, targets) if not (one.two_sided and other.two_sided)]
    if not pairs:
        message = "every target is a source too, and those do not mute each other: it never mutes"
        yield _at(
            file, section, "alertmanager/inhibits-nothing", message, "let the target be the less grave ones alone"
        )
        return
    by_name = ALERT_NAME in rule.equal
    agreeing = any(_agree(pair) and (not by_name or pair[0].names & pair[1].names) for pair in pairs)
    if not agreeing:
        yield _never(file, section, labels, pairs, by_names)
    if labels and not _named(rule.source) and (not by_name or not (agreeing or by_names)):
        yield from _unrelated(file, section, labels, pairs)


def _kinds(
    alerts: AlertIndex, matchers: Sequence[Matcher], others: Sequence[Matcher], labels: Sequence[str]
) -> list[_Kind]:
    surely = alerts.surely(others)
    found: dict[object, _Kind] = {}
    for part, two_sided in ((surely, True), (~surely, False)):
        for alert in alerts.members(alerts.maybe(matchers) & part):
            values = tuple(alert.value(label) for label in labels)
            lacking = all(_lacks(alert, label) for label in labels)
            kind = found.setdefault((values, lacking, two_sided), _Kind(values, lacking, two_sided, set(), alert))
            kind.names.add(alert.name)
    return list(found.values())


def _lacks(alert: PossibleAlert, label: str) -> bool:
    """Whether its rule surely does not make the label; what the server adds is the same for all."""
    return alert.own(label) == ABSENT and not alert.passage.rewrites(label)


def _agree(pair: Pair) -> bool:
    return all(map(_may_be_equal, pair[0].values, pair[1].values))


def _may_be_equal(one: LabelValue, other: LabelValue) -> bool:
    if one.text is not None and other.text is not None:
        return one.text == other.text
    if ABSENT in (one, other):
        return (other if one == ABSENT else one).may_lack
    return True


def _never(
    file: AlertmanagerSections, section: InhibitSection, labels: Sequence[str], pairs: Sequence[Pair], by_names: bool
) -> Finding:
    equal = section.rule.equal
    apart = [
        label
        for index, label in enumerate(labels)
        if not any(_may_be_equal(one.values[index], other.values[index]) for one, other in pairs)
    ]
    if apart or ALERT_NAME not in equal:
        guilty = (apart or labels)[0]
        message = f"never mutes: {guilty} must be equal, and of no source and target it can be"
        remedy = f"let both sides have {guilty}, or take it out of equal"
        return _at(file, section, "alertmanager/inhibits-nothing", message, remedy, "equal", equal.index(guilty))
    code = "alertmanager/inhibits-nothing-here" if by_names else "alertmanager/inhibits-nothing"
    names = f"{pairs[0][0].one.name}, {pairs[0][1].one.name}, ..."
    message = f"never mutes: alertname must be equal, and no source has the name of a target ({names})"
    remedy = "put a label on both rules of a condition that says which it is, and that label into equal"
    return _at(file, section, code, message, remedy, "equal", equal.index(ALERT_NAME))


def _unrelated(
    file: AlertmanagerSections, section: InhibitSection, labels: Sequence[str], pairs: Sequence[Pair]
) -> Iterator[Finding]:
    """Two alerts that nothing but labels which both lack holds together, the alert's name apart."""
    for one, other in pairs:
        if not (one.lacking and other.lacking) or len(one.names | other.names) < 2:
            continue
        source = min(one.names)
        target = min(other.names - {source}, default=source)
        lacking = [
            label
            for label, value in zip(labels, one.values, strict=True)
            if value == ABSENT or (not one.one.passage.externals and label not in _OF_SERVERS)
        ]
        if not lacking:
            return
        message = (
            f"{source} and {target} both lack {' and '.join(lacking)}, which counts as equal: "
            "one mutes the other, whatever they are about"
        )
        remedy = 'add a label to equal that says what an alert is about, and ask for it on both sides: condition=~".+"'
        index = section.rule.equal.index(lacking[-1])
        yield _at(file, section, "alertmanager/inhibits-unrelated", message, remedy, "equal", index)
        return
