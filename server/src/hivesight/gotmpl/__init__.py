"""Go's text/template for alert annotations and notifications. Enters: a template's text and data made of strings,
numbers, mappings, sequences and what declares `Fields` or `Methods`; leaves: text. Called by `rules` and `notify`."""

from hivesight.gotmpl.alertmanager import ALERTMANAGER_FUNCTIONS, alertmanager_functions
from hivesight.gotmpl.builtin import BUILTINS, escape_html
from hivesight.gotmpl.calls import Function
from hivesight.gotmpl.errors import FunctionError, TemplateError
from hivesight.gotmpl.expressions import DEFAULT_LIMITS, Limits
from hivesight.gotmpl.gotime import GoDuration, GoTime
from hivesight.gotmpl.pairs import KV, Pair, Pairs
from hivesight.gotmpl.prometheus import (
    PROMETHEUS_FUNCTIONS,
    Sample,
    TemplateQuery,
    graph_link,
    prometheus_functions,
    table_link,
)
from hivesight.gotmpl.template import Template, TemplateSet
from hivesight.gotmpl.values import AnyMap, Fields, MethodList, Methods, Record, SafeHtml, Stringer
from hivesight.model.gofloat import format_shortest

__all__ = [
    "ALERTMANAGER_FUNCTIONS",
    "BUILTINS",
    "DEFAULT_LIMITS",
    "KV",
    "PROMETHEUS_FUNCTIONS",
    "AnyMap",
    "Fields",
    "Function",
    "FunctionError",
    "GoDuration",
    "GoTime",
    "Limits",
    "MethodList",
    "Methods",
    "Pair",
    "Pairs",
    "Record",
    "SafeHtml",
    "Sample",
    "Stringer",
    "Template",
    "TemplateError",
    "TemplateQuery",
    "TemplateSet",
    "alertmanager_functions",
    "escape_html",
    "format_shortest",
    "graph_link",
    "prometheus_functions",
    "table_link",
]
