"""Records of the standard library's logging as JSON lines."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, cast

from hivesight_sdk.logs.drops import log_drops
from hivesight_sdk.logs.line import Event, Line, LineWriter, exception_of, unreadable

if TYPE_CHECKING:
    from hivesight_sdk.logs.limits import LogLimits
    from hivesight_sdk.logs.redaction import Redactor

# Everything else that a record has was given as `extra`. What OpenTelemetry's instrumentation adds stands in the line.
_OTEL: Final = {"otelSpanID", "otelTraceID", "otelTraceSampled", "otelServiceName"}
_OWN_ATTRIBUTES: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"} | _OTEL


class JsonFormatter(logging.Formatter):
    """A formatter for any handler: one JSON object a line. Never raises; what cannot be shown is counted.

    `service_name` is `configure`'s where none is given.
    """

    def __init__(
        self,
        service_name: str | None = None,
        *,
        redactor: Redactor | None = None,
        limits: LogLimits | None = None,
    ) -> None:
        super().__init__()
        self._writer: Final = LineWriter(service_name, redactor, limits)

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line, without its newline. The record itself is left as it is."""
        return self.line(record).text

    def line(self, record: logging.LogRecord) -> Line:
        """As `format`, with the object that the line shows."""
        try:
            return self._writer.line(_event(record))
        except Exception:  # noqa: BLE001  the host must not feel it; counted
            log_drops.add("log_failed")
            return unreadable(record.created)


def _event(record: logging.LogRecord) -> Event:
    attributes = cast("dict[object, object]", vars(record))
    fields = {name: value for name, value in attributes.items() if name not in _OWN_ATTRIBUTES}
    if record.stack_info:
        fields["stack_info"] = record.stack_info
    error = exception_of(record.exc_info)
    return Event(
        record.created, record.levelname, record.name, _message(record), fields, error or record.exc_text or None
    )


def _message(record: logging.LogRecord) -> object:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001  arguments that do not fit the format, or a broken __str__: the format is shown
        return record.msg
