"""The routing tree of an Alertmanager file with the places of its routes, and the way of possible alerts through it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from hivesight.alerting.config import RouteConfig
from hivesight.alerting.route import Route, build_route
from hivesight.doctor.alerts.index import AlertIndex
from hivesight.doctor.workspace import Document
from hivesight.model.matcher import Matcher, MatchType
from hivesight.schema import load_node
from hivesight.schema.loading import Location

ROUTE: Final = "route"


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


def tree_of(document: Document, read: RouteConfig | None = None) -> PlacedRoute | None:
    """The tree of a file; None where it has none, or one with errors. read: its route, where that was read already."""
    items = document.loaded.root.items or {}
    if ROUTE not in items:
        return None
    config = read or load_node(items[ROUTE][1], document.text, str(document.path), RouteConfig).value
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
    """Which alerts can come by a route, and which it can take, by the route's index in the tree. Sets are those of
    `AlertIndex`."""

    index: AlertIndex
    entering: dict[int, int]
    taken: dict[int, int]

    def entered(self, node: PlacedRoute) -> int:
        return self.entering.get(node.route.index, 0)

    def takes(self, node: PlacedRoute) -> int:
        return self.taken.get(node.route.index, 0)


def traffic(root: PlacedRoute, index: AlertIndex) -> Traffic:
    """The ways of all alerts."""
    found = Traffic(index, {}, {})
    _follow(root, index.all, found)
    return found


def _follow(node: PlacedRoute, arriving: int, found: Traffic) -> int:
    """As `alerting.route.Route.match`, for all alerts at once, with a third answer where it depends on labels that
    nobody knows yet. Gives those that surely meet the node's conditions."""
    if node.contradiction is not None:
        return 0
    entering = arriving & found.index.maybe(node.route.matchers)
    surely = entering & found.index.surely(node.route.matchers)
    remaining, below = entering, 0
    for child in node.children:
        matched = _follow(child, remaining, found)
        below |= matched
        if not child.route.continues:
            remaining &= ~matched
    found.entering[node.route.index] = entering
    found.taken[node.route.index] = entering & ~below
    return surely
