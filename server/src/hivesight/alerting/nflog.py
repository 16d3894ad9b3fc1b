"""The notification log: what each integration was last told of each group. It makes repeats, resolutions and restarts
come out right. The decision is a pure function; entries persist."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

import orjson

from hivesight.alerting.table import Table, load_documents

RETENTION_MS: Final = 120 * 3_600_000


@dataclass(frozen=True, slots=True)
class Target:
    """One integration of one receiver."""

    receiver: str
    integration: str
    index: int

    def key(self, group_key: str) -> str:
        return f"{group_key}:{self.receiver}/{self.integration}/{self.index}"

    def __str__(self) -> str:
        return f"{self.receiver}/{self.integration}[{self.index}]"


@dataclass(frozen=True, slots=True)
class Listener:
    """An integration, and whether it wants to hear what is over."""

    target: Target
    send_resolved: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """What was told: the fingerprints that were firing and resolved, and when. memory: what the notifier wants to
    know next time, such as the id of the message that it posted."""

    at_ms: int
    firing: frozenset[str]
    resolved: frozenset[str]
    expires_ms: int
    memory: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Told:
    """An integration has been told of a group: what was firing and resolved then."""

    target: Target
    group_key: str
    firing: frozenset[str]
    resolved: frozenset[str]
    at_ms: int
    repeat_interval_ms: int
    memory: Mapping[str, str]

    def entry(self) -> Entry:
        """As it is kept: for two repeat intervals."""
        expires_ms = self.at_ms + min(RETENTION_MS, 2 * self.repeat_interval_ms)
        return Entry(self.at_ms, self.firing, self.resolved, expires_ms, dict(self.memory))


class Reason(StrEnum):
    """Why something is told, in the words of Alertmanager's `notification_reason`, or nothing is."""

    FIRST = "first notification"
    NEW_ALERTS = "new alerts added"
    ALL_RESOLVED = "all alerts resolved"
    NEW_RESOLVED = "some alerts resolved"
    REPEAT = "repeat interval elapsed"
    UNCHANGED = "nothing changed within the repeat interval"
    NEVER_TOLD = "nothing fires, and nobody waits to hear that it is over"

    @property
    def tells(self) -> bool:
        return self not in (Reason.UNCHANGED, Reason.NEVER_TOLD)


def decide(
    entry: Entry | None,
    firing: frozenset[str],
    resolved: frozenset[str],
    *,
    send_resolved: bool,
    repeat_interval_ms: int,
    now_ms: int,
) -> Reason:
    """Whether a group with these alerts is told now, and why (`notify.DedupStage.needsUpdate`)."""
    if entry is None:
        return Reason.FIRST if firing else Reason.NEVER_TOLD
    if not firing <= entry.firing:
        return Reason.NEW_ALERTS if entry.firing else Reason.FIRST
    if not firing:
        # Told even where resolved alerts are not sent, so that the log does not hold them as firing.
        return Reason.ALL_RESOLVED if entry.firing else Reason.NEVER_TOLD
    if send_resolved and not resolved <= entry.resolved:
        return Reason.NEW_RESOLVED
    return Reason.REPEAT if entry.at_ms < now_ms - repeat_interval_ms else Reason.UNCHANGED


class NotificationLog:
    """Entries by integration and group. `record` blocks for one write and is durable when it returns. Thread-safe.
    last_ms: when the process before this one last told somebody something, 0 for never."""

    def __init__(self, table: Table, now_ms: int) -> None:
        self._lock = threading.Lock()
        self._table = table
        entries = load_documents(table, _decode)
        self.last_ms = max((entry.at_ms for entry in entries.values()), default=0)
        down_ms = max(0, now_ms - self.last_ms)
        # An entry does not age while nobody could act on it: what ended meanwhile must still be told as over.
        self._entries = {
            name: replace(entry, expires_ms=entry.expires_ms + down_ms)
            for name, entry in entries.items()
            if entry.expires_ms > self.last_ms
        }
        self.sweep(now_ms)

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, target: Target, group_key: str) -> Entry | None:
        return self._entries.get(target.key(group_key))

    def record(self, told: Sequence[Told]) -> None:
        """Note, in one write, who has been told what."""
        entries = {each.target.key(each.group_key): each.entry() for each in told}
        documents = {name: _encode(entry) for name, entry in entries.items()}
        with self._lock:
            self._table.put(documents)
            self._entries |= entries

    def sweep(self, now_ms: int) -> None:
        """Forget entries that have expired; what the table could not take before is tried again."""
        with self._lock:
            old = [name for name, entry in self._entries.items() if entry.expires_ms <= now_ms]
            self._table.delete(old)
            for name in old:
                del self._entries[name]


def _encode(entry: Entry) -> bytes:
    return orjson.dumps(
        {
            "at_ms": entry.at_ms,
            "firing": sorted(entry.firing),
            "resolved": sorted(entry.resolved),
            "expires_ms": entry.expires_ms,
            "memory": dict(entry.memory),
        }
    )


def _decode(document: dict[str, Any]) -> Entry:
    return Entry(
        int(document["at_ms"]),
        frozenset(document["firing"]),
        frozenset(document["resolved"]),
        int(document["expires_ms"]),
        dict(document["memory"]),
    )
