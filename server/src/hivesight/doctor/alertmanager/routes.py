"""Routes that no alert can reach: behind one that takes all before, with conditions that exclude each other, or with
conditions that no alert of the set meets."""

from collections.abc import Iterator, Sequence
from typing import Final

from hivesight.doctor.alertmanager.earlier import EarlierRoutes
from hivesight.doctor.alertmanager.sections import AlertmanagerSections
from hivesight.doctor.alertmanager.tree import PlacedRoute, Traffic
from hivesight.doctor.alerts.index import AlertIndex
from hivesight.doctor.finding import Finding
from hivesight.doctor.rule_files import at

_MOST_NAMED: Final = 5


def unreachable(file: AlertmanagerSections, ways: Traffic | None) -> Iterator[Finding]:
    """ways: of the alerts of the set; None where there are none."""
    if file.tree is not None:
        yield from _below(file, file.tree, EarlierRoutes(), ways)


def _below(
    file: AlertmanagerSections, parent: PlacedRoute, before: EarlierRoutes, ways: Traffic | None
) -> Iterator[Finding]:
    """before: the routes that take alerts away before they come to `parent`."""
    entered = len(before)
    for node in parent.children:
        fault = _contradiction(file, node) or _shadowed(file, node, before)
        if fault is None and ways is not None and not ways.entered(node):
            fault = _not_entered(file, node, before.last(), ways)
        if fault is not None:
            yield fault
        else:
            yield from _below(file, node, before, ways)
        if not node.route.continues:
            before.add(node)
    before.cut(entered)


def _contradiction(file: AlertmanagerSections, node: PlacedRoute) -> Finding | None:
    if node.contradiction is None:
        return None
    one, other = node.contradiction
    message = f"no alert can reach this route: it needs {one} and {other} at once"
    return at(file.document.loaded, node.location, "alertmanager/contradiction", message, "take one of the two out")


def _shadowed(file: AlertmanagerSections, node: PlacedRoute, before: EarlierRoutes) -> Finding | None:
    """Behind a route whose conditions are met by all that meets those of this one, whatever the alert is."""
    earlier = before.taking_all_of(node)
    return None if earlier is None else _behind(file, node, earlier, "all that this one could take")


def _not_entered(
    file: AlertmanagerSections, node: PlacedRoute, before: Sequence[PlacedRoute], ways: Traffic
) -> Finding | None:
    meeting = ways.index.maybe(node.conditions)
    if not meeting:
        return _unmet(file, node, ways.index)
    for each in before:
        if meeting & ways.index.surely(each.conditions):
            return _behind(file, node, each, _named(ways.index, meeting))
    return None


def _behind(file: AlertmanagerSections, node: PlacedRoute, taker: PlacedRoute, what: str) -> Finding:
    place = file.document.loaded.at(taker.location, "", "")
    conditions = ", ".join(map(str, taker.route.matchers)) or "without conditions"
    message = (
        f"no alert reaches this route: the one in line {place.line} ({conditions}) takes {what} and has no continue"
    )
    remedy = f"move this route above the one in line {place.line}: the first that matches takes the alert"
    return at(file.document.loaded, node.location, "alertmanager/shadowed-route", message, remedy)


def _unmet(file: AlertmanagerSections, node: PlacedRoute, index: AlertIndex) -> Finding:
    alone = next((each for each in node.route.matchers if not index.maybe((each,))), None)
    if alone is None:
        message = f"no alert of these files meets {', '.join(map(str, node.conditions))} together"
        remedy = "look at the labels of the alerts, or take the route out"
    else:
        message = f"no alert of these files meets {alone}"
        seen = sorted({value.text or "" for value in index.values(alone.name)} - {""})
        shown = ", ".join(seen[:_MOST_NAMED]) + (", ..." if len(seen) > _MOST_NAMED else "")
        remedy = f"{alone.name} is {shown} there" if seen else f"no alert there has the label {alone.name}"
    return at(file.document.loaded, node.location, "alertmanager/unmet-route", message, remedy)


def _named(index: AlertIndex, alerts: int) -> str:
    names = sorted({alert.name for alert in index.members(alerts)})
    return ", ".join(names[:_MOST_NAMED]) + (
        f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    )
