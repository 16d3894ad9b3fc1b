"""Matchers that say less, or more, than they seem to."""

import json
import re
from collections.abc import Iterator
from typing import Final

from hivesight.doctor.promql.flaw import Facts, Flaw
from hivesight.model.matcher import Matcher, MatchType
from hivesight.query.promql.ast import Expr, VectorSelector
from hivesight.query.promql.walk import selectors

_PLAIN: Final = re.compile(r"[\w\-/: ]+")
_END: Final = re.compile(r"(?<!\\)\$$")
_QUOTED: Final = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)"""
_LOOKS_LIKE_REGEX: Final = re.compile(
    r".*(?:\.[*+]|\[[^\]]+\][*+]?|\w\|\w|\\[dw.]).*|[1-5](?:\.\.|\[0-9\]{2})|\^.+|.+\$", re.DOTALL
)
_OF_PATTERNS: Final = re.compile(
    r"(?i)route|path|handler|ur[il]|pattern|regex|expr|query|rule|resource|endpoint|mount|device"
)
"""Labels whose values are patterns, or paths with any character."""
_REGEX: Final = (MatchType.REGEX, MatchType.NOT_REGEX)


def regexes(text: str, expr: Expr, facts: Facts) -> Iterator[Flaw]:
    """Regular expressions that are plain texts, plain texts that are regular expressions, empty alternatives."""
    for selector in selectors(expr):
        for matcher in selector.matchers:
            if matcher.type in _REGEX:
                yield from _flaws(text, selector, matcher)
            elif _LOOKS_LIKE_REGEX.fullmatch(matcher.value) and not _OF_PATTERNS.search(matcher.name):
                regex = "=~" if matcher.type is MatchType.EQUAL else "!~"
                message = f"{matcher.value!r} looks like a regular expression, and is compared letter by letter"
                mended = f"{matcher.name}{regex}{json.dumps(matcher.value)}"
                yield Flaw("promql/literal-regex", *_place(text, selector, matcher), message, mended, mended)


def _flaws(text: str, selector: VectorSelector, matcher: Matcher) -> Iterator[Flaw]:
    value = matcher.value
    start, end = _place(text, selector, matcher)
    if _PLAIN.fullmatch(value):
        equal = "=" if matcher.type is MatchType.REGEX else "!="
        message = f"{value!r} is a plain text, not a regular expression"
        yield _mended(start, end, message, f'{matcher.name}{equal}"{value}"')
    elif "|" not in value and (value.startswith("^") or _END.search(value)):
        bare = _END.sub("", value.removeprefix("^"))
        message = f"matchers are anchored at both ends already: {value!r}"
        mended = None if "\\" in bare or '"' in bare else f'{matcher.name}{matcher.type}"{bare}"'
        yield _mended(start, end, message, mended)
    elif matcher.type is MatchType.REGEX and "|" in value and matcher.matches(""):
        message = f"{value!r} matches the empty text, so series without the label {matcher.name} are selected too"
        yield Flaw("promql/empty-matcher", start, end, message, "take the empty alternative out")


def _mended(start: int, end: int, message: str, mended: str | None) -> Flaw:
    remedy = mended or "leave ^ and $ out"
    return Flaw("promql/regex-without-effect", start, end, message, remedy, mended)


def _place(text: str, selector: VectorSelector, matcher: Matcher) -> tuple[int, int]:
    """Where the matcher stands; the selector's place where that cannot be told."""
    condition = re.compile(rf"\b{re.escape(matcher.name)}\s*{re.escape(matcher.type)}\s*{_QUOTED}")
    places = [match.span() for match in condition.finditer(text, selector.start, selector.end)]
    same = [each for each in selector.matchers if (each.name, each.type) == (matcher.name, matcher.type)]
    if len(places) != len(same):
        return selector.start, max(selector.end, selector.start + 1)
    return places[same.index(matcher)]
