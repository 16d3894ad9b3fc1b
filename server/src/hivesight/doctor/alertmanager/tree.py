"""The routing tree of an Alertmanager file with the places of its routes, and the way of possible alerts through it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from hivesight.alerting.config import RouteConfig
from hivesight.alerting.route import Route, build_route
from hivesight.doctor.alerts.label_value import LabelValue, Meets
from hivesight.doctor.alerts.possible import PossibleAlert
from hivesight.doctor.workspace import Document
from hivesight.model.matcher import Matcher, MatchType
from hivesight.schema import load_node
from hivesight.schema.loading import Location

ROUTE: Final = "route"
MAX_STEPS: Final = 2_000_000
"""Routes times kinds of alerts that are looked at: 1,000 of both are half of it."""


@dataclass(frozen=True, slots=True)
class PlacedRoute:
    """A node, with its place in the file and as it is written. conditions: its matchers and those of the routes above
    it, all of which an alert has to meet. contradiction: two of them that exclude each other."""

    route: Route
    config: RouteConfig
    location: Location
    conditions: tuple[Matcher, ...]
    contradiction: tuple[Matcher, Matcher] | None
    children: tuple["PlacedRoute", ...] = field(repr=False)

    def walk(self) -> Iterator["PlacedRoute"]:
        """This node and all below it, in the order of the tree."""
        yield self
        for child in self.children:
            yield from child.walk()


def tree_of(document: Document) -> PlacedRoute | None:
    """The tree of a file; None where it has none, or one with errors."""
    items = document.loaded.root.items or {}
    if ROUTE not in items:
        return None
    config = load_node(items[ROUTE][1], document.text, str(document.path), RouteConfig).value
    return None if config is None else _placed(build_route(config), config, (ROUTE,), ())


def _placed(route: Route, config: RouteConfig, location: Location, above: tuple[Matcher, ...]) -> PlacedRoute:
    conditions = (*above, *route.matchers)
    children = tuple(
        _placed(child, written, (*location, "routes", index), conditions)
        for index, (child, written) in enumerate(zip(route.routes, config.routes, strict=True))
    )
    return PlacedRoute(route, config, location, conditions, contradiction(conditions), children)


def contradiction(conditions: Iterable[Matcher]) -> tuple[Matcher, Matcher] | None:
    """Two conditions of which an alert can meet one alone: a fixed value, and what that value does not meet."""
    by_label: dict[str, list[Matcher]] = {}
    for each in conditions:
        by_label.setdefault(each.name, []).append(each)
    for matchers in by_label.values():
        fixed = next((each for each in matchers if each.type is MatchType.EQUAL), None)
        other = next((each for each in matchers if fixed is not None and not each.matches(fixed.value)), None)
        if fixed is not None and other is not None:
            return fixed, other
    return None


@dataclass(frozen=True, slots=True)
class Traffic:
    """Which alerts can come by a route, and which it can take, by the route's index in the tree. kinds: the alerts, in
    lists of those that all routes treat alike."""

    kinds: list[list[PossibleAlert]]
    entering: dict[int, list[PossibleAlert]]
    taken: dict[int, list[PossibleAlert]]

    def takers(self, root: PlacedRoute, alert: PossibleAlert) -> list[PlacedRoute]:
        """The routes that can take an alert."""
        return [node for node in root.walk() if alert in self.taken.get(node.route.index, ())]


def traffic(root: PlacedRoute, alerts: Sequence[PossibleAlert]) -> Traffic | None:
    """The ways of all alerts; None where they are too many to follow."""
    kinds = kinds_of(alerts, {each.name for node in root.walk() for each in node.route.matchers})
    if len(kinds) * sum(1 for _ in root.walk()) > MAX_STEPS:
        return None
    found = Traffic(kinds, {}, {})
    for kind in kinds:
        _follow(root, kind, found)
    return found


def kinds_of(alerts: Sequence[PossibleAlert], labels: Iterable[str]) -> list[list[PossibleAlert]]:
    """The alerts, those together of which the same is known about these labels."""
    names = sorted(labels)
    kinds: dict[tuple[LabelValue, ...], list[PossibleAlert]] = {}
    for alert in alerts:
        kinds.setdefault(tuple(alert.value(name) for name in names), []).append(alert)
    return list(kinds.values())


def _follow(node: PlacedRoute, kind: list[PossibleAlert], found: Traffic) -> Meets:
    """As `alerting.route.Route.match`, with a third answer where it depends on labels that nobody knows yet."""
    meets = kind[0].meets(node.route.matchers)
    if meets is Meets.NO or node.contradiction is not None:
        return Meets.NO
    found.entering.setdefault(node.route.index, []).extend(kind)
    surely_below = False
    for child in node.children:
        if _follow(child, kind, found) is Meets.YES:
            surely_below = True
            if not child.route.continues:
                break
    if not surely_below:
        found.taken.setdefault(node.route.index, []).extend(kind)
    return meets
