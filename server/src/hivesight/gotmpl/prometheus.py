"""The functions of alerting rules' labels and annotations (Prometheus, "Template reference")."""

import ipaddress
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hivesight.gotmpl.builtin import BUILTINS, TEMPLATE_FUNCTION, evaluated_in_place
from hivesight.gotmpl.calls import Function
from hivesight.gotmpl.errors import FunctionError
from hivesight.gotmpl.humanize import HUMANIZE_FUNCTIONS
from hivesight.gotmpl.textfunctions import TEXT_FUNCTIONS
from hivesight.gotmpl.values import AnyMap
from hivesight.model.duration import parse_duration


@dataclass(frozen=True, slots=True)
class Sample:
    """One element of a query's result: `.Labels` and `.Value`."""

    labels: Mapping[str, str]
    value: float

    def template_fields(self) -> Mapping[str, object]:
        return {"Labels": self.labels, "Value": self.value}


TemplateQuery = Callable[[str], Sequence[Sample]]
"""Answers a PromQL query at the time of the evaluation; raises FunctionError with the reason where it cannot."""


def _no_query(query: str) -> Sequence[Sample]:
    raise FunctionError(f"there is nothing to ask {query[:80]!r} of here")


def split_host_port(text: str) -> tuple[str, str] | None:
    """Host and port of `host:port` or `[host]:port`, or None where there is no port (net.SplitHostPort)."""
    host, colon, port = text.rpartition(":")
    if not colon:
        return None
    if host.startswith("["):
        return (host[1:-1], port) if host.endswith("]") and not set(host[1:-1]) & set("[]") else None
    return None if set(host + port) & set(":[]") else (host, port)


def _strip_port(text: str) -> str:
    parts = split_host_port(text)
    return text if parts is None else parts[0]


def _strip_domain(text: str) -> str:
    host, port = split_host_port(text) or (text, "")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        short = host.split(".", 1)[0]
        return f"{short}:{port}" if port else short
    return text


def _title(text: str) -> str:
    """Every word with a capital first letter (strings.Title)."""
    out: list[str] = []
    before = " "
    for character in text:
        out.append(character if _in_word(before) else character.title())
        before = character
    return "".join(out)


def _in_word(character: str) -> bool:
    if character.isascii():
        return character.isalnum() or character == "_"
    return character.isalnum() or not character.isspace()


def _query_escape(text: str) -> str:
    return urllib.parse.quote_plus(text, safe="-_.~", errors="replace")


def graph_link(expression: str) -> str:
    """The path that shows an expression as a graph."""
    return f"/graph?g0.expr={_query_escape(expression)}&g0.tab=0"


def table_link(expression: str) -> str:
    """The path that shows an expression as a table."""
    return f"/graph?g0.expr={_query_escape(expression)}&g0.tab=1"


def _args(*values: object) -> AnyMap:
    return AnyMap({f"arg{index}": value for index, value in enumerate(values)})


def _first(samples: Sequence[object]) -> object:
    if not samples:
        raise FunctionError("first() called on vector with no elements")
    return samples[0]


def _label(name: str, sample: Sample) -> str:
    return sample.labels.get(name, "")


def _value(sample: Sample) -> float:
    return sample.value


def _strvalue(sample: Sample) -> str:
    return sample.labels.get("__value__", "")


def _sort_by_label(name: str, samples: Sequence[object]) -> Sequence[Sample]:
    found = [sample for sample in samples if isinstance(sample, Sample)]
    if len(found) < len(samples):
        raise FunctionError("wrong type for value; expected the result of a query")
    return sorted(found, key=lambda sample: sample.labels.get(name, ""))


def _parse_duration(text: str) -> float:
    try:
        return parse_duration(text) / 1000
    except ValueError as error:
        raise FunctionError(str(error)) from error


_FIXED: Final[Mapping[str, Function]] = {
    **BUILTINS,
    **TEXT_FUNCTIONS,
    **HUMANIZE_FUNCTIONS,
    TEMPLATE_FUNCTION: evaluated_in_place,
    "title": _title,
    "parseDuration": _parse_duration,
    "graphLink": graph_link,
    "tableLink": table_link,
    "args": _args,
    "stripPort": _strip_port,
    "stripDomain": _strip_domain,
    "first": _first,
    "label": _label,
    "value": _value,
    "strvalue": _strvalue,
    "sortByLabel": _sort_by_label,
    "urlQueryEscape": _query_escape,
}


def prometheus_functions(
    *, query: TemplateQuery = _no_query, external_url: str = "", now_ms: int = 0
) -> Mapping[str, Function]:
    """The table for one evaluation. query: answers `query` at the evaluation's time. external_url: where this server
    is reached. now_ms: the evaluation's time."""

    def ask(text: str) -> Sequence[Sample]:
        return query(text)

    def own_url() -> str:
        return external_url

    def path_prefix() -> str:
        return urllib.parse.urlsplit(external_url).path

    def now() -> float:
        return now_ms / 1000

    return {**_FIXED, "query": ask, "externalURL": own_url, "pathPrefix": path_prefix, "now": now}


PROMETHEUS_FUNCTIONS: Final = prometheus_functions()
"""The table for parsing and checking, where nothing can be asked."""
