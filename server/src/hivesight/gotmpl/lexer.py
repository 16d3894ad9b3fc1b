"""A template's text in, its tokens out (the lexical part of Go's text/template/parse). Called by the parser."""

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from hivesight.gotmpl.errors import template_error


class Kind(Enum):
    TEXT = auto()
    LEFT = auto()
    RIGHT = auto()
    IDENTIFIER = auto()
    FIELD = auto()
    VARIABLE = auto()
    DOT = auto()
    NUMBER = auto()
    STRING = auto()
    RAW_STRING = auto()
    CHARACTER = auto()
    OPEN = auto()
    CLOSE = auto()
    PIPE = auto()
    DECLARE = auto()
    ASSIGN = auto()
    COMMA = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """kind, the text as written (a FIELD and a VARIABLE with their `.` or `$`), its character offset, and whether
    white space stands before it."""

    kind: Kind
    text: str
    offset: int
    spaced: bool = False


_SPACE: Final = " \t\r\n"
_TOKEN: Final = re.compile(
    r"""(?P<STRING>"(?:[^"\\\n]|\\[^\n])*")
    |(?P<RAW_STRING>`[^`]*`)
    |(?P<CHARACTER>'(?:[^'\\\n]|\\[^\n])+')
    |(?P<NUMBER>[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?))
    |(?P<FIELD>\.[^\W\d]\w*)
    |(?P<DOT>\.)
    |(?P<VARIABLE>\$\w*)
    |(?P<IDENTIFIER>[^\W\d]\w*)
    |(?P<DECLARE>:=)
    |(?P<ASSIGN>=)
    |(?P<OPEN>\()
    |(?P<CLOSE>\))
    |(?P<PIPE>\|)
    |(?P<COMMA>,)""",
    re.VERBOSE,
)
_WORDS: Final = frozenset({Kind.IDENTIFIER, Kind.FIELD, Kind.VARIABLE, Kind.DOT, Kind.NUMBER})
_TERMINATORS: Final = frozenset(_SPACE + ".,|:)(=")


def tokens(name: str, text: str) -> Iterator[Token]:
    """The tokens of a template, closed by an END. Comments are gone and trim markers are applied to the text around
    them. Raises TemplateError with the place of the first character that does not belong there."""
    at: int = 0
    trim: bool = False
    while True:
        start = text.find("{{", at)
        plain = text[at:] if start < 0 else text[at:start]
        if trim:
            at += len(plain) - len(plain.lstrip(_SPACE))
            plain = plain.lstrip(_SPACE)
        trims_left = start >= 0 and text[start + 2 : start + 3] == "-" and text[start + 3 : start + 4] in tuple(_SPACE)
        if trims_left:
            plain = plain.rstrip(_SPACE)
        if plain:
            yield Token(Kind.TEXT, plain, at)
        if start < 0:
            yield Token(Kind.END, "", len(text))
            return
        inside = start + 4 if trims_left else start + 2
        if text.startswith("/*", inside):
            at, trim = _after_comment(name, text, start, inside)
            continue
        yield Token(Kind.LEFT, "{{", start)
        at, trim = yield from _action(name, text, start, inside)


def _after_comment(name: str, text: str, start: int, inside: int) -> tuple[int, bool]:
    """Where the text goes on after a comment, and whether its leading space is trimmed."""
    end = text.find("*/", inside + 2)
    if end < 0:
        raise template_error(name, text, start, "unclosed comment")
    end += 2
    if text.startswith("}}", end):
        return end + 2, False
    if text[end : end + 1] in tuple(_SPACE) and text.startswith("-}}", end + 1):
        return end + 4, True
    raise template_error(name, text, start, "comment ends before closing delimiter")


def _action(name: str, text: str, start: int, at: int) -> Generator[Token, None, tuple[int, bool]]:
    """The tokens of one action; returns where the text goes on and whether its leading space is trimmed."""
    spaced = False
    size = len(text)
    while True:
        if at >= size:
            raise template_error(name, text, start, "unclosed action: write }} at its end")
        if spaced and text.startswith("-}}", at):
            yield Token(Kind.RIGHT, "}}", at, True)
            return at + 3, True
        if text.startswith("}}", at):
            yield Token(Kind.RIGHT, "}}", at, spaced)
            return at + 2, False
        if text[at] in _SPACE:
            spaced = True
            at += 1
            continue
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise template_error(name, text, at, _complaint(text, at))
        kind = Kind[match.lastgroup]
        end = match.end()
        if kind in _WORDS and end < size and not _terminated(text, end):
            raise template_error(name, text, end, f"bad character {text[end]!r} after {match.group()!r}")
        yield Token(kind, match.group(), at, spaced)
        spaced = False
        at = end


def _terminated(text: str, at: int) -> bool:
    return text[at] in _TERMINATORS or text.startswith("}}", at)


def _complaint(text: str, at: int) -> str:
    """Why no token starts here."""
    first = text[at]
    if first == '"':
        return "unterminated quoted string"
    if first == "`":
        return "unterminated raw quoted string"
    if first == "'":
        return "unterminated character constant"
    return f"unexpected {first!r} in an action"
