"""Readiness, reload and our own metrics."""

import asyncio

import httpx2

from hivesight.api import operations
from hivesight.api.application import application
from hivesight.api.gate import Gate
from hivesight.model.diagnostics import Diagnostic, Severity
from hivesight.model.errors import ConfigError


def test_alive_before_ready() -> None:
    async def story() -> list[int]:
        gate = Gate()
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(gate), base_url="http://test") as client:
            before = [(await client.get(path)).status_code for path in ("/-/healthy", "/-/ready", "/api/v1/query")]
            gate.open(application(operations.routes(_nothing, lambda: b"")))
            return [*before, (await client.get("/-/ready")).status_code]

    assert asyncio.run(story()) == [200, 503, 503, 200]


async def _nothing() -> None:
    pass


async def _faulty() -> None:
    raise ConfigError([Diagnostic("f.yml", 3, 5, 2, Severity.ERROR, "x/y", "wrong")])


def test_a_faulty_reload_is_told(asking) -> None:
    answer = asking(operations.routes(_faulty, lambda: b""))("/-/reload", "POST")
    assert answer.status_code == 500 and "f.yml:3:5: error: wrong" in answer.text
    assert asking(operations.routes(_nothing, lambda: b""))("/-/reload", "POST").status_code == 200


def test_our_own_metrics(asking) -> None:
    answer = asking(operations.routes(_nothing, lambda: b"x_total 1\n"))("/metrics")
    assert answer.text == "x_total 1\n" and answer.headers["content-type"].startswith("text/plain")
