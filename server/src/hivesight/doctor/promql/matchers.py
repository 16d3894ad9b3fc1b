"""Matchers that say less, or more, than they seem to."""

import re
from collections.abc import Iterator
from typing import Final

from hivesight.doctor.promql.flaw import Facts, Flaw, about
from hivesight.model.matcher import Matcher, MatchType
from hivesight.query.promql.ast import Expr
from hivesight.query.promql.walk import selectors

_PLAIN: Final = re.compile(r"[\w\-/: ]+")
_REGEX: Final = (MatchType.REGEX, MatchType.NOT_REGEX)


def regexes(text: str, expr: Expr, facts: Facts) -> Iterator[Flaw]:
    """Regular expressions that are plain texts, and alternatives one of which is empty."""
    for selector in selectors(expr):
        for matcher in selector.matchers:
            if matcher.type in _REGEX:
                flaw = _flaw(matcher)
                if flaw is not None:
                    check, message, remedy = flaw
                    yield about(selector, check, message, remedy)


def _flaw(matcher: Matcher) -> tuple[str, str, str] | None:
    value = matcher.value
    equal = "=" if matcher.type is MatchType.REGEX else "!="
    if _PLAIN.fullmatch(value):
        return (
            "promql/regex-without-effect",
            f"{value!r} is a plain text, not a regular expression",
            f'{matcher.name}{equal}"{value}"',
        )
    if "|" not in value and (value.startswith("^") or (value.endswith("$") and not value.endswith("\\$"))):
        bare = value.removeprefix("^").removesuffix("$")
        return (
            "promql/regex-without-effect",
            f"matchers are anchored at both ends already: {value!r}",
            f'{matcher.name}{matcher.type}"{bare}"',
        )
    if matcher.type is MatchType.REGEX and "|" in value and matcher.matches(""):
        return (
            "promql/empty-matcher",
            f"{value!r} matches the empty text, so series without the label {matcher.name} are selected too",
            "take the empty alternative out",
        )
    return None
