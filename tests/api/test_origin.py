"""Pages of other sites must not act here."""

import asyncio

import httpx2
import pytest

from hivesight.api import operations
from hivesight.api.application import application

CASES = [
    ("POST", None, 200),
    ("POST", "http://test", 200),
    ("POST", "https://evil.example", 403),
    ("POST", "http://test.evil.example", 403),
    ("POST", "http://test:81", 403),
    ("POST", "null", 403),
    ("PUT", "https://evil.example", 403),
]


@pytest.mark.parametrize(("method", "origin", "status"), CASES)
def test_who_may_act(asking, method, origin, status) -> None:
    reloads: list[str] = []

    async def reload() -> None:
        reloads.append("reloaded")

    ask = asking(operations.routes(reload, lambda: b""))
    answer = ask("/-/reload", method, headers={} if origin is None else {"Origin": origin})
    assert answer.status_code == status and bool(reloads) == (status == 200)


def test_everybody_may_look(asking) -> None:
    ask = asking(operations.routes(None, lambda: b"x 1\n"))
    assert ask("/metrics", headers={"Origin": "https://evil.example"}).status_code == 200


HOSTS = [
    ("127.0.0.1:9640", 200),
    ("[::1]:9640", 200),
    ("localhost:9640", 200),
    ("hive.example", 200),
    ("evil.example:9640", 403),
    ("localhost.evil.example", 403),
    ("", 200),
]


@pytest.mark.parametrize(("host", "status"), HOSTS)
def test_a_strangers_name_for_loopback(host, status) -> None:
    app = application(operations.routes(None, lambda: b"x 1\n"), frozenset(("localhost", "hive.example")))

    async def ask() -> int:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://test") as client:
            return (await client.get("/metrics", headers={"Host": host})).status_code

    assert asyncio.run(ask()) == status
