"""A syntax tree and data in, text out (Go's text/template/exec), within limits on output, steps and depth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, Never

from hivesight.gotmpl.builtin import SHORT_CIRCUIT, TEMPLATE_FUNCTION
from hivesight.gotmpl.calls import Function, call
from hivesight.gotmpl.errors import FunctionError, TemplateError, TooLarge, template_error
from hivesight.gotmpl.gofmt import in_order
from hivesight.gotmpl.nodes import (
    Action,
    Body,
    Break,
    Call,
    Chain,
    Command,
    Continue,
    Definition,
    Dot,
    Field,
    Identifier,
    If,
    Literal,
    Node,
    Operand,
    Pipe,
    Range,
    Text,
    Variable,
    With,
)
from hivesight.gotmpl.output import Output
from hivesight.gotmpl.values import ABSENT, SafeHtml, as_mapping, as_sequence, field_of, method_of, truth, type_name


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one execution: characters written, steps (a node, a call, a turn of a loop or 256 characters handed
    to a function is one), and nodes inside each other, called templates included."""

    output: int = 4 << 20
    steps: int = 200_000
    depth: int = 100


DEFAULT_LIMITS: Final = Limits()
_NOTHING: Final = object()


class _Signal(Enum):
    BREAK = auto()
    CONTINUE = auto()


class Evaluator:
    """One execution of a template."""

    def __init__(
        self,
        definitions: Mapping[str, Definition],
        functions: Mapping[str, Function],
        limits: Limits,
        *,
        html: bool,
    ) -> None:
        self._definitions = definitions
        self._functions = functions
        self._limits = limits
        self._out = Output(limits.output, html=html)
        self._steps = 0
        self._depth = 0
        self._variables: list[tuple[str, object]] = []
        self._source = next(iter(definitions.values()))

    def run(self, name: str, data: object) -> str:
        """The text of a named template. Raises TemplateError."""
        try:
            self._call(Call(0, name, None), data)
        except RecursionError as error:
            raise TemplateError(self._source.file, 1, 1, "the template is nested too deeply") from error
        return self._out.cut(0)

    def _fail(self, offset: int, reason: str) -> Never:
        source = self._source
        raise template_error(source.file, source.text, offset, reason)

    def _step(self, offset: int, count: int = 1) -> None:
        self._steps += count
        if self._steps > self._limits.steps:
            self._fail(offset, f"the template takes more than {self._limits.steps} steps")

    # What stands in a body.

    def _walk(self, body: Body, dot: object) -> _Signal | None:
        mark = len(self._variables)
        self._depth += 1
        if self._depth > self._limits.depth:
            self._fail(body[0].offset if body else 0, f"nested more than {self._limits.depth} levels deep")
        signal = None
        for node in body:
            signal = self._node(node, dot)
            if signal is not None:
                break
        self._depth -= 1
        del self._variables[mark:]
        return signal

    def _node(self, node: Node, dot: object) -> _Signal | None:
        self._step(node.offset)
        match node:
            case Text() | Action():
                self._write(node, dot)
            case If() | With():
                return self._branch(node, dot)
            case Range():
                return self._range(node, dot)
            case Call():
                self._call(node, None if node.pipe is None else self._pipe(node.pipe, dot))
            case Break():
                return _Signal.BREAK
            case Continue():
                return _Signal.CONTINUE
        return None

    def _write(self, node: Text | Action, dot: object) -> None:
        try:
            if isinstance(node, Text):
                self._out.text(node.text)
                return
            value = self._pipe(node.pipe, dot)
            if not node.pipe.variables:
                self._out.value(value)
        except TooLarge as error:
            self._fail(node.offset, str(error))

    def _branch(self, node: If | With, dot: object) -> _Signal | None:
        mark = len(self._variables)
        value = self._pipe(node.pipe, dot)
        if truth(value):
            signal = self._walk(node.body, value if isinstance(node, With) else dot)
        else:
            signal = self._walk(node.orelse, dot)
        del self._variables[mark:]
        return signal

    def _range(self, node: Range, dot: object) -> _Signal | None:
        mark = len(self._variables)
        value = self._pipe(node.pipe, dot, assigns=False)
        items = self._items(node, value)
        signal = None
        for key, item in items:
            self._step(node.offset)
            self._set_loop(node.pipe, key, item)
            signal = self._walk(node.body, item)
            del self._variables[mark:]
            if signal is _Signal.BREAK:
                break
        if not items:
            return self._walk(node.orelse, dot)
        return None

    def _items(self, node: Range, value: object) -> Sequence[tuple[object, object]]:
        """What a loop runs over: keys and values."""
        if value is None:
            return ()
        mapping, sequence = as_mapping(value), as_sequence(value)
        if mapping is not None:
            return [(key, mapping[key]) for key in in_order(mapping)]
        if sequence is not None:
            return list(enumerate(sequence))
        if isinstance(value, int) and not isinstance(value, bool):
            if value > self._limits.steps:
                self._fail(node.offset, f"the template takes more than {self._limits.steps} steps")
            return [(index, index) for index in range(value)]
        return self._fail(node.offset, f"range can't iterate over {type_name(value)}")

    def _set_loop(self, pipe: Pipe, key: object, item: object) -> None:
        names = pipe.variables
        pairs = zip(names, (item,) if len(names) == 1 else (key, item), strict=False)
        for name, value in pairs:
            self._set(name, value, pipe.declares)

    def _set(self, name: str, value: object, declares: bool) -> None:
        if declares:
            self._variables.append((name, value))
            return
        for index in range(len(self._variables) - 1, -1, -1):
            if self._variables[index][0] == name:
                self._variables[index] = (name, value)
                return

    def _call(self, node: Call, data: object) -> None:
        definition = self._definitions.get(node.name)
        if definition is None:
            self._fail(node.offset, f"template {node.name!r} not defined")
        outer, variables = self._source, self._variables
        self._source, self._variables = definition, [("$", data)]
        self._walk(definition.body, data)
        self._source, self._variables = outer, variables

    # What stands in a pipeline.

    def _pipe(self, pipe: Pipe, dot: object, *, assigns: bool = True) -> object:
        self._depth += 1
        if self._depth > self._limits.depth:
            self._fail(pipe.offset, f"nested more than {self._limits.depth} levels deep")
        value: object = _NOTHING
        for command in pipe.commands:
            value = self._command(command, dot, value)
        self._depth -= 1
        if assigns:
            for name in pipe.variables:
                self._set(name, value, pipe.declares)
        return value

    def _command(self, command: Command, dot: object, final: object) -> object:
        self._step(command.offset)
        first, rest = command.operands[0], command.operands[1:]
        match first:
            case Identifier():
                return self._function(first, rest, dot, final)
            case Field() if first.names:
                return self._chain(first.offset, dot, first.names, rest, dot, final)
            case Variable() if first.names:
                return self._chain(first.offset, self._variable(first), first.names, rest, dot, final)
            case Chain():
                return self._chain(first.offset, self._operand(first.base, dot), first.names, rest, dot, final)
            case _:
                if rest or final is not _NOTHING:
                    self._fail(first.offset, "can't give argument to a value that is not a function")
                return self._operand(first, dot)

    def _operand(self, operand: Operand, dot: object) -> object:
        match operand:
            case Literal():
                return operand.value
            case Dot():
                return dot
            case Field():
                return self._chain(operand.offset, dot, operand.names, (), dot, _NOTHING)
            case Variable():
                return self._chain(operand.offset, self._variable(operand), operand.names, (), dot, _NOTHING)
            case Chain():
                base = self._operand(operand.base, dot)
                return self._chain(operand.offset, base, operand.names, (), dot, _NOTHING)
            case Identifier():
                return self._function(operand, (), dot, _NOTHING)
            case Pipe():
                return self._pipe(operand, dot)

    def _variable(self, variable: Variable) -> object:
        for name, value in reversed(self._variables):
            if name == variable.name:
                return value
        return self._fail(variable.offset, f"undefined variable: {variable.name}")

    def _chain(
        self, offset: int, base: object, names: Sequence[str], rest: Sequence[Operand], dot: object, final: object
    ) -> object:
        """Fields and methods one after the other; arguments go to the last, which then must be a method."""
        value = base
        for index, name in enumerate(names):
            last = index == len(names) - 1
            method = method_of(value, name)
            if method is not None:
                arguments = self._arguments(rest, dot, final) if last else []
                value = self._invoke(offset, name, method, arguments)
                continue
            if last and (rest or final is not _NOTHING):
                self._fail(offset, f"{name} is not a method but has arguments")
            value = self._field(offset, value, name)
        return value

    def _field(self, offset: int, value: object, name: str) -> object:
        if value is None:
            return None
        found = field_of(value, name)
        if found is ABSENT:
            self._fail(offset, f"can't evaluate field {name} in type {type_name(value)}")
        return found

    def _arguments(self, operands: Sequence[Operand], dot: object, final: object) -> list[object]:
        values = [self._operand(operand, dot) for operand in operands]
        if final is not _NOTHING:
            values.append(final)
        return values

    def _function(self, identifier: Identifier, rest: Sequence[Operand], dot: object, final: object) -> object:
        name = identifier.name
        if name in SHORT_CIRCUIT:
            return self._logic(identifier, rest, dot, final)
        function = self._functions.get(name)
        if function is None:
            self._fail(identifier.offset, f"function {name!r} not defined")
        arguments = self._arguments(rest, dot, final)
        if name == TEMPLATE_FUNCTION:
            return self._template(identifier.offset, arguments)
        return self._invoke(identifier.offset, name, function, arguments)

    def _template(self, offset: int, arguments: Sequence[object]) -> SafeHtml:
        """`tmpl "name" data`: what a named template writes, as a value."""
        if len(arguments) != 2 or not isinstance(arguments[0], str):
            self._fail(offset, f"{TEMPLATE_FUNCTION} takes a template's name and its data")
        mark = self._out.mark()
        self._call(Call(offset, arguments[0], None), arguments[1])
        return SafeHtml(self._out.cut(mark))

    def _logic(self, identifier: Identifier, rest: Sequence[Operand], dot: object, final: object) -> object:
        """`and` gives its first empty argument or its last, `or` its first non-empty one or its last."""
        if not rest and final is _NOTHING:
            self._fail(identifier.offset, f"wrong number of args for {identifier.name}: want at least 1 got 0")
        value: object = None
        for operand in rest:
            value = self._operand(operand, dot)
            if truth(value) == (identifier.name == "or"):
                return value
        return value if final is _NOTHING else final

    def _invoke(self, offset: int, name: str, function: Function, arguments: Sequence[object]) -> object:
        self._step(offset, 1 + sum(_weight(argument) for argument in arguments))
        try:
            value = call(name, function, arguments)
        except FunctionError as error:
            self._fail(offset, f"error calling {name}: {error}")
        if isinstance(value, str) and len(value) > self._limits.output:
            self._fail(offset, f"{name} makes more than {self._limits.output} characters")
        self._step(offset, _weight(value))
        return value


def _weight(value: object) -> int:
    """How many steps it costs to hand a value around."""
    if isinstance(value, str):
        return len(value) // 256
    sized = as_sequence(value)
    return 0 if sized is None else len(sized) // 16
