"""Grafana's variables in a query, replaced by texts of the same length that PromQL can parse, so that every character
stays where it is."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hivesight.doctor.promql.examine import is_too_deep
from hivesight.model.errors import BadQuery
from hivesight.query.promql.ast import Expr
from hivesight.query.promql.parser import parse

VARIABLE: Final = re.compile(
    r"\$\{(?P<braced>\w+)(?:[.:][^}\s]*)?\}|\$(?P<bare>[A-Za-z_]\w*)|\[\[(?P<old>\w+)(?::\w+)?\]\]"
)
"""The three ways in which Grafana takes a variable; `name_of` gives the name of a match."""
_QUOTED: Final = r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`"""
_PIECE: Final = re.compile(rf"{_QUOTED}|#[^\n]*|(?P<variable>{VARIABLE.pattern})|[\[\]]", re.DOTALL)
_OF_TIME: Final = re.compile(r"__(interval_ms|range_s|range_ms|from|to)")
"""Built-in variables that are numbers."""
_AFTER_OFFSET: Final = re.compile(r"offset\s*-?\s*$", re.IGNORECASE)
_UNIT: Final = re.compile(r"(?:ms|[smhdwy])\b")
_REASON: Final = "parse error: "
_MAX_LENGTH: Final = 20_000
_MAX_VARIABLE: Final = 40
_MAX_DIGITS: Final = 9


@dataclass(frozen=True, slots=True)
class Filled:
    """A variable's place in a query. meaning: "text" within quotes, "range" where a duration stands, "code" where it
    may be a name, a number or an operation."""

    start: int
    end: int
    name: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Query:
    """text: of the same length as the query. expr: None where that does not parse. reason, offset: why, and where."""

    written: str
    text: str
    expr: Expr | None
    variables: tuple[Filled, ...]
    reason: str = ""
    offset: int = 0

    @property
    def has_code(self) -> bool:
        return any(each.meaning == "code" for each in self.variables)

    def touches(self, start: int, end: int, *meanings: str) -> bool:
        """Whether a variable with one of these meanings stands between two offsets."""
        return any(each.start < end and start < each.end for each in self.variables if each.meaning in meanings)

    def restored(self, message: str) -> str:
        """A message about the text, with the variables as they were written."""
        for each in self.variables:
            if each.meaning != "range":
                message = message.replace(self.text[each.start : each.end], self.written[each.start : each.end])
        return message


def name_of(match: "re.Match[str]") -> str:
    return match["braced"] or match["bare"] or match["old"]


def named_in(text: str) -> Iterator[tuple[str, int, int]]:
    """The variables that a text names, with their offsets."""
    for match in VARIABLE.finditer(text):
        yield name_of(match), match.start(), match.end()


def query_of(written: str) -> Query:
    """A query of PromQL with its variables filled in; whatever they stand for, what is found in it is so."""
    variables = tuple(_variables(written)) if len(written) <= _MAX_LENGTH else ()
    if len(written) > _MAX_LENGTH or any(each.end - each.start > _MAX_VARIABLE for each in variables):
        return Query(written, written, None, variables)
    failed: BadQuery | None = None
    for as_number in (False, True):
        text = _filled(written, variables, as_number)
        try:
            expr = parse(text)
            return Query(written, text, None if is_too_deep(expr) else expr, variables)
        except BadQuery as error:
            failed = failed or error
    assert failed is not None
    return Query(written, text, None, variables, str(failed).rpartition(_REASON)[2], failed.start)


def _variables(written: str) -> Iterator[Filled]:
    depth = 0
    for piece in _PIECE.finditer(written):
        start, end = piece.span()
        if piece["variable"]:
            yield Filled(start, end, name_of(piece), _meaning(written, start, depth))
        elif piece[0] == "[":
            depth += 1
        elif piece[0] == "]":
            depth = max(0, depth - 1)
        elif piece[0][0] in "\"'`":
            for name, inner, after in named_in(piece[0]):
                yield Filled(start + inner, start + after, name, "text")


def _meaning(written: str, start: int, depth: int) -> str:
    return "range" if depth or _AFTER_OFFSET.search(written[max(0, start - 20) : start]) else "code"


def _filled(written: str, variables: tuple[Filled, ...], as_number: bool) -> str:
    parts: list[str] = []
    at = 0
    for each in variables:
        token = written[each.start : each.end]
        parts += written[at : each.start], _filler(token, each, as_number, written[each.end : each.end + 3])
        at = each.end
    return "".join((*parts, written[at:]))


def _filler(token: str, variable: Filled, as_number: bool, after: str) -> str:
    match variable.meaning:
        case "text":  # a regular expression that is neither plain nor empty, and another for each variable
            return re.sub(r"\W", ".", token)
        case "range" if not _UNIT.match(after):
            return _duration(len(token))
        case "range":
            return "5".rjust(len(token), "0")
        case _ if as_number or _OF_TIME.fullmatch(variable.name):
            return "1".rjust(len(token), "0")
        case _:
            return re.sub(r"\W", "_", token)


def _duration(length: int) -> str:
    """Five minutes in so many characters; each number of a duration has only a few digits."""
    parts: list[str] = []
    for unit in "ywdh":
        if length > _MAX_DIGITS:
            taken = min(_MAX_DIGITS, length - 2)
            parts.append(unit.rjust(taken, "0"))
            length -= taken
    return "".join((*parts, "5m".rjust(length, "0")))
