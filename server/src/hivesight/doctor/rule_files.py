"""Rule files: their expressions, how long an alert waits, and what its texts ask for."""

import re
from collections.abc import Iterator
from typing import Final

from hivesight.doctor.catalog import CHECKS
from hivesight.doctor.facts import Rule, SetFacts
from hivesight.doctor.finding import Edit, Finding
from hivesight.doctor.promql.examine import flaws_of
from hivesight.doctor.promql.flaw import Flaw
from hivesight.doctor.promql.shape import shape_of
from hivesight.model.duration import format_duration
from hivesight.rules.check import check
from hivesight.schema.loading import Loaded, Location

_LABEL: Final = re.compile(r"\$labels\.(\w+)|\.Labels\.(\w+)")
_OTHER_QUERY: Final = re.compile(r"\b(query|with|range)\b")


def findings(facts: SetFacts) -> Iterator[Finding]:
    """What is wrong with the rule files of a set."""
    for source in facts.sources:
        yield from (Finding(each) for each in (*source.diagnostics, *check(source)))
    for rule in facts.rules:
        yield from _expression(rule, facts)
        if rule.config.alert:
            yield from _waiting(rule, facts)
            yield from _texts(rule)


def _expression(rule: Rule, facts: SetFacts) -> Iterator[Finding]:
    if rule.expr is None:
        return
    for flaw in flaws_of(rule.config.expr, rule.expr, facts.expressions):
        yield of_flaw(rule.source, (*rule.location, "expr"), flaw)


def of_flaw(loaded: Loaded[object], location: Location, flaw: Flaw) -> Finding:
    """A flaw of the expression that stands at `location`."""
    length = flaw.end - flaw.start
    severity = CHECKS[flaw.check].severity
    diagnostic = loaded.at(location, flaw.check, flaw.message, severity=severity, offset=flaw.start, length=length)
    written = None if flaw.replacement is None else loaded.written_in(location, flaw.replacement)
    edit = None if written is None else Edit(diagnostic.line, diagnostic.col, diagnostic.length, written)
    return Finding(diagnostic, flaw.remedy, edit)


def at(
    loaded: Loaded[object],
    location: Location,
    code: str,
    message: str,
    remedy: str,
    *,
    on_key: bool = False,
    offset: int | None = None,
    length: int = 1,
) -> Finding:
    """A finding of a check of the catalogue, at the value at `location`."""
    severity = CHECKS[code].severity
    found = loaded.at(location, code, message, severity=severity, on_key=on_key, offset=offset, length=length)
    return Finding(found, remedy)


def _waiting(rule: Rule, facts: SetFacts) -> Iterator[Finding]:
    interval = rule.group.interval_ms or facts.evaluation_interval_ms
    waits = rule.config.for_ms
    if interval and 0 < waits < interval:
        again = format_duration(interval)
        message = f"for: {format_duration(waits)} is over before the rule is evaluated again, {again} later"
        remedy = f"at least two evaluations: {format_duration(2 * interval)}"
        yield at(rule.source, (*rule.location, "for"), "rules/short-for", message, remedy)


def _texts(rule: Rule) -> Iterator[Finding]:
    if rule.expr is None:
        return
    shape = shape_of(rule.expr)
    for kind, texts in (("labels", rule.config.labels), ("annotations", rule.config.annotations)):
        for name, text in texts.items():
            for match in _LABEL.finditer(text):
                label = match[1] or match[2]
                if _OTHER_QUERY.search(text[: match.start()]) or shape.can_have(label):
                    continue
                message = f"the alert has no label {label}: its expression drops it, so that this is empty"
                remedy = f"keep {label} in the expression, as in by ({label}, ...), or take it out of the text"
                where = (*rule.location, kind, name)
                yield at(
                    rule.source,
                    where,
                    "rules/dropped-label",
                    message,
                    remedy,
                    offset=match.start(),
                    length=len(match[0]),
                )
