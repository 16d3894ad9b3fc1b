"""Runs that a framework tells of in two calls, by an id: that one begins, and that it has ended."""

from __future__ import annotations

import sys
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, cast

from hivesight_sdk import spans
from hivesight_sdk.recording import drop

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from hivesight_sdk.trackers.tracking import Measurement, Tracker

MAX_OPEN: Final = 10_000
"""Runs that are open at once; beyond it the oldest, whose end was never told, is forgotten."""


class ReportedError(Exception):
    """An error of which a framework tells only the message."""


@dataclass(frozen=True, slots=True)
class _Open:
    tracker: Tracker[Any]
    measurement: Measurement
    around: dict[str, object] | None
    """OpenTelemetry's context before the run began, and within it."""
    within: dict[str, object] | None
    handled: BaseException | None
    """What was being handled, in an `except` block around, when the run began."""


class OpenRuns:
    """Thread-safe; nothing here raises.

    The end may be told in another asyncio task than the beginning, where context variables cannot be set back: the
    context of the run then becomes, for whoever still has it, what was around it.
    """

    def __init__(self, framework: str) -> None:
        self._framework: Final = framework
        self._open: Final[OrderedDict[Hashable, _Open]] = OrderedDict()
        self._lock: Final = Lock()

    def begin(self, run_id: Hashable, tracker: Tracker[Any]) -> None:
        """The run begins now, on this thread and in this context."""
        around = _context()
        measurement = tracker.__enter__()
        with self._lock:
            self._open[run_id] = _Open(tracker, measurement, around, _context(), sys.exception())
            if len(self._open) > MAX_OPEN:
                self._open.popitem(last=False)

    def measurement(self, run_id: Hashable) -> Any:
        """That of an open run; None for one that is not."""
        found = self._open.get(run_id)
        return None if found is None else found.measurement

    def raised(self, run_id: Hashable) -> BaseException | None:
        """The exception that is on its way out of an open run, for a framework that tells of the end while it is."""
        found, error = self._open.get(run_id), sys.exception()
        return None if found is None or error is found.handled else error

    def end(self, run_id: Hashable, error: BaseException | None = None) -> None:
        """It has ended now, with `error` if it failed. One that is not open is left out."""
        with self._lock:
            found = self._open.pop(run_id, None)
        if found is None:
            return
        found.tracker.__exit__(None if error is None else type(error), error, None)
        if found.around is not None and found.within is not None and found.within is not found.around:
            plain = cast("type[dict[str, object]]", dict)
            plain.clear(found.within)  # its own methods refuse
            plain.update(found.within, found.around)

    def guarded(self, hook: Callable[..., None], *arguments: object) -> None:
        """Call `hook`, whatever shape the framework's objects have in this version of it."""
        try:
            hook(*arguments)
        except Exception as error:  # noqa: BLE001  objects of another's making; its run matters more
            drop("recording_failed", f"a run of {self._framework} cannot be read: {type(error).__name__}", error)


def _context() -> dict[str, object] | None:
    context: Any = sys.modules.get("opentelemetry.context")
    return None if context is None or spans.open_span is None else context.get_current()
