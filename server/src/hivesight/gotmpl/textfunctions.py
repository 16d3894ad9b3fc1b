"""Functions on texts that both Prometheus' and Alertmanager's templates have."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from hivesight.gotmpl.calls import Function
from hivesight.gotmpl.errors import FunctionError, TooLarge
from hivesight.gotmpl.gofmt import TEXT_MOST
from hivesight.gotmpl.values import SafeHtml
from hivesight.model.matcher import Match, Regex, compile_regex

_MATCHES_MOST: Final = 100_000
_GROUP: Final = re.compile(r"\$(?:(\$)|(\w+)|\{(\w+)\})")


@lru_cache(maxsize=32)
def _regex(pattern: str) -> Regex:
    """RE2 as Go's regexp package has it: unanchored, `.` stops at a newline."""
    try:
        return compile_regex(pattern, newlines=False)
    except ValueError as error:
        raise FunctionError(f"error parsing regexp: {error}") from error


def match(pattern: str, text: str) -> bool:
    """Whether the expression matches anywhere in the text (regexp.MatchString)."""
    return _regex(pattern).search(text) is not None


def replace_all(pattern: str, replacement: str, text: str) -> str:
    """Every match replaced; `$1` and `${name}` stand for groups (Regexp.ReplaceAllString)."""
    regex = _regex(pattern)
    out: list[str] = []
    at, last, size = 0, -1, 0
    for count, found in enumerate(regex.finditer(text)):
        if count >= _MATCHES_MOST:
            raise TooLarge(f"more than {_MATCHES_MOST} matches to replace")
        if found.end() <= last and found.start():
            continue
        last = found.end()
        new = _expanded(replacement, found, regex)
        out += (text[at : found.start()], new)
        size += len(out[-2]) + len(new)
        if size > TEXT_MOST:
            raise TooLarge(f"reReplaceAll makes more than {TEXT_MOST} characters")
        at = last
    out.append(text[at:])
    return "".join(out)


def _expanded(template: str, found: Match, regex: Regex) -> str:
    def one(reference: re.Match[str]) -> str:
        if reference[1]:
            return "$"
        name = reference[2] or reference[3]
        if name.isdigit():
            index = int(name) if len(name) < 6 else regex.groups + 1
            return (found.group(index) or "") if index <= regex.groups else ""
        return (found.group(name) or "") if name in regex.groupindex else ""

    return _GROUP.sub(one, template)


def _to_upper(text: str) -> str:
    return text.upper()


def _to_lower(text: str) -> str:
    return text.lower()


def _safe_html(text: str) -> SafeHtml:
    return SafeHtml(text)


TEXT_FUNCTIONS: Final[Mapping[str, Function]] = {
    "toUpper": _to_upper,
    "toLower": _to_lower,
    "match": match,
    "reReplaceAll": replace_all,
    "safeHtml": _safe_html,
}
