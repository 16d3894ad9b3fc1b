"""The routing tree: which routes take an alert, and why the others were passed over. Built once from the file; pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from hivesight.alerting.config import RouteConfig
from hivesight.alerting.matchers import match_key, sort_matchers
from hivesight.model.labels import Labels
from hivesight.model.matcher import Matcher, MatchType

GROUP_BY_ALL: Final = "..."


@dataclass(frozen=True, slots=True)
class RouteOptions:
    """How the alerts of a route are grouped and when they are told; inherited where a route does not say."""

    receiver: str = ""
    group_by: frozenset[str] = frozenset()
    group_by_all: bool = False
    group_wait_ms: int = 30_000
    group_interval_ms: int = 300_000
    repeat_interval_ms: int = 4 * 3_600_000
    mute_time_intervals: tuple[str, ...] = ()
    active_time_intervals: tuple[str, ...] = ()

    def group_labels(self, labels: Labels) -> Labels:
        """Those of an alert's labels that name its group."""
        return labels if self.group_by_all else labels.only(self.group_by)


@dataclass(frozen=True, slots=True)
class Route:
    """A node. key: its matchers and those above it, the first half of a group key. id: unique in the tree. index: its
    place in the tree, walked from the root downwards."""

    index: int
    id: str
    key: str
    matchers: tuple[Matcher, ...]
    continues: bool
    options: RouteOptions
    routes: tuple["Route", ...] = field(repr=False)

    def match(self, labels: Labels) -> list["Route"]:
        """The routes that take an alert with these labels, in the order of the tree (Alertmanager, "Route-related
        settings"): depth first, a node only where none below it matches, siblings after a match only with `continue`.
        The root takes what no other does."""
        return [step.route for step in self.explain(labels) if step.outcome is Outcome.TAKEN]

    def explain(self, labels: Labels) -> list["Step"]:
        """Every node that was looked at or passed over for these labels, in the order of the tree, with the reason."""
        steps: list[Step] = []
        self._walk(labels, steps)
        return sorted(steps, key=lambda step: step.route.index)

    def _walk(self, labels: Labels, steps: list["Step"]) -> bool:
        failed = next((each for each in self.matchers if not each.matches(labels.value(each.name))), None)
        if failed is not None:
            steps.append(Step(self, Outcome.NO_MATCH, failed))
            return False
        below = False
        stopped = False
        for child in self.routes:
            if stopped:
                steps.append(Step(child, Outcome.AFTER_MATCH))
            elif child._walk(labels, steps):
                below = True
                stopped = not child.continues
        steps.append(Step(self, Outcome.CHILD_TOOK if below else Outcome.TAKEN))
        return True

    def walk(self) -> Iterator["Route"]:
        """This node and all below it, in the order of the tree."""
        yield self
        for child in self.routes:
            yield from child.walk()


class Outcome(StrEnum):
    TAKEN = "taken"
    """The route takes the alert."""
    CHILD_TOOK = "child took it"
    """It matches, and so does a route below it."""
    NO_MATCH = "a matcher failed"
    AFTER_MATCH = "an earlier sibling matched without continue"


@dataclass(frozen=True, slots=True)
class Step:
    """What became of one node. failed: the first matcher that the labels do not meet."""

    route: Route
    outcome: Outcome
    failed: Matcher | None = None


def build_route(config: RouteConfig) -> Route:
    """The tree of a checked file's root route."""
    return _Builder().node(config, RouteOptions(), "", "", None)


def plain_matchers(
    equal: Mapping[str, str], regex: Mapping[str, str], modern: Iterable[tuple[Matcher, ...]]
) -> tuple[Matcher, ...]:
    """Matchers in both notations as one sorted list. Expressions of the old one carry their anchors, as they do in
    Alertmanager's group keys."""
    found = [Matcher(name, MatchType.EQUAL, value) for name, value in equal.items()]
    found += [Matcher(name, MatchType.REGEX, f"^(?:{value})$") for name, value in regex.items()]
    found += [matcher for each in modern for matcher in each]
    return sort_matchers(found)


class _Builder:
    def __init__(self) -> None:
        self._count = 0

    def node(self, config: RouteConfig, above: RouteOptions, key: str, id_: str, position: int | None) -> Route:
        index = self._count
        self._count += 1
        matchers = plain_matchers(config.match, config.match_re, config.matchers)
        own = match_key(matchers)
        key = own if position is None else f"{key}/{own}"
        id_ = own if position is None else f"{id_}/{own}/{position}"
        options = _options(config, above)
        routes = tuple(self.node(child, options, key, id_, place) for place, child in enumerate(config.routes))
        return Route(index, id_, key, matchers, config.continue_, options, routes)


def _options(config: RouteConfig, above: RouteOptions) -> RouteOptions:
    """What the node says over what its parent says; time intervals are not inherited."""
    group_by, group_by_all = above.group_by, above.group_by_all
    if config.group_by:
        group_by_all = GROUP_BY_ALL in config.group_by
        group_by = frozenset[str]() if group_by_all else frozenset(config.group_by)
    return RouteOptions(
        receiver=config.receiver or above.receiver,
        group_by=group_by,
        group_by_all=group_by_all,
        group_wait_ms=above.group_wait_ms if config.group_wait is None else config.group_wait,
        group_interval_ms=config.group_interval or above.group_interval_ms,
        repeat_interval_ms=config.repeat_interval or above.repeat_interval_ms,
        mute_time_intervals=config.mute_time_intervals,
        active_time_intervals=config.active_time_intervals,
    )
