"""structlog's events as the same JSON lines. structlog itself is not imported."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from hivesight_sdk.logs.drops import log_drops
from hivesight_sdk.logs.line import Event, LineWriter, exception_of, unreadable
from hivesight_sdk.logs.values import safe_text

if TYPE_CHECKING:
    from hivesight_sdk.logs.limits import LogLimits
    from hivesight_sdk.logs.redaction import Redactor

_OWN_KEYS: Final = frozenset(
    {"event", "level", "logger", "logger_name", "timestamp", "exc_info", "exception", "_record", "_from_structlog"}
)


class StructlogRenderer:
    """The last processor of a structlog chain. `service_name` is `configure`'s where none is given. Never raises."""

    def __init__(
        self,
        service_name: str | None = None,
        *,
        redactor: Redactor | None = None,
        limits: LogLimits | None = None,
    ) -> None:
        self._writer: Final = LineWriter(service_name, redactor, limits)

    def __call__(self, logger: object, method_name: str, event_dict: Mapping[str, object]) -> str:
        """The event as one line, without its newline."""
        try:
            return self._writer.line(_event(logger, method_name, event_dict)).text
        except Exception:  # noqa: BLE001  the host must not feel it; counted
            log_drops.add("log_failed")
            return unreadable(time.time()).text


def _event(logger: object, method_name: str, event_dict: Mapping[str, object]) -> Event:
    name = event_dict.get("logger") or event_dict.get("logger_name") or getattr(logger, "name", None) or "structlog"
    level = event_dict.get("level") or ("error" if method_name == "exception" else method_name)
    exc_info = event_dict.get("exc_info")
    error: BaseException | str | None = exception_of(exc_info)
    if error is None and exc_info is True:
        error = sys.exc_info()[1]
    text = event_dict.get("exception")
    return Event(
        time.time(),
        safe_text(level, 20),
        safe_text(name, 200),
        event_dict.get("event", ""),
        {key: value for key, value in event_dict.items() if key not in _OWN_KEYS},
        error or (text if isinstance(text, str) else None),
    )
