"""When which group is flushed. Alerts enter, `Flush`es leave when they are due; pure but for its own state: time is an
argument, nothing is sent here. Not thread-safe: the room holds the lock."""

import heapq
from collections.abc import Iterable
from typing import Final

from hivesight.alerting.group import Flush, Group
from hivesight.alerting.route import Route
from hivesight.model.alert import Alert
from hivesight.model.labels import Labels

SHORTEST_DEADLINE_MS: Final = 10_000
"""A flush may take at least this long, however short the group interval (`notify.MinTimeout`)."""
MAX_GROUPS: Final = 100_000


class Dispatcher:
    """The groups of one routing tree. A group is never given out again before its last flush is `finished`."""

    def __init__(self, tree: Route, limit: int = MAX_GROUPS) -> None:
        self.tree = tree
        self.refused = 0
        self._limit = limit
        self._count = 0
        self._groups: dict[int, Group] = {}
        self._by_labels: dict[tuple[int, Labels], Group] = {}
        self._due: list[tuple[int, int]] = []
        self._running: set[str] = set()
        self._overdue: dict[str, set[int]] = {}

    def insert(self, alert: Alert, now_ms: int) -> None:
        """Put an alert, as the store gives it, into the groups of every route that takes it. A new group over the
        limit is not made; `refused` counts it."""
        for route in self.tree.match(alert.labels):
            # Resolved alerts make groups too: whether they were ever told, only the notification log knows.
            group = self.group(route, alert.labels) or self._new(route, alert, now_ms)
            if group is not None:
                group.insert(alert)

    def next_due(self, now_ms: int) -> int | None:
        """When to ask `due` next, ms since the epoch, not before `now_ms`; None while there is no group."""
        while self._due and self._stale(*self._due[0]):
            heapq.heappop(self._due)
        return max(now_ms, self._due[0][0]) if self._due else None

    def due(self, now_ms: int, most: int = 1_000_000) -> list[Flush]:
        """Flushes that are due by now, each to be answered by `finished`; no more once they have `most` alerts."""
        flushes: list[Flush] = []
        alerts = 0
        while alerts < most and (at := self.next_due(now_ms)) is not None and at <= now_ms:
            _, number = heapq.heappop(self._due)
            group = self._groups[number]
            if group.key in self._running:
                # It is being told still; `finished` looks after it.
                self._overdue.setdefault(group.key, set()).add(number)
                continue
            flush = group.flush(now_ms, SHORTEST_DEADLINE_MS)
            self._schedule(group)
            self._running.add(group.key)
            flushes.append(flush)
            alerts += len(flush.notices)
        return flushes

    def finished(self, flush: Flush, ok: bool) -> None:
        """A flush is over. ok: everything was told that was to be told; what is resolved in it is forgotten then, with
        the group where nothing else is in it, and otherwise told again at the group's next flush."""
        self._running.discard(flush.group_key)
        group = self._groups.get(flush.group)
        if ok and group is not None and group.key == flush.group_key:
            group.told(flush)
            if not group.alerts:
                del self._groups[group.number]
                del self._by_labels[group.route.index, group.labels]
        for number in self._overdue.pop(flush.group_key, ()):
            if number in self._groups:
                self._schedule(self._groups[number])

    def adopt(self, running: Iterable[str]) -> None:
        """Flushes of a tree before this one that are still under way, by group key."""
        self._running.update(running)

    def running(self) -> frozenset[str]:
        """The keys of the groups that are being told."""
        return frozenset(self._running)

    def shift(self, by_ms: int) -> None:
        """Move every due time: the clock was set by that much."""
        for group in self._groups.values():
            group.next_ms += by_ms
        self._due = [(group.next_ms, group.number) for group in self._groups.values()]
        heapq.heapify(self._due)

    def groups(self) -> list[Group]:
        """The groups, each of which has alerts or is being told."""
        return list(self._groups.values())

    def group(self, route: Route, labels: Labels) -> Group | None:
        """The group at this route that alerts with these labels belong to, where there is one."""
        return self._by_labels.get((route.index, route.options.group_labels(labels)))

    def holds(self) -> set[str]:
        """The fingerprints of every alert in a group."""
        return {fingerprint for group in self._groups.values() for fingerprint in group.alerts}

    def _new(self, route: Route, first: Alert, now_ms: int) -> Group | None:
        if len(self._groups) >= self._limit:
            self.refused += 1
            return None
        self._count += 1
        group = Group(self._count, route, route.options.group_labels(first.labels), first, now_ms)
        self._groups[group.number] = group
        self._by_labels[route.index, group.labels] = group
        self._schedule(group)
        return group

    def _schedule(self, group: Group) -> None:
        heapq.heappush(self._due, (group.next_ms, group.number))

    def _stale(self, at: int, number: int) -> bool:
        group = self._groups.get(number)
        return group is None or group.next_ms != at
