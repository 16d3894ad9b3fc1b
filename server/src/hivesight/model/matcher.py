"""Label matchers: `job="node"`, `status!~"5.."`. Selectors, routes, silences and inhibition rules are made of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import re2

from hivesight.model.labels import quoted


class MatchType(StrEnum):
    EQUAL = "="
    NOT_EQUAL = "!="
    REGEX = "=~"
    NOT_REGEX = "!~"


class Match(Protocol):
    """Where a regular expression matched; groups are numbered from 1."""

    def group(self, group: int | str = 0) -> str | None: ...

    def expand(self, template: str) -> str: ...


class Regex(Protocol):
    """A compiled RE2 expression."""

    def fullmatch(self, text: str) -> Match | None: ...


def compile_regex(pattern: str) -> Regex:
    """RE2 with Prometheus' conventions: anchored by `fullmatch`, `.` matches newlines. Linear in time, whoever wrote
    it. Raises ValueError with RE2's reason."""
    options = re2.Options()
    options.log_errors = False
    options.dot_nl = True
    options.max_mem = 8 << 20
    try:
        return re2.compile(pattern, options=options)
    except re2.error as error:
        # The binding gives the reason as bytes.
        reason = b" ".join(each for each in error.args if isinstance(each, bytes)).decode(errors="replace")
        raise ValueError(f"bad regular expression {pattern!r}: {reason}") from error


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on one label; an absent label has the empty value. Raises ValueError for a bad expression."""

    name: str
    type: MatchType
    value: str
    _regex: Regex | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.type in (MatchType.REGEX, MatchType.NOT_REGEX):
            object.__setattr__(self, "_regex", compile_regex(self.value))

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
