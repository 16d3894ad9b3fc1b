"""The part of the parser that reads one pipeline: variables, commands, operands."""

from collections.abc import Collection, Generator
from contextlib import contextmanager
from typing import Final, Never

from hivesight.gotmpl.errors import template_error
from hivesight.gotmpl.lexer import Kind, Token
from hivesight.gotmpl.literals import character, number, unquote
from hivesight.gotmpl.nodes import Chain, Command, Constant, Dot, Field, Identifier, Literal, Operand, Pipe, Variable

DEPTH_MOST: Final = 50
"""Actions and parentheses inside each other."""
KEYWORDS: Final = frozenset(
    {"block", "break", "continue", "define", "else", "end", "if", "range", "template", "with"},
)
_WORD_VALUES: Final[dict[str, Constant | None]] = {"true": True, "false": False, "nil": None}


class PipelineParser:
    """A cursor over a template's tokens, and the variables that are in scope."""

    def __init__(self, name: str, text: str, tokens: list[Token], functions: Collection[str]) -> None:
        self.name = name
        self.text = text
        self.variables = ["$"]
        self._tokens = tokens
        self._at = 0
        self._functions = functions
        self._depth = 0

    def peek(self, ahead: int = 0) -> Token:
        return self._tokens[min(self._at + ahead, len(self._tokens) - 1)]

    def take(self) -> Token:
        token = self.peek()
        self._at += 1
        return token

    def expect(self, kind: Kind, context: str) -> Token:
        token = self.take()
        if token.kind is not kind:
            self.unexpected(token, context)
        return token

    def fail(self, offset: int, reason: str) -> Never:
        raise template_error(self.name, self.text, offset, reason)

    def unexpected(self, token: Token, context: str) -> Never:
        shown = "end of template" if token.kind is Kind.END else repr(token.text[:40])
        self.fail(token.offset, f"unexpected {shown} in {context}")

    @contextmanager
    def nested(self, offset: int) -> Generator[None]:
        """One level deeper. Fails past the bound."""
        self._depth += 1
        if self._depth > DEPTH_MOST:
            self.fail(offset, f"nested more than {DEPTH_MOST} levels deep")
        yield
        self._depth -= 1

    def unquoted(self, token: Token) -> str:
        try:
            return unquote(token.text)
        except ValueError as error:
            self.fail(token.offset, str(error))

    def pipeline(self, context: str, end: Kind, *, ranges: bool = False) -> Pipe:
        """A pipeline and the token that ends it (RIGHT or CLOSE)."""
        offset = self.peek().offset
        variables, declares = self._variables(ranges)
        commands: list[Command] = []
        while True:
            token = self.peek()
            if token.kind is end:
                self.take()
                if not commands:
                    self.fail(token.offset, f"missing value for {context}")
                break
            command = self._command(context)
            if commands and isinstance(command.operands[0], Literal | Dot):
                self.fail(
                    command.offset, "non executable command in a pipeline: a value cannot take the value before it"
                )
            commands.append(command)
            if self.peek().kind is Kind.PIPE:
                pipe = self.take()
                if self.peek().kind is end:
                    self.fail(pipe.offset, f"missing command after | in {context}")
            elif self.peek().kind is not end:
                self.unexpected(self.peek(), context)
        if declares:
            self.variables.extend(variables)
        return Pipe(offset, variables, declares, tuple(commands))

    def _variables(self, ranges: bool) -> tuple[tuple[str, ...], bool]:
        """The names before `:=` or `=`, and whether they are declared."""
        first, second = self.peek(), self.peek(1)
        if first.kind is not Kind.VARIABLE:
            return (), False
        if second.kind is Kind.COMMA:
            other, mark = self.peek(2), self.peek(3)
            if not ranges or other.kind is not Kind.VARIABLE or mark.kind not in (Kind.DECLARE, Kind.ASSIGN):
                self.fail(second.offset, "two variables can be set only by {{range $key, $value := ...}}")
            names, taken = (first.text, other.text), 4
        elif second.kind in (Kind.DECLARE, Kind.ASSIGN):
            names, mark, taken = (first.text,), second, 2
        else:
            return (), False
        self._at += taken
        declares = mark.kind is Kind.DECLARE
        for name in () if declares else names:
            self._known(name, first.offset)
        return names, declares

    def _known(self, name: str, offset: int) -> None:
        if name not in self.variables:
            self.fail(offset, f"undefined variable {name!r}")

    def _command(self, context: str) -> Command:
        operands = [self._operand(context)]
        while self.peek().kind not in (Kind.PIPE, Kind.RIGHT, Kind.CLOSE):
            token = self.peek()
            if not token.spaced:
                self.unexpected(token, f"{context}: put a space before it")
            operands.append(self._operand(context))
        first = operands[0]
        if isinstance(first, Literal) and first.value is None:
            self.fail(first.offset, "nil is not a command")
        if isinstance(first, Literal | Dot) and len(operands) > 1:
            self.fail(operands[1].offset, "can't give argument to a value that is not a function")
        return Command(first.offset, tuple(operands))

    def _operand(self, context: str) -> Operand:
        token = self.take()
        base = self._term(token, context)
        names = self._names()
        if not names:
            return base
        if isinstance(base, Literal | Dot):
            self.fail(token.offset, f"unexpected . after {token.text!r}")
        if isinstance(base, Field):
            return Field(base.offset, base.names + names)
        if isinstance(base, Variable):
            return Variable(base.offset, base.name, names)
        return Chain(base.offset, base, names)

    def _names(self) -> tuple[str, ...]:
        """The fields that follow an operand without a space."""
        names: list[str] = []
        while self.peek().kind is Kind.FIELD and not self.peek().spaced:
            names.append(self.take().text[1:])
        return tuple(names)

    def _number(self, token: Token) -> Literal:
        try:
            return Literal(token.offset, number(token.text) if token.kind is Kind.NUMBER else character(token.text))
        except ValueError as error:
            self.fail(token.offset, str(error))

    def _term(self, token: Token, context: str) -> Operand:
        match token.kind:
            case Kind.IDENTIFIER:
                return self._word(token, context)
            case Kind.DOT:
                return Dot(token.offset)
            case Kind.FIELD:
                return Field(token.offset, (token.text[1:],))
            case Kind.VARIABLE:
                self._known(token.text, token.offset)
                return Variable(token.offset, token.text, ())
            case Kind.OPEN:
                with self.nested(token.offset):
                    return self.pipeline("parenthesized pipeline", Kind.CLOSE)
            case Kind.STRING | Kind.RAW_STRING:
                return Literal(token.offset, self.unquoted(token))
            case Kind.NUMBER | Kind.CHARACTER:
                return self._number(token)
            case _:
                return self.unexpected(token, context)

    def _word(self, token: Token, context: str) -> Operand:
        if token.text in _WORD_VALUES:
            return Literal(token.offset, _WORD_VALUES[token.text])
        if token.text in KEYWORDS:
            self.unexpected(token, context)
        if token.text not in self._functions:
            self.fail(token.offset, f"function {token.text!r} not defined")
        return Identifier(token.offset, token.text)
