"""Tokens in, syntax trees of the named templates out (Go's text/template/parse). Bounded in size and in depth."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from hivesight.gotmpl.errors import TemplateError
from hivesight.gotmpl.lexer import Kind, Token, tokens
from hivesight.gotmpl.nodes import Action, Body, Break, Call, Continue, Definition, If, Node, Range, Text, With
from hivesight.gotmpl.pipelines import KEYWORDS, PipelineParser

SOURCE_MOST: Final = 1 << 20
"""Characters of a template's text."""


@dataclass(frozen=True, slots=True)
class _Stop:
    """What ended a list of nodes: `end`, `else` (with the keyword that follows it, or empty), or the text's end."""

    word: str
    follow: str
    offset: int


def parse(name: str, text: str, functions: Collection[str]) -> dict[str, Definition]:
    """Every template that a text defines, by name; the text itself is the one named `name`.

    functions: the names that may be called. Raises TemplateError with the place of the first fault."""
    if len(text) > SOURCE_MOST:
        raise TemplateError(name, 1, 1, f"the template has {len(text)} characters, the most is {SOURCE_MOST}")
    return _Parser(name, text, functions).run()


class _Parser(PipelineParser):
    def __init__(self, name: str, text: str, functions: Collection[str]) -> None:
        super().__init__(name, text, list(tokens(name, text)), functions)
        self._definitions: dict[str, Definition] = {}
        self._loops = 0

    def run(self) -> dict[str, Definition]:
        body, stop = self._body(top=True)
        if stop.word:
            self.fail(stop.offset, f"unexpected {{{{{stop.word}}}}}")
        # A name defined in the file wins over the file's own body only where that body is blank.
        self._define(self.name, body, 0)
        return self._definitions

    def _define(self, name: str, body: Body, offset: int) -> None:
        new = Definition(name, body, self.name, self.text)
        old = self._definitions.get(name)
        if old is not None and not old.blank and not new.blank:
            self.fail(offset, f"template: multiple definition of template {name!r}")
        if old is None or old.blank:
            self._definitions[name] = new

    def _body(self, *, top: bool = False) -> tuple[Body, _Stop]:
        """Nodes up to the action that ends them."""
        nodes: list[Node] = []
        while True:
            token = self.take()
            if token.kind is Kind.END:
                return tuple(nodes), _Stop("", "", token.offset)
            if token.kind is Kind.TEXT:
                nodes.append(Text(token.offset, token.text))
                continue
            word = self.peek()
            if word.kind is not Kind.IDENTIFIER or word.text not in KEYWORDS:
                nodes.append(Action(token.offset, self.pipeline("command", Kind.RIGHT)))
                continue
            self.take()
            if word.text == "end":
                self.expect(Kind.RIGHT, "end")
                return tuple(nodes), _Stop("end", "", word.offset)
            if word.text == "else":
                return tuple(nodes), self._else(word)
            if word.text == "define":
                if not top:
                    self.fail(word.offset, "unexpected {{define}} inside another action")
                self._definition(word)
                continue
            nodes.append(self._control(word))

    def _else(self, word: Token) -> _Stop:
        follow = self.peek()
        if follow.kind is Kind.IDENTIFIER and follow.text in ("if", "with"):
            self.take()
            return _Stop("else", follow.text, follow.offset)
        self.expect(Kind.RIGHT, "else")
        return _Stop("else", "", word.offset)

    def _control(self, word: Token) -> Node:
        match word.text:
            case "if" | "with" | "range":
                with self.nested(word.offset):
                    return self._branch(word.text, word.offset)
            case "template":
                name = self._template_name("template")
                pipe = None if self.peek().kind is Kind.RIGHT else self.pipeline("template clause", Kind.RIGHT)
                if pipe is None:
                    self.take()
                return Call(word.offset, name, pipe)
            case "block":
                with self.nested(word.offset):
                    return self._block(word)
            case _:
                if not self._loops:
                    self.fail(word.offset, f"{{{{{word.text}}}}} outside {{{{range}}}}")
                self.expect(Kind.RIGHT, word.text)
                return Break(word.offset) if word.text == "break" else Continue(word.offset)

    def _branch(self, word: str, offset: int) -> Node:
        mark = len(self.variables)
        pipe = self.pipeline(word, Kind.RIGHT, ranges=word == "range")
        self._loops += word == "range"
        body, stop = self._body()
        self._loops -= word == "range"
        orelse: Body = ()
        if stop.word == "else":
            orelse, stop = self._alternative(word, stop)
        if stop.word != "end":
            self.fail(offset, f"{{{{{word}}}}} without {{{{end}}}}")
        del self.variables[mark:]
        if word == "range":
            return Range(offset, pipe, body, orelse)
        return If(offset, pipe, body, orelse) if word == "if" else With(offset, pipe, body, orelse)

    def _alternative(self, word: str, stop: _Stop) -> tuple[Body, _Stop]:
        """What stands after an {{else}}; `{{else if}}` is an {{if}} that shares the outer {{end}}."""
        if not stop.follow:
            body, end = self._body()
            if end.word == "else":
                self.fail(end.offset, "expected {{end}}, found {{else}}")
            return body, end
        if stop.follow != word:
            self.fail(
                stop.offset, f"{{{{else {stop.follow}}}}} belongs to {{{{{stop.follow}}}}}, not to {{{{{word}}}}}"
            )
        with self.nested(stop.offset):
            return (self._branch(word, stop.offset),), _Stop("end", "", stop.offset)

    def _template_name(self, context: str) -> str:
        token = self.take()
        if token.kind not in (Kind.STRING, Kind.RAW_STRING):
            self.unexpected(token, f"{context} clause: write the template's name in quotes")
        return self.unquoted(token)

    def _definition(self, word: Token) -> None:
        name = self._template_name("define")
        self.expect(Kind.RIGHT, "define clause")
        self._define(name, self._separate_body(word, "define"), word.offset)

    def _block(self, word: Token) -> Call:
        name = self._template_name("block")
        pipe = self.pipeline("block clause", Kind.RIGHT)
        self._define(name, self._separate_body(word, "block"), word.offset)
        return Call(word.offset, name, pipe)

    def _separate_body(self, word: Token, context: str) -> Body:
        """A body that sees neither the variables nor the loops around it."""
        variables, loops = self.variables, self._loops
        self.variables, self._loops = ["$"], 0
        body, stop = self._body()
        if stop.word != "end":
            self.fail(stop.offset if stop.word else word.offset, f"{{{{{context}}}}} without {{{{end}}}}")
        self.variables, self._loops = variables, loops
        return body
