"""Logs out: one JSON object a line, with who did it and in which trace, without secrets, within bounds.

A record flows `handlers` -> `formatter` (or `structlog_renderer`) -> `line`, which asks `context` for ids, `redaction`
and `values` for what may be shown, and gives back text.
"""

from hivesight_sdk.logs.context import LogContext, current_log_context, log_context
from hivesight_sdk.logs.formatter import JsonFormatter
from hivesight_sdk.logs.limits import LogLimits
from hivesight_sdk.logs.redaction import Redactor
from hivesight_sdk.logs.setup import LogHandle, configure_logging
from hivesight_sdk.logs.structlog_renderer import StructlogRenderer

__all__ = [
    "JsonFormatter",
    "LogContext",
    "LogHandle",
    "LogLimits",
    "Redactor",
    "StructlogRenderer",
    "configure_logging",
    "current_log_context",
    "log_context",
]
