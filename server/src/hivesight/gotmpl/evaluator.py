"""A syntax tree and data in, text out (Go's text/template/exec), within limits on output, steps and depth."""

from collections.abc import Sequence
from enum import Enum, auto

from hivesight.gotmpl.errors import TemplateError, TooLarge
from hivesight.gotmpl.expressions import Expressions
from hivesight.gotmpl.gofmt import in_order
from hivesight.gotmpl.nodes import (
    Action,
    Body,
    Break,
    Call,
    Continue,
    If,
    Node,
    Pipe,
    Range,
    Text,
    With,
)
from hivesight.gotmpl.values import as_mapping, as_sequence, truth, type_name


class _Signal(Enum):
    BREAK = auto()
    CONTINUE = auto()


class Evaluator(Expressions):
    """One execution of a template."""

    def run(self, name: str, data: object) -> str:
        """The text of a named template. Raises TemplateError."""
        try:
            self._call(Call(0, name, None), data)
        except RecursionError as error:
            raise TemplateError(self._source.file, 1, 1, "the template is nested too deeply") from error
        return self._out.cut(0)

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

    def _call(self, node: Call, data: object) -> None:
        definition = self._definitions.get(node.name)
        if definition is None:
            self._fail(node.offset, f"template {node.name!r} not defined")
        outer, variables = self._source, self._variables
        self._source, self._variables = definition, [("$", data)]
        self._walk(definition.body, data)
        self._source, self._variables = outer, variables
