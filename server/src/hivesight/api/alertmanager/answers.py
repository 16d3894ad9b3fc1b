"""How the API answers: documents as JSON, and errors with the status and in the form that Alertmanager gives them. What
has the wrong shape is told as an object with a code, what is wrong otherwise as a text."""

from collections.abc import Awaitable, Callable, Iterable
from enum import IntEnum
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from hivesight.alerting.silence import BadSilence, NoSuchSilence
from hivesight.api.body import BodyTooLarge, body_of
from hivesight.model.errors import StorageError

MAX_BODY_BYTES: Final = 16 << 20

Handler = Callable[[Request], Awaitable[Response]]


class Code(IntEnum):
    """Kinds of faults in a document (go-openapi/errors). From 600 on the HTTP status is 422."""

    BAD_REQUEST = 400
    NOT_FOUND = 404
    METHOD_NOT_ALLOWED = 405
    UNSUPPORTED_MEDIA_TYPE = 415
    INVALID_TYPE = 601
    REQUIRED = 602
    TOO_FEW_ITEMS = 612


class BadDocument(ValueError):
    """A posted document is not what the API takes; the message says where and why."""

    def __init__(self, message: str, code: Code = Code.BAD_REQUEST) -> None:
        super().__init__(message)
        self.code = code


def answer(document: Any) -> Response:
    """A good answer."""
    return _json(200, document)


def refusal(status: int, message: str) -> Response:
    """What cannot be done, in words."""
    return _json(status, message)


def fault(code: Code, message: str) -> Response:
    """What has the wrong shape."""
    return _json(min(code, 422), {"code": code, "message": message})


async def document_of(request: Request, name: str) -> Any:
    """The JSON document of a request's body. Raises BadDocument, BodyTooLarge."""
    kind = request.headers.get("content-type", "application/octet-stream")
    if kind.partition(";")[0].strip().lower() != "application/json":
        message = f"unsupported media type {kind!r}: send the document as application/json"
        raise BadDocument(message, Code.UNSUPPORTED_MEDIA_TYPE)
    body = await body_of(request, MAX_BODY_BYTES)
    if not body:
        raise BadDocument(f"{name} in body is required", Code.REQUIRED)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadDocument(f"the body is not JSON: {error}") from error


def guarded(handler: Handler) -> Handler:
    """The handler with its errors as answers."""

    async def run(request: Request) -> Response:
        try:
            return await handler(request)
        except NoSuchSilence as error:
            return refusal(404, str(error))
        except BadDocument as error:
            return fault(error.code, str(error))
        except (BadSilence, ValueError) as error:
            return refusal(400, str(error))
        except BodyTooLarge as error:
            return refusal(413, str(error))
        except StorageError as error:
            return refusal(503, str(error))

    return run


def answer_list(documents: Iterable[Any]) -> Response:
    """A list, rendered one after the other: of 200,000 alerts the documents weigh several times what their text
    does."""
    return _raw(200, b"[" + b",".join(map(orjson.dumps, documents)) + b"]")


def _json(status: int, document: Any) -> Response:
    return _raw(status, orjson.dumps(document))


def _raw(status: int, text: bytes) -> Response:
    # What is shown is the state of a moment: whoever asks again must not read an old answer.
    return Response(text, status, {"Cache-Control": "no-store"}, media_type="application/json")
