"""The parser's view of the tokens: look, take, expect; and the faults it reports."""

from typing import NoReturn

from hivesight.model.duration import parse_duration
from hivesight.query.promql.faults import parse_fault
from hivesight.query.promql.lexer import Kind, Token, tokenize
from hivesight.query.promql.literals import parse_number, unquote


class Tokens:
    """A cursor over the tokens of one query. `context` and `expected` in its methods are what the error says."""

    def __init__(self, query: str) -> None:
        self.query = query
        self._tokens = tokenize(query)
        self._index = 0

    @property
    def next(self) -> Token:
        return self._tokens[self._index]

    @property
    def finished(self) -> bool:
        """Whether nothing is left."""
        return self.next.kind is Kind.END

    @property
    def after_next(self) -> Token:
        return self._tokens[min(self._index + 1, len(self._tokens) - 1)]

    @property
    def last_end(self) -> int:
        """Where the token taken last ended."""
        return self._tokens[self._index - 1].end if self._index else 0

    def at(self, text: str) -> bool:
        """Whether the next token is this punctuation, operator or keyword."""
        token = self.next
        return token.text == text and token.kind in (Kind.PUNCTUATION, Kind.OPERATOR, Kind.KEYWORD)

    def take(self) -> Token:
        token = self.next
        if token.kind is Kind.ERROR:
            self.unexpected("", "")
        if token.kind is not Kind.END:
            self._index += 1
        return token

    def accept(self, text: str) -> bool:
        if not self.at(text):
            return False
        self._index += 1
        return True

    def expect(self, text: str, context: str, expected: str) -> Token:
        if not self.at(text):
            self.unexpected(context, expected)
        return self.take()

    def unexpected(self, context: str, expected: str) -> NoReturn:
        """Raises BadQuery for the next token."""
        token = self.next
        if token.kind is Kind.ERROR:
            self.fail(token.text, token.start, token.end)
        message = f"unexpected {token.describe()}"
        message += f" in {context}" if context else ""
        message += f", expected {expected}" if expected else ""
        self.fail(message, token.start, token.end)

    def fail(self, message: str, start: int, end: int | None = None) -> NoReturn:
        """Raises BadQuery with a message of its own."""
        raise parse_fault(self.query, message, start, end)

    def string(self, token: Token) -> str:
        """The value of a string token."""
        try:
            return unquote(token.text)
        except ValueError as error:
            self.fail(f"error unquoting string {token.text!r}: {error}", token.start, token.end)

    def duration_ms(self, context: str, expected: str) -> int:
        """A duration, or a number of seconds, in ms."""
        token = self.next
        if token.kind is Kind.DURATION:
            self.take()
            try:
                return parse_duration(token.text)
            except ValueError as error:
                self.fail(str(error), token.start, token.end)
        if token.kind is not Kind.NUMBER:
            self.unexpected(context, expected)
        self.take()
        value = parse_number(token.text) * 1000
        if not abs(value) < 2**63 / 1e6:
            self.fail("duration out of range", token.start, token.end)
        return round(value)
