"""What was logged within a captured block, as the SDK's lines would have it: with ids, and without secrets."""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hivesight_sdk.logs import JsonFormatter

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_RECORDS: Final = 100_000
"""Records that one tap keeps; further ones are not."""


@dataclass(frozen=True, slots=True)
class CapturedLog:
    """One record. Secrets are taken out of it, as out of every line of the SDK."""

    level: str
    logger: str
    message: str
    fields: Mapping[str, object]
    trace_id: str | None
    span_id: str | None
    agent: str | None
    task: str | None
    conversation: str | None
    exception: str | None
    """Type of the exception that was logged along."""


class LogTap(logging.Handler):
    """Records that reach the root logger between `open` and `close`, from `level` upwards."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.setFormatter(JsonFormatter())
        self.records: Final[list[CapturedLog]] = []

    def open(self) -> None:
        """Take records from now on; the root logger passes on what this asks for."""
        root = logging.getLogger()
        with _levels.lock:
            _levels.open.append(self)
            _levels.apply()
        root.addHandler(self)

    def shut(self) -> None:
        """Take no more, and give the root logger its level back."""
        logging.getLogger().removeHandler(self)
        with _levels.lock:
            _levels.open.remove(self)
            _levels.apply()
        self.close()

    def emit(self, record: logging.LogRecord) -> None:
        if len(self.records) < MAX_RECORDS:
            self.records.append(_captured(json.loads(self.format(record))))


def _captured(line: Mapping[str, Any]) -> CapturedLog:
    return CapturedLog(
        level=line["level"],
        logger=line["logger"],
        message=line["message"],
        fields=line.get("fields", {}),
        trace_id=line.get("trace_id"),
        span_id=line.get("span_id"),
        agent=line.get("agent"),
        task=line.get("task"),
        conversation=line.get("conversation"),
        exception=line.get("exception", {}).get("type"),
    )


class _Levels:
    """The root logger's level, while taps are open: the lowest one that is asked for, its own included."""

    def __init__(self) -> None:
        self.lock: Final = threading.RLock()
        self.open: Final[list[LogTap]] = []
        self._before: int | None = None
        self._set: int | None = None

    def apply(self) -> None:
        root = logging.getLogger()
        if self._before is None or root.level != self._set:  # the first one, or the program set a level of its own
            self._before = root.level
        self._set = min([self._before, *(tap.level for tap in self.open)])
        root.setLevel(self._set)
        if not self.open:
            self._before = self._set = None


_levels: Final = _Levels()
