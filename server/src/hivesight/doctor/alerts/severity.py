"""The label by which the field says how grave an alert is, and the values for which somebody is woken."""

from collections.abc import Iterable
from typing import Final

from hivesight.model.matcher import Matcher, MatchType

SEVERITY: Final = "severity"
_GRAVEST: Final = frozenset(("critical", "page", "emergency", "fatal", "disaster"))


def asks_for_gravest(matchers: Iterable[Matcher]) -> bool:
    """Whether conditions name one of the values for which somebody is woken."""
    return any(each.name == SEVERITY and each.type is MatchType.EQUAL and each.value in _GRAVEST for each in matchers)
