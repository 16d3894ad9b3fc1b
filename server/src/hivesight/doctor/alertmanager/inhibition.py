"""Inhibition rules that never mute anything, and those that mute what has nothing to do with their source."""

from collections.abc import Iterator, Sequence
from typing import Final

from hivesight.alerting.inhibit import InhibitRule
from hivesight.doctor.alertmanager.sections import AlertmanagerSections, InhibitSection
from hivesight.doctor.alertmanager.tree import contradiction
from hivesight.doctor.alerts.label_value import ABSENT, Meets
from hivesight.doctor.alerts.possible import ALERT_NAME, PossibleAlert
from hivesight.doctor.finding import Finding
from hivesight.doctor.rule_files import at
from hivesight.model.matcher import Matcher, MatchType

MAX_PAIRS: Final = 250_000
"""Sources times targets of one rule that are compared."""
Pair = tuple[PossibleAlert, PossibleAlert]


def findings(file: AlertmanagerSections) -> Iterator[Finding]:
    """What is wrong with the inhibition rules of a file."""
    for section in file.inhibitions:
        by_itself = list(_by_itself(file, section))
        yield from by_itself
        if file.alerts and not by_itself:
            yield from _with_alerts(file, section)


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
    if not rule.equal and _fixed(rule.source, ALERT_NAME) is None and not _named(rule.source):
        shown = ", ".join(map(str, rule.source))
        message = f"without equal: one alert with {shown} mutes all targets, whatever they are about"
        remedy = "name the labels that both must share, such as equal: [cluster, service]"
        yield _at(file, section, "alertmanager/inhibits-all", message, remedy)


def _fixed(matchers: Sequence[Matcher], label: str) -> str | None:
    return next((each.value for each in matchers if each.name == label and each.type is MatchType.EQUAL), None)


def _named(matchers: Sequence[Matcher]) -> bool:
    return any(each.name == ALERT_NAME for each in matchers)


# ---- what the alerts of the set tell ----


def _with_alerts(file: AlertmanagerSections, section: InhibitSection) -> Iterator[Finding]:
    rule = section.rule
    sides = {
        "source": [each for each in file.alerts if each.meets(rule.source) is not Meets.NO],
        "target": [each for each in file.alerts if each.meets(rule.target) is not Meets.NO],
    }
    for side, found in sides.items():
        if not found:
            matchers = rule.source if side == "source" else rule.target
            shown = ", ".join(map(str, matchers))
            code = "alertmanager/inhibits-nothing" if _named(matchers) else "alertmanager/inhibits-nothing-here"
            message = f"no alert of these files can be its {side} ({shown})"
            yield _at(file, section, code, message, "look at the labels of the alerts, or take the rule out")
            return
    if len(sides["source"]) * len(sides["target"]) <= MAX_PAIRS:
        yield from _paired(file, section, list(_pairs(rule, sides["source"], sides["target"])))


def _pairs(rule: InhibitRule, sources: Sequence[PossibleAlert], targets: Sequence[PossibleAlert]) -> Iterator[Pair]:
    """The pairs in which one could mute the other if no label had to be equal."""
    for source in sources:
        also_target = source.meets(rule.target) is Meets.YES
        for target in targets:
            both = also_target and target.meets(rule.source) is Meets.YES
            if not both:
                yield source, target


def _paired(file: AlertmanagerSections, section: InhibitSection, pairs: Sequence[Pair]) -> Iterator[Finding]:
    equal = section.rule.equal
    if not pairs:
        message = "every target is a source too, and those do not mute each other: it never mutes"
        yield _at(
            file, section, "alertmanager/inhibits-nothing", message, "let the target be the less grave ones alone"
        )
        return
    agreeing = any(all(_may_be_equal(pair, label) for label in equal) for pair in pairs)
    if not agreeing:
        yield _never(file, section, pairs)
    if ALERT_NAME not in equal or not agreeing:
        yield from _unrelated(file, section, pairs)


def _may_be_equal(pair: Pair, label: str) -> bool:
    one, other = (alert.value(label) for alert in pair)
    if one.text is not None and other.text is not None:
        return one.text == other.text
    if one == ABSENT or other == ABSENT:
        return (other if one == ABSENT else one).may_lack
    return True


def _never(file: AlertmanagerSections, section: InhibitSection, pairs: Sequence[Pair]) -> Finding:
    equal = section.rule.equal
    guilty = next((label for label in equal if not any(_may_be_equal(pair, label) for pair in pairs)), equal[0])
    source, target = pairs[0]
    if guilty == ALERT_NAME:
        message = (
            f"never mutes: alertname must be equal, and no source has the name of a target ({source.name}, "
            f"{target.name}, ...)"
        )
        remedy = "put a label on both rules of a condition that says which it is, and that label into equal"
    else:
        message = f"never mutes: {guilty} must be equal, and of no source and target it can be"
        remedy = f"let both sides have {guilty}, or take it out of equal"
    return _at(file, section, "alertmanager/inhibits-nothing", message, remedy, "equal", equal.index(guilty))


def _unrelated(file: AlertmanagerSections, section: InhibitSection, pairs: Sequence[Pair]) -> Iterator[Finding]:
    """A pair that nothing but labels which both lack holds together, the alert's name apart."""
    labels = [label for label in section.rule.equal if label != ALERT_NAME]
    for source, target in pairs:
        if source.name == target.name or not labels:
            continue
        if all(_lacks(alert, label) for alert in (source, target) for label in labels):
            lacking = [label for label in labels if source.value(label) == ABSENT] or labels
            index = section.rule.equal.index(lacking[-1])
            message = (
                f"{source.name} and {target.name} both lack {' and '.join(lacking)}, which counts as equal: "
                "one mutes the other, whatever they are about"
            )
            remedy = (
                'add a label to equal that says what an alert is about, and ask for it on both sides: condition=~".+"'
            )
            yield _at(file, section, "alertmanager/inhibits-unrelated", message, remedy, "equal", index)
            return


def _lacks(alert: PossibleAlert, label: str) -> bool:
    """Whether its rule surely does not make the label; what the server adds is the same for all."""
    return alert.own(label) == ABSENT and not alert.passage.rewrites(label)
