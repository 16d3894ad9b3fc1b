"""What senders are told: ExportMetricsServiceResponse, or google.rpc.Status, in the encoding that they used."""

from enum import IntEnum
from typing import Final

import orjson
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsPartialSuccess,
    ExportMetricsServiceResponse,
)
from starlette.responses import Response

from hivesight.ingest.otlp import Outcome

PROTOBUF: Final = "application/x-protobuf"
JSON: Final = "application/json"


class Code(IntEnum):
    """google.rpc.Code, as far as it is needed."""

    INVALID_ARGUMENT = 3
    RESOURCE_EXHAUSTED = 8
    UNAVAILABLE = 14


def response_of(outcome: Outcome) -> ExportMetricsServiceResponse:
    """Without `partial_success` where all was stored (OTLP, "Partial Success")."""
    if not outcome.rejected:
        return ExportMetricsServiceResponse()
    partial = ExportMetricsPartialSuccess(rejected_data_points=outcome.rejected, error_message=outcome.message)
    return ExportMetricsServiceResponse(partial_success=partial)


def exported(outcome: Outcome, *, json: bool) -> Response:
    """The answer to a request that was taken, wholly or in part."""
    if not json:
        return Response(response_of(outcome).SerializeToString(), media_type=PROTOBUF)
    partial = {"rejectedDataPoints": str(outcome.rejected), "errorMessage": outcome.message}
    return Response(orjson.dumps({"partialSuccess": partial} if outcome.rejected else {}), media_type=JSON)


def failed(status: int, code: Code, message: str, *, json: bool, headers: dict[str, str] | None = None) -> Response:
    """The answer to a request of which nothing was taken."""
    if json:
        return Response(orjson.dumps({"code": code, "message": message}), status, headers, JSON)
    return Response(_status(code, message), status, headers, PROTOBUF)


def _status(code: Code, message: str) -> bytes:
    """google.rpc.Status: `code` is field 1, `message` field 2."""
    text = message.encode()
    return b"\x08" + _varint(code) + b"\x12" + _varint(len(text)) + text


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*found, number))
