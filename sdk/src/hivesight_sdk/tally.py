"""Counts taken while a log handler's lock may be held, which no lock may then be waited for.

A finaliser can log while its thread is inside a metric's lock and so wait for the handler's; whoever holds the
handler's must not wait for the metric's. So nothing is locked here, and the metrics hear of it with the recording or
scrape that comes next.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

from hivesight_sdk.recording import record_later

if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_KEYS: Final = 256


class Tally:
    """How often each key was counted since `report` was last told. Safe in any thread, finaliser or signal handler."""

    def __init__(self, report: Callable[[str, int], None]) -> None:
        self._report = report
        self._counts: dict[str, itertools.count[int]] = {}
        self._told: dict[str, int] = {}
        self._pending = False

    def add(self, key: str) -> None:
        """Count one more of `key`; of keys beyond 256, under "other"."""
        if key not in self._counts and len(self._counts) >= _MAX_KEYS:
            key = "other"
        # One step in C, so that no increment is lost between threads.
        next(self._counts.setdefault(key, itertools.count()))
        if not self._pending:
            self._pending = True
            record_later(self._tell)

    def _tell(self) -> None:
        self._pending = False
        for key, count in list(self._counts.items()):
            # Looking at the count moves it on by one, which `_told` makes up for.
            now = next(count)
            new = now - self._told.get(key, 0)
            self._told[key] = now + 1
            if new:
                self._report(key, new)
