"""Which of the possible alerts meet a condition, asked for all of them at once.

A set of alerts is an integer whose bit n stands for alert n: conditions and routes combine with `&` and `|`, at the
cost of a few machine words for a thousand alerts.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from hivesight.doctor.alerts.label_value import ABSENT, LabelValue, Meets
from hivesight.doctor.alerts.possible import PossibleAlert
from hivesight.model.matcher import Matcher, MatchType

MAX_EVALUATIONS: Final = 300_000
"""Regular expressions times values; what is beyond may meet them or not."""


class AlertIndex:
    """alerts: in the order of their bits. all: the set of all of them."""

    def __init__(self, alerts: Sequence[PossibleAlert]) -> None:
        self.alerts = tuple(alerts)
        self.all = (1 << len(self.alerts)) - 1
        self._by_label: dict[str, dict[LabelValue, int]] = {}
        self._known: dict[Matcher, tuple[int, int]] = {}
        self._evaluations = 0

    def __bool__(self) -> bool:
        return bool(self.alerts)

    def maybe(self, matchers: Iterable[Matcher]) -> int:
        """Those that can meet all of the conditions."""
        found = self.all
        for each in matchers:
            found &= self._meeting(each)[0]
        return found

    def surely(self, matchers: Iterable[Matcher]) -> int:
        """Those that meet all of the conditions whatever the data are."""
        found = self.all
        for each in matchers:
            found &= self._meeting(each)[1]
        return found

    def lacking(self, label: str) -> int:
        """Those that surely have not the label."""
        return self.values(label).get(ABSENT, 0)

    def members(self, found: int) -> Iterator[PossibleAlert]:
        """The alerts of a set, in their order."""
        while found:
            lowest = found & -found
            yield self.alerts[lowest.bit_length() - 1]
            found ^= lowest

    def values(self, label: str) -> dict[LabelValue, int]:
        """The alerts by what is known of one of their labels."""
        found = self._by_label.get(label)
        if found is None:
            positions: dict[LabelValue, list[int]] = {}
            for position, alert in enumerate(self.alerts):
                positions.setdefault(alert.value(label), []).append(position)
            found = self._by_label[label] = {value: _set_of(each) for value, each in positions.items()}
        return found

    def _meeting(self, matcher: Matcher) -> tuple[int, int]:
        found = self._known.get(matcher)
        if found is None:
            found = self._known[matcher] = self._evaluated(matcher)
        return found

    def _evaluated(self, matcher: Matcher) -> tuple[int, int]:
        """Those that may meet one condition, and those that surely do."""
        values = self.values(matcher.name)
        if matcher.type is MatchType.EQUAL:
            same = values.get(LabelValue(matcher.value), 0)
            open_values = [(value, found) for value, found in values.items() if value.text is None]
        else:
            same, open_values = 0, list(values.items())
        self._evaluations += len(open_values)
        if self._evaluations > MAX_EVALUATIONS:
            return self.all, 0
        maybe = surely = same
        for value, found in open_values:
            meets = value.meets(matcher)
            maybe |= found if meets is not Meets.NO else 0
            surely |= found if meets is Meets.YES else 0
        return maybe, surely


def _set_of(positions: Sequence[int]) -> int:
    """Written as bytes first: setting bits one by one copies the number each time."""
    marks = bytearray(positions[-1] // 8 + 1)
    for position in positions:
        marks[position // 8] |= 1 << position % 8
    return int.from_bytes(marks, "little")
