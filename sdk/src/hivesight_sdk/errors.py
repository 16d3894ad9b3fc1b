"""What kind of failure an exception is: a closed set of kinds, judged by status, type and name, so that errors of
every client can be counted under few labels and no client needs to be imported.
"""

from __future__ import annotations

import errno
from typing import Final, cast

from hivesight_sdk import metrics, semconv
from hivesight_sdk.batches import record_batched
from hivesight_sdk.recording import drop, drop_failed, label, series

_BY_STATUS: Final = {
    401: "denied",
    403: "denied",
    404: "not_found",
    408: "timeout",
    429: "rate_limited",
    504: "timeout",
}
# Parts of class names by which clients call their errors, in lower case.
_BY_NAME: Final = (
    ("timeout", "timeout"),
    ("ratelimit", "rate_limited"),
    ("toomanyrequests", "rate_limited"),
    ("throttl", "rate_limited"),
    ("authentication", "denied"),
    ("unauthorized", "denied"),
    ("forbidden", "denied"),
    ("permissiondenied", "denied"),
    ("badrequest", "invalid_request"),
    ("unavailable", "unavailable"),
    ("overloaded", "unavailable"),
    ("connect", "connection"),
    ("networkerror", "connection"),
    ("sslerror", "connection"),
    ("gaierror", "connection"),
)
_EXHAUSTED: Final = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM))


def http_status(response: object) -> int | None:
    """The HTTP status code that a response or an exception of a well-known client carries, or None."""
    # status_code: httpx, requests, openai, anthropic; status: aiohttp, http.client; code: urllib.error
    for attribute in ("status_code", "status", "code"):
        value = cast("object", getattr(response, attribute, None))
        if isinstance(value, int) and 100 <= value <= 599:
            return int(value)
    return None


def error_status(error: BaseException) -> int | None:
    """The HTTP status code that an exception or its `response` carries, or None."""
    return http_status(error) or http_status(getattr(error, "response", None))


def is_timeout(error: BaseException) -> bool:
    """Whether an exception says that time ran out: by its type's name, which all clients give it."""
    return any("Timeout" in kind.__name__ for kind in type(error).__mro__)


def is_cancellation(error: BaseException) -> bool:
    """Whether a block was stopped from outside rather than failed: cancelled, closed, interrupted or exiting."""
    return not isinstance(error, Exception) or type(error).__name__ == "CancelledError"


def error_kind(error: BaseException) -> str:
    """One of `semconv.ERROR_KINDS` for any exception; "internal" for what is none of the others."""
    if is_cancellation(error):
        return "cancelled"
    return _kind_by_status(error_status(error)) or _kind_by_name(error) or _kind_by_type(error)


def _kind_by_status(status: int | None) -> str | None:
    if status is None or status < 400:
        return None
    return _BY_STATUS.get(status) or ("invalid_request" if status < 500 else "unavailable")


def _kind_by_name(error: BaseException) -> str | None:
    for each in type(error).__mro__:
        name = each.__name__.lower()
        for part, kind in _BY_NAME:
            if part in name:
                return kind
    return None


def _kind_by_type(error: BaseException) -> str:
    match error:
        case PermissionError():
            return "denied"
        case FileNotFoundError():
            return "not_found"
        case MemoryError() | RecursionError():
            return "resource_exhausted"
        case OSError():
            return "resource_exhausted" if error.errno in _EXHAUSTED else "io"
        case ValueError() | SyntaxError():
            return "invalid_data"
        case _:
            return "internal"


def count_error(component: str, error: BaseException) -> None:
    """Count an error that left `component`; a cancellation is none. Never raises."""
    if not is_cancellation(error):
        record_error(component, error)


def record_error(component: str, error: BaseException | str) -> None:
    """Count an error of a component by kind: an exception, which is classified, or one of `semconv.ERROR_KINDS`.

    The trackers count what leaves them, as component "task", "agent", "tool" and so on; call this for errors that are
    handled on the spot.
    """
    try:
        _record(component, error)
    except Exception as failure:  # noqa: BLE001  an error is of the host's own making, and so are its properties
        drop_failed(failure)


def _record(component: str, error: BaseException | str) -> None:
    kind = error_kind(error) if isinstance(error, BaseException) else error
    if kind in semconv.ERROR_KINDS:
        record_batched(_add, (label(component), kind), None)
    else:
        drop("invalid_value", f"an error's kind must be an exception or one of {', '.join(semconv.ERROR_KINDS)}")


def _add(labels: tuple[str, str], points: list[None]) -> None:
    series(metrics.ERRORS, *labels).inc(len(points))
