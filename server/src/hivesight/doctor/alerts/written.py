"""What an alerting rule says to people, and labels that change from evaluation to evaluation."""

import re
from collections.abc import Iterator
from typing import Final

from hivesight.doctor.alerts.always import always_fires
from hivesight.doctor.facts import Rule, SetFacts
from hivesight.doctor.finding import Finding
from hivesight.doctor.rule_files import at

_VALUE: Final = re.compile(r"\{\{[^}]*?(\$value\b|(?<![\w)\].])\.Value\b)")
_TELLS: Final = frozenset(("summary", "description", "message", "title"))
_RUNBOOK: Final = "runbook"


def findings(facts: SetFacts) -> Iterator[Finding]:
    """Of all alerting rules of a set."""
    for rule in facts.alerts:
        yield from _changing_labels(rule)
        yield from _annotations(rule)


def _changing_labels(rule: Rule) -> Iterator[Finding]:
    for name, text in rule.config.labels.items():
        match = _VALUE.search(text)
        if match is not None:
            message = (
                f"the label {name} is made of the value: with each evaluation it is another alert, `for` begins anew, "
                "and each is told by itself"
            )
            remedy = "an annotation may say the value; a label must not"
            where = (*rule.location, "labels", name)
            offset, length = match.start(1), len(match[1])
            yield at(rule.source, where, "rules/value-in-label", message, remedy, offset=offset, length=length)


def _annotations(rule: Rule) -> Iterator[Finding]:
    names = rule.config.annotations.keys()
    where = (*rule.location, "alert")
    if not _TELLS & names:
        message = f"{rule.config.alert} says neither in a summary nor in a description what is wrong"
        yield at(rule.source, where, "rules/no-summary", message, "annotations: {summary: ..., description: ...}")
    elif not any(_RUNBOOK in name for name in names) and not always_fires(rule):
        message = f"{rule.config.alert} has no runbook_url: whoever is woken must find out what to do"
        yield at(rule.source, where, "rules/no-runbook", message, "annotations: {runbook_url: ...}")
