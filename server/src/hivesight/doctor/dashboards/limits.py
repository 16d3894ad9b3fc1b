"""Colours of a panel beside the alerts on the same thing."""

from collections.abc import Iterator, Sequence

from hivesight.doctor.dashboards.document import Dashboard, Panel
from hivesight.doctor.dashboards.found import found
from hivesight.doctor.dashboards.queries import Asked
from hivesight.doctor.facts import Rule, SetFacts
from hivesight.doctor.finding import Finding
from hivesight.doctor.nodes import child, listed, text
from hivesight.query.promql.ast import COMPARISONS, Binary, Expr, NumberLiteral, VectorSelector, unwrap
from hivesight.schema.loading import Location


def findings(dashboard: Dashboard, panel: Panel, asked: Sequence[Asked], facts: SetFacts) -> Iterator[Finding]:
    """Where a panel's thresholds and the alerts of the set differ."""
    where, values = _thresholds(panel)
    if not values:
        return
    exprs = [each.query.expr for each in asked if each.query.expr is not None]
    alerts = {limit: rule for rule in facts.alerts for limit in _limits(rule, exprs)}
    if not alerts or alerts.keys() & values:
        return
    rule = next(iter(alerts.values()))
    limits = " and ".join(f"{limit:g}" for limit in sorted(alerts))
    message = (
        f"colours change at {' and '.join(f'{each:g}' for each in sorted(values))}, and alerts on the same value "
        f"fire at {limits} ({rule.config.alert})"
    )
    yield found(dashboard, where, "dashboards/other-limit", message, "the limits of the alerts", on_key=True)


def _thresholds(panel: Panel) -> tuple[Location, set[float]]:
    """The key that says them, and the values without the base step's."""
    new = ("fieldConfig", "defaults", "thresholds")
    if text(panel.node, *new, "mode") == "percentage":
        return panel.location, set()
    steps = [child(each, "value") for index, each in listed(panel.node, *new, "steps") if index]
    if steps:
        return (*panel.location, *new), _numbers(each.value for each in steps if each is not None)
    old = [child(each, "value") for _, each in listed(panel.node, "thresholds")]
    return (*panel.location, "thresholds"), _numbers(each.value for each in old if each is not None)


def _numbers(texts: Iterator[str | None]) -> set[float]:
    numbers = set[float]()
    for each in texts:
        try:
            numbers.add(float(each or ""))
        except ValueError:
            continue
    return numbers


def _limits(rule: Rule, exprs: Sequence[Expr]) -> Iterator[float]:
    """The limits of an alert on something that one of the queries shows."""
    compared = unwrap(rule.expr) if rule.expr is not None else None
    if not isinstance(compared, Binary) or compared.op not in COMPARISONS - {"==", "!="}:
        return
    limit, measured = unwrap(compared.rhs), unwrap(compared.lhs)
    if isinstance(limit, NumberLiteral) and any(_shows(unwrap(each), measured) for each in exprs):
        yield limit.value


def _shows(query: Expr, measured: Expr) -> bool:
    """Whether a query is what an alert compares, or selects it among others."""
    if isinstance(query, VectorSelector) and isinstance(measured, VectorSelector):
        return query.name == measured.name != "" and set(query.matchers) <= set(measured.matchers)
    return query == measured
