"""Webhooks against a real HTTP server."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest

from alerting.fakes import START, alert
from hivesight.alerting.config_receivers import WebhookConfig
from hivesight.http_client.config import Authorization, BasicAuth, HttpConfig, HttpHeader, OAuth2, TlsConfig
from hivesight.model.secret import Secret
from hivesight.notify.errors import FailureReason, NotifyError
from hivesight.notify.http import HttpPoster
from hivesight.notify.notification import Notification
from hivesight.notify.rendering import load_templates
from hivesight.notify.webhook import WebhookNotifier, go_time
from notify.helpers import HERE, Reply, down, notices, notification, receiver


def send(told: Notification, http: HttpConfig | None = None, directory: Path = HERE, **config: Any) -> None:
    async def go() -> None:
        poster = HttpPoster(http or HttpConfig(), directory)
        notifier = WebhookNotifier(WebhookConfig(**config), poster, load_templates((), directory), directory)
        try:
            await notifier.notify(told)
        finally:
            await notifier.close()

    asyncio.run(go())


def test_the_payload_is_alertmanagers_version_4() -> None:
    over = alert(at=START - 500, ends=START, alertname="AgentHiveDown", job="x")
    with receiver() as there:
        send(notification(notices(down(), resolved=(over,))), url=Secret(f"{there.url}/hook"))
    (request,) = there.requests
    assert (request.path, request.headers["content-type"]) == ("/hook", "application/json")
    assert orjson.loads(request.body) == {
        "receiver": "team",
        "status": "firing",
        "alerts": [
            {
                "status": "firing",
                "labels": {
                    "alertname": "AgentHiveDown",
                    "instance": "127.0.0.1:8081",
                    "job": "agent-hive-orchestrator",
                    "severity": "critical",
                },
                "annotations": {"summary": "The service is down", "description": "No answer for 1m"},
                "startsAt": "2025-10-09T08:53:20Z",
                "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "http://hive/graph",
                "fingerprint": down().fingerprint,
            },
            {
                "status": "resolved",
                "labels": {"alertname": "AgentHiveDown", "job": "x"},
                "annotations": {},
                "startsAt": "2025-10-09T08:53:19.5Z",
                "endsAt": "2025-10-09T08:53:20Z",
                "generatorURL": "http://hive/graph",
                "fingerprint": over.fingerprint,
            },
        ],
        "notification_reason": "first notification",
        "groupLabels": {"alertname": "AgentHiveDown"},
        "commonLabels": {"alertname": "AgentHiveDown"},
        "commonAnnotations": {},
        "externalURL": "http://hive.example",
        "version": "4",
        "groupKey": '{}:{alertname="AgentHiveDown"}',
        "truncatedAlerts": 0,
    }


def test_times_are_written_as_go_writes_them() -> None:
    assert [go_time(ms) for ms in (0, 5, 50, 500)] == [
        "1970-01-01T00:00:00Z",
        "1970-01-01T00:00:00.005Z",
        "1970-01-01T00:00:00.05Z",
        "1970-01-01T00:00:00.5Z",
    ]


def test_more_than_max_alerts_are_cut_off_and_counted() -> None:
    with receiver() as there:
        send(notification(notices(*(down(str(n)) for n in range(5)))), url=Secret(there.url), max_alerts=2)
    body = orjson.loads(there.requests[0].body)
    assert (len(body["alerts"]), body["truncatedAlerts"]) == (2, 3)


def test_the_url_may_be_in_a_file_and_a_template(tmp_path: Path) -> None:
    with receiver() as there:
        (tmp_path / "url").write_text(f"{there.url}/{{{{ .GroupLabels.alertname }}}}\n", encoding="utf-8")
        send(notification(), directory=tmp_path, url_file="url")
    assert there.requests[0].path == "/AgentHiveDown"


def test_a_payload_of_ones_own() -> None:
    payload = {"state": "{{ .Status }}", "count": "{{ len .Alerts }}", "list": ["{{ .Receiver }}", {"a": "b"}]}
    with receiver() as there:
        send(notification(), url=Secret(there.url), payload=payload)
    assert orjson.loads(there.requests[0].body) == {"state": "firing", "count": 1, "list": ["team", {"a": "b"}]}


AUTH = [
    (HttpConfig(basic_auth=BasicAuth(username="u", password=Secret("p"))), "Basic dTpw"),
    (HttpConfig(authorization=Authorization(type="Token", credentials_file="secret")), "Token hidden"),
    (HttpConfig(http_headers={"X-Token": HttpHeader(values=("a",), files=("secret",))}), "a, hidden"),
]


@pytest.mark.parametrize(("http", "expected"), AUTH)
def test_credentials(http: HttpConfig, expected: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hidden\n", encoding="utf-8")
    with receiver() as there:
        send(notification(), http, tmp_path, url=Secret(there.url))
    sent = there.requests[0].headers
    assert sent["x-token" if http.http_headers else "authorization"] == expected


def test_redirects_are_followed_unless_told_not_to() -> None:
    with receiver() as there:
        there.replies = [Reply(307, headers={"Location": f"{there.url}/there"}), Reply()]
        send(notification(), url=Secret(there.url))
        assert [each.path for each in there.requests] == ["/", "/there"]
        there.replies = [Reply(307, headers={"Location": f"{there.url}/there"})]
        with pytest.raises(NotifyError, match="status 307"):
            send(notification(), HttpConfig(follow_redirects=False), url=Secret(there.url))


FAILURES = [
    (Reply(307, headers={"Location": "http://127.0.0.1:99999/"}), FailureReason.CONFIG, False, None, "cannot be used"),
    (Reply(500, b"<h1>oh\nno</h1>"), FailureReason.SERVER_ERROR, True, None, "status 500: <h1>oh no</h1>"),
    (Reply(503, headers={"Retry-After": "7"}), FailureReason.SERVER_ERROR, True, 7.0, "503"),
    (Reply(429, headers={"Retry-After": "3"}), FailureReason.RATE_LIMITED, True, 3.0, "429"),
    (Reply(429, headers={"Retry-After": "soon"}), FailureReason.RATE_LIMITED, True, None, "429"),
    (Reply(429, headers={"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}), FailureReason.RATE_LIMITED, True, 0.0, ""),
    (Reply(408), FailureReason.TIMEOUT, True, None, "408"),
    (Reply(401), FailureReason.AUTH, False, None, "401"),
    (Reply(403), FailureReason.AUTH, False, None, "403"),
    (Reply(404, b""), FailureReason.CLIENT_ERROR, False, None, "(empty answer)"),
    (Reply(400, b"x" * 500_000), FailureReason.CLIENT_ERROR, False, None, "status 400: xxx"),
    (Reply(0), FailureReason.CONNECTION, True, None, ""),
    (Reply(hang=True), FailureReason.TIMEOUT, True, None, "no answer in time"),
]


@pytest.mark.parametrize(("reply", "reason", "again", "wait", "message"), FAILURES)
def test_failures(reply: Reply, reason: FailureReason, again: bool, wait: float | None, message: str) -> None:
    with receiver(reply) as there, pytest.raises(NotifyError) as raised:
        send(notification(), url=Secret(there.url), timeout=100 if reply.hang else 0)
    error = raised.value
    assert (error.reason, error.retry, error.retry_after_seconds) == (reason, again, wait)
    assert message in str(error) and len(str(error)) < 300


SETTINGS = [
    ({"url": Secret("http://127.0.0.1:1/tok3n")}, HttpConfig(), FailureReason.CONNECTION, True),
    ({"url": Secret("http://127.0.0.1:{{ 99999 }}/tok3n")}, HttpConfig(), FailureReason.CONFIG, False),
    (
        {"url": Secret("http://127.0.0.1:1/")},
        HttpConfig(oauth2=OAuth2(client_id="a", token_url="http://127.0.0.1:x/tok3n")),
        FailureReason.CONFIG,
        False,
    ),
    ({"url": Secret("http://127.0.0.1:1/")}, HttpConfig(bearer_token=Secret("tok3n\n!")), FailureReason.CONFIG, True),
    ({"url": Secret("{{ .Status }}")}, HttpConfig(), FailureReason.CONFIG, False),
    ({"url": Secret("http://{{ .Nothing.At.All }}")}, HttpConfig(), FailureReason.TEMPLATE, False),
    ({"url_file": "missing"}, HttpConfig(), FailureReason.CONFIG, True),
    ({"url": Secret("http://x/")}, HttpConfig(tls_config=TlsConfig(ca_file="missing")), FailureReason.CONFIG, True),
    ({"url": Secret("http://x/")}, HttpConfig(bearer_token_file="missing"), FailureReason.CONFIG, True),
]


@pytest.mark.parametrize(("config", "http", "reason", "again"), SETTINGS)
def test_settings_that_do_not_work(
    config: dict[str, Any], http: HttpConfig, reason: FailureReason, again: bool, tmp_path: Path
) -> None:
    with pytest.raises(NotifyError) as raised:
        send(notification(), http, tmp_path, **config)
    assert (raised.value.reason, raised.value.retry) == (reason, again)
    assert "tok3n" not in str(raised.value)


def test_through_a_proxy_but_for_hosts_that_are_named() -> None:
    with receiver() as proxy, receiver() as there:
        http = HttpConfig(proxy_url=proxy.url, no_proxy="127.0.0.1", proxy_connect_header={"X-Via": (Secret("bee"),)})
        send(notification(), http, url=Secret("http://hive.invalid/hook"))
        send(notification(), http, url=Secret(f"{there.url}/direct"))
    assert [each.path for each in proxy.requests] == ["http://hive.invalid/hook"]
    assert [each.path for each in there.requests] == ["/direct"]


def test_a_token_by_client_credentials_is_fetched_once(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s\n", encoding="utf-8")
    with receiver(Reply(200, b'{"access_token":"t0","expires_in":3600}')) as issuer, receiver() as there:
        oauth = OAuth2(
            client_id="hive",
            client_secret_file="secret",
            token_url=f"{issuer.url}/token",
            scopes=("a", "b"),
            endpoint_params={"audience": "x"},
        )
        config = WebhookConfig(url=Secret(there.url))

        async def go() -> None:
            poster = HttpPoster(HttpConfig(oauth2=oauth), tmp_path)
            notifier = WebhookNotifier(config, poster, load_templates((), tmp_path), tmp_path)
            await notifier.notify(notification())
            await notifier.notify(notification())
            await notifier.close()

        asyncio.run(go())
    assert [each.headers["authorization"] for each in there.requests] == ["Bearer t0"] * 2
    (asked,) = issuer.requests
    assert asked.body == b"grant_type=client_credentials&audience=x&scope=a+b"
    assert asked.headers["authorization"].startswith("Basic ")


ISSUERS = [
    (Reply(200, b"{}"), FailureReason.AUTH, True, "oauth2: the answer holds no usable token"),
    (Reply(401, b"who?"), FailureReason.AUTH, False, "status 401: who?"),
    (Reply(503, b"later", {"Retry-After": "7"}), FailureReason.SERVER_ERROR, True, "status 503: later"),
    (Reply(0), FailureReason.CONNECTION, True, "oauth2: connection reset by the other side"),
]


@pytest.mark.parametrize(("reply", "reason", "again", "message"), ISSUERS)
def test_an_issuer_that_gives_no_token(reply: Reply, reason: FailureReason, again: bool, message: str) -> None:
    with receiver(reply) as issuer, pytest.raises(NotifyError) as raised:
        oauth = OAuth2(client_id="hive", token_url=f"{issuer.url}/token")
        send(notification(), HttpConfig(oauth2=oauth), url=Secret("http://127.0.0.1:1/"))
    assert (raised.value.reason, raised.value.retry, str(raised.value)) == (reason, again, message)
    assert raised.value.retry_after_seconds == (7.0 if reply.headers else None)


def test_what_cannot_be_used_is_told_by_its_key(tmp_path: Path) -> None:
    for http, message in (
        (HttpConfig(bearer_token_file="none"), f"bearer_token_file: cannot read {tmp_path}/none: No such file"),
        (HttpConfig(tls_config=TlsConfig(ca_file="none")), "tls_config cannot be used: "),
    ):
        with pytest.raises(NotifyError) as raised:
            send(notification(), http, tmp_path, url=Secret("http://127.0.0.1:1/"))
        assert str(raised.value).startswith(message)
    (tmp_path / "large").write_bytes(b"x" * 70_000)
    with pytest.raises(NotifyError, match=r"url_file: .* is too large for a secret") as raised:
        send(notification(), directory=tmp_path, url_file="large")
    assert not raised.value.retry


def test_nobody_listens() -> None:
    with pytest.raises(NotifyError, match=r"^connection refused$"):
        send(notification(), url=Secret("http://127.0.0.1:1/tok3n"))
