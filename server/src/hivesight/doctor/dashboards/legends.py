"""Legends that ask for labels which the query drops, or lack those by which its series differ."""

import re
from collections.abc import Iterator
from typing import Final

from hivesight.doctor.dashboards.document import Dashboard
from hivesight.doctor.dashboards.found import found
from hivesight.doctor.dashboards.queries import Asked
from hivesight.doctor.finding import Finding
from hivesight.doctor.nodes import text
from hivesight.doctor.promql.metrics import family_of_part
from hivesight.doctor.promql.shape import BUCKET, Shape, shape_of
from hivesight.model.labels import METRIC_NAME
from hivesight.model.matcher import MatchType
from hivesight.query.promql.ast import Aggregate, Expr
from hivesight.query.promql.walk import selectors, walk
from hivesight_sdk import semconv

_LABEL: Final = re.compile(r"\{\{\s*([a-zA-Z_]\w*)\s*\}\}")
_MAX_LENGTH: Final = 2_000
_AUTOMATIC: Final = frozenset(("", "__auto"))
_LABELS: Final = {each.name: each.labels for each in semconv.FAMILIES}


def findings(dashboard: Dashboard, asked: Asked) -> Iterator[Finding]:
    """Of the legend of one query."""
    expr, legend = asked.query.expr, asked.target.legend
    if expr is None or asked.query.has_code or legend in _AUTOMATIC or text(asked.target.node, "format") == "table":
        return
    where = (*asked.target.location, "legendFormat")
    shape = shape_of(expr)
    named = {match[1] for match in _LABEL.finditer(legend)}
    for match in _LABEL.finditer(legend[:_MAX_LENGTH]):
        if not shape.can_have(match[1]):
            message = f"the query drops the label {match[1]}, so that the legend is empty there"
            remedy = f"keep {match[1]} in the query, or take it out of the legend"
            yield found(dashboard, where, "dashboards/legend-label", message, remedy, span=match.span())
    fixed = _fixed(expr)
    of_hive = sorted(_of_the_hive(expr, shape) - named - fixed)
    if of_hive:
        which = ", ".join(of_hive)
        message = f"series that differ in {which} alone have the same legend"
        yield found(dashboard, where, "dashboards/same-legend", message, f"sum by (...) without {which}, or name it")
        return
    grouped = sorted((shape.only or frozenset()) - named - fixed - {BUCKET, METRIC_NAME})
    if grouped and isinstance(expr, Aggregate):
        which = ", ".join(grouped)
        message = f"the query keeps {which} apart, and the legend does not say it"
        yield found(dashboard, where, "dashboards/short-legend", message, "name it in the legend, or sum over it")


def _fixed(expr: Expr) -> set[str]:
    """Labels that have one value in every series."""
    return {
        matcher.name for selector in selectors(expr) for matcher in selector.matchers if matcher.type is MatchType.EQUAL
    }


def _of_the_hive(expr: Expr, shape: Shape) -> frozenset[str]:
    """The labels that the SDK's table gives the one metric of a query that does not aggregate."""
    asked = selectors(expr)
    if len(asked) != 1 or any(isinstance(node, Aggregate) for node in walk(expr)):
        return frozenset()
    labels = _LABELS.get(asked[0].name) or _LABELS.get(family_of_part(asked[0].name), ())
    return frozenset(label for label in labels if shape.can_have(label))
