"""The one shape of a log record: a JSON object on a line, whoever logs it."""

from __future__ import annotations

import json
import traceback
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Final

from hivesight_sdk.configuration import service_name
from hivesight_sdk.logs.context import current_log_context, current_trace
from hivesight_sdk.logs.limits import MIN_LINE_BYTES, NAME_CHARACTERS, LogLimits
from hivesight_sdk.logs.redaction import Redactor
from hivesight_sdk.logs.values import Walk, safe_text, shown_text

if TYPE_CHECKING:
    from hivesight_sdk.logs.values import Json

_MAX_FRAMES: Final = 64
_SHARES: Final = (8, 32, 128, 1_024)


@dataclass(frozen=True, slots=True)
class Event:
    """What is logged. `created` is Unix time in seconds; `error` the exception, or its traceback as text."""

    created: float
    level: str
    logger: str
    message: object
    fields: dict[object, object] = field(default_factory=dict[object, object])
    error: BaseException | str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A record as it leaves: the object, without secrets and within bounds, and its JSON without a newline."""

    document: dict[str, Json]
    text: str


class LineWriter:
    """Events to lines. `service_name` is `configure`'s where none is given."""

    def __init__(self, service_name: str | None, redactor: Redactor | None, limits: LogLimits | None) -> None:
        self._service = service_name
        self._redactor: Final = redactor or Redactor()
        self._limits: Final = limits or LogLimits()

    def line(self, event: Event) -> Line:
        """The event as one line, at most `line_bytes` of UTF-8."""
        limits, redactor = self._limits, self._redactor
        document: dict[str, Json] = {
            "timestamp": _rfc3339(event.created),
            "level": safe_text(event.level, NAME_CHARACTERS).lower(),
            "logger": safe_text(event.logger, NAME_CHARACTERS),
            "message": shown_text(event.message, limits.message_characters, redactor),
            "service": safe_text(self._service or service_name(), NAME_CHARACTERS),
        }
        trace = current_trace()
        if trace is not None:
            document["trace_id"], document["span_id"] = trace
        around = current_log_context()
        ids = {"agent": around.agent, "task": around.task, "conversation": around.conversation}
        document.update({name: value for name, value in ids.items() if value is not None})
        if event.error is not None:
            document["exception"] = self._exception(event.error)
        if event.fields:
            document["fields"] = Walk(redactor, limits).fields(event.fields)
        return _within(document, max(MIN_LINE_BYTES, limits.line_bytes))

    def _exception(self, error: BaseException | str) -> Json:
        limits, redactor = self._limits, self._redactor
        if isinstance(error, str):
            return {"stack": shown_text(error, limits.stack_characters, redactor, end=True)}
        kind = type(error)
        name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        return {
            "type": safe_text(name, NAME_CHARACTERS),
            "message": shown_text(error, limits.text_characters, redactor),
            "stack": shown_text(_stack(error), limits.stack_characters, redactor, end=True),
        }


def unreadable(created: float) -> Line:
    """The line for a record that cannot be shown, whatever the reason."""
    lost: dict[str, Json] = {"timestamp": _rfc3339(created), "level": "error", "logger": "hivesight_sdk"}
    lost["message"] = "<a record that cannot be shown>"
    return Line(lost, _encode(lost))


def exception_of(exc_info: object) -> BaseException | None:
    """The exception of what logging calls `exc_info`: an exception, a triple with one, or neither."""
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple) and len(exc_info) == 3:  # pyright: ignore[reportUnknownArgumentType]
        error: object = exc_info[1]  # pyright: ignore[reportUnknownVariableType]
        return error if isinstance(error, BaseException) else None
    return None


def _stack(error: BaseException) -> str:
    trace: TracebackType | None = error.__traceback__
    try:
        return "".join(traceback.format_exception(type(error), error, trace, limit=-_MAX_FRAMES)).rstrip("\n")
    except Exception:  # noqa: BLE001  an exception of the host's may break its own formatting
        return f"<no traceback of {type(error).__name__}>"


def _rfc3339(created: float) -> str:
    try:
        moment = datetime.fromtimestamp(created, UTC)
    except (OverflowError, OSError, ValueError, TypeError):
        moment = datetime.now(UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _encode(document: dict[str, Json]) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _within(document: dict[str, Json], most_bytes: int) -> Line:
    """The document and its JSON; where it is too large, without its fields and with its texts cut ever shorter."""
    line = _encode(document)
    if len(line) * 4 <= most_bytes or len(line.encode()) <= most_bytes:
        return Line(document, line)
    smaller = {**document, "truncated": True}
    smaller.pop("fields", None)
    for share in _SHARES:
        characters = most_bytes // share
        smaller["message"] = str(document["message"])[:characters]
        exception = document.get("exception")
        if isinstance(exception, dict):
            smaller["exception"] = {name: str(text)[-characters:] for name, text in exception.items()}
        line = _encode(smaller)
        if len(line.encode()) <= most_bytes:
            break
    return Line(smaller, line)
