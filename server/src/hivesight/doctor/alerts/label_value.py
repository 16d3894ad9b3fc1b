"""What is known of a label's value before there is any data, and whether it meets a condition."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from hivesight.model.matcher import Matcher, MatchType

_ANYTHING: Final = frozenset((".*", "^(?:.*)$", "^.*$"))
_SOMETHING: Final = frozenset((".+", "^(?:.+)$", "^.+$"))


class Meets(IntEnum):
    """Whether an alert meets a condition; the least of several is that of all together."""

    NO = 0
    MAYBE = 1
    YES = 2


@dataclass(frozen=True, slots=True)
class LabelValue:
    """text: the value where it is certain, "" where it is certain that there is none. may_lack: whether the label can
    be missing where its value is not certain."""

    text: str | None = None
    may_lack: bool = True

    def meets(self, matcher: Matcher) -> Meets:
        """Whether a label of which this is known meets the condition."""
        if self.text is not None:
            return Meets.YES if matcher.matches(self.text) else Meets.NO
        match matcher.type, matcher.value:
            case (MatchType.REGEX, value) if value in _ANYTHING:
                return Meets.YES
            case (MatchType.NOT_REGEX, value) if value in _ANYTHING:
                return Meets.NO
            case (MatchType.REGEX, value) if value in _SOMETHING and not self.may_lack:
                return Meets.YES
            case (MatchType.NOT_REGEX, value) if value in _SOMETHING and not self.may_lack:
                return Meets.NO
            case (MatchType.NOT_EQUAL, "") if not self.may_lack:
                return Meets.YES
            case (MatchType.EQUAL, "") if not self.may_lack:
                return Meets.NO
            case _:
                return Meets.MAYBE


ANY: Final = LabelValue()
PRESENT: Final = LabelValue(may_lack=False)
ABSENT: Final = LabelValue("")
