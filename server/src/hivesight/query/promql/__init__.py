"""PromQL: the language of Prometheus, evaluated over whole arrays."""

from hivesight.query.promql.engine import Engine
from hivesight.query.promql.parser import parse
from hivesight.query.promql.printer import format
from hivesight.query.promql.types import Answer, Limits, Matrix, Querier, Scalar, String, Vector
from hivesight.query.promql.walk import metric_names, selectors

__all__ = [
    "Answer",
    "Engine",
    "Limits",
    "Matrix",
    "Querier",
    "Scalar",
    "String",
    "Vector",
    "format",
    "metric_names",
    "parse",
    "selectors",
]
