"""OTLP's JSON (opentelemetry-proto, "JSON Protobuf Encoding") as the message that protobuf's own JSON would make."""

import base64
from typing import Any, Final

import orjson
from google.protobuf.json_format import ParseDict, ParseError
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from hivesight.ingest.otlp.limits import BadRequest, TooLarge

MAX_DEPTH: Final = 100
_DATA: Final = ("gauge", "sum", "histogram", "exponentialHistogram", "summary")


def message_of(body: bytes, max_points: int) -> ExportMetricsServiceRequest:
    """Raises BadRequest for what is not OTLP, TooLarge where it has more than `max_points` data points."""
    message = ExportMetricsServiceRequest()
    try:
        document: Any = orjson.loads(body)
        if not isinstance(document, dict):
            raise BadRequest("the body is no JSON object")
        found: dict[str, Any] = document  # pyright: ignore[reportUnknownVariableType]
        _prepare(found, max_points)
        ParseDict(found, message, ignore_unknown_fields=True, max_recursion_depth=MAX_DEPTH)
    except (orjson.JSONDecodeError, ParseError, TypeError, AttributeError, ValueError, RecursionError) as error:
        if isinstance(error, BadRequest | TooLarge):
            raise
        raise BadRequest(f"the body is not OTLP JSON: {str(error)[:500]}") from error
    return message


def _prepare(document: Any, max_points: int) -> None:
    """Counts before messages are made, and turns ids from hex to the base64 that protobuf wants."""
    resources = document.get("resourceMetrics") or ()
    count, around = 0, len(resources)
    for resource in resources:
        scopes = resource.get("scopeMetrics") or ()
        around += len(scopes)
        for scope in scopes:
            around += len(scope.get("metrics") or ())
            if around > max_points:
                break
            for metric in scope.get("metrics") or ():
                for points in [metric[name].get("dataPoints") or () for name in _DATA if metric.get(name)]:
                    count += len(points)
                    if count > max_points:
                        raise TooLarge(f"more than {max_points} data points in a request: send fewer at a time")
                    for point in points:
                        for exemplar in point.get("exemplars") or ():
                            _ids(exemplar)
    if around > max_points:
        raise TooLarge(f"more than {max_points} resources, scopes and metrics in a request: send fewer at a time")


def _ids(exemplar: Any) -> None:
    for name in ("traceId", "spanId"):
        if exemplar.get(name):
            exemplar[name] = base64.b64encode(bytes.fromhex(exemplar[name])).decode()
