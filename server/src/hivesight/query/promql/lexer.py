"""PromQL text to tokens. A fault becomes an ERROR token at its place, so that the parser reports whatever comes first.
Braces and brackets have rules of their own, as in Prometheus' `promql/parser/lex.go`."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hivesight.query.promql.ast import AGGREGATORS
from hivesight.query.promql.literals import quote


class Kind(StrEnum):
    END = "end of input"
    ERROR = "error"
    IDENTIFIER = "identifier"
    METRIC = "metric identifier"
    NUMBER = "number"
    DURATION = "duration"
    STRING = "string"
    OPERATOR = "operator"
    KEYWORD = "keyword"
    AGGREGATOR = "aggregator"
    PUNCTUATION = "punctuation"


@dataclass(frozen=True, slots=True)
class Token:
    """text: as written, but keywords, word operators and aggregators in lower case; the message for an ERROR."""

    kind: Kind
    text: str
    start: int
    end: int

    def describe(self) -> str:
        """As a parse error names it."""
        match self.kind:
            case Kind.END:
                return "end of input"
            case Kind.OPERATOR:
                return f"<op:{self.text}>"
            case Kind.AGGREGATOR:
                return f"<aggr:{self.text}>"
            case Kind.KEYWORD:
                return f"<{self.text}>"
            case Kind.PUNCTUATION:
                return f'"{self.text}"'
            case Kind.IDENTIFIER | Kind.METRIC:
                return f"{self.kind.value} {_quoted(self.text, _LONGEST_SHOWN)}"
            case _:
                return f"{self.kind.value} {_quoted(self.text, 10)}"


def _quoted(text: str, limit: int) -> str:
    """The beginning of a text as a Go string literal."""
    return quote(text[:limit]) + ("..." if len(text) > limit else "")


_LONGEST_SHOWN: Final = 100
KEYWORDS: Final = frozenset({"offset", "by", "without", "on", "ignoring", "group_left", "group_right", "bool"})
WORD_OPERATORS: Final = frozenset({"and", "or", "unless", "atan2"})

_SPACE: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)+")
_STRING: Final = re.compile(r"\"(?:[^\"\\\n]|\\[^\n])*\"|'(?:[^'\\\n]|\\[^\n])*'|`[^`]*`")
_DURATION: Final = re.compile(r"(?:[0-9]+(?:ms|[ywdhms]))+(?![A-Za-z0-9_])")
_NUMBER: Final = re.compile(
    r"(?:0[xX][0-9a-fA-F](?:_?[0-9a-fA-F])*|(?:[0-9](?:_?[0-9])*\.?(?:[0-9](?:_?[0-9])*)?|\.[0-9](?:_?[0-9])*)"
    r"(?:[eE][+-]?[0-9]+)?)(?![A-Za-z0-9_.])"
)
_NUMBERISH: Final = re.compile(r"[0-9A-Za-z_.]+")
_WORD: Final = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")
_LABEL: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR: Final = re.compile(r"==|!=|<=|>=|=~|!~|</|>/|[-+*/%^<>=]")


def tokenize(query: str) -> list[Token]:
    """The tokens of a query; the last one is END or ERROR."""
    return _Lexer(query).run()


class _Lexer:
    def __init__(self, query: str) -> None:
        self.query = query
        self.position = 0
        self.tokens: list[Token] = []
        self.parens = 0
        self.in_braces = False
        self.in_brackets = False

    def run(self) -> list[Token]:
        while not self.tokens or self.tokens[-1].kind not in (Kind.END, Kind.ERROR):
            if match := _SPACE.match(self.query, self.position):
                self.position = match.end()
            if self.position >= len(self.query):
                self._finish()
            elif self.in_braces:
                self._inside_braces()
            else:
                self._statement()
        return self.tokens

    def _emit(self, kind: Kind, text: str, length: int | None = None) -> None:
        end = self.position + (len(text) if length is None else length)
        self.tokens.append(Token(kind, text, self.position, end))
        self.position = end

    def _error(self, message: str) -> None:
        self._emit(Kind.ERROR, message, 1)

    def _finish(self) -> None:
        if self.in_braces:
            self._error("unexpected end of input inside braces")
        elif self.in_brackets:
            self._error("unclosed left bracket")
        elif self.parens:
            self._error("unclosed left parenthesis")
        else:
            self._emit(Kind.END, "", 0)

    def _string(self) -> None:
        match = _STRING.match(self.query, self.position)
        if match:
            self._emit(Kind.STRING, match[0])
        else:
            raw = self.query[self.position] == "`"
            self._error("unterminated raw string" if raw else "unterminated quoted string")

    def _number(self) -> None:
        if match := _DURATION.match(self.query, self.position):
            self._emit(Kind.DURATION, match[0])
        elif match := _NUMBER.match(self.query, self.position):
            self._emit(Kind.NUMBER, match[0])
        else:
            match = _NUMBERISH.match(self.query, self.position)
            self._error(f"bad number or duration syntax: {_quoted(match[0] if match else '.', _LONGEST_SHOWN)}")

    def _word(self, word: str) -> None:
        lowered = word.lower()
        if lowered in ("inf", "nan"):
            self._emit(Kind.NUMBER, word)
        elif lowered in KEYWORDS:
            self._emit(Kind.KEYWORD, lowered)
        elif lowered in WORD_OPERATORS:
            self._emit(Kind.OPERATOR, lowered)
        elif lowered in AGGREGATORS:
            self._emit(Kind.AGGREGATOR, lowered)
        else:
            self._emit(Kind.METRIC if ":" in word else Kind.IDENTIFIER, word)

    def _statement(self) -> None:
        char = self.query[self.position]
        following = self.query[self.position + 1 : self.position + 2]
        if char in "\"'`":
            self._string()
        elif char.isascii() and (char.isdigit() or (char == "." and following.isdigit())):
            self._number()
        elif char == ":" and self.in_brackets:
            self._emit(Kind.PUNCTUATION, ":")
        elif match := _WORD.match(self.query, self.position):
            self._word(match[0])
        elif match := _OPERATOR.match(self.query, self.position):
            self._emit(Kind.OPERATOR, match[0])
        elif char == "!":
            self._error(f"unexpected character after '!': {following!r}")
        elif char in "(){}[],@":
            self._bracket(char)
        else:
            self._error(f"unexpected character: {char!r}")

    def _bracket(self, char: str) -> None:
        fault = ""
        match char:
            case "(":
                self.parens += 1
            case ")":
                self.parens -= 1
                fault = "unexpected right parenthesis ')'" if self.parens < 0 else ""
            case "{":
                self.in_braces = True
            case "}":
                fault = "unexpected right brace '}'"
            case "[":
                fault = "unexpected left bracket '['" if self.in_brackets else ""
                self.in_brackets = True
            case "]":
                fault = "" if self.in_brackets else "unexpected right bracket ']'"
                self.in_brackets = False
            case _:
                pass
        if fault:
            self._error(fault)
        else:
            self._emit(Kind.PUNCTUATION, char)

    def _inside_braces(self) -> None:
        char = self.query[self.position]
        if char in "\"'`":
            self._string()
        elif match := _LABEL.match(self.query, self.position):
            self._emit(Kind.IDENTIFIER, match[0])
        elif char == ",":
            self._emit(Kind.PUNCTUATION, char)
        elif char == "}":
            self.in_braces = False
            self._emit(Kind.PUNCTUATION, char)
        elif char == "{":
            self._error("unexpected left brace '{'")
        elif (match := _OPERATOR.match(self.query, self.position)) and match[0] in ("=", "!=", "=~", "!~"):
            self._emit(Kind.OPERATOR, match[0])
        elif char in "=<>":
            self._emit(Kind.OPERATOR, char)
        elif char == "!":
            following = self.query[self.position + 1 : self.position + 2]
            self._error(f"unexpected character after '!' inside braces: {following!r}")
        else:
            self._error(f"unexpected character inside braces: {char!r}")
