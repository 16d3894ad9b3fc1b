"""Thresholds of panels: the numbers that the pack's alerts compare with, read out of their expressions, so that a panel
and its alert cannot disagree."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from hivesight import pack
from hivesight.model.errors import HivesightError
from hivesight.query.promql import parse, selectors
from hivesight.query.promql.ast import COMPARISONS, Binary, Expr, NumberLiteral, Paren
from hivesight.rules.config import read_rule_file
from hivesight.rules.sections import RuleConfig

COLORS: Final = {"critical": "red", "warning": "orange"}
GOOD: Final = "green"
OTHER: Final = "yellow"
_JUST_ABOVE_ZERO: Final = 1e-9

Step = tuple[float | None, str]
"""From this value on, this colour; None is from the lowest on."""


class LimitError(HivesightError):
    """A panel names an alert that the pack does not have, or one that compares with no number."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What an alert compares with. runbook: its address, or "" where the rule has none."""

    alert: str
    op: str
    value: float
    severity: str
    runbook: str = ""

    @property
    def color(self) -> str:
        return COLORS.get(self.severity, OTHER)

    @property
    def edge(self) -> float:
        """Where the colour changes. Grafana colours from a value on: of what is bad above zero, zero itself is good;
        what is compared by equality is a count, whose next value is one more."""
        if self.op == "==":
            return self.value + 1
        return _JUST_ABOVE_ZERO if self.op == ">" and self.value == 0 else self.value


def limit(alert: str, labels: Mapping[str, str] | None = None) -> Limit:
    """The limit of an alert of the pack: the first one whose selectors take these labels. Raises LimitError."""
    rule = _alerts(pack.RULES).get(alert)
    if rule is None:
        raise LimitError(f"the pack has no alert {alert}; name one of its rule files")
    for comparison in _comparisons(parse(rule.expr)):
        if _takes(comparison, labels or {}) and isinstance(comparison.rhs, NumberLiteral):
            severity = rule.labels.get("severity", "")
            return Limit(alert, comparison.op, comparison.rhs.value, severity, rule.annotations.get("runbook_url", ""))
    raise LimitError(f"{alert} compares with no number; leave it out of the panel, or choose other labels")


def factor(alert: str) -> float:
    """What an alert multiplies another figure with before it compares: `a > 6 * b` -> 6. Raises LimitError."""
    rule = _alerts(pack.RULES).get(alert)
    for comparison in _comparisons(parse(rule.expr)) if rule is not None else ():
        if isinstance(rhs := comparison.rhs, Binary) and rhs.op == "*" and isinstance(rhs.lhs, NumberLiteral):
            return rhs.lhs.value
    raise LimitError(f"the pack has no alert {alert} that compares with a number times something")


def recorded(name: str, labels: Mapping[str, str]) -> str:
    """The expression of a recording rule of the pack with these labels. Raises LimitError."""
    for rule in _rules(pack.RULES):
        if rule.record == name and labels.items() <= rule.labels.items():
            return rule.expr
    raise LimitError(f"the pack records no {name} with the labels {dict(labels)}; name one of its rule files")


def steps(limits: tuple[Limit, ...]) -> tuple[Step, ...]:
    """Limits of one figure as thresholds, ascending. Raises LimitError where some are bad above and some below."""
    edges = sorted(limits, key=lambda each: each.edge)
    if all(each.op.startswith(">") for each in edges):
        return ((None, GOOD), *((each.edge, each.color) for each in edges))
    if any(each.op.startswith(">") for each in edges):
        raise LimitError(f"{', '.join(each.alert for each in edges)} are limits on both sides; make two panels")
    colors = [*(each.color for each in edges), GOOD]
    return tuple(zip((None, *(each.edge for each in edges)), colors, strict=True))


@cache
def _rules(directory: Path) -> tuple[RuleConfig, ...]:
    sources = (read_rule_file(path) for path in sorted(directory.glob("*.yml")))
    files = (source.file for source in sources if source.file is not None)
    return tuple(rule for file in files for group in file.groups for rule in group.rules)


@cache
def _alerts(directory: Path) -> dict[str, RuleConfig]:
    return {rule.alert: rule for rule in _rules(directory) if rule.alert}


def _comparisons(expr: Expr) -> Iterator[Binary]:
    """What decides: both sides of `or`; of `and` and `unless` the left one, as the right one only lets through."""
    match expr:
        case Paren(expr=inner):
            yield from _comparisons(inner)
        case Binary(op="or", lhs=lhs, rhs=rhs):
            yield from _comparisons(lhs)
            yield from _comparisons(rhs)
        case Binary(op="and" | "unless", lhs=lhs):
            yield from _comparisons(lhs)
        case Binary(op=op) if op in COMPARISONS:
            yield expr
        case _:
            pass


def _takes(expr: Expr, labels: Mapping[str, str]) -> bool:
    matchers = [each for selector in selectors(expr) for each in selector.matchers if each.name in labels]
    return all(each.matches(labels[each.name]) for each in matchers)
