"""From an alert to a webhook: the alerting room, the pipeline and a real receiver, by a clock that the test moves."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from prometheus_client import CollectorRegistry

from alerting.fakes import START, ManualClock, alert, memory_tables
from hivesight.alerting import Alerting, AlertingMetrics, Tables, read_config
from hivesight.alerting.matchers import parse_matchers
from hivesight.alerting.silence import SilenceRequest
from hivesight.model.alert import Alert
from hivesight.model.errors import ConfigError
from hivesight.notify import History, NotifyMetrics, build_pipeline
from hivesight.notify.history import DeliveredAlert, Delivery, DeliveryOutcome
from hivesight.notify.retry import Patience
from notify.helpers import Receiver, Reply, receiver

HOUR, MINUTE = 3_600_000, 60_000
CONFIG = """
route: {receiver: team, group_by: [alertname], group_wait: 0s, group_interval: 1m, repeat_interval: 1h}
receivers:
- name: team
  webhook_configs:
  - {url: URL/first}
  - {url: URL/second, send_resolved: false}
inhibit_rules:
- {source_matchers: [severity=critical], target_matchers: [severity=warning]}
"""


@dataclass
class Server:
    """A room with its pipeline on tables that outlive it."""

    there: Receiver
    clock: ManualClock
    tables: Tables
    registry: CollectorRegistry
    room: Alerting
    history: History

    def tell(self, *alerts: Alert, after_ms: int = 0) -> list[tuple[str, str, list[str]]]:
        """Put alerts, let time pass, and see who heard what: path, status, names with status."""
        self.clock.ms += after_ms
        self.there.requests.clear()

        async def go() -> None:
            if alerts:
                self.room.put(alerts)
            self.room.start_due()
            await self.room.settled()

        asyncio.run(go())
        return sorted(heard(each.path, orjson.loads(each.body)) for each in self.there.requests)

    def count(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(f"alertmanager_{name}", labels) or 0.0


def heard(path: str, body: dict[str, Any]) -> tuple[str, str, list[str]]:
    names = [f"{each['labels'].get('n', '')}:{each['status']}" for each in body["alerts"]]
    return path, body["status"], names


Start = Callable[..., Server]


@pytest.fixture
def start() -> Iterator[Start]:
    with receiver() as there:

        def begin(server: Server | None = None, config: str = CONFIG) -> Server:
            clock = server.clock if server else ManualClock()
            tables = server.tables if server else memory_tables()
            registry = CollectorRegistry()
            room = Alerting(tables, clock, AlertingMetrics(registry))
            history = History(tables.deliveries)
            file = read_config(Path("am.yml"), config.replace("URL", there.url))
            pipeline = build_pipeline(
                file,
                muter=room,
                log=room.log,
                journal=room.journal,
                history=history,
                metrics=NotifyMetrics(registry),
                clock=clock,
                external_url="http://hive",
                patience=Patience(sleep=no_sleep),
            )
            assert file.config is not None
            room.apply(file.config, pipeline)
            return Server(there, clock, tables, registry, room, history)

        yield begin


async def no_sleep(seconds: float) -> None:
    return


def fire(n: str = "1", **labels: str) -> Alert:
    return alert(at=START - 1, ends=START + 24 * HOUR, alertname="X", n=n, **labels)


def over(at: int, n: str = "1", **labels: str) -> Alert:
    return alert(at=START - 1, ends=at, alertname="X", n=n, **labels)


BOTH = [("/first", "firing", ["1:firing"]), ("/second", "firing", ["1:firing"])]


def test_fire_repeat_grow_and_resolve(start: Start) -> None:
    server = start()
    assert server.tell(fire()) == BOTH
    assert server.tell(after_ms=MINUTE) == []
    assert server.tell(after_ms=HOUR - MINUTE) == []
    assert server.tell(after_ms=MINUTE) == BOTH
    assert server.tell(fire("2"), after_ms=MINUTE) == [
        ("/first", "firing", ["1:firing", "2:firing"]),
        ("/second", "firing", ["1:firing", "2:firing"]),
    ]
    now = server.clock.ms + MINUTE
    assert server.tell(over(now, "2"), after_ms=MINUTE) == [("/first", "firing", ["1:firing", "2:resolved"])]
    now += MINUTE
    assert server.tell(over(now), after_ms=MINUTE) == [("/first", "resolved", ["1:resolved"])]
    assert server.tell(after_ms=MINUTE) == []
    # The receiver that is not told of resolutions must still hear when it fires again.
    assert (
        server.tell(alert(at=server.clock.ms, ends=server.clock.ms + HOUR, alertname="X", n="1"), after_ms=MINUTE)
        == BOTH
    )


def test_what_never_fired_is_never_resolved(start: Start) -> None:
    server = start()
    assert server.tell(over(START - 1)) == []
    assert server.tell(after_ms=HOUR) == []


def test_a_restart_says_nothing_twice_and_forgets_nothing(start: Start) -> None:
    server = start()
    ends_soon = alert(at=START - 1, ends=START + 4 * MINUTE, alertname="Y", n="y")
    server.tell(fire(), ends_soon)
    server = start(server)
    assert server.tell(after_ms=MINUTE) == []
    server.clock.ms += 10 * MINUTE
    server = start(server)
    assert server.tell(fire()) == []
    # Nobody said again that Y fires: it is over when the time is that it had left.
    assert server.tell(after_ms=5 * MINUTE) == [("/first", "resolved", ["y:resolved"])]
    server = start(server)
    assert server.tell(after_ms=MINUTE) == []
    assert server.tell(after_ms=HOUR) == BOTH
    assert [each.status for each in server.history.recent()][:3] == ["firing", "firing", "resolved"]


def test_an_alert_that_ended_while_we_were_down_is_told(start: Start) -> None:
    server = start()
    server.tell(fire())
    server.room.put([over(START)])
    server.clock.ms += 2 * HOUR
    assert start(server).tell() == [("/first", "resolved", ["1:resolved"])]


def test_5xx_is_tried_again_and_one_receivers_failure_is_its_own(start: Start) -> None:
    server = start()
    server.there.replies = [Reply(500), Reply(503), Reply(200)]
    assert len(server.tell(fire())) == 4
    assert sum(each.attempts for each in server.history.recent()) == 4
    assert {each.outcome for each in server.history.recent()} == {"sent"}
    server.there.replies = [Reply(404)]
    server.tell(fire("2"), after_ms=MINUTE)
    failed = server.history.recent(2)
    assert {(each.outcome, each.reason, each.attempts) for each in failed} == {("failed", "client_error", 1)}
    assert failed[0].error == "status 404: ok"
    labels = {"integration": "webhook", "receiver": "team"}
    assert server.count("notifications_total", **labels) == 4
    assert server.count("notifications_failed_total", reason="client_error", **labels) == 2
    assert server.count("notification_requests_total", **labels) == 6
    server.there.replies = [Reply(200)]
    assert len(server.tell(after_ms=MINUTE)) == 2


def test_what_is_muted_is_not_told_and_comes_when_it_is_no_more(start: Start) -> None:
    server = start()
    silence = server.room.silences.set(
        SilenceRequest(parse_matchers("n=1"), START, START + 10 * MINUTE, "ann", "why"), START
    )
    assert server.tell(fire(), fire("2")) == [
        ("/first", "firing", ["2:firing"]),
        ("/second", "firing", ["2:firing"]),
    ]
    assert server.count("notifications_suppressed_total", reason="silence") == 1
    assert len(server.tell(after_ms=10 * MINUTE)) == 2
    assert server.room.silences.get(silence.id)
    warning = alert(at=START - 1, ends=START + HOUR, alertname="W", severity="warning")
    critical = alert(at=START - 1, ends=START + HOUR, alertname="C", severity="critical")
    assert len(server.tell(critical, warning)) == 2
    assert server.count("notifications_suppressed_total", reason="inhibition") == 1


def test_time_intervals_hold_back(start: Start) -> None:
    config = CONFIG.replace(
        "repeat_interval: 1h}",
        "repeat_interval: 1h, routes: [{matchers: [n=1], mute_time_intervals: [mornings]}]}",
    )
    # START is a Thursday, 08:53 UTC.
    intervals = "time_intervals: [{name: mornings, time_intervals: [{times: [{start_time: 06:00, end_time: 09:00}]}]}]"
    server = start(config=config + intervals)
    assert server.tell(fire()) == []
    assert server.tell(after_ms=6 * MINUTE) == []
    assert server.tell(after_ms=MINUTE) == BOTH


def made(at_ms: int, alert: DeliveredAlert) -> Delivery:
    return Delivery(at_ms, "team", "webhook", 0, "g", {}, "firing", (alert,), 1, DeliveryOutcome.SENT, "first", 1)


def test_the_history_is_bounded_and_persists() -> None:
    tables = memory_tables()
    history = History(tables.deliveries, 3)
    for number in range(5):
        delivered = DeliveredAlert("f", "firing", {"a": "b"})
        history.add([made(number, delivered)])
    assert [each.at_ms for each in history.recent()] == [4, 3, 2]
    again = History(tables.deliveries, 3)
    assert again.recent() == history.recent() and again.recent(1)[0].at_ms == 4
    again.add(history.recent(1))
    assert len(tables.deliveries.load()) == 3
    again.add([made(number, delivered) for number in range(10, 20)])
    assert [each.at_ms for each in again.recent()] == [19, 18, 17]
    assert History(tables.deliveries, 3).recent() == again.recent()


def test_a_configuration_that_cannot_be_used_is_told_before_anything_is_swapped(tmp_path: Path, start: Start) -> None:
    (tmp_path / "bad.tmpl").write_text("line\n{{ define `x` }}{{ .A | }}{{ end }}", encoding="utf-8")
    text = CONFIG.replace("URL", "http://x") + "templates: ['*.tmpl']\n"
    file = read_config(tmp_path / "am.yml", text)
    server = start()

    def build() -> None:
        build_pipeline(
            file,
            muter=server.room,
            log=server.room.log,
            journal=server.room.journal,
            history=server.history,
            metrics=NotifyMetrics(CollectorRegistry()),
            clock=server.clock,
            external_url="",
        )

    with pytest.raises(ConfigError) as raised:
        build()
    (fault,) = raised.value.diagnostics
    assert (Path(fault.path).name, fault.line) == ("bad.tmpl", 2)
    (tmp_path / "bad.tmpl").write_text('{{ define "slack.default.title" }}mine{{ end }}', encoding="utf-8")
    build()


def test_a_setting_that_is_no_template_is_shown_in_its_place(start: Start) -> None:
    text = CONFIG + "- name: mail\n  email_configs:\n  - to: a@b.org\n    headers:\n      Subject: 'x {{ .A | }} y'\n"
    text = text.replace("inhibit_rules", "#").replace("- {source", "# {source")
    text = "global: {smtp_smarthost: 'm:25', smtp_from: a@b.org}\n" + text
    with pytest.raises(ConfigError) as raised:
        start(config=text)
    (fault,) = raised.value.diagnostics
    assert text.splitlines()[fault.line - 1][fault.col - 1 :].startswith(("|", "}}")), fault
