"""The room as a whole: put, tell, restart, reload. What is told is told to a list."""

import asyncio
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from prometheus_client import CollectorRegistry

from alerting.fakes import START, ManualClock, MemoryTable, memory_tables
from alerting.fakes import alert as make
from hivesight.alerting import Alerting, AlertingMetrics, AlertState, Flush, Tables, nflog, read_config
from hivesight.alerting.config import Config
from hivesight.alerting.matchers import parse_matchers
from hivesight.alerting.silence import SilenceRequest
from hivesight.model.alert import Alert
from hivesight.model.errors import StorageError
from hivesight.storage.state import State

CONFIG = """
route:
  receiver: a
  group_by: [alertname]
  group_wait: 30s
  group_interval: 5m
  routes:
  - {receiver: night, matchers: [team=night], mute_time_intervals: [always]}
  - {receiver: never, matchers: [team=never], active_time_intervals: [past]}
receivers: [{name: a}, {name: night}, {name: never}]
inhibit_rules:
- {source_matchers: [severity=critical], target_matchers: [severity=warning], equal: [condition]}
time_intervals:
- {name: always, time_intervals: [{years: ['1970:2100']}]}
- {name: past, time_intervals: [{years: ['1970:1980']}]}
"""


def config(text: str = CONFIG) -> Config:
    file = read_config(Path("am.yml"), text)
    assert file.config is not None, file.diagnostics
    return file.config


@dataclass
class Listener:
    """Hears flushes; holds them back while it is told to."""

    heard: list[Flush] = field(default_factory=list)
    hold: asyncio.Event | None = None
    answer: bool = True
    closed: int = 0
    first: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, flush: Flush) -> bool:
        self.heard.append(flush)
        self.first.set()
        if self.hold is not None:
            await self.hold.wait()
        return self.answer

    def listeners(self, receiver: str) -> Sequence[nflog.Listener]:
        return ()

    async def close(self) -> None:
        self.closed += 1


async def turns() -> None:
    """Let every task that can go on do so."""
    for _ in range(20):
        await asyncio.sleep(0)


def room(clock: ManualClock, tables: Tables | None = None) -> Alerting:
    return Alerting(tables or memory_tables(), clock, AlertingMetrics(CollectorRegistry()))


def test_alerts_are_told_when_their_group_is_due() -> None:
    clock, listener = ManualClock(), Listener()
    alerting = room(clock)
    alerting.apply(config(), listener)

    async def go() -> None:
        alerting.put([make(alertname="X")])
        assert alerting.start_due() == 30_000
        clock.ms += 30_000
        alerting.start_due()
        await alerting.settled()

    asyncio.run(go())
    assert [flush.group_key for flush in listener.heard] == ['{}:{alertname="X"}']


def test_a_clock_that_is_set_back_makes_no_wait_longer() -> None:
    clock, listener = ManualClock(), Listener()
    alerting = room(clock)
    alerting.apply(config(), listener)

    async def go() -> None:
        alerting.put([make(alertname="X")])
        alerting.start_due()
        clock.ms += 10_000
        clock.set_back_ms = 3_600_000
        assert alerting.start_due() == 20_000
        clock.ms += 20_000
        alerting.start_due()
        await alerting.settled()

    asyncio.run(go())
    assert len(listener.heard) == 1


def test_run_wakes_up_for_an_alert_put_from_another_thread() -> None:
    listener = Listener()
    clock = ManualClock()
    alerting = room(clock)
    alerting.apply(config(CONFIG.replace("group_wait: 30s", "group_wait: 0s")), listener)

    async def go() -> None:
        running = asyncio.create_task(alerting.run())
        await asyncio.sleep(0)
        threading.Thread(target=alerting.put, args=([make(alertname="X")],)).start()
        async with asyncio.timeout(5):
            await listener.first.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(go())
    assert listener.closed == 1


def test_a_slow_receiver_delays_only_itself() -> None:
    clock, listener = ManualClock(), Listener()
    alerting = room(clock)
    alerting.apply(config(), listener)

    async def go() -> None:
        listener.hold = asyncio.Event()
        old = START - 60_000
        alerting.put([make(alertname="slow", at=old)])
        alerting.start_due()
        await turns()
        listener.hold, held = None, listener.hold
        alerting.put([make(alertname="quick", at=old)])
        alerting.start_due()
        await turns()
        clock.ms += 300_000
        alerting.start_due()
        await turns()
        assert [flush.group_labels.value("alertname") for flush in listener.heard] == ["slow", "quick", "quick"]
        held.set()
        await alerting.settled()
        alerting.start_due()
        await alerting.settled()
        assert listener.heard[-1].group_labels.value("alertname") == "slow"

    asyncio.run(go())


def test_a_fault_in_one_flush_is_not_the_end() -> None:
    clock = ManualClock()
    alerting = room(clock)

    class Broken(Listener):
        async def __call__(self, flush: Flush) -> bool:
            await super().__call__(flush)
            raise RuntimeError("broken")

    listener = Broken()
    alerting.apply(config(), listener)

    async def go() -> None:
        alerting.put([make(alertname="X", at=START - 60_000)])
        for _ in range(2):
            alerting.start_due()
            await alerting.settled()
            clock.ms += 300_000

    asyncio.run(go())
    assert len(listener.heard) == 2


def test_status_says_what_keeps_an_alert_back() -> None:
    clock = ManualClock()
    alerting = room(clock)
    alerting.apply(config(), Listener())
    critical = make(alertname="A", severity="critical", condition="m", at=START - 60_000)
    alerting.put(
        [
            critical,
            make(alertname="B", severity="warning", condition="m"),
            make(alertname="C"),
            make(alertname="D", team="night"),
            make(alertname="E", team="never"),
            make(alertname="F"),
            make(alertname="G", ends=START),
        ]
    )
    silence = alerting.silences.set(
        SilenceRequest(parse_matchers("alertname=C"), START, START + 1000, "ann", "why"), START
    )

    async def go() -> None:
        alerting.start_due()
        await alerting.settled()

    asyncio.run(go())
    seen = {view.alert.name: view for view in alerting.alerts()}
    assert {name: view.state for name, view in seen.items()} == {
        "A": AlertState.ACTIVE,
        "B": AlertState.SUPPRESSED,
        "C": AlertState.SUPPRESSED,
        "D": AlertState.ACTIVE,
        "E": AlertState.ACTIVE,
        "F": AlertState.ACTIVE,
    }
    assert [each.source for each in seen["B"].inhibited_by] == [critical.fingerprint]
    assert seen["C"].silenced_by == (silence.id,)
    assert (seen["D"].muted_by, seen["E"].muted_by) == (("always",), ("past",))
    assert (seen["A"].receivers, seen["D"].receivers) == (("a",), ("night",))
    groups = alerting.groups(lambda view: bool(view.silenced_by or view.inhibited_by or view.muted_by))
    assert [(group.labels.value("alertname"), group.receiver, group.muted_by) for group in groups] == [
        ("B", "a", ()),
        ("C", "a", ()),
        ("D", "night", ("always",)),
        ("E", "never", ("past",)),
    ]
    assert [group.receiver for group in alerting.groups(receivers="night".__eq__)] == ["night"]
    assert [view.alert.name for view in alerting.alerts(receivers="night".__eq__)] == ["D"]


def test_a_restart_goes_on_where_it_was() -> None:
    tables, clock = memory_tables(), ManualClock()
    first = room(clock, tables)
    first.apply(config(), Listener())
    silence = first.silences.set(SilenceRequest(parse_matchers("a=b"), START, START + 9_000_000, "ann", "why"), START)
    first.put([make(alertname="X", ends=START + 240_000), make(alertname="Y", ends=START + 1000)])

    clock.ms += 3_600_000
    second, listener = room(clock, tables), Listener()
    second.apply(config(), listener)
    assert {view.alert.name for view in second.alerts()} == {"X", "Y"}
    assert second.silences.get(silence.id) == silence

    async def go() -> None:
        second.start_due()
        await second.settled()
        clock.ms += 240_000 + 60_000
        second.start_due()
        await second.settled()

    asyncio.run(go())
    told = [(notice.alert.name, notice.status) for flush in listener.heard for notice in flush.notices]
    assert sorted(told) == [("X", "firing"), ("X", "resolved"), ("Y", "firing"), ("Y", "resolved")]


def test_the_state_store_is_such_a_table(tmp_path: Path) -> None:
    clock = ManualClock()
    for seen in ([], ["X"]):
        state = State.open(tmp_path / "state.sqlite")
        names = ("alerts", "notifications", "silences", "deliveries", "journal")
        alerting = room(clock, Tables(*(state.table(name) for name in names)))
        alerting.apply(config(), Listener())
        assert [view.alert.name for view in alerting.alerts()] == seen
        alerting.put([make(alertname="X")])
        alerting.silences.set(SilenceRequest(parse_matchers("a=b"), START, START + 1000, "ann", "why"), START)
        state.close()
    assert len(alerting.silences) == 2


def test_what_is_over_and_told_is_swept_from_the_table() -> None:
    tables, clock, listener = memory_tables(), ManualClock(), Listener()
    alerting = room(clock, tables)
    alerting.apply(config(), listener)

    async def go() -> None:
        alerting.put([make(alertname="X", ends=START + 1000, at=START - 60_000)])
        clock.ms += 2000
        listener.answer = False
        alerting.start_due()
        await alerting.settled()
        clock.ms += 60_000
        alerting.start_due()
        assert len(tables.alerts.load()) == 1
        listener.answer = True
        clock.ms += 300_000
        alerting.start_due()
        await alerting.settled()
        clock.ms += 30_000
        alerting.start_due()
        await alerting.settled()

    asyncio.run(go())
    assert tables.alerts.load() == []


def test_a_reload_keeps_alerts_and_waits_for_what_is_being_told() -> None:
    clock, old, new = ManualClock(), Listener(), Listener()
    alerting = room(clock)
    alerting.apply(config(), old)

    async def go() -> None:
        old.hold = asyncio.Event()
        running = asyncio.create_task(alerting.run())
        alerting.put([make(alertname="X", at=START - 60_000), make(alertname="Y")])
        await turns()
        assert len(old.heard) == 1
        alerting.apply(config(CONFIG.replace("group_wait: 30s", "group_wait: 0s")), new)
        clock.ms += 1
        alerting.put([make(alertname="Z", at=clock.ms - 1)])
        await turns()
        assert sorted(flush.group_labels.value("alertname") for flush in new.heard) == ["Y", "Z"]
        assert old.closed == 0
        old.hold.set()
        await turns()
        assert old.closed == 1
        assert [flush.group_labels.value("alertname") for flush in new.heard][2:] == ["X"]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert new.closed == 1

    asyncio.run(go())


def test_a_full_disk_does_not_keep_an_alert_from_being_told() -> None:
    clock, listener, tables = ManualClock(), Listener(), memory_tables()

    def refuse(items: object) -> None:
        raise StorageError("no space left on device")

    tables.alerts.put = refuse  # type: ignore[method-assign, assignment]
    alerting = room(clock, tables)
    alerting.apply(config(), listener)

    async def go() -> None:
        alerting.put([make(alertname="X", at=START - 60_000)])
        alerting.start_due()
        await alerting.settled()

    asyncio.run(go())
    assert len(listener.heard) == 1


def test_equal_alerts_are_one() -> None:
    alerting = room(ManualClock())
    alerting.apply(config(), Listener())
    one: Alert = make(alertname="X")
    alerting.put([one, one, replace(one, starts_at_ms=START + 1)])
    assert [view.alert.starts_at_ms for view in alerting.alerts()] == [START]


@dataclass
class SlowTable(MemoryTable):
    """A table that takes its time, once it is told to."""

    slow: bool = False
    writing: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def put(self, items: Mapping[str, bytes]) -> None:
        if self.slow:
            self.writing.set()
            assert self.go_on.wait(10)
        super().put(items)


def test_nobody_waits_for_the_disk_but_who_changes_something() -> None:
    clock, listener, table, silences = ManualClock(), Listener(), SlowTable(), SlowTable()
    alerting = room(clock, replace(memory_tables(), alerts=table, silences=silences))
    alerting.apply(config(CONFIG.replace("group_wait: 30s", "group_wait: 5s")), listener)
    alerting.put([make(alertname="X")])
    table.slow = silences.slow = True
    until = START + 3_600_000
    wanted = SilenceRequest(parse_matchers("alertname=X"), START, until, "ann", "why")
    writers = [
        threading.Thread(target=alerting.put, args=([make(alertname="Y")],)),
        threading.Thread(target=alerting.silences.set, args=(wanted, START)),
    ]
    for writer in writers:
        writer.start()
    assert table.writing.wait(10) and silences.writing.wait(10)

    async def go() -> None:
        clock.ms += 5_000
        alerting.start_due()
        await alerting.settled()

    asyncio.run(go())
    seen = alerting.alerts()
    assert [view.alert.name for view in seen] == ["X"] and not seen[0].silenced_by
    assert [len(group.alerts) for group in alerting.groups()] == [1]
    assert len(listener.heard) == 1
    table.go_on.set()
    silences.go_on.set()
    for writer in writers:
        writer.join(10)
    seen = alerting.alerts()
    assert {view.alert.name: len(view.silenced_by) for view in seen} == {"X": 1, "Y": 0}
