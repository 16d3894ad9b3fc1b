"""Tokens by client credentials from a real server."""

import asyncio
from pathlib import Path

import pytest

from hivesight.http_client.config import OAuth2, TlsConfig
from hivesight.http_client.errors import SettingError, TokenError
from hivesight.http_client.oauth2 import MAX_TOKEN_BYTES, TokenSource
from hivesight.model.secret import Secret
from notify.helpers import Reply, receiver
from sources.recording import HandClock

GOOD = Reply(200, b'{"access_token":"t0","expires_in":3600}')


def tokens(config: OAuth2, *times: float) -> list[str]:
    """The tokens that are given at these moments."""

    clock = HandClock(0)

    async def go() -> list[str]:
        source = TokenSource(config, timeout_seconds=10, monotonic=clock.monotonic)
        found: list[str] = []
        try:
            for each in times or (0.0,):
                clock.time_ms = each * 1000
                found.append(await source.token())
        finally:
            await source.close()
        return found

    return asyncio.run(go())


def test_what_is_asked(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s\n", encoding="utf-8")
    with receiver(GOOD) as issuer:
        config = OAuth2(
            client_id="hive",
            client_secret_file=str(tmp_path / "secret"),
            token_url=f"{issuer.url}/token",
            scopes=("a", "b"),
            endpoint_params={"audience": "x"},
        )
        assert tokens(config) == ["t0"]
    (asked,) = issuer.requests
    assert (asked.path, asked.headers["authorization"]) == ("/token", "Basic aGl2ZTpz")
    assert asked.body == b"grant_type=client_credentials&audience=x&scope=a+b"
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert asked.headers["user-agent"].startswith("Hivesight/")


def test_a_token_is_kept_until_shortly_before_it_expires() -> None:
    replies = [Reply(200, b'{"access_token":"t%d","expires_in":"100"}' % number) for number in range(3)]
    with receiver(*replies) as issuer:
        config = OAuth2(client_id="hive", token_url=issuer.url, client_secret=Secret("s"))
        assert tokens(config, 0, 89, 90, 179, 180) == ["t0", "t0", "t1", "t1", "t2"]
    assert len(issuer.requests) == 3


def test_many_who_ask_at_once_share_one_token() -> None:
    with receiver(GOOD) as issuer:

        async def go() -> list[str]:
            source = TokenSource(OAuth2(client_id="hive", token_url=issuer.url))
            found = await asyncio.gather(*(source.token() for _ in range(5)))
            await source.close()
            return found

        assert asyncio.run(go()) == ["t0"] * 5
    assert len(issuer.requests) == 1


NO_TOKEN = [
    (Reply(200, b"no json"), "no usable token"),
    (Reply(200, b"[]"), "no usable token"),
    (Reply(200, b"{}"), "no usable token"),
    (Reply(200, b'{"access_token": 1, "expires_in": "soon"}'), "no usable token"),
    (Reply(200, b'{"access_token": "a", "expires_in": "soon"}'), "no usable token"),
    (Reply(200, b'{"access_token": "a", "expires_in": "nan"}'), "no usable token"),
    (Reply(200, b'{"access_token": "a", "rest": "' + b"x" * MAX_TOKEN_BYTES + b'"}'), "no usable token"),
    (Reply(401, b"who?", {"Retry-After": "7"}), "status 401"),
]


@pytest.mark.parametrize(("reply", "message"), NO_TOKEN)
def test_an_issuer_that_gives_no_token(reply: Reply, message: str) -> None:
    with receiver(reply) as issuer, pytest.raises(TokenError, match=message) as raised:
        tokens(OAuth2(client_id="hive", token_url=issuer.url))
    error = raised.value
    assert (error.status, error.body, error.retry_after) == (
        reply.status,
        reply.body[:MAX_TOKEN_BYTES],
        reply.headers.get("Retry-After"),
    )


def test_a_token_that_no_header_can_hold() -> None:
    with (
        receiver(Reply(200, b'{"access_token":"a\\nb"}')) as issuer,
        pytest.raises(SettingError, match="the header Authorization"),
    ):
        tokens(OAuth2(client_id="hive", token_url=issuer.url))


def test_the_way_to_the_issuer_has_settings_of_its_own(tmp_path: Path) -> None:
    with receiver(GOOD) as proxy:
        assert tokens(OAuth2(client_id="hive", token_url="http://issuer.invalid/token", proxy_url=proxy.url)) == ["t0"]
    assert [each.path for each in proxy.requests] == ["http://issuer.invalid/token"]
    with pytest.raises(SettingError, match="tls_config cannot be used"):
        tokens(OAuth2(client_id="hive", token_url="http://127.0.0.1:1/", tls_config=TlsConfig(ca_file="/none")))
