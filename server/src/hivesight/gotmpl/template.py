"""Templates and sets of templates: parsed once, executed as often as one likes."""

from collections.abc import Iterable, Mapping

from hivesight.gotmpl.builtin import BUILTINS
from hivesight.gotmpl.calls import Function
from hivesight.gotmpl.errors import TemplateError
from hivesight.gotmpl.evaluator import Evaluator
from hivesight.gotmpl.expressions import DEFAULT_LIMITS, Limits
from hivesight.gotmpl.nodes import Definition
from hivesight.gotmpl.parser import parse


class Template:
    """A parsed template. Immutable and safe to share between threads."""

    __slots__ = ("_definitions", "_functions", "_html", "name")

    def __init__(
        self, name: str, definitions: Mapping[str, Definition], functions: Mapping[str, Function], *, html: bool
    ) -> None:
        self.name = name
        self._definitions = definitions
        self._functions = functions
        self._html = html

    @classmethod
    def parse(
        cls, name: str, text: str, functions: Mapping[str, Function] = BUILTINS, *, html: bool = False
    ) -> "Template":
        """A template from its text. functions: what it may call (PROMETHEUS_FUNCTIONS, ALERTMANAGER_FUNCTIONS or a
        table of one's own). html: every value it prints is escaped for HTML. Raises TemplateError."""
        return cls(name, parse(name, text, functions), functions, html=html)

    def execute(
        self, data: object, *, functions: Mapping[str, Function] | None = None, limits: Limits = DEFAULT_LIMITS
    ) -> str:
        """The text that the template makes of the data. functions: stands for the table that it was parsed with,
        such as one that knows the time of this evaluation. Raises TemplateError, also past a limit."""
        table = self._functions if functions is None else functions
        return Evaluator(self._definitions, table, limits, html=self._html).run(self.name, data)


class TemplateSet:
    """Named templates out of several files, which call each other. Immutable."""

    __slots__ = ("_definitions", "_functions")

    def __init__(self, definitions: Mapping[str, Definition], functions: Mapping[str, Function]) -> None:
        self._definitions = definitions
        self._functions = functions

    @classmethod
    def parse(cls, files: Iterable[tuple[str, str]], functions: Mapping[str, Function] = BUILTINS) -> "TemplateSet":
        """A set from the names and texts of files; where two define one name, the later one stands. Raises
        TemplateError for the first fault."""
        return cls({}, functions).extended(files)

    def extended(self, files: Iterable[tuple[str, str]]) -> "TemplateSet":
        """This set with further files over it. Raises TemplateError."""
        merged = dict(self._definitions)
        for name, text in files:
            _merge(merged, parse(name, text, self._functions))
        return TemplateSet(merged, self._functions)

    def names(self) -> frozenset[str]:
        """The names of the templates that are defined."""
        return frozenset(self._definitions)

    def template(self, name: str, text: str, *, html: bool = False) -> Template:
        """A text that may call the set's templates, such as one setting of a receiver. Raises TemplateError."""
        merged = dict(self._definitions)
        merged.pop(name, None)
        _merge(merged, parse(name, text, self._functions))
        return Template(name, merged, self._functions, html=html)

    def named(self, name: str, *, html: bool = False) -> Template:
        """One of the set's templates by name. Raises TemplateError where it is not defined."""
        if name not in self._definitions:
            raise TemplateError(name, 1, 1, f"template {name!r} not defined")
        return Template(name, self._definitions, self._functions, html=html)


def _merge(known: dict[str, Definition], new: Mapping[str, Definition]) -> None:
    for name, definition in new.items():
        if name not in known or not definition.blank:
            known[name] = definition
