"""Why a notification could not be sent, and whether to try again: the one place where that is judged."""

from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any, Final, cast

import orjson

from hivesight.model.errors import HivesightError

MOST_SHOWN: Final = 200
_LONGEST_ASKED: Final = 1e9


class FailureReason(StrEnum):
    """Why it failed; a metric's label."""

    CLIENT_ERROR = "client_error"
    SERVER_ERROR = "server_error"
    RATE_LIMITED = "rate_limited"
    AUTH = "auth"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    TEMPLATE = "template"
    CONFIG = "config"
    OTHER = "other"


class NotifyError(HivesightError):
    """A notification was not sent. retry: whether the same may work later. retry_after_seconds: how long the receiver
    asked to be left alone. status: the HTTP status of its answer, 0 for none. The message never holds an address that
    may hold a token."""

    def __init__(
        self,
        reason: FailureReason,
        message: str,
        *,
        retry: bool,
        retry_after_seconds: float | None = None,
        status: int = 0,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.retry = retry
        self.retry_after_seconds = retry_after_seconds


def judge_status(status: int, body: bytes, retry_after: str | None, now_seconds: float) -> None:
    """Raise the NotifyError that an HTTP status stands for; a 2xx passes."""
    if 200 <= status < 300:
        return
    match status:
        case 401 | 403 | 407:
            reason, retry = FailureReason.AUTH, False
        case 408:
            reason, retry = FailureReason.TIMEOUT, True
        case 429:
            reason, retry = FailureReason.RATE_LIMITED, True
        case _ if status >= 500:
            reason, retry = FailureReason.SERVER_ERROR, True
        case _:
            reason, retry = FailureReason.CLIENT_ERROR, False
    wait = parse_retry_after(retry_after, now_seconds) if retry else None
    if wait is None and retry:
        wait = _asked_in_json(body)
    message = f"status {status}: {shown(body)}"
    raise NotifyError(reason, message, retry=retry, retry_after_seconds=wait, status=status)


def judge_smtp(code: int, message: bytes | str, what: str) -> NotifyError:
    """The NotifyError that an SMTP reply stands for (RFC 5321 section 4.2.1: 4yz is worth another try)."""
    text = message if isinstance(message, bytes) else message.encode(errors="replace")
    auth = code in (530, 534, 535, 538)
    if auth:
        reason = FailureReason.AUTH
    elif code in (421, 450, 451, 452):
        reason = FailureReason.SERVER_ERROR
    else:
        reason = FailureReason.CLIENT_ERROR if code >= 500 else FailureReason.SERVER_ERROR
    return NotifyError(reason, f"{what}: {code} {shown(text)}", retry=400 <= code < 500)


def parse_retry_after(text: str | None, now_seconds: float) -> float | None:
    """Seconds to wait by a Retry-After header (RFC 9110 section 10.2.3: seconds or a date), or None."""
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(text.strip()[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now_seconds)
    except (ValueError, OverflowError):
        return None


def _asked_in_json(body: bytes) -> float | None:
    """Seconds to wait where the answer's JSON says so instead of a header, as Telegram does ("ResponseParameters") and
    Discord ("Rate Limits")."""
    if b"retry_after" not in body:
        return None
    try:
        answer: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(answer, dict):
        return None
    told = cast("dict[str, Any]", answer)
    inner = told.get("parameters")
    wait = (cast("dict[str, Any]", inner) if isinstance(inner, dict) else told).get("retry_after")
    if isinstance(wait, bool) or not isinstance(wait, int | float) or not 0 <= wait < _LONGEST_ASKED:
        return None
    return float(wait)


def shown(body: bytes) -> str:
    """The beginning of an answer, on one line and printable."""
    text = " ".join(body[: 4 * MOST_SHOWN].decode("utf-8", "replace").split())
    kept = "".join(each if each.isprintable() else "." for each in text[:MOST_SHOWN])
    return kept or "(empty answer)"
