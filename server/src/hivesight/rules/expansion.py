"""Templates of a rule's labels and annotations: parsed once, expanded for every element of the expression's answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from hivesight.gotmpl import (
    PROMETHEUS_FUNCTIONS,
    Function,
    FunctionError,
    Limits,
    Sample,
    Template,
    TemplateError,
    prometheus_functions,
)
from hivesight.model.errors import QueryError, StorageError
from hivesight.model.histogram import Histogram
from hivesight.model.labels import NO_LABELS, Labels
from hivesight.query.promql.native.buckets import histogram_text
from hivesight.rules.ports import QueryFunc, elements_of, number_of

PREAMBLE: Final = (
    "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}"
)
"""What Prometheus puts before every template of a rule."""
UNEXPANDED: Final = "<error expanding template:"
"""How a text begins that stands in the place of one whose template failed, as in Prometheus."""
LIMITS: Final = Limits(output=64 << 10, steps=50_000)
"""Of one label or annotation: whoever writes labels into a metric has a say in it."""


def parse_template(alert: str, text: str) -> Template:
    """A label's or annotation's template. Raises TemplateError with the place in `text`."""
    name = f"__alert_{alert}"
    try:
        return Template.parse(name, PREAMBLE + text, PROMETHEUS_FUNCTIONS)
    except TemplateError as error:
        raise _shifted(error) from error


def _shifted(error: TemplateError) -> TemplateError:
    """The error with its place counted from after the preamble."""
    if error.line > 1:
        return error
    return TemplateError(error.name, 1, max(1, error.col - len(PREAMBLE)), error.reason)


def offset_of(text: str, error: TemplateError) -> int:
    """The character offset of the error's place in the template's text."""
    lines = text.split("\n")
    before = sum(len(line) + 1 for line in lines[: error.line - 1])
    return min(before + error.col - 1, max(0, len(text) - 1))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What templates know besides an element: where this server is reached, and what it adds to its alerts."""

    external_url: str = ""
    external_labels: Labels = NO_LABELS


class Expansion:
    """The templates of one evaluation."""

    def __init__(
        self, query: QueryFunc, at_ms: int, surroundings: Surroundings, failed: Callable[[TemplateError], None]
    ) -> None:
        """failed: told of every template that could not be executed."""
        self._surroundings = surroundings
        self._failed = failed

        def ask(text: str) -> list[Sample]:
            try:
                elements = elements_of(query(text, at_ms))
            except (QueryError, StorageError) as error:
                raise FunctionError(str(error)) from error
            return [Sample(dict(labels), number_of(value)) for labels, value in elements]

        self._functions: Mapping[str, Function] = prometheus_functions(
            query=ask, external_url=surroundings.external_url, now_ms=at_ms
        )

    def data(self, labels: Labels, value: float | Histogram) -> Mapping[str, object]:
        """What the templates see of one element; its labels are those of the answer, the metric's name among them. A
        histogram is seen as its text."""
        return {
            "Labels": dict(labels),
            "ExternalLabels": dict(self._surroundings.external_labels),
            "ExternalURL": self._surroundings.external_url,
            "Value": histogram_text(value) if isinstance(value, Histogram) else value,
        }

    def expand(self, templates: Mapping[str, Template], data: Mapping[str, object]) -> dict[str, str]:
        """Name -> text. A template that fails gives its error as the text, as Prometheus does: an alert must not be
        lost because of its description."""
        return {name: self._one(template, data) for name, template in templates.items()}

    def _one(self, template: Template, data: Mapping[str, object]) -> str:
        try:
            return template.execute(data, functions=self._functions, limits=LIMITS)
        except TemplateError as error:
            shifted = _shifted(error)
            self._failed(shifted)
            return f"{UNEXPANDED} error executing template {template.name}: {shifted}>"
