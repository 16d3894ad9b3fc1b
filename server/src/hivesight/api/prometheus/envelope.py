"""The envelope of every answer: status, data, error, errorType, warnings and infos."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final

import orjson
from starlette.responses import Response

from hivesight.model.errors import BadQuery, HivesightError, Limit, QueryLimit, StorageError


class ErrorType(StrEnum):
    BAD_DATA = "bad_data"
    EXECUTION = "execution"
    CANCELED = "canceled"
    TIMEOUT = "timeout"
    INTERNAL = "internal"
    UNAVAILABLE = "unavailable"
    NOT_FOUND = "not_found"


_STATUS: Final = {
    ErrorType.BAD_DATA: 400,
    ErrorType.NOT_FOUND: 404,
    ErrorType.EXECUTION: 422,
    ErrorType.CANCELED: 499,
    ErrorType.INTERNAL: 500,
    ErrorType.TIMEOUT: 503,
    ErrorType.UNAVAILABLE: 503,
}


class BadParameter(Exception):
    """A request's parameter is missing or wrong; the message is for who sent it."""


def invalid(name: str, reason: object) -> BadParameter:
    """The error to raise for a value that is wrong, in Prometheus' words."""
    return BadParameter(f'invalid parameter "{name}": {reason}')


def success(data: Any, warnings: Sequence[str] = (), infos: Sequence[str] = ()) -> Response:
    """An answer; `data` is anything orjson writes, or bytes that are JSON already."""
    return Response(
        b"".join(
            (
                b'{"status":"success","data":',
                data if isinstance(data, bytes) else orjson.dumps(data),
                b',"warnings":' + orjson.dumps(list(warnings)) if warnings else b"",
                b',"infos":' + orjson.dumps(list(infos)) if infos else b"",
                b"}",
            )
        ),
        media_type="application/json",
    )


def nothing() -> Response:
    """The answer where there is nothing to say."""
    return Response(status_code=204)


def failure(kind: ErrorType, message: str) -> Response:
    """A refusal."""
    text = message.encode("utf-8", "replace").decode()
    return Response(
        orjson.dumps({"status": "error", "errorType": kind, "error": text}),
        status_code=_STATUS[kind],
        media_type="application/json",
    )


def refusal(error: BadParameter | HivesightError) -> Response:
    """The refusal that an error means."""
    text = str(error)
    match error:
        case BadParameter() | BadQuery():
            kind = ErrorType.BAD_DATA
        case QueryLimit(limit=Limit.TIMEOUT):
            kind = ErrorType.TIMEOUT
        case QueryLimit(limit=Limit.CANCELED):
            kind = ErrorType.CANCELED
        case StorageError():
            kind = ErrorType.UNAVAILABLE
        case _:
            kind = ErrorType.EXECUTION
    return failure(kind, text)
