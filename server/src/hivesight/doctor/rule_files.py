"""Rule files: their expressions, how long an alert waits, and what its texts ask for."""

import re
from collections.abc import Iterator
from typing import Any, Final

from hivesight.doctor.catalog import CHECKS
from hivesight.doctor.facts import Rule, SetFacts
from hivesight.doctor.finding import Edit, Finding
from hivesight.doctor.promql.examine import flaws_of
from hivesight.doctor.promql.flaw import Flaw, about
from hivesight.doctor.promql.shape import shape_of
from hivesight.model.duration import format_duration
from hivesight.query.promql.ast import Aggregate, Call, Expr
from hivesight.query.promql.walk import walk
from hivesight.rules.check import check
from hivesight.schema.loading import Loaded, Location

_LABEL: Final = re.compile(r"""(?:\$labels|\.Labels)\.(\w+)|index\s+(?:\$labels|\.Labels)\s+["`](\w+)["`]""")
_ASKS_FIRST: Final = re.compile(r"\b(if|with|range|or|query)\b")


def findings(facts: SetFacts) -> Iterator[Finding]:
    """What is wrong with the rule files of a set."""
    for source in facts.sources:
        yield from (Finding(each) for each in (*source.diagnostics, *check(source, facts.trees.parse)))
    for rule in facts.rules:
        if rule.too_deep:
            message = "the expression is nested too deeply to be examined"
            yield at(rule.source, (*rule.location, "expr"), "rules/too-deep", message, "record parts of it")
        if rule.expr is not None:
            yield from _expression(rule, rule.expr, facts)
        if rule.config.alert:
            yield from _waiting(rule, facts)
        if rule.config.alert and rule.expr is not None:
            yield from _texts(rule, rule.expr)


def _expression(rule: Rule, expr: Expr, facts: SetFacts) -> Iterator[Finding]:
    where = (*rule.location, "expr")
    for flaw in flaws_of(rule.config.expr, expr, facts.expressions):
        yield of_flaw(rule.source, where, flaw)
    for flaw in _restless(expr) if rule.config.alert else ():
        yield of_flaw(rule.source, where, flaw)


def of_flaw(loaded: Loaded[Any], location: Location, flaw: Flaw) -> Finding:
    """A flaw of the expression that stands at `location`."""
    length = flaw.end - flaw.start
    severity = CHECKS[flaw.check].severity
    diagnostic = loaded.at(location, flaw.check, flaw.message, severity=severity, offset=flaw.start, length=length)
    written = None if flaw.replacement is None else loaded.written_in(location, flaw.replacement)
    edit = None if written is None else Edit(diagnostic.line, diagnostic.col, diagnostic.length, written)
    return Finding(diagnostic, flaw.remedy, edit)


def at(
    loaded: Loaded[Any],
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


def _restless(expr: Expr) -> Iterator[Flaw]:
    """What changes its mind too quickly for `for`."""
    for node in walk(expr):
        if isinstance(node, Call) and node.func == "irate":
            message = "irate() looks at two samples alone, so that a quiet moment begins the wait anew"
            yield about(node, "rules/irate-in-alert", message, "rate(...)")
        if isinstance(node, Aggregate) and node.op in ("topk", "bottomk") and node is expr:
            message = f"whenever another series is among those of {node.op}, its alert begins to wait anew"
            yield about(node, "rules/choice-in-alert", message, "a limit that tells how much is too much")


def _waiting(rule: Rule, facts: SetFacts) -> Iterator[Finding]:
    interval = rule.group.interval_ms or facts.evaluation_interval_ms
    waits = rule.config.for_ms
    if interval and 0 < waits < interval:
        again = format_duration(interval)
        message = f"for: {format_duration(waits)} is over before the rule is evaluated again, {again} later"
        remedy = f"at least two evaluations: {format_duration(2 * interval)}"
        yield at(rule.source, (*rule.location, "for"), "rules/short-for", message, remedy)


def _texts(rule: Rule, expr: Expr) -> Iterator[Finding]:
    shape = shape_of(expr)
    for kind, texts in (("labels", rule.config.labels), ("annotations", rule.config.annotations)):
        for name, text in texts.items():
            for label, start, end in _asked(text):
                if not shape.can_have(label):
                    message = f"the alert has no label {label}: its expression drops it, so that this is empty"
                    remedy = f"keep {label} in the expression, as in by ({label}, ...), or take it out of the text"
                    where = (*rule.location, kind, name)
                    length = end - start
                    code = "rules/dropped-label"
                    yield at(rule.source, where, code, message, remedy, offset=start, length=length)


def _asked(text: str) -> Iterator[tuple[str, int, int]]:
    """The labels of the alert that a template prints, with their places; not those that it first asks for, nor those
    of another query's samples."""
    start = text.find("{{")
    while start >= 0 and (end := text.find("}}", start)) >= 0:
        if _ASKS_FIRST.search(text, start, end):
            return
        for match in _LABEL.finditer(text, start, end):
            yield match[1] or match[2], match.start(), match.end()
        start = text.find("{{", end)
