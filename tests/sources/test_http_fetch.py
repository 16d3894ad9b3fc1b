"""Fetching over HTTP from real servers that behave and that do not."""

import asyncio
import gzip
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import trustme

from hivesight.http_client.config import Authorization, BasicAuth, HttpHeader, OAuth2, TlsConfig
from hivesight.ingest.protocol import ScrapeProtocol
from hivesight.model.clock import SystemClock
from hivesight.model.labels import Labels
from hivesight.model.secret import Secret
from hivesight.sources.config import ScrapeConfig
from hivesight.sources.fetch import Outcome
from hivesight.sources.http_fetch import HttpFetch
from hivesight.sources.metrics import ScrapeMetrics
from hivesight.sources.scrape import Health, ScrapeLoop, TargetStatus
from hivesight.sources.series import TargetSeries
from hivesight.sources.target import Target
from ingest.delimited import GAUGE, delimited, family, gauge, metric
from notify.helpers import Reply, receiver
from sources.recording import START_MS, Answer, Recorder, http_server, respond


def scrape(
    address: str, *, timeout_ms: int = 5000, scheme: str = "http", **settings: object
) -> tuple[TargetStatus, Recorder]:
    """One scrape of the whole way: fetch, parse, store."""

    async def run() -> tuple[TargetStatus, Recorder]:
        store = Recorder()
        labels = Labels({"job": "j", "instance": address})
        target = Target("j", labels, labels, f"{scheme}://{address}/metrics", 15_000, timeout_ms)
        config = ScrapeConfig(**{"job_name": "j", **settings})
        metrics = ScrapeMetrics(store.registry)
        with ThreadPoolExecutor(2) as executor:
            fetch = HttpFetch(config, executor)
            series = TargetSeries(target, config, store, metrics)
            loop = ScrapeLoop(target, series, fetch, clock=SystemClock(), executor=executor, metrics=metrics)
            await loop.scrape(START_MS)
            await fetch.close()
        return loop.status, store

    return asyncio.run(run())


def test_a_good_target() -> None:
    with http_server(lambda handler: respond(handler, b"a 1\n")) as address:
        status, store = scrape(address)
    assert (status.health, status.last_error, status.last_scrape_ms) == (Health.UP, "", START_MS)
    assert store.last()[f'a{{instance="{address}", job="j"}}'] == 1.0
    assert 0 < status.last_duration_seconds < 5


def test_a_target_that_answers_with_protobuf() -> None:
    asked: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.headers["Accept"])
        respond(handler, delimited(family("a", GAUGE, metric(gauge(1)))), asked[0].split(";q=")[0])

    with http_server(answer) as address:
        status, store = scrape(address, scrape_protocols=(ScrapeProtocol.PROTO,))
    assert (status.health, status.last_error) == (Health.UP, "")
    assert store.last()[f'a{{instance="{address}", job="j"}}'] == 1.0
    assert asked[0].startswith("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;")


def drip(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "text/plain")
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b"a 1\n")
        handler.wfile.flush()
        time.sleep(0.05)


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "text/plain")
    handler.end_headers()
    for _ in range(10_000):
        handler.wfile.write(b"a_metric_with_a_name 1\n" * 1000)


def cut_off(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "text/plain")
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"a 1\n")
    handler.close_connection = True


def bomb(handler: BaseHTTPRequestHandler) -> None:
    respond(handler, gzip.compress(b"a 1\n" * 5_000_000), Content_Encoding="gzip")


def announced(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(100 << 20))
    handler.end_headers()


def redirect_for_ever(handler: BaseHTTPRequestHandler) -> None:
    respond(handler, b"", status=302, Location="/metrics")


MISBEHAVING: list[tuple[Answer, dict[str, object], Outcome, str]] = [
    (
        lambda handler: respond(handler, b"<html><title>Hi</title></html>", "text/html; charset=utf-8"),
        {},
        Outcome.CONTENT_TYPE,
        "body is HTML, not metrics: 'Hi'",
    ),
    (lambda handler: respond(handler, b'a 1\nb{x="'), {}, Outcome.SYNTAX, "line 2: the labels do not end"),
    (lambda handler: respond(handler, b"a 1\n", None), {}, Outcome.CONTENT_TYPE, "blank Content-Type"),
    (lambda handler: respond(handler, b"", status=503), {}, Outcome.HTTP_STATUS, "HTTP status 503 Service Unavailable"),
    (lambda handler: respond(handler, b"", status=204), {}, Outcome.HTTP_STATUS, "HTTP status 204"),
    (drip, {"timeout_ms": 200}, Outcome.TIMEOUT, "timed out after 200ms"),
    (endless, {"body_size_limit": 1 << 20}, Outcome.BODY_SIZE, "body_size_limit exceeded"),
    (bomb, {"body_size_limit": 1 << 20}, Outcome.BODY_SIZE, "body_size_limit exceeded"),
    (announced, {}, Outcome.BODY_SIZE, "larger than 67108864 bytes"),
    (cut_off, {}, Outcome.CONNECTION, "closed connection"),
    (redirect_for_ever, {}, Outcome.CONNECTION, "stopped after 10 redirects"),
    (
        lambda handler: respond(handler, b"", status=302, Location="http://127.0.0.1:99999/"),
        {},
        Outcome.CONNECTION,
        "invalid address: the port is larger than 65535",
    ),
    (redirect_for_ever, {"follow_redirects": False}, Outcome.HTTP_STATUS, "HTTP status 302 Found"),
    (
        lambda handler: respond(handler, gzip.compress(b"a 1\n")[:-6], Content_Encoding="gzip"),
        {},
        Outcome.CONNECTION,
        "the gzip body is cut off",
    ),
    (
        lambda handler: respond(handler, b"a 1\n", Content_Encoding="gzip"),
        {},
        Outcome.CONTENT_TYPE,
        "no valid gzip",
    ),
    (
        lambda handler: respond(handler, b"a 1\n", Content_Encoding="br"),
        {},
        Outcome.CONTENT_TYPE,
        "unknown Content-Encoding 'br'",
    ),
]


@pytest.mark.parametrize(("answer", "settings", "outcome", "message"), MISBEHAVING)
def test_a_misbehaving_target_is_down(
    answer: Answer, settings: dict[str, object], outcome: Outcome, message: str
) -> None:
    with http_server(answer) as address:
        status, store = scrape(address, **settings)
    assert status.health is Health.DOWN
    assert message in status.last_error
    assert store.last()[f'up{{instance="{address}", job="j"}}'] == 0.0
    assert status.last_duration_seconds < 4
    assert store.registry.get_sample_value("hivesight_scrapes_total", {"outcome": outcome}) == 1


def test_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        status, _ = scrape(f"127.0.0.1:{unused.getsockname()[1]}")
    assert status.last_error == "connection refused"


def test_a_server_that_never_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        status, _ = scrape(f"127.0.0.1:{silent.getsockname()[1]}", timeout_ms=200)
    assert status.last_error == "timed out after 200ms"


def test_a_server_that_speaks_no_http() -> None:
    with http_server(lambda handler: handler.wfile.write(b"SSH-2.0-OpenSSH_9.7\r\n\r\n")) as address:
        status, _ = scrape(address)
    assert status.health is Health.DOWN and status.last_error


def test_tls_to_a_server_without() -> None:
    with http_server(lambda handler: respond(handler, b"a 1\n")) as address:
        status, _ = scrape(address, scheme="https")
    assert status.last_error.startswith("TLS: ")


def test_a_certificate_that_is_not_trusted() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with http_server(lambda handler: respond(handler, b"a 1\n"), context) as address:
        unknown, _ = scrape(address, scheme="https")
        unchecked, _ = scrape(address, scheme="https", tls_config=TlsConfig(insecure_skip_verify=True))
    assert unknown.last_error.startswith("TLS: the certificate cannot be verified: ")
    assert unchecked.last_error == ""


def test_a_proxy() -> None:
    paths: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        paths.append(handler.path)
        respond(handler, b"a 1\n")

    with http_server(answer) as address:
        status, _ = scrape("target.example:9100", proxy_url=f"http://{address}")
        direct, _ = scrape(address, proxy_url="http://127.0.0.1:1", no_proxy="127.0.0.1")
    assert (status.last_error, direct.last_error) == ("", "")
    assert paths == ["http://target.example:9100/metrics", "/metrics"]


def test_gzip() -> None:
    two = gzip.compress(b"a 1\n") + gzip.compress(b"b 2\n")
    with http_server(lambda handler: respond(handler, two, Content_Encoding="gzip")) as address:
        status, store = scrape(address)
    assert status.health is Health.UP
    assert [value for name, value in store.last().items() if name[:2] in ("a{", "b{")] == [1.0, 2.0]


def test_what_is_sent(tmp_path: Path) -> None:
    seen: list[dict[str, str]] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        seen.append({name.lower(): value for name, value in handler.headers.items()})
        respond(handler, b"a 1\n")

    (tmp_path / "secret").write_text("from-file\n", encoding="utf-8")
    file = str(tmp_path / "secret")
    with http_server(answer) as address:
        scrape(address)
        scrape(address, basic_auth=BasicAuth(username="u", password=Secret("p")))
        scrape(address, authorization=Authorization(credentials_file=file))
        scrape(address, bearer_token=Secret("tok"), enable_compression=False)
        scrape(address, http_headers={"X-Own": HttpHeader(values=("v",), secrets=(Secret("s"),), files=(file,))})
    assert seen[0]["accept"].startswith("application/openmetrics-text;version=1.0.0")
    assert seen[0]["accept-encoding"] == "gzip" and seen[3]["accept-encoding"] == "identity"
    assert seen[0]["user-agent"].startswith("Hivesight/")
    assert seen[0]["x-prometheus-scrape-timeout-seconds"] == "5"
    assert [each.get("authorization") for each in seen] == [None, "Basic dTpw", "Bearer from-file", "Bearer tok", None]
    assert seen[4]["x-own"] == "from-file"


def test_settings_that_cannot_be_used() -> None:
    with http_server(lambda handler: respond(handler, b"a 1\n")) as address:
        no_ca, _ = scrape(address, tls_config=TlsConfig(ca_file="/none/ca.pem"))
        no_secret, _ = scrape(address, basic_auth=BasicAuth(username="u", password_file="/none/secret"))
        no_header, store = scrape(address, bearer_token=Secret("to\nken"))
    assert no_header.last_error.startswith("the value of the header Authorization holds a line break")
    assert store.registry.get_sample_value("hivesight_scrapes_total", {"outcome": Outcome.SETTINGS}) == 1
    assert no_ca.last_error.startswith("tls_config cannot be used")
    assert no_secret.last_error == "cannot read /none/secret: No such file or directory"


def test_a_token_of_oauth2_goes_with_the_scrape() -> None:
    seen: list[str | None] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        seen.append(handler.headers["Authorization"])
        respond(handler, b"a 1\n")

    with http_server(answer) as address, receiver(Reply(200, b'{"access_token":"t0","expires_in":3600}')) as issuer:
        oauth2 = OAuth2(client_id="c", client_secret=Secret("s"), token_url=issuer.url)
        status, _ = scrape(address, oauth2=oauth2)
    assert (status.health, seen) == (Health.UP, ["Bearer t0"])


def test_a_token_that_is_refused_fails_the_scrape() -> None:
    with http_server(lambda handler: respond(handler, b"a 1\n")) as address, receiver(Reply(401, b"hush")) as issuer:
        oauth2 = OAuth2(client_id="c", client_secret=Secret("s"), token_url=issuer.url)
        status, _ = scrape(address, oauth2=oauth2)
        unreachable, _ = scrape(address, oauth2=OAuth2(client_id="c", token_url="http://127.0.0.1:1/"))
    assert (status.health, status.last_error) == (Health.DOWN, "oauth2: the token was refused: status 401")
    assert unreachable.last_error == "oauth2: no token: connection refused"
