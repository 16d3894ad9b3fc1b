"""The alerts that are current: what was said last of each, merged as Alertmanager merges. Alerts enter in any order and
any number of times; the stored form of each leaves. One change at a time, which the room sees to; whoever reads
meanwhile sees what was before it or after it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from hivesight.alerting.index import fingerprint
from hivesight.alerting.table import Table, load_documents
from hivesight.model.alert import Alert
from hivesight.model.labels import Labels

MAX_ALERTS: Final = 200_000


@dataclass(frozen=True, slots=True)
class Stored:
    """An alert and how it ends. times_out: its end was not said by its sender but follows from silence, so that a
    later word rules over it."""

    alert: Alert
    times_out: bool


class AlertStore:
    """Alerts by fingerprint, written through to a table before `put` returns."""

    def __init__(self, table: Table, now_ms: int, *, told_ms: int = 0, limit: int = MAX_ALERTS) -> None:
        """told_ms: when the process before this one last told anybody something; with the alerts themselves it says
        how long that process certainly lived."""
        self._table = table
        self._limit = limit
        self._alerts = load_documents(table, _decode)
        alive_ms = max((stored.alert.updated_at_ms for stored in self._alerts.values()), default=0)
        self._resume(max(alive_ms, told_ms), now_ms)

    def __len__(self) -> int:
        return len(self._alerts)

    def __iter__(self) -> Iterator[Alert]:
        # One step of the interpreter, which no change comes between.
        every = list(self._alerts.values())
        return iter([stored.alert for stored in every])

    def get(self, name: str) -> Alert | None:
        """The alert with this fingerprint."""
        stored = self._alerts.get(name)
        return None if stored is None else stored.alert

    def put(self, alerts: Sequence[Alert], now_ms: int, resolve_timeout_ms: int) -> tuple[list[Alert], int]:
        """Take alerts in. An alert whose `ends_at_ms` is 0 has none: it ends `resolve_timeout_ms` after it was last
        heard of. Leaves: the alerts as they now stand, and how many were refused since the store is full."""
        taken: dict[str, Stored] = {}
        refused = 0
        for alert in alerts:
            name = fingerprint(alert.labels)
            old = taken.get(name) or self._alerts.get(name)
            if old is None and len(self._alerts) + len(taken) >= self._limit:
                refused += 1
                continue
            new = _received(alert, now_ms, resolve_timeout_ms)
            taken[name] = new if old is None or not _overlap(old.alert, new.alert) else _merged(old, new)
        if taken:
            self._table.put({name: _encode(stored) for name, stored in taken.items()})
            self._alerts |= taken
        return [stored.alert for stored in taken.values()], refused

    def collect(self, now_ms: int, needed: Callable[[str], bool]) -> list[str]:
        """Forget the alerts that are over and that nobody needs any more; their fingerprints leave."""
        over = [name for name, stored in self._alerts.items() if stored.alert.resolved_at(now_ms) and not needed(name)]
        self._forget(over)
        return over

    def _resume(self, alive_ms: int, now_ms: int) -> None:
        """After a restart, an alert that was firing has as long to be said again as it had when the last process
        ended: nobody could say it while we were down."""
        resumed = {
            name: replace(stored, alert=replace(stored.alert, ends_at_ms=now_ms + stored.alert.ends_at_ms - alive_ms))
            for name, stored in self._alerts.items()
            if alive_ms < stored.alert.ends_at_ms <= now_ms
        }
        if resumed:
            self._table.put({name: _encode(stored) for name, stored in resumed.items()})
            self._alerts |= resumed

    def _forget(self, names: Iterable[str]) -> None:
        gone = list(names)
        self._table.delete(gone)
        for name in gone:
            del self._alerts[name]


def _received(alert: Alert, now_ms: int, resolve_timeout_ms: int) -> Stored:
    """The alert with what its sender left out (Alertmanager, `POST /api/v2/alerts`)."""
    starts_at = alert.starts_at_ms or alert.ends_at_ms or now_ms
    times_out = alert.ends_at_ms == 0
    ends_at = now_ms + resolve_timeout_ms if times_out else alert.ends_at_ms
    return Stored(replace(alert, starts_at_ms=starts_at, ends_at_ms=ends_at, updated_at_ms=now_ms), times_out)


def _overlap(old: Alert, new: Alert) -> bool:
    """Whether the new one starts or ends within the old one's time (`provider/mem.Alerts.Put`)."""
    return any(old.starts_at_ms < edge < old.ends_at_ms for edge in (new.starts_at_ms, new.ends_at_ms))


def _merged(old: Stored, new: Stored) -> Stored:
    """The new one over the old one: the earliest start; the latest end, but a time-out never prolongs
    (`types.Alert.Merge`)."""
    starts_at = min(old.alert.starts_at_ms, new.alert.starts_at_ms)
    ends_at = new.alert.ends_at_ms
    now_ms = new.alert.updated_at_ms
    if new.alert.resolved_at(now_ms):
        if old.alert.resolved_at(now_ms):
            ends_at = max(ends_at, old.alert.ends_at_ms)
    elif not old.times_out:
        ends_at = max(ends_at, old.alert.ends_at_ms)
    return Stored(replace(new.alert, starts_at_ms=starts_at, ends_at_ms=ends_at), new.times_out)


def _encode(stored: Stored) -> bytes:
    alert = stored.alert
    return orjson.dumps(
        {
            "labels": dict(alert.labels.pairs),
            "annotations": dict(alert.annotations.pairs),
            "starts_at_ms": alert.starts_at_ms,
            "ends_at_ms": alert.ends_at_ms,
            "updated_at_ms": alert.updated_at_ms,
            "generator_url": alert.generator_url,
            "times_out": stored.times_out,
        }
    )


def _decode(document: dict[str, Any]) -> Stored:
    alert = Alert(
        labels=Labels(document["labels"]),
        annotations=Labels(document["annotations"]),
        starts_at_ms=int(document["starts_at_ms"]),
        ends_at_ms=int(document["ends_at_ms"]),
        updated_at_ms=int(document["updated_at_ms"]),
        generator_url=str(document["generator_url"]),
    )
    return Stored(alert, bool(document["times_out"]))
