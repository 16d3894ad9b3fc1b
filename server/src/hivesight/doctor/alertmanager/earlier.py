"""The routes that take alerts before another is asked, found by what they ask for: a file may have thousands."""

from collections.abc import Sequence
from typing import Final

from hivesight.doctor.alertmanager.tree import PlacedRoute
from hivesight.model.matcher import MatchType

_MOST: Final = 200
"""Routes that one is compared with, of those that could take its alerts."""

_Asked = tuple[str, str] | None
"""A label and the value that a route wants it to have; None for a route that wants no certain one."""


class EarlierRoutes:
    """A stack of routes, in the order in which they are asked."""

    def __init__(self) -> None:
        self._stack: list[PlacedRoute] = []
        self._asking: dict[_Asked, list[PlacedRoute]] = {}

    def __len__(self) -> int:
        return len(self._stack)

    def add(self, node: PlacedRoute) -> None:
        self._stack.append(node)
        self._asking.setdefault(_asked(node), []).append(node)

    def cut(self, length: int) -> None:
        """Leave the first `length` alone."""
        while len(self._stack) > length:
            self._asking[_asked(self._stack.pop())].pop()

    def last(self) -> Sequence[PlacedRoute]:
        """Those nearest to where the stack ends, as many as one is compared with."""
        return self._stack[-_MOST:]

    def taking_all_of(self, node: PlacedRoute) -> PlacedRoute | None:
        """The first whose conditions are met by whatever meets those of `node`."""
        same = frozenset(node.conditions)
        fixed = {each.name: each.value for each in same if each.type is MatchType.EQUAL}
        asked: tuple[_Asked, ...] = (None, *fixed.items())
        for earlier in (route for each in asked for route in self._asking.get(each, ())[:_MOST]):
            if all(
                each in same or (each.name in fixed and each.matches(fixed[each.name]))
                for each in earlier.route.matchers
            ):
                return earlier
        return None


def _asked(node: PlacedRoute) -> _Asked:
    return next(((each.name, each.value) for each in node.route.matchers if each.type is MatchType.EQUAL), None)
