"""`configure_logging`: one handler on the root logger that writes JSON lines."""

from __future__ import annotations

import logging
import os
import threading
from typing import TYPE_CHECKING, Final, TextIO

from hivesight_sdk.configuration import service_name as configured_name
from hivesight_sdk.logs.formatter import JsonFormatter
from hivesight_sdk.logs.handlers import (
    DEFAULT_FLUSH_SECONDS,
    DEFAULT_QUEUE_LINES,
    LineHandler,
    QueuedLineHandler,
)
from hivesight_sdk.recording import drop

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hivesight_sdk.logs.export import LogExport
    from hivesight_sdk.logs.limits import LogLimits
    from hivesight_sdk.logs.redaction import Redactor


class LogHandle:
    """What `configure_logging` set up. Close it, or use it as a context manager, to take the handler away again."""

    def __init__(self, handler: LineHandler) -> None:
        self.handler: Final = handler

    def flush(self) -> None:
        """Wait until what was logged is written, within the handler's deadline."""
        self.handler.flush()

    def close(self) -> None:
        """Remove the handler and write what is queued. The root logger's level stays. May be called twice."""
        global _current
        with _lock:
            if _current is self:
                _current = None
        logging.getLogger().removeHandler(self.handler)
        self.handler.close()

    def __enter__(self) -> LogHandle:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


_lock = threading.RLock()
_current: LogHandle | None = None


def configure_logging(
    service_name: str | None = None,
    *,
    level: int | str | None = None,
    stream: TextIO | None = None,
    queued: bool = False,
    queue_lines: int = DEFAULT_QUEUE_LINES,
    flush_seconds: float = DEFAULT_FLUSH_SECONDS,
    redactor: Redactor | None = None,
    limits: LogLimits | None = None,
    otlp: bool | None = None,
    endpoint: str | None = None,
    headers: Mapping[str, str] | None = None,
    resource_attributes: Mapping[str, object] | None = None,
) -> LogHandle:
    """Write the records of every logger as JSON lines to `stream` (standard error). Never raises.

    `level` of the root logger wins over HIVESIGHT_LOG_LEVEL, and that over "INFO". With `queued`, a thread writes and
    the host never waits: beyond `queue_lines` that wait, lines are dropped and counted, and at exit the rest is
    written within `flush_seconds`. The service's name is `configure`'s unless given. Handlers of others stay as they
    are; a second call replaces the first one's handler.

    With `otlp`, or OTEL_LOGS_EXPORTER=otlp, what the lines show goes to a server as well: that of `endpoint`, else that
    of the environment (see `configure`), else Hivesight on this host. `headers` go along; `resource_attributes`
    describe this process, beside OTEL_RESOURCE_ATTRIBUTES.
    """
    global _current
    try:
        wanted = os.environ.get("OTEL_LOGS_EXPORTER", "").strip().lower() == "otlp" if otlp is None else otlp
        export = _export(service_name, endpoint, headers, resource_attributes, flush_seconds) if wanted else None
        formatter = JsonFormatter(service_name, redactor=redactor, limits=limits)
        handler: LineHandler = (
            QueuedLineHandler(formatter, stream, lines=queue_lines, flush_seconds=flush_seconds, export=export)
            if queued
            else LineHandler(formatter, stream, export=export)
        )
    except (TypeError, ValueError, AttributeError) as error:
        drop("invalid_value", f"configure_logging has an argument of another type, so takes its defaults: {error}")
        handler = LineHandler(JsonFormatter())
    root = logging.getLogger()
    handle = LogHandle(handler)
    with _lock:
        earlier, _current = _current, handle
        root.addHandler(handler)
        root.setLevel(_level(level))
    if earlier is not None:
        earlier.close()
    return handle


def _export(
    service: str | None,
    endpoint: str | None,
    headers: Mapping[str, str] | None,
    resource_attributes: Mapping[str, object] | None,
    flush_seconds: float,
) -> LogExport | None:
    # Here, as they load what speaks HTTP.
    from hivesight_sdk.logs.export import LogExport
    from hivesight_sdk.otlp.destination import default_destination, destination, disabled
    from hivesight_sdk.otlp.resource import resource

    if disabled():
        return None

    def describe() -> Mapping[str, object]:
        return resource(service or configured_name(), resource_attributes)

    try:
        to = destination("logs", endpoint, headers) or default_destination("logs", headers)
    except ValueError as error:
        drop("invalid_value", f"log records are not exported: {error}")
        return None
    return LogExport(to, describe, flush_seconds)


def _level(level: int | str | None) -> int:
    wanted = os.environ.get("HIVESIGHT_LOG_LEVEL", "").strip() or "INFO" if level is None else level
    if isinstance(wanted, int):
        return wanted
    known = logging.getLevelNamesMapping()
    name = str(wanted)[:20]
    number = known.get(name.upper())
    if number is None:
        drop("invalid_value", f"no log level is called {name!r}, INFO it is; there are {', '.join(known)}")
        return logging.INFO
    return number


def _new_lock_in_child() -> None:
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_new_lock_in_child)
