"""Log records that were lost, on their way to `agent_hive_sdk_dropped_total`."""

from __future__ import annotations

from typing import Final

from hivesight_sdk.recording import drop
from hivesight_sdk.tally import Tally

_MESSAGES: Final = {
    "log_queue_full": "log lines are dropped: the stream takes them slower than they come; log less, or to a file",
    "log_failed": "log records are dropped: they cannot be shown, or the stream cannot be written to",
}


def _report(reason: str, count: int) -> None:
    # On its own, as a drop writes a log record and this runs inside a recording.
    drop(reason, _MESSAGES[reason], amount=count)


log_drops: Final = Tally(_report)
"""By reason: "log_queue_full" and "log_failed"."""
