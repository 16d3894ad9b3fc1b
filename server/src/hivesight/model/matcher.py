"""Label matchers: `job="node"`, `status!~"5.."`. Selectors, routes, silences and inhibition rules are made of them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Protocol

import re2

from hivesight.model.labels import quoted

MAX_CAPTURE_CELLS: Final = 1 << 22
"""Groups times instructions: RE2 keeps the place of every group for every instruction, outside of `max_mem`, and
50,000 groups in each other took 24 GB to match one text."""


MAX_REPETITIONS: Final = 10_000
"""RE2 takes the square of their number to compile them: 50,000 of `a?` took 10 s."""


class MatchType(StrEnum):
    EQUAL = "="
    NOT_EQUAL = "!="
    REGEX = "=~"
    NOT_REGEX = "!~"


class Match(Protocol):
    """Where a regular expression matched; groups are numbered from 1."""

    def group(self, group: int | str = 0) -> str | None: ...

    def expand(self, template: str) -> str: ...
    def start(self, group: int | str = 0) -> int: ...
    def end(self, group: int | str = 0) -> int: ...


class Regex(Protocol):
    """A compiled RE2 expression."""

    @property
    def groups(self) -> int: ...
    @property
    def groupindex(self) -> Mapping[str, int]: ...
    def fullmatch(self, text: str) -> Match | None: ...
    def search(self, text: str) -> Match | None: ...
    def finditer(self, text: str) -> Iterator[Match]: ...


def compile_regex(pattern: str, *, groups: bool = True, newlines: bool = True) -> Regex:
    """RE2 with Prometheus' conventions: anchored by `fullmatch`, `.` matches newlines. Linear in time and bounded in
    memory, whoever wrote it. groups: whether they are asked for. newlines: False where `.` stops at them, as in Go's
    templates. Raises ValueError with RE2's reason."""
    if sum(map(pattern.count, "?*+{")) > MAX_REPETITIONS:
        raise ValueError(
            f"regular expression of {len(pattern)} characters with more than {MAX_REPETITIONS} repetitions"
        )
    options: Any = re2.Options()
    options.log_errors = False
    options.dot_nl = newlines
    options.max_mem = 8 << 20
    options.never_capture = not groups
    try:
        regex: Any = re2.compile(pattern, options=options)
    except re2.error as error:
        # The binding gives the reason as bytes.
        reason = b" ".join(each for each in error.args if isinstance(each, bytes)).decode(errors="replace")
        raise ValueError(f"bad regular expression {pattern!r}: {reason}") from error
    if (regex.groups + 1) * regex.programsize > MAX_CAPTURE_CELLS:
        raise ValueError(
            f"regular expression of {len(pattern)} characters with {regex.groups} groups is too large: "
            "use (?:...) where the text of a group is not needed"
        )
    found: Regex = regex
    return found


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on one label; an absent label has the empty value. Raises ValueError for a bad expression."""

    name: str
    type: MatchType
    value: str
    _regex: Regex | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.type in (MatchType.REGEX, MatchType.NOT_REGEX):
            object.__setattr__(self, "_regex", compile_regex(self.value, groups=False))

    def matches(self, value: str) -> bool:
        """Whether a label with this value meets the condition."""
        if self._regex is None:
            return (value == self.value) == (self.type is MatchType.EQUAL)
        return (self._regex.fullmatch(value) is not None) == (self.type is MatchType.REGEX)

    def __str__(self) -> str:
        return f"{self.name}{self.type}{quoted(self.value)}"


def all_match(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Whether the label set meets every condition."""
    return all(matcher.matches(labels.get(matcher.name, "")) for matcher in matchers)
