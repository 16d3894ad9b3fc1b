"""What goes wrong with a template: one exception with a place."""

from hivesight.model.errors import HivesightError


class TemplateError(HivesightError):
    """A template cannot be parsed or executed.

    name: the template's (or its file's) name. line and col: where, counted from 1, in characters of its text.
    reason: what is wrong, without the place."""

    def __init__(self, name: str, line: int, col: int, reason: str) -> None:
        super().__init__(f"template: {name}:{line}:{col}: {reason}")
        self.name = name
        self.line = line
        self.col = col
        self.reason = reason


class FunctionError(ValueError):
    """A template function cannot do what it was asked; the evaluator adds the place."""


class TooLarge(FunctionError):
    """A value or an output passed the bound that the caller set."""


def template_error(name: str, text: str, offset: int, reason: str) -> TemplateError:
    """The error at a character offset of a template's text."""
    offset = min(offset, len(text))
    return TemplateError(name, text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset), reason)
