"""The alerting room as a whole: alerts enter by `put` from any thread, what is due leaves through `deliver`. `app.py`
makes one, gives it a configuration with `apply` and runs it."""

import asyncio
import threading
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import structlog

from hivesight.alerting.config import Config
from hivesight.alerting.dispatch import Dispatcher
from hivesight.alerting.explain import Explanation, Standing, Surroundings, explain
from hivesight.alerting.group import Flush, Group, group_order
from hivesight.alerting.index import fingerprint, meets
from hivesight.alerting.inhibit import Inhibition, Inhibitor, build_rules
from hivesight.alerting.interval import TimeInterval, muting
from hivesight.alerting.journal import Journal
from hivesight.alerting.look import Look
from hivesight.alerting.metrics import AlertingMetrics
from hivesight.alerting.nflog import Listener, NotificationLog
from hivesight.alerting.order import alert_order
from hivesight.alerting.route import Route, RouteOptions, build_route
from hivesight.alerting.silence import Silence, Silences
from hivesight.alerting.store import AlertStore
from hivesight.alerting.table import Lenient, Tables
from hivesight.alerting.view import AlertFilter, AlertView, GroupView, LabelFilter, ReceiverFilter, with_receivers
from hivesight.model.alert import Alert
from hivesight.model.clock import Clock
from hivesight.model.errors import StorageError
from hivesight.model.labels import Labels
from hivesight.model.matcher import Matcher

SWEEP_MS: Final = 30_000
MOST_AT_ONCE: Final = 100
"""Alerts that are flushed between two turns of the event loop, or taken in while others wait for the lock."""
_SET_BACK_MS: Final = 1000

_log: Final = structlog.get_logger("alerting")


def _every(_: object) -> bool:
    return True


class Deliver(Protocol):
    """Who tells the receivers of a flush."""

    async def __call__(self, flush: Flush) -> bool:
        """Tell whom it concerns, by `flush.deadline_ms`. Leaves: whether all of it went well or nothing was to tell."""
        ...

    def listeners(self, receiver: str) -> Sequence[Listener]:
        """Whom a receiver stands for."""
        ...

    async def close(self) -> None:
        """Let go of connections; called once, when none of its flushes is under way any more."""
        ...


class Alerting:
    """Alerts, groups, silences and the notification log of one server. Every method may be called from any thread,
    but `run` and `start_due`, which belong to the event loop."""

    def __init__(self, tables: Tables, clock: Clock, metrics: AlertingMetrics) -> None:
        now_ms = clock.now_ms()
        self._clock = clock
        self._metrics = metrics
        self._changing = threading.Lock()
        """Held by whoever changes which alerts there are, also while that is being written."""
        self._lock = threading.RLock()
        """Guards the groups and the inhibitor; taken for moments only, since the event loop waits for it too. Whoever
        needs both takes `_changing` first."""
        failed = metrics.state_errors.inc
        self.log = NotificationLog(Lenient(tables.notifications, "notifications", failed), now_ms)
        self._alerts = AlertStore(Lenient(tables.alerts, "alerts", failed), now_ms, told_ms=self.log.last_ms)
        self.silences = Silences(tables.silences, now_ms)
        self.journal = Journal(Lenient(tables.journal, "journal", failed), now_ms)
        self._config = Config()
        self._dispatcher: Dispatcher | None = None
        self._inhibitor = Inhibitor(())
        self._intervals: Mapping[str, tuple[TimeInterval, ...]] = {}
        self._deliver: Deliver | None = None
        self._under_way: dict[asyncio.Task[None], Deliver] = {}
        self._sweeping: set[asyncio.Task[None]] = set()
        self._retired: list[Deliver] = []
        self._next_sweep_ms = now_ms + SWEEP_MS
        self._idle_until_ms = 0
        """Until when `run` waits unless something is put that is due before."""
        self._ahead_ms = now_ms - int(clock.monotonic() * 1000)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()

    def apply(self, config: Config, deliver: Deliver) -> None:
        """Take a checked configuration and who delivers under it. Alerts, silences and the notification log stay;
        groups are made anew, as after a restart of Alertmanager, and the log keeps them from repeating themselves."""
        assert config.route is not None, "a checked file has a route"
        tree = build_route(config.route)
        inhibitor = Inhibitor(build_rules(config.inhibit_rules))
        dispatcher = Dispatcher(tree)
        now_ms = self._clock.now_ms()
        with self._changing:
            for alert in self._alerts:
                inhibitor.insert(alert)
                dispatcher.insert(alert, now_ms)
            with self._lock:
                if self._dispatcher is not None:
                    dispatcher.adopt(self._dispatcher.running())
                if self._deliver is not None:
                    self._retired.append(self._deliver)
                self._config, self._intervals = config, config.intervals()
                self._dispatcher, self._inhibitor, self._deliver = dispatcher, inhibitor, deliver
        self._nudge()

    def put(self, alerts: Sequence[Alert]) -> int:
        """Take alerts in, durably. Leaves: how many were refused since the store is full. Blocks for the write."""
        now_ms = self._clock.now_ms()
        with self._changing:
            taken, refused = self._alerts.put(alerts, now_ms, self._config.global_.resolve_timeout)
            for at in range(0, len(taken), MOST_AT_ONCE):
                self._insert(taken[at : at + MOST_AT_ONCE], now_ms)
        self._metrics.received.inc(len(alerts))
        if refused:
            self._metrics.refused.inc(refused)
            _log.error("alerts refused: the store is full", refused=refused)
        return refused

    def _insert(self, alerts: Sequence[Alert], now_ms: int) -> None:
        with self._lock:
            for alert in alerts:
                self._inhibitor.insert(alert)
                if self._dispatcher is not None:
                    self._dispatcher.insert(alert, now_ms)
            due_ms = None if self._dispatcher is None else self._dispatcher.next_due(now_ms)
            sooner = due_ms is not None and due_ms < self._idle_until_ms
        if sooner:
            self._nudge()

    @property
    def tree(self) -> Route | None:
        """The routing tree that is in force."""
        with self._lock:
            return None if self._dispatcher is None else self._dispatcher.tree

    def inhibited_by(self, labels: Labels, now_ms: int) -> Inhibition | None:
        """What firing alert mutes one with these labels."""
        with self._lock:
            return self._inhibitor.inhibited_by(labels, now_ms)

    def silenced_by(self, labels: Labels, now_ms: int) -> list[Silence]:
        """The active silences that mute an alert with these labels."""
        return self.silences.muting(labels, now_ms)

    def muted_by(self, options: RouteOptions, now_ms: int) -> list[str]:
        """The names of the time intervals that mute a route now: those that it is muted in, or, where it is active
        only in some and now is in none of them, those."""
        with self._lock:
            intervals = self._intervals
        return muting(intervals, options.mute_time_intervals, options.active_time_intervals, now_ms)

    @property
    def receivers(self) -> dict[str, Labels]:
        """The labels of the receivers, by their names, which are one of them, in the order of the file."""
        with self._lock:
            return {each.name: Labels({**each.labels, "name": each.name}) for each in self._config.receivers}

    def groups(
        self, wanted: AlertFilter = _every, labels: LabelFilter = _every, receivers: ReceiverFilter = _every
    ) -> list[GroupView]:
        """The groups of these receivers with those of their alerts that are wanted, resolved ones left out; of each
        alert those of the receivers that are told of it. labels: whose alerts are looked at, which takes less time than
        to look at all of them."""
        look = self._look()
        found: dict[int, tuple[Group, list[Alert]]] = {}
        for alert in look.current(self._alerts, labels):
            for group in look.groups(alert.labels):
                if receivers(group.route.options.receiver):
                    found.setdefault(group.number, (group, []))[1].append(alert)
        views: list[GroupView] = []
        for group, alerts in sorted(found.values(), key=lambda each: group_order(each[0])):
            route = group.route
            seen = [look.in_group(alert, group) for alert in sorted(alerts, key=alert_order)]
            shown = tuple(filter(wanted, seen))
            if shown:
                muted = look.muting(route)
                views.append(
                    GroupView(group.key, route.id, group.labels, route.options.receiver, shown, muted, group.next_ms)
                )
        return with_receivers(views)

    def alerts(
        self, wanted: AlertFilter = _every, labels: LabelFilter = _every, receivers: ReceiverFilter = _every
    ) -> list[AlertView]:
        """The alerts that fire and are wanted and of which one of these receivers is told, each once, in the order of
        their fingerprints; labels as for `groups`."""
        look = self._look()
        found = sorted(look.current(self._alerts, labels), key=lambda each: fingerprint(each.labels))
        return [view for view in map(look.at, found) if any(map(receivers, view.receivers)) and wanted(view)]

    def _look(self) -> Look:
        with self._lock:
            return Look(self, self._dispatcher, self._clock.now_ms())

    def explain(self, labels: Labels) -> Explanation:
        """Why an alert with these labels is told, or is not, or would be if there were one."""
        now_ms = self._clock.now_ms()
        story = self.journal.story(fingerprint(labels))
        with self._lock:
            dispatcher, deliver = self._dispatcher, self._deliver
            assert dispatcher is not None and deliver is not None, "explained before a configuration was applied"
            tree = dispatcher.tree
            groups = {route.index: dispatcher.group(route, labels) for route in tree.match(labels)}
            standing = {
                index: Standing(tuple(group.alerts.values()), group.next_ms, group.key in dispatcher.running())
                for index, group in groups.items()
                if group is not None
            }
            alert = self._alerts.get(fingerprint(labels))
        around = Surroundings(self, self.log.find, standing, deliver.listeners)
        return explain(labels, alert, tree, around, () if story is None else story.spans, now_ms)

    def heard_ms(self, name: str) -> int:
        """When an alert of this name that fires was last heard of, in ms since the epoch; 0 for none."""
        now_ms = self._clock.now_ms()
        times = [each.updated_at_ms for each in self._alerts if each.name == name and not each.resolved_at(now_ms)]
        return max(times, default=0)

    def known(self, matchers: Sequence[Matcher]) -> list[Labels]:
        """The labels of the alerts that meet every matcher: those that are there, then those of which something is
        remembered, last told first."""
        wanted, now_ms = meets(matchers), self._clock.now_ms()
        here = [alert.labels for alert in self._alerts if wanted(alert.labels) and not alert.resolved_at(now_ms)]
        return list(dict.fromkeys([*sorted(here), *filter(wanted, self.journal.labels())]))

    async def run(self) -> None:
        """Start every flush when it is due, until cancelled; flushes under way are cancelled then too."""
        self._loop = asyncio.get_running_loop()
        try:
            while True:
                wait_ms = self.start_due()
                try:
                    async with asyncio.timeout(wait_ms / 1000):
                        await self._wake.wait()
                except TimeoutError:
                    pass
                self._wake.clear()
                await self._close_retired()
        finally:
            self._loop = None
            for task in self._under_way:
                task.cancel()
            await self.settled()
            for deliver in (*self._retired, self._deliver):
                if deliver is not None:
                    await deliver.close()

    def start_due(self) -> int:
        """Start what is due now, each flush as a task of its own, and sweep when it is time. Leaves: in how many
        milliseconds to ask again, if nothing is put before."""
        now_ms = self._clock.now_ms()
        with self._lock:
            self._follow_clock(now_ms)
            if now_ms >= self._next_sweep_ms:
                self._next_sweep_ms = now_ms + SWEEP_MS
                self._start_sweep(now_ms)
            dispatcher, deliver = self._dispatcher, self._deliver
            flushes = [] if dispatcher is None else dispatcher.due(now_ms, MOST_AT_ONCE)
            due = None if dispatcher is None else dispatcher.next_due(now_ms)
            self._idle_until_ms = self._next_sweep_ms if due is None else min(due, self._next_sweep_ms)
        assert deliver is not None or not flushes
        for flush in flushes:
            if deliver is not None:
                task = asyncio.get_running_loop().create_task(self._tell(flush, deliver), name=flush.group_key)
                self._under_way[task] = deliver
                task.add_done_callback(self._under_way.pop)
        return self._idle_until_ms - now_ms

    async def settled(self) -> None:
        """Wait until no flush and no sweep is under way."""
        while self._under_way or self._sweeping:
            await asyncio.gather(*self._under_way, *self._sweeping, return_exceptions=True)

    async def _tell(self, flush: Flush, deliver: Deliver) -> None:
        ok = False
        try:
            ok = await deliver(flush)
        except Exception:  # noqa: BLE001
            # The supervising loop: a fault in one flush must not end the others.
            self._metrics.flush_errors.inc()
            _log.exception("flush failed", group=flush.group_key, receiver=flush.receiver)
        finally:
            with self._lock:
                if self._dispatcher is not None:
                    self._dispatcher.finished(flush, ok)
            self._wake.set()

    def _follow_clock(self, now_ms: int) -> None:
        """Waits are not made longer by a clock that is set back: what was due in a minute still is."""
        ahead_ms = now_ms - int(self._clock.monotonic() * 1000)
        back_ms = self._ahead_ms - ahead_ms
        self._ahead_ms = ahead_ms
        if back_ms >= _SET_BACK_MS:
            _log.warning("the clock was set back", by_ms=back_ms)
            self._next_sweep_ms -= back_ms
            if self._dispatcher is not None:
                self._dispatcher.shift(-back_ms)

    def _start_sweep(self, now_ms: int) -> None:
        """In a thread, for it writes; one at a time."""
        if not self._sweeping:
            task = asyncio.get_running_loop().create_task(asyncio.to_thread(self._sweep, now_ms), name="sweep")
            self._sweeping.add(task)
            task.add_done_callback(self._sweeping.discard)

    def _sweep(self, now_ms: int) -> None:
        with self._changing:
            dispatcher = self._dispatcher
            if dispatcher is not None:
                with self._lock:
                    refused, dispatcher.refused = dispatcher.refused, 0
                    held, groups = dispatcher.holds(), len(dispatcher.groups())
                if refused:
                    self._metrics.groups_refused.inc(refused)
                    _log.error(
                        "alerts without a group: there are too many groups; group by fewer labels", refused=refused
                    )
                self._alerts.collect(now_ms, held.__contains__)
                self._metrics.groups.set(groups)
            with self._lock:
                self._inhibitor.sweep(now_ms)
        self._metrics.alerts.set(len(self._alerts))
        self.log.sweep(now_ms)
        self.journal.sweep(now_ms)
        try:
            self.silences.sweep(now_ms, len(self._alerts))
        except StorageError as error:
            self._metrics.state_errors.inc()
            _log.error("old silences cannot be removed", error=str(error))

    async def _close_retired(self) -> None:
        busy = set(map(id, self._under_way.values()))
        for deliver in [each for each in self._retired if id(each) not in busy]:
            self._retired.remove(deliver)
            await deliver.close()

    def _nudge(self) -> None:
        loop = self._loop
        if loop is not None:
            try:
                loop.call_soon_threadsafe(self._wake.set)
            except RuntimeError:
                # The loop was closed between the look and the call; nobody is left to wake.
                return
