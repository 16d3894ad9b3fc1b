"""Alerts to other Alertmanagers: what is sent where, what waits, what is dropped, and what is counted."""

import asyncio
import json
import threading
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from e2e.running import HttpServer, respond
from hivesight.alertmanagers import Alertmanagers, SendingMetrics, sending
from hivesight.alertmanagers.endpoints import found
from hivesight.ingest.relabel import relabelling
from hivesight.model.alert import Alert
from hivesight.model.clock import SystemClock
from hivesight.model.labels import Labels
from hivesight.sources.config import AlertingConfig
from hivesight.sources.discover import Discover
from hivesight.sources.metrics import ScrapeMetrics
from hivesight.sources.reading import read_text
from hivesight.sources.target import TargetGroup


class Receiver:
    """Takes alerts, as long as `status` is 200 and `open` is set."""

    def __init__(self) -> None:
        self.status, self.open = 200, threading.Event()
        self.open.set()
        self.batches: list[list[Any]] = []
        self._server = HttpServer(self._answer)
        self.address, self.close = self._server.address, self._server.close
        self.url = f"http://{self.address}/api/v2/alerts"

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        body = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        self.open.wait(10)
        if self.status == 200:
            self.batches.append(body)
        respond(request, b"no", self.status)

    @property
    def names(self) -> list[str]:
        return [alert["labels"]["alertname"] for batch in self.batches for alert in batch]


@pytest.fixture
def receiver() -> Any:
    one = Receiver()
    yield one
    one.open.set()
    one.close()


def alerts(*names: str) -> list[Alert]:
    return [Alert(Labels({"alertname": name, "replica": "r"}), 1_000, 2_500) for name in names]


def config(text: str, folder: Path = Path("/nowhere")) -> AlertingConfig:
    loaded = read_text(text, folder / "prometheus.yml")
    assert loaded.value is not None, [each.render(text) for each in loaded.diagnostics]
    return loaded.value.alerting


def to(*addresses: str, more: str = "") -> AlertingConfig:
    targets = ", ".join(f"'{each}'" for each in addresses)
    return config(f"alerting: {{alertmanagers: [{{static_configs: [{{targets: [{targets}]}}]{more}}}]}}\n")


class Room:
    """The room, with what it handed on and what it counted."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self.registry = CollectorRegistry()
        self.here: list[Alert] = []
        looking = ScrapeMetrics(CollectorRegistry())
        discover = Discover(pool, looking, asyncio.sleep)
        metrics = SendingMetrics(self.registry)
        self.all = Alertmanagers(self.here.extend, SystemClock(), pool, discover, looking, metrics)

    def count(self, name: str, url: str | None = None) -> float | None:
        labels = {} if url is None else {"alertmanager": url}
        return self.registry.get_sample_value(f"prometheus_notifications_{name}", labels)


@asynccontextmanager
async def room() -> AsyncGenerator[Room]:
    with ThreadPoolExecutor(2) as pool:
        made = Room(pool)
        yield made
        await made.all.close()


async def until(ask: Any) -> None:
    async with asyncio.timeout(10):
        while not ask():  # noqa: ASYNC110 (what is asked is not ours to wait for)
            await asyncio.sleep(0.01)


def test_alerts_reach_every_one_and_this_servers_alerting(receiver: Receiver) -> None:
    async def run() -> None:
        other = Receiver()
        async with room() as it:
            await it.all.apply(to(receiver.address, other.address, receiver.address))
            await asyncio.to_thread(it.all.send, alerts("A", "B"))
            await until(lambda: receiver.names == other.names == ["A", "B"])
            await until(lambda: it.count("sent_total", receiver.url) == 2)
            assert [each.name for each in it.here] == ["A", "B"]
            assert it.all.active == [receiver.url, other.url]
            assert it.count("alertmanagers_discovered") == 2
        other.close()

    asyncio.run(run())
    assert receiver.batches[0][0] == {
        "labels": {"alertname": "A", "replica": "r"},
        "annotations": {},
        "startsAt": "1970-01-01T00:00:01.000Z",
        "endsAt": "1970-01-01T00:00:02.500Z",
        "generatorURL": "",
    }


def test_relabelling(receiver: Receiver) -> None:
    text = f"""
alerting:
  alert_relabel_configs:
  - {{action: labeldrop, regex: replica}}
  - {{action: drop, source_labels: [alertname], regex: Hidden}}
  alertmanagers:
  - static_configs: [{{targets: ['{receiver.address}']}}]
    alert_relabel_configs: [{{action: drop, source_labels: [alertname], regex: Here}}]
"""

    async def run() -> None:
        async with room() as it:
            await it.all.apply(config(text))
            it.all.send(alerts("Hidden", "Here", "There"))
            it.all.send(alerts("Hidden"))
            it.all.send(alerts("Here"))
            await until(lambda: receiver.names)
            assert [dict(each.labels) for each in it.here] == [
                {"alertname": name} for name in ("Here", "There", "Here")
            ]

    asyncio.run(run())
    assert [batch[0]["labels"] for batch in receiver.batches] == [{"alertname": "There"}]


def test_a_full_queue_drops_the_oldest(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "CAPACITY", 4)
    monkeypatch.setattr(sending, "BATCH", 2)

    async def run() -> None:
        async with room() as it:
            receiver.open.clear()
            await it.all.apply(to(receiver.address))
            it.all.send(alerts("1", "2"))
            await until(lambda: it.count("queue_length") == 0)
            it.all.send(alerts("3", "4", "5"))
            it.all.send(alerts("6", "7", "8"))
            assert it.count("queue_length") == 4
            assert it.count("dropped_total", receiver.url) == 2
            receiver.open.set()
            await until(lambda: it.count("sent_total", receiver.url) == 6)

    asyncio.run(run())
    assert receiver.batches and receiver.names == ["1", "2", "5", "6", "7", "8"]
    assert [len(batch) for batch in receiver.batches] == [2, 2, 2]


def test_one_that_fails_is_counted_and_gets_the_next(receiver: Receiver) -> None:
    async def run() -> None:
        async with room() as it:
            await it.all.apply(to(receiver.address, "127.0.0.1:1"))
            receiver.status = 500
            it.all.send(alerts("A"))
            await until(lambda: it.count("errors_total", receiver.url) == 1)
            await until(lambda: it.count("errors_total", "http://127.0.0.1:1/api/v2/alerts") == 1)
            assert it.count("dropped_total", receiver.url) == 1
            receiver.status = 200
            it.all.send(alerts("B"))
            await until(lambda: receiver.names == ["B"])

    asyncio.run(run())


def test_one_that_hangs_holds_up_no_other(receiver: Receiver) -> None:
    async def run() -> None:
        slow = Receiver()
        slow.open.clear()
        async with room() as it:
            await it.all.apply(to(slow.address, receiver.address, more=", timeout: 1s"))
            it.all.send(alerts("A"))
            await until(lambda: receiver.names == ["A"])
            await until(lambda: it.count("errors_total", slow.url) == 1)
        slow.open.set()
        slow.close()

    asyncio.run(run())


def test_a_reload_keeps_what_did_not_change(receiver: Receiver) -> None:
    async def run() -> None:
        async with room() as it:
            await it.all.apply(to(receiver.address))
            it.all.send(alerts("A"))
            await until(lambda: it.count("sent_total", receiver.url) == 1)
            await it.all.apply(to(receiver.address))
            assert it.count("sent_total", receiver.url) == 1
            await it.all.apply(to("127.0.0.1:1"))
            assert it.count("sent_total", receiver.url) is None
            assert it.all.active == ["http://127.0.0.1:1/api/v2/alerts"]
            await it.all.apply(AlertingConfig())
            it.all.send(alerts("B"))
            assert it.count("alertmanagers_discovered") == 0

    asyncio.run(run())
    assert receiver.names == ["A"]


def test_what_waits_is_sent_at_the_end(receiver: Receiver) -> None:
    async def run() -> None:
        async with room() as it:
            await it.all.apply(to(receiver.address))
            it.all.send(alerts("A"))

    asyncio.run(run())
    assert receiver.names == ["A"]


def test_files_of_targets(receiver: Receiver, tmp_path: Path) -> None:
    async def run() -> None:
        (tmp_path / "am.yml").write_text("[]")
        async with room() as it:
            text = "alerting: {alertmanagers: [{file_sd_configs: [{files: [am.yml]}]}]}\n"
            await it.all.apply(config(text, tmp_path))
            looking = asyncio.create_task(it.all.run())
            assert it.all.active == []
            (tmp_path / "am.yml").write_text(f"- targets: ['{receiver.address}']\n")
            await until(lambda: it.all.active)
            it.all.send(alerts("A"))
            await until(lambda: receiver.names == ["A"])
            looking.cancel()

    asyncio.run(run())


ADDRESSES: list[tuple[str, list[str], list[str]]] = [
    ("{}", ["http://a:1/api/v2/alerts"], []),
    ("{scheme: https, path_prefix: x//y/}", ["https://a:1/x/y/api/v2/alerts"], []),
    ("{relabel_configs: [{action: drop, source_labels: [__address__], regex: 'a:.*'}]}", [], ["http://a:1/api/v2/alerts"]),
    ("{relabel_configs: [{target_label: __address__, replacement: 'b:2'}]}", ["http://b:2/api/v2/alerts"], []),
    ("{relabel_configs: [{target_label: __alerts_path__, replacement: /z}]}", ["http://a:1/z"], []),
]  # fmt: skip


@pytest.mark.parametrize(("section", "active", "dropped"), ADDRESSES)
def test_addresses(section: str, active: list[str], dropped: list[str]) -> None:
    (one,) = config(f"alerting: {{alertmanagers: [{section}]}}\n").alertmanagers
    endpoints = found(one, relabelling(one.relabel_configs), [TargetGroup(("a:1",), Labels(), "x")])
    assert (list(endpoints.active), list(endpoints.dropped)) == (active, dropped)


FAULTS = [
    ("api_version: v1", "unknown value 'v1'"),
    ("consul_sd_configs: []", "consul_sd_configs is not supported"),
    ("nothing: 1", "unknown key 'nothing'"),
    ("timeout: 0s", "longer than zero"),
    ("relabel_configs: [{action: hashmod}]", "non-zero modulus"),
]


@pytest.mark.parametrize(("key", "part"), FAULTS)
def test_faults_have_a_place(key: str, part: str) -> None:
    loaded = read_text(f"alerting:\n  alertmanagers:\n  - {key}\n", Path("p.yml"))
    (fault,) = loaded.diagnostics
    assert loaded.value is None and fault.line == 3 and part in fault.message
