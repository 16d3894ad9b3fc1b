"""Matchers as Alertmanager's files, silences and tools write them: `severity="critical", foo=~"bar.*"`. Text enters,
`Matcher`s leave; configuration, silences and API filters call it."""

import re
from typing import Final

from hivesight.gotmpl.literals import unquote
from hivesight.model.matcher import Matcher, MatchType

_RESERVED: Final = r"\s{}!=~,\\\"'`"
_TOKEN: Final = re.compile(
    rf"""(?P<space>\s+)|(?P<op>=~|!~|!=|=)|(?P<open>\{{)|(?P<close>\}})|(?P<comma>,)"""
    rf"""|(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<word>[^{_RESERVED}]+)""",
    re.DOTALL,
)
_CLASSIC: Final = re.compile(r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|!~|!=|=)\s*(.*?)\s*", re.DOTALL)
_LONGEST: Final = 64 * 1024


def parse_matchers(text: str) -> tuple[Matcher, ...]:
    """The matchers in `text`, with or without braces around them, separated by commas. As in Alertmanager's default
    mode the UTF-8 syntax is tried first and the classic one where that fails or reads it differently. Raises ValueError
    with the reason (Alertmanager, "Label matchers")."""
    if len(text) > _LONGEST:
        raise ValueError(f"matchers longer than {_LONGEST} characters")
    try:
        modern = _parse_utf8(text)
    except ValueError as error:
        try:
            return _parse_classic(text)
        except ValueError:
            raise ValueError(f"bad matcher {text!r}: {error}") from error
    try:
        classic = _parse_classic(text)
    except ValueError:
        return modern
    return modern if modern == classic else classic


def parse_matcher(text: str) -> Matcher:
    """The one matcher in `text`, read in the same two ways: the classic one takes a comma for a part of the value.
    Raises ValueError with the reason."""
    if len(text) > _LONGEST:
        raise ValueError(f"a matcher longer than {_LONGEST} characters")
    if text.startswith("{") or text.endswith("}"):
        raise ValueError(f"a single matcher stands without braces: {text!r}")
    try:
        return _classic_matcher(text)
    except ValueError as error:
        found = _parse_utf8(text)
        if len(found) != 1:
            raise ValueError(f"expected one matcher, such as severity=critical: {text!r}") from error
        return found[0]


def match_key(matchers: tuple[Matcher, ...]) -> str:
    """The matchers as Alertmanager prints them in route ids and group keys: `{a="b",c=~"d"}`."""
    return "{" + ",".join(map(str, matchers)) + "}"


def sort_matchers(matchers: list[Matcher]) -> tuple[Matcher, ...]:
    """In the order in which Alertmanager keeps them: by name, value and type."""
    return tuple(sorted(matchers, key=lambda each: (each.name, each.value, each.type)))


def _parse_utf8(text: str) -> tuple[Matcher, ...]:
    tokens = _tokens(text)
    if not tokens:
        return ()
    braces = (tokens[0][0] == "open", tokens[-1][0] == "close")
    if braces[0] != braces[1]:
        raise ValueError("an opening and a closing brace belong together")
    if braces[0]:
        tokens = tokens[1:-1]
    matchers: list[Matcher] = []
    while tokens:
        match tokens:
            case [("word" | "quoted", name), ("op", op), ("word" | "quoted", value), *rest]:
                matchers.append(_matcher(_plain(name), op, _plain(value)))
            case [("word" | "quoted", name), *_]:
                raise ValueError(f"after {name} expected one of = != =~ !~ and a value")
            case [(_, found), *_]:
                raise ValueError(f"expected a label name, found {found!r}")
            case _:  # pragma: no cover - the loop ends when no token is left
                break
        if rest and rest[0][0] != "comma":
            raise ValueError(f"expected a comma before {rest[0][1]!r}")
        tokens = rest[1:]
    return tuple(matchers)


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValueError(f"unexpected {text[at]!r} at character {at + 1}")
        if found.lastgroup is not None and found.lastgroup != "space":
            tokens.append((found.lastgroup, found.group()))
        at = found.end()
    return tokens


def _plain(token: str) -> str:
    return unquote(token) if token.startswith('"') else token


def _parse_classic(text: str) -> tuple[Matcher, ...]:
    text = text.strip()
    if text.startswith("{"):
        text = text[1:]
    if text.endswith("}") and not text.endswith("\\}"):
        text = text[:-1]
    *parts, last = _split(text)
    # A comma may stand after the last one.
    return tuple(_classic_matcher(part) for part in (*parts, *([last] if last.strip() else [])))


def _split(text: str) -> list[str]:
    """The text cut at commas that stand outside of double quotes."""
    parts, start, quoted, escaped = list[str](), 0, False, False
    for at, character in enumerate(text):
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif character == "," and not quoted:
            parts.append(text[start:at])
            start = at + 1
    if quoted:
        raise ValueError("a double quote is not closed")
    return [*parts, text[start:]]


def _classic_matcher(text: str) -> Matcher:
    found = _CLASSIC.fullmatch(text)
    if found is None:
        raise ValueError(f"bad matcher format: {text.strip()!r}")
    name, op, raw = found.groups()
    quoted = raw.startswith('"')
    if quoted:
        if len(raw) < 2 or not raw.endswith('"'):
            raise ValueError(f"matcher value contains unescaped double quote: {raw}")
        raw = raw[1:-1]
    return _matcher(name, op, _classic_value(raw))


def _classic_value(raw: str) -> str:
    """Only `\\n`, `\\"` and `\\\\` are escapes; other backslashes stand for themselves (regular expressions)."""
    out: list[str] = []
    escaped = False
    for character in raw:
        if escaped:
            escaped = False
            out.append({"n": "\n", '"': '"', "\\": "\\"}.get(character, "\\" + character))
        elif character == "\\":
            escaped = True
        elif character == '"':
            raise ValueError(f"matcher value contains unescaped double quote: {raw}")
        else:
            out.append(character)
    if escaped:
        raise ValueError(f"a backslash at the end of {raw!r} escapes nothing")
    return "".join(out)


def _matcher(name: str, op: str, value: str) -> Matcher:
    if not name:
        raise ValueError("a label name cannot be empty")
    return Matcher(name, MatchType(op), value)
