"""The values of pipelines: what stands between the braces, within limits on steps and depth. The evaluator of whole
bodies is built on it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Never

from hivesight.gotmpl.builtin import SHORT_CIRCUIT, TEMPLATE_FUNCTION
from hivesight.gotmpl.calls import Function, call
from hivesight.gotmpl.errors import FunctionError, template_error
from hivesight.gotmpl.nodes import (
    Call,
    Chain,
    Command,
    Definition,
    Dot,
    Field,
    Identifier,
    Literal,
    Operand,
    Pipe,
    Variable,
)
from hivesight.gotmpl.output import Output
from hivesight.gotmpl.values import ABSENT, SafeHtml, as_sequence, field_of, method_of, truth, type_name


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one execution: characters written, steps (a node, a call, a turn of a loop or 256 characters handed
    to a function is one), and nodes inside each other, called templates included."""

    output: int = 4 << 20
    steps: int = 200_000
    depth: int = 100


DEFAULT_LIMITS: Final = Limits()
_NOTHING: Final = object()


class Expressions(ABC):
    """The variables and bounds of one execution, and the values of its pipelines."""

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

    def _fail(self, offset: int, reason: str) -> Never:
        source = self._source
        raise template_error(source.file, source.text, offset, reason)

    def _step(self, offset: int, count: int = 1) -> None:
        self._steps += count
        if self._steps > self._limits.steps:
            self._fail(offset, f"the template takes more than {self._limits.steps} steps")

    def _set(self, name: str, value: object, declares: bool) -> None:
        if declares:
            self._variables.append((name, value))
            return
        for index in range(len(self._variables) - 1, -1, -1):
            if self._variables[index][0] == name:
                self._variables[index] = (name, value)
                return

    @abstractmethod
    def _call(self, node: Call, data: object) -> None:
        """Write what a named template makes of the data."""

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
