"""The HTTP APIs over real rooms in a temporary directory, asked without a socket."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from prometheus_client import CollectorRegistry
from starlette.routing import BaseRoute

from hivesight.alerting import Alerting
from hivesight.alerting.config_check import read_config
from hivesight.alerting.metrics import AlertingMetrics
from hivesight.alerting.nflog import Listener
from hivesight.alerting.table import Tables
from hivesight.api.application import application
from hivesight.api.workers import Workers
from hivesight.model.labels import Labels
from hivesight.storage.state import State
from hivesight.storage.tsdb import Limits, Tsdb

NOW_MS = 1_700_000_000_000


class FixedClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.ms = NOW_MS

    def now_ms(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.ms / 1000


Ask = Callable[..., httpx2.Response]


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def workers() -> Iterator[Workers]:
    found = Workers(2, CollectorRegistry())
    yield found
    found.close()


@pytest.fixture
def tsdb(tmp_path: Path, clock: FixedClock) -> Iterator[Tsdb]:
    store = Tsdb.open(tmp_path / "metrics", clock=clock, retention_ms=None, limits=Limits())
    names = [
        {"__name__": "up", "job": "a", "instance": "1"},
        {"__name__": "up", "job": "b", "instance": "2"},
        {"__name__": "requests_total", "job": "a"},
        {"__name__": "my.metric", "label.with.dots": "x"},
    ]
    group = store.group("test")
    rows = group.register([Labels(each) for each in names])
    for step in range(11):
        group.append(NOW_MS - 150_000 + step * 15_000, rows, np.array([1.0, 0.0, 10.0 * step, float("inf")]))
    yield store
    store.close()


class _Silent:
    async def __call__(self, flush: object) -> bool:
        return True

    def listeners(self, receiver: str) -> Sequence[Listener]:
        return ()

    async def close(self) -> None:
        pass


@pytest.fixture
def alerting(tmp_path: Path, clock: FixedClock) -> Iterator[Alerting]:
    state = State.open(tmp_path / "state.sqlite")
    names = ("alerts", "notifications", "silences", "deliveries", "journal")
    room = Alerting(Tables(*(state.table(name) for name in names)), clock, AlertingMetrics(CollectorRegistry()))
    file = read_config(
        Path("alertmanager.yml"), "route: {receiver: ops, group_by: [alertname]}\nreceivers: [{name: ops}]"
    )
    assert file.config is not None
    room.apply(file.config, _Silent())
    yield room
    state.close()


@pytest.fixture
def asking() -> Callable[[list[BaseRoute]], Ask]:
    """Routes to a function that asks them."""

    def over(routes: list[BaseRoute]) -> Ask:
        app = application(routes)

        async def once(method: str, path: str, **arguments: Any) -> httpx2.Response:
            async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://test") as client:
                return await client.request(method, path, **arguments)

        def ask(path: str, method: str = "GET", **arguments: Any) -> httpx2.Response:
            call: Coroutine[Any, Any, httpx2.Response] = once(method, path, **arguments)
            return asyncio.run(call)

        return ask

    return over
