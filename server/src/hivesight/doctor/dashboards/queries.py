"""What panels ask Prometheus for: all checks of PromQL, ranges that do not follow the scrape, unknown metrics."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from hivesight.doctor.dashboards.document import Dashboard, Panel, Target
from hivesight.doctor.dashboards.found import found
from hivesight.doctor.dashboards.variables import Query, query_of
from hivesight.doctor.facts import SetFacts
from hivesight.doctor.finding import Finding
from hivesight.doctor.nodes import child, listed, text
from hivesight.doctor.promql.examine import flaws_of
from hivesight.doctor.promql.flaw import Flaw
from hivesight.doctor.promql.metrics import family_of_part
from hivesight.query.promql.ast import Call, Expr, MatrixSelector
from hivesight.query.promql.walk import selectors, walk
from hivesight_sdk import semconv

_PROMETHEUS: Final = "prometheus"
_NOT_PROMQL: Final = ("|=", "|~", "!=~", "| json", "| logfmt", "| line_format", "| unwrap")
_OF_ALERTS: Final = frozenset(("promql/counter-as-gauge",))
"""Checks of what an alert waits for; a panel may compare as it likes."""
_OF_RANGES: Final = frozenset(("promql/short-range",))
_OF_LABELS: Final = frozenset(("promql/impossible-label", "promql/lost-label", "promql/pairs-with-itself"))
_MAX_FLAWS: Final = 50
"""The most flaws of one query that are reported."""
_RATES: Final = frozenset(("rate", "irate"))
_HIVE: Final = "agent_hive_"
_FAMILIES: Final = frozenset(each.name for each in semconv.FAMILIES)
_STATES: Final = frozenset(("up", "probe_success"))
_AT_ONE_TIME: Final = frozenset(("stat", "gauge", "bargauge"))


@dataclass(frozen=True, slots=True)
class Asked:
    """A target whose query is PromQL, as far as the file tells."""

    target: Target
    query: Query

    @property
    def place(self) -> tuple[str | int, ...]:
        return (*self.target.location, "expr")


def asked_by(dashboard: Dashboard, panel: Panel) -> Iterator[Asked]:
    """The queries of a panel that are PromQL."""
    for target in panel.targets:
        known = _PROMETHEUS in target.source
        if target.expr and (known or (not target.source and not any(sign in target.expr for sign in _NOT_PROMQL))):
            yield Asked(target, query_of(target.expr))


def findings(dashboard: Dashboard, panel: Panel, asked: Asked, facts: SetFacts) -> Iterator[Finding]:
    """Of one query."""
    query, expr = asked.query, asked.query.expr
    if expr is None:
        if query.reason and not query.has_code:
            where = (query.offset, query.offset + 1)
            message, remedy = query.restored(query.reason), "write it as the expression browser takes it"
            yield found(dashboard, asked.place, "dashboards/query-syntax", message, remedy, span=where)
        return
    for flaw in islice(flaws_of(query.text, expr, facts.expressions), _MAX_FLAWS):
        if not _hangs_on_variables(query, flaw):
            yield _of_flaw(dashboard, asked, flaw)
    yield from _intervals(dashboard, panel, asked, expr)
    yield from _unknown(dashboard, asked, expr, facts)
    yield from _vanished(dashboard, panel, asked, expr)


def _hangs_on_variables(query: Query, flaw: Flaw) -> bool:
    if flaw.check in _OF_ALERTS or query.touches(flaw.start, flaw.end, "code"):
        return True
    if flaw.check in _OF_RANGES:
        return query.touches(flaw.start, flaw.end, "range")
    return flaw.check in _OF_LABELS and query.has_code


def _of_flaw(dashboard: Dashboard, asked: Asked, flaw: Flaw) -> Finding:
    query = asked.query
    return found(
        dashboard,
        asked.place,
        flaw.check,
        query.restored(flaw.message),
        query.restored(flaw.remedy),
        span=(flaw.start, flaw.end),
        replacement=None if flaw.replacement is None else query.restored(flaw.replacement),
    )


def _intervals(dashboard: Dashboard, panel: Panel, asked: Asked, expr: Expr) -> Iterator[Finding]:
    """`$__interval` shrinks below two scrapes when the dashboard shows a short time."""
    if text(asked.target.node, "interval") or text(panel.node, "interval"):
        return  # a least step that its author has chosen
    for node in walk(expr):
        if not isinstance(node, Call) or node.func not in _RATES or not isinstance(node.args[0], MatrixSelector):
            continue
        for each in asked.query.variables:
            if each.name == "__interval" and each.meaning == "range" and node.start <= each.start < node.end:
                written = asked.query.written[each.start : each.end]
                message = f"{written} may be shorter than two scrapes, and then {node.func}() is empty"
                better = written.replace("__interval", "__rate_interval")
                yield found(
                    dashboard,
                    asked.place,
                    "dashboards/interval-in-rate",
                    message,
                    better,
                    span=(each.start, each.end),
                    replacement=better,
                )


def _unknown(dashboard: Dashboard, asked: Asked, expr: Expr, facts: SetFacts) -> Iterator[Finding]:
    recorded = {rule.config.record for rule in facts.rules}
    for selector in selectors(expr):
        name = selector.name
        if not name.startswith(_HIVE) or asked.query.touches(selector.start, selector.start + len(name), "code"):
            continue
        family = family_of_part(name) or name.removesuffix("_created")
        if {name, family} & (_FAMILIES | recorded) or f"{family}_total" in _FAMILIES:
            continue
        message = f"no hive exposes {name}, and no rule of these files records it: the query is empty"
        remedy = "look at the table of metrics for its name"
        span = (selector.start, selector.start + len(name))
        yield found(dashboard, asked.place, "dashboards/unknown-metric", message, remedy, span=span)


def _vanished(dashboard: Dashboard, panel: Panel, asked: Asked, expr: Expr) -> Iterator[Finding]:
    """The last value of the whole time range, for what disappears when it fails."""
    if panel.kind not in _AT_ONE_TIME or text(asked.target.node, "instant") == "true":
        return
    calcs = [each.value for _, each in listed(panel.node, "options", "reduceOptions", "calcs")]
    says_other = child(panel.node, "options", "reduceOptions", "calcs") is not None and "lastNotNull" not in calcs
    asks = [each for each in selectors(expr) if each.name in _STATES]
    if asks and not says_other:
        message = f"a target that is gone has no {asks[0].name} any more, and the panel goes on showing its last value"
        remedy = '"instant": true in the target, so that it shows no data'
        span = (asks[0].start, asks[0].start + len(asks[0].name))
        yield found(dashboard, asked.place, "dashboards/hides-absence", message, remedy, span=span)
