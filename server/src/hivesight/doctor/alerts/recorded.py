"""Series that are asked for by the name of a recording rule which the set has not, though it has its kin."""

import difflib
from collections.abc import Iterator
from typing import Final

from hivesight.doctor.facts import Rule, SetFacts
from hivesight.doctor.finding import Finding
from hivesight.doctor.promql.flaw import about
from hivesight.doctor.promql.metrics import has_recorded_name
from hivesight.doctor.rule_files import of_flaw
from hivesight.query.promql.ast import VectorSelector
from hivesight.query.promql.walk import selectors

_ALIKE: Final = 0.96
_MOST_COMPARED: Final = 200
"""Names that are compared with those of all rules."""


def findings(facts: SetFacts) -> Iterator[Finding]:
    """Of all expressions of a set's rules."""
    recorded = {rule.config.record for rule in facts.rules if rule.config.record}
    if not recorded:
        return
    kin: dict[str, str] = {}
    for name in sorted(recorded):
        kin.setdefault(_of_what(name), name)
    close: dict[str, str | None] = {}
    for rule in facts.rules:
        for selector in selectors(rule.expr) if rule.expr is not None else ():
            name = selector.name
            if name in recorded or not has_recorded_name(name):
                continue
            if name not in close and len(close) < _MOST_COMPARED:
                close[name] = next(iter(difflib.get_close_matches(name, recorded, 1, _ALIKE)), kin.get(_of_what(name)))
            yield _missing(rule, selector, close.get(name))


def _missing(rule: Rule, selector: VectorSelector, near: str | None) -> Finding:
    if near is not None:
        message, remedy = f"no rule records {selector.name}", f"{near} is recorded: is it meant?"
        flaw = about(selector, "rules/not-recorded", message, remedy)
    else:
        message = f"no rule of these files records {selector.name}"
        flaw = about(
            selector, "rules/recorded-elsewhere", message, "record it here, or look whether another server does"
        )
    return of_flaw(rule.source, (*rule.location, "expr"), flaw)


def _of_what(name: str) -> str:
    """`level:metric` of `level:metric:operation`; a name of two parts is its own."""
    return name.rpartition(":")[0] if name.count(":") > 1 else name
