"""How exporters end together, at the latest when the interpreter does, and begin anew in a forked child."""

from __future__ import annotations

import atexit
import os
import weakref
from time import monotonic
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

EXIT_SECONDS: Final = 5.0
"""For how long the exit of the interpreter waits for all exporters together."""

_MAX_WAIT_SECONDS: Final = 3_600.0


class Exporter(Protocol):
    """What sends from a thread of its own."""

    def begin_close(self, deadline: float) -> None:
        """Have the rest sent until `deadline` (monotonic), and take nothing more. Does not wait."""
        ...

    def finish_close(self) -> bool:
        """Wait for the rest, for as long as `begin_close` said, and count what is left; whether all of it was taken."""
        ...

    def forget(self) -> None:
        """In a forked child: begin anew, without what the parent will send."""
        ...


def close_all(exporters: Iterable[Exporter], timeout_seconds: float) -> bool:
    """End several at once, within `timeout_seconds` altogether; whether everything was taken."""
    deadline, closing = deadline_in(timeout_seconds), list(exporters)
    for exporter in closing:
        exporter.begin_close(deadline)
    delivered = [exporter.finish_close() for exporter in closing]  # each is waited for
    return all(delivered)


def deadline_in(timeout_seconds: float) -> float:
    """The monotonic time in so many seconds, at most an hour."""
    return monotonic() + min(max(0.0, timeout_seconds), _MAX_WAIT_SECONDS)


def look_after(exporter: Exporter) -> None:
    """Close it at exit, and have it begin anew in forked children, for as long as somebody else holds it."""
    _exporters.add(exporter)


_exporters: weakref.WeakSet[Exporter] = weakref.WeakSet()


def _close_at_exit() -> None:
    close_all(list(_exporters), EXIT_SECONDS)


# Not earlier: threads that the interpreter waits for may still have something to send.
atexit.register(_close_at_exit)


def _forget_in_child() -> None:
    for exporter in list(_exporters):
        exporter.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)
