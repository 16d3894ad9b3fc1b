"""What became of each alert at every flush of its groups: held back, by what; told, to whom, with what answer. It is
what `explain` tells of the past. Kept by alert, bounded, and written a second later at most."""

import asyncio
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any, Final

import orjson

from hivesight.alerting.group import Flush, Notice, Status
from hivesight.alerting.nflog import Reason, Target
from hivesight.alerting.table import Table, load_documents
from hivesight.model.labels import Labels

MAX_ALERTS: Final = 50_000
MAX_SPANS: Final = 50
RETENTION_MS: Final = 120 * 3_600_000
SAVE_SECONDS: Final = 1.0
LASTING_MS: Final = 60_000
"""What goes on is written so often, and what is told again after so long is a telling of its own."""
_CHUNK: Final = 500


class What(StrEnum):
    INHIBITED = "inhibition"
    TIME_INTERVAL = "time_interval"
    SILENCED = "silence"
    UNCHANGED = "unchanged"
    """There was nothing new to say."""
    UNWANTED = "unwanted"
    """It is over, and the integration does not want to hear of that."""
    TOLD = "told"
    FAILED = "failed"


_BY_OTHERS: Final = (Reason.NEW_ALERTS, Reason.NEW_RESOLVED)
"""Why an alert is told again that nothing happened to."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What happened at a flush. integration: `webhook[0]`, empty where the alert came to none. why: in words. answer:
    what the receiver said. attempts: how often it was tried."""

    group_key: str
    receiver: str
    integration: str
    what: What
    status: Status
    why: str = ""
    answer: str = ""
    attempts: int = 0

    @property
    def place(self) -> tuple[str, str, str]:
        """Where it happened."""
        return (self.group_key, self.receiver, self.integration)

    @property
    def kind(self) -> tuple[What, Status, str]:
        """What happened. The same at the next flush is the same thing still, whatever the receiver answers then."""
        return (self.what, self.status, self.why)


@dataclass(slots=True)
class Span:
    """A fate from its first flush to its last, that being `count` of them; the answer is that of the last. Times in ms
    since the epoch."""

    fate: Fate
    first_ms: int
    last_ms: int
    count: int = 1


@dataclass(frozen=True, slots=True)
class Story:
    """An alert's spans, in the order in which they began; the oldest of more than 50 are gone."""

    labels: Labels
    spans: tuple[Span, ...]


class Journal:
    """The stories of the 50,000 alerts that were flushed last. Thread-safe; `run` writes them down."""

    def __init__(self, table: Table, now_ms: int, limit: int = MAX_ALERTS) -> None:
        self._table = table
        self._limit = limit
        self._lock = threading.Lock()
        kept = sorted(load_documents(table, _decode).items(), key=lambda pair: pair[1].last_ms)
        self._alerts = dict(kept)
        self._unsaved: dict[str, None] = {}
        self.sweep(now_ms)

    def __len__(self) -> int:
        return len(self._alerts)

    def note(
        self,
        flush: Flush,
        what: What,
        notices: Iterable[tuple[Notice, str]],
        *,
        at_ms: int,
        target: Target | None = None,
        answer: str = "",
        attempts: int = 0,
    ) -> None:
        """The same happened to all of these, each for its own reason; where it came to an integration, to `target`."""
        integration = "" if target is None else f"{target.integration}[{target.index}]"
        fates: dict[tuple[Status, str], Fate] = {}
        with self._lock:
            for notice, why in notices:
                fate = fates.get((notice.status, why))
                if fate is None:
                    fate = Fate(
                        flush.group_key, flush.receiver, integration, what, notice.status, why, answer, attempts
                    )
                    fates[notice.status, why] = fate
                name = notice.fingerprint
                # The alerts stand in the order in which they were touched: who was not for longest goes first.
                entry = self._alerts.pop(name, None) or _Entry(notice.alert.labels, [])
                self._alerts[name] = entry
                if entry.add(fate, at_ms):
                    self._unsaved[name] = None
            for name in list(islice(self._alerts, max(0, len(self._alerts) - self._limit))):
                self._forget(name)

    def story(self, fingerprint: str) -> Story | None:
        """What is known of the alert with this fingerprint."""
        with self._lock:
            entry = self._alerts.get(fingerprint)
            return None if entry is None else entry.story()

    def labels(self) -> list[Labels]:
        """Those of every alert in it, last flushed first."""
        with self._lock:
            return [entry.labels for entry in reversed(self._alerts.values())]

    def sweep(self, now_ms: int) -> None:
        """Forget alerts that were not flushed for five days."""
        with self._lock:
            for name in [name for name, each in self._alerts.items() if each.last_ms + RETENTION_MS <= now_ms]:
                self._forget(name)

    async def run(self) -> None:
        """Write what is new every second, until cancelled."""
        try:
            while True:
                await asyncio.sleep(SAVE_SECONDS)
                if self._unsaved:
                    await asyncio.to_thread(self.save)
        finally:
            self.save()

    def save(self) -> None:
        """Write what is new. The lock is held for a few hundred alerts at a time, for flushes wait for it."""
        with self._lock:
            unsaved, self._unsaved = list(self._unsaved), {}
        for at in range(0, len(unsaved), _CHUNK):
            names = unsaved[at : at + _CHUNK]
            with self._lock:
                found = {name: self._alerts.get(name) for name in names}
                documents = {name: entry.document() for name, entry in found.items() if entry is not None}
            self._table.put(documents)
            self._table.delete([name for name, entry in found.items() if entry is None])

    def _forget(self, name: str) -> None:
        del self._alerts[name]
        self._unsaved[name] = None


@dataclass(slots=True)
class _Entry:
    labels: Labels
    spans: list[Span]
    saved_ms: int = 0

    @property
    def last_ms(self) -> int:
        return max((span.last_ms for span in self.spans), default=0)

    def add(self, fate: Fate, at_ms: int) -> bool:
        """Leaves: whether to write it."""
        last = next((span for span in reversed(self.spans) if span.fate.place == fate.place), None)
        if last is None or last.fate.kind != fate.kind or self._anew(fate, at_ms - last.last_ms):
            self.spans.append(Span(fate, at_ms, at_ms))
            del self.spans[:-MAX_SPANS]
        else:
            last.fate, last.last_ms, last.count = fate, at_ms, last.count + 1
            if at_ms - self.saved_ms < LASTING_MS:
                return False
        self.saved_ms = at_ms
        return True

    @staticmethod
    def _anew(fate: Fate, after_ms: int) -> bool:
        return fate.what is What.TOLD and fate.why not in _BY_OTHERS and after_ms >= LASTING_MS

    def story(self) -> Story:
        copies = (Span(span.fate, span.first_ms, span.last_ms, span.count) for span in self.spans)
        return Story(self.labels, tuple(copies))

    def document(self) -> bytes:
        return orjson.dumps({"labels": dict(self.labels.pairs), "spans": [_row(span) for span in self.spans]})


def _decode(document: dict[str, Any]) -> _Entry:
    return _Entry(Labels(document["labels"]), [_span(row) for row in document["spans"]])


def _row(span: Span) -> Sequence[Any]:
    fate = span.fate
    happened = (fate.what, fate.status, fate.why, fate.answer, fate.attempts)
    return (span.first_ms, span.last_ms, span.count, *fate.place, *happened)


def _span(row: Sequence[Any]) -> Span:
    first_ms, last_ms, count, group_key, receiver, integration, what, status, why, answer, attempts = row
    fate = Fate(group_key, receiver, integration, What(what), Status(status), why, answer, attempts)
    return Span(fate, first_ms, last_ms, count)
