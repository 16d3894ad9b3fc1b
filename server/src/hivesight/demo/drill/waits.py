"""How long to wait for what at most, by what rules, faults and routes say."""

from collections.abc import Iterable
from typing import Final

from hivesight.demo.drill.following import Following
from hivesight.doctor.drill import RuleSet, Telling

SLACK_MS: Final = 60_000
"""How much longer than files say is waited: machines have other things to do."""


class Waits:
    """All in milliseconds, for the slowest of those that are asked for."""

    def __init__(self, rules: RuleSet, telling: Telling, interval_ms: int) -> None:
        """interval_ms: of groups that say none."""
        self._rules = rules
        self._interval_ms = interval_ms
        options = [each.options for each in telling.tree.walk()]
        group_wait_ms = max(each.group_wait_ms for each in options)
        self.until_held_ms = group_wait_ms + interval_ms
        """From when an alert fires until it should have been told, unless something holds it back."""
        self.telling_ms = group_wait_ms + max(each.group_interval_ms for each in options) + SLACK_MS
        """Until all that is to be told was."""

    def firing_ms(self, cast: Iterable[Following]) -> int:
        """From a fault until they fire."""
        return max((each.subject.rule.for_ms + self._measured_ms(each) for each in cast), default=0)

    def over_ms(self, cast: Iterable[Following]) -> int:
        """From the end of a fault until they fire no more."""
        return max((each.subject.rule.keep_firing_for_ms + self._measured_ms(each) for each in cast), default=0)

    def quiet_ms(self, cast: Iterable[Following]) -> int:
        """How long they are seen to be silent before it counts as health: two evaluations."""
        return 2 * max((each.subject.group.interval_ms or self._interval_ms for each in cast), default=0)

    def _measured_ms(self, each: Following) -> int:
        return each.fault.takes_ms + self._rules.reach_ms(each.subject) + SLACK_MS
