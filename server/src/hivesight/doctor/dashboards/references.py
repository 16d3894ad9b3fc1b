"""Variables of Grafana: those that are named and not defined, and those that are defined and not named."""

from collections.abc import Iterator
from typing import Final

from hivesight.doctor.dashboards.document import Dashboard, Panel
from hivesight.doctor.dashboards.found import found
from hivesight.doctor.dashboards.variables import named_in
from hivesight.doctor.finding import Finding
from hivesight.doctor.nodes import child, text
from hivesight.schema.loading import Location
from hivesight.schema.tree import Node

_MAX_NAMES: Final = 50
"""The most undefined variables of one query that are reported."""
_BUILT_IN: Final = "__"
_SEEN_BY_GRAFANA: Final = frozenset(("adhoc", "groupby"))
"""Kinds of variables that act without being named."""


def findings(dashboard: Dashboard) -> Iterator[Finding]:
    """Of one dashboard."""
    known = {each.name for each in dashboard.variables} | dashboard.given
    for location, written in _queries(dashboard):
        told = set(known)
        for name, start, end in named_in(written):
            if name in told or name.startswith(_BUILT_IN) or f"(?P<{name}>" in written:
                continue
            if len(told) - len(known) >= _MAX_NAMES:
                break
            told.add(name)
            message = f"no variable is called {name}: the query asks for the text {written[start:end]!r} itself"
            remedy = "define it under templating, or write what is meant"
            yield found(dashboard, location, "dashboards/undefined-variable", message, remedy, span=(start, end))
    named = set(_named(dashboard.node))
    for each in dashboard.variables:
        if each.name and each.name not in named and each.kind not in _SEEN_BY_GRAFANA:
            message = f"nothing on the dashboard uses ${each.name}: whoever chooses a value sees no change"
            where = (*each.location, "name")
            yield found(dashboard, where, "dashboards/unused-variable", message, "use it in the queries, or remove it")


def _queries(dashboard: Dashboard) -> Iterator[tuple[Location, str]]:
    for panel in dashboard.panels:
        yield from _source(panel.location, panel.node)
        yield from _repeated(panel)
        for target in panel.targets:
            yield from _source(target.location, target.node)
            if target.expr:
                yield (*target.location, "expr"), target.expr


def _source(location: Location, node: Node) -> Iterator[tuple[Location, str]]:
    source = child(node, "datasource")
    if source is not None and source.value:
        yield (*location, "datasource"), source.value
    elif source is not None and text(source, "uid"):
        yield (*location, "datasource", "uid"), text(source, "uid")


def _repeated(panel: Panel) -> Iterator[tuple[Location, str]]:
    if "$" in text(panel.node, "repeat"):
        yield (*panel.location, "repeat"), text(panel.node, "repeat")


def _named(node: Node) -> Iterator[str]:
    """Every variable that any text of a part of the document names."""
    stack = [node]
    while stack:
        current = stack.pop()
        for key, (_, each) in (current.items or {}).items():
            if each.items is not None:
                stack.append(each)
            elif each.value:
                yield from (name for name, _, _ in named_in(each.value))
                if key == "repeat":
                    yield each.value
