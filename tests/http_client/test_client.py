"""A client as the configuration wants it, against real servers."""

import asyncio
import dataclasses
import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx2
import pytest
import trustme

from hivesight.http_client.client import HttpClient, make_client, read_start, user_agent
from hivesight.http_client.config import HttpConfig, ProxyConfig, TlsConfig
from hivesight.http_client.errors import SettingError
from hivesight.http_client.reasons import reason_of
from hivesight.http_client.tls import ssl_context
from hivesight.model.secret import Secret
from sources.recording import http_server, respond


def get(url: str, config: HttpConfig | None = None, most_bytes: int = 1000) -> tuple[int, bytes]:
    async def go() -> tuple[int, bytes]:
        client = HttpClient(config or HttpConfig(), timeout_seconds=10)
        try:
            async with client.stream("GET", url, [("User-Agent", user_agent())]) as response:
                return response.status_code, await read_start(response, most_bytes)
        finally:
            await client.close()

    return asyncio.run(go())


def hello(handler: BaseHTTPRequestHandler) -> None:
    respond(handler, b"hello")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, str, str]:
    """A server's context that wants a client's certificate; the files of the authority and of such a certificate."""
    ca = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("metrics.example").configure_cert(context)
    context.verify_mode = ssl.CERT_REQUIRED
    ca.configure_trust(context)
    folder = tmp_path_factory.mktemp("tls")
    ca.cert_pem.write_to_path(folder / "ca.pem")
    ca.issue_cert("client.example").private_key_and_cert_chain_pem.write_to_path(folder / "client.pem")
    return context, str(folder / "ca.pem"), str(folder / "client.pem")


@pytest.fixture
def encrypted(authority: tuple[ssl.SSLContext, str, str]) -> Iterator[str]:
    with http_server(hello, authority[0]) as address:
        yield f"https://{address}/"


def test_tls(authority: tuple[ssl.SSLContext, str, str], encrypted: str) -> None:
    _, ca, both = authority
    pem = Path(both).read_text(encoding="utf-8")
    good = TlsConfig(ca_file=ca, cert_file=both, key_file=both, server_name="metrics.example", min_version="TLS12")
    inline = TlsConfig(
        ca=Path(ca).read_text(encoding="utf-8"),
        cert=pem,
        key_pem=Secret(pem),
        server_name="metrics.example",
        max_version="TLS12",
    )
    unchecked = TlsConfig(insecure_skip_verify=True, cert=pem, key_file=both)
    for tls in (good, inline, unchecked):
        assert get(encrypted, HttpConfig(tls_config=tls)) == (200, b"hello")
    for config, message in (
        (HttpConfig(), "TLS: the certificate cannot be verified: "),
        (HttpConfig(tls_config=dataclasses.replace(good, server_name="other.example")), "other.example"),
    ):
        with pytest.raises(httpx2.ConnectError) as raised:
            get(encrypted, config)
        assert message in reason_of(raised.value)


@pytest.mark.parametrize("tls", [TlsConfig(ca_file="/none"), TlsConfig(ca="x"), TlsConfig(cert_file="x", key_ref="y")])
def test_certificates_that_cannot_be_used(tls: TlsConfig) -> None:
    with pytest.raises(SettingError, match="tls_config cannot be used: ") as raised:
        get("https://127.0.0.1:1/", HttpConfig(tls_config=tls))
    assert not raised.value.lasting


def test_a_context_is_never_shared_with_another_protocol() -> None:
    assert ssl_context(TlsConfig()) is not ssl_context(TlsConfig())


def test_redirects() -> None:
    def once(handler: BaseHTTPRequestHandler) -> None:
        if handler.path == "/there":
            hello(handler)
        else:
            respond(handler, b"", status=302, Location="/there")

    with http_server(once) as address:
        assert get(f"http://{address}/") == (200, b"hello")
        assert get(f"http://{address}/", HttpConfig(follow_redirects=False)) == (302, b"")
    with (
        http_server(lambda handler: respond(handler, b"", status=302, Location="/")) as address,
        pytest.raises(httpx2.TooManyRedirects) as raised,
    ):
        get(f"http://{address}/")
    assert reason_of(raised.value) == "stopped after 10 redirects"


def test_an_answer_is_read_as_far_as_asked() -> None:
    with http_server(lambda handler: respond(handler, b"x" * 100_000)) as address:
        assert get(f"http://{address}/", most_bytes=7) == (200, b"x" * 7)


def test_no_proxy() -> None:
    """Each list with a host that goes through the proxy, and those that do not."""
    through: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        through.append(handler.path)
        respond(handler, b"proxied")

    with http_server(answer) as proxy, http_server(hello) as there:
        config = HttpConfig(proxy_url=f"http://{proxy}", no_proxy="127.0.0.1")
        assert get(f"http://{there}/", config) == (200, b"hello")
        assert get("http://hive.invalid/", config) == (200, b"proxied")
        assert get(f"http://{there}/", dataclasses.replace(config, no_proxy="")) == (200, b"proxied")
    assert through == ["http://hive.invalid/", f"http://{there}/"]


DIRECT = [
    ("example.org", ["example.org", "www.example.org"], ["badexample.org", "example.com"]),
    (".example.org", ["www.example.org"], ["example.org"]),
    ("*.example.org", ["www.example.org"], ["example.org"]),
    (" a.org , LOCALHOST,", ["a.org", "localhost"], ["b.org"]),
    ("10.0.0.0/8", ["10.1.2.3"], ["11.1.2.3", "example.org"]),
    ("10.0.0.1", ["10.0.0.1"], ["10.0.0.2", "110.0.0.1"]),
    ("10.0.0.1:8080", ["10.0.0.1:8080"], ["10.0.0.1:81", "10.0.0.1"]),
    ("example.org:8080", ["example.org:8080", "www.example.org:8080"], ["example.org"]),
    ("[::1]:8080", ["[::1]:8080"], ["[::1]"]),
    ("::1", ["[::1]"], ["[::2]"]),
    ("fd00::/8", ["[fd00::1]"], ["[fe00::1]"]),
    ("*", ["example.org", "10.0.0.1", "[::1]"], []),
]


@pytest.mark.parametrize(("no_proxy", "direct", "proxied"), DIRECT)
def test_the_hosts_of_no_proxy(no_proxy: str, direct: list[str], proxied: list[str]) -> None:
    client = make_client(
        TlsConfig(),
        ProxyConfig(proxy_url="http://proxy.example:3128", no_proxy=no_proxy),
        follow_redirects=True,
        timeout_seconds=None,
    )
    plain = client._transport
    for host in direct:
        assert client._transport_for_url(httpx2.URL(f"http://{host}/")) is plain, host
    for host in proxied:
        assert client._transport_for_url(httpx2.URL(f"http://{host}/")) is not plain, host


def test_proxy_settings_that_cannot_be_used() -> None:
    config = HttpConfig(proxy_url="http://user:hush@proxy.example:3128", no_proxy="10.0.0.1:x")
    with pytest.raises(SettingError, match="check proxy_url, no_proxy") as raised:
        get("http://hive.invalid/", config)
    assert "hush" not in str(raised.value)


def test_a_secret_that_no_header_can_hold_is_not_sent_to_a_proxy() -> None:
    proxy = ProxyConfig(proxy_url="http://x/", proxy_connect_header={"X-A": (Secret("hu\nsh"),)})
    with pytest.raises(SettingError, match="the header X-A holds a line break"):
        make_client(TlsConfig(), proxy, follow_redirects=True, timeout_seconds=None)


def test_it_can_be_used_by_many_at_once_and_again_after_it_was_closed() -> None:
    with http_server(hello) as address:

        async def go() -> list[int]:
            client = HttpClient(HttpConfig(), timeout_seconds=10)

            async def one() -> int:
                async with client.stream("GET", f"http://{address}/", []) as response:
                    return response.status_code

            first = await asyncio.gather(one(), one(), one())
            await client.close()
            await client.close()
            second = await one()
            await client.close()
            return [*first, second]

        assert asyncio.run(go()) == [200] * 4
