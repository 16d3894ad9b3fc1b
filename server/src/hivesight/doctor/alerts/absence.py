"""Alerts on too little of something that say nothing when there is nothing at all."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hivesight.doctor.facts import Rule, SetFacts
from hivesight.doctor.finding import Finding
from hivesight.doctor.promql.flaw import about
from hivesight.doctor.promql.limits import limit_of
from hivesight.doctor.rule_files import of_flaw
from hivesight.model.matcher import MatchType
from hivesight.query.promql.ast import Aggregate, Binary, Call, Expr, NumberLiteral, VectorSelector, unwrap
from hivesight.query.promql.printer import format
from hivesight.query.promql.walk import selectors, walk

_TOO_LITTLE: Final = frozenset(("==", "<", "<="))
_TOTALS: Final = frozenset(("sum", "count"))
_ABSENT: Final = frozenset(("absent", "absent_over_time"))
_UP: Final = "up"


@dataclass(frozen=True, slots=True)
class _Watched:
    """metrics: those whose absence an alert watches. up: the selectors of `up` whose absence one watches."""

    metrics: frozenset[str]
    up: tuple[VectorSelector, ...]

    def covers(self, selector: VectorSelector) -> bool:
        if selector.name in self.metrics and selector.name != _UP:
            return True
        job = next(
            (each.value for each in selector.matchers if each.name == "job" and each.type is MatchType.EQUAL), None
        )
        return any(
            job is None or all(each.matches(job) for each in up.matchers if each.name == "job") for up in self.up
        )


def findings(facts: SetFacts) -> Iterator[Finding]:
    """Of all alerting rules of a set."""
    alerts = [rule for rule in facts.alerts if rule.expr is not None]
    watched = _watched(alerts)
    for rule in alerts:
        for node in _conditions(rule.expr) if rule.expr is not None else ():
            found = _total(node)
            if found is None:
                continue
            total, op = found
            asked = selectors(total)
            if len(asked) != 1 or watched.covers(asked[0]):
                continue
            zero = Binary(
                op="or", lhs=total, rhs=Call(func="vector", args=(NumberLiteral(value=0),)), returns=node.returns
            )
            message = (
                f"when no series of {asked[0].name or 'this selector'} is left, as after a crash, this is empty and "
                "not 0: the alert is silent exactly then"
            )
            flaw = about(node, "rules/silent-when-missing", message, f"({format(zero)}) {op} ...")
            yield of_flaw(rule.source, (*rule.location, "expr"), flaw)


def gone_unseen(facts: SetFacts) -> Iterator[Finding]:
    """Alerts on targets that are down, where none tells of targets that are gone."""
    alerts = [rule for rule in facts.alerts if rule.expr is not None]
    watched = _watched(alerts)
    for rule in alerts:
        for node in _conditions(rule.expr) if rule.expr is not None else ():
            limit = limit_of(node)
            down = limit is not None and (limit.op, limit.number.value) in (("==", 0), ("<", 1))
            if limit is None or not down or not isinstance(asked := limit.measured, VectorSelector):
                continue
            if asked.name == _UP and not watched.covers(asked):
                message = "a target that discovery does not find any more has no up at all, and no alert of these asks"
                flaw = about(node, "rules/gone-unseen", message, f"another alert: absent({format(asked)})")
                yield of_flaw(rule.source, (*rule.location, "expr"), flaw)


def _watched(alerts: Sequence[Rule]) -> _Watched:
    asked = [
        selector
        for rule in alerts
        for node in (walk(rule.expr) if rule.expr is not None else ())
        if isinstance(node, Call) and node.func in _ABSENT
        for selector in selectors(node)
    ]
    return _Watched(frozenset(each.name for each in asked), tuple(each for each in asked if each.name == _UP))


def _conditions(expr: Expr) -> Iterator[Binary]:
    """The comparisons whose series are the alert's."""
    stack = [expr]
    while stack:
        match unwrap(stack.pop()):
            case Binary(op="or", lhs=lhs, rhs=rhs):
                stack += [lhs, rhs]
            case Binary(op="and" | "unless", lhs=lhs):
                stack.append(lhs)
            case Binary(returns_bool=False) as node:
                yield node
            case _:
                pass


def _total(node: Binary) -> tuple[Aggregate, str] | None:
    """The whole that is held against a number, and how."""
    limit = limit_of(node)
    if limit is None or limit.op not in _TOO_LITTLE:
        return None
    total, number = limit.measured, limit.number.value
    if not isinstance(total, Aggregate) or total.op not in _TOTALS or total.grouping or total.without:
        return None
    if (limit.op == "==" and number != 0) or number < 0:
        return None
    return (total, limit.op) if not any(isinstance(each, Binary) and each.op == "or" for each in walk(total)) else None
