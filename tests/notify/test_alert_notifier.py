"""The library: from a program's alert to what each channel was sent and what it answered."""

import ast
import asyncio
import textwrap
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from alerting.fakes import START, ManualClock, alert
from hivesight.model.alert import Alert
from hivesight.model.clock import SystemClock
from hivesight.notify import AlertNotifier, ChannelResult
from hivesight.notify.given_alerts import read_alerts
from hivesight.notify.retry import Patience
from notify.helpers import Receiver, Reply, Request, down, receiver
from notify.test_email import Mailbox, mailbox

# The example of the monitoring guide.
GUIDE = {
    "name": "HighCoordinationLatency",
    "severity": "warning",
    "description": "Coordination latency is above threshold",
    "timestamp": "2025-10-09T08:53:20+00:00",
    "metrics": {"latency_ms": 750, "threshold_ms": 500},
}
ALERTMANAGERS = {
    "status": "firing",
    "labels": {"alertname": "Down", "job": "hive"},
    "annotations": {"summary": "s"},
    "startsAt": "2025-10-09T08:53:20Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "generatorURL": "http://hive/graph",
    "fingerprint": "ignored",
}


async def no_wait(seconds: float) -> None:
    return


def told(config: Mapping[str, Any], *alerts: object, **options: Any) -> list[tuple[ChannelResult, ...]]:
    options = {"clock": ManualClock(), "patience": Patience(no_wait)} | options

    async def go() -> list[tuple[ChannelResult, ...]]:
        async with AlertNotifier(config, **options) as notifier:
            return [await notifier.process_alert(each) for each in alerts]

    return asyncio.run(go())


def document(request: Request) -> Any:
    return orjson.loads(request.body)


def test_every_channel_is_told_and_answers_for_itself() -> None:
    with receiver() as there, mailbox() as box:
        config = {
            "slack_webhook": f"{there.url}/slack",
            "email_smtp": {
                "host": "127.0.0.1",
                "port": box.port,
                "from": "Hive <hive@example.org>",
                "to": ["ops@example.org", "Ann <ann@example.org>"],
                "require_tls": False,
            },
            "webhook_urls": [f"{there.url}/one", f"{there.url}/two"],
        }
        (results,) = told(config, GUIDE)
    kinds = [(each.channel, each.index, each.ok, each.attempts, each.error) for each in results]
    assert sorted(kinds) == [
        ("email", 0, True, 1, None),
        ("slack", 0, True, 1, None),
        ("webhook", 0, True, 1, None),
        ("webhook", 1, True, 1, None),
    ]
    assert {each.channel: each.answer for each in results} == {
        "email": "250 OK, for 2 of 2 recipients",
        "slack": "200: ok",
        "webhook": "200: ok",
    }
    by_path = {each.path: document(each) for each in there.requests}
    assert sorted(by_path) == ["/one", "/slack", "/two"]
    (attachment,) = by_path["/slack"]["attachments"]
    assert attachment["title"] == "[FIRING:1] HighCoordinationLatency (warning)"
    assert "Coordination latency is above threshold\nlatency_ms: 750, threshold_ms: 500" in attachment["text"]
    assert "title_link" not in attachment and attachment["color"] == "warning"
    (one,) = by_path["/one"]["alerts"]
    assert one["labels"] == {"alertname": "HighCoordinationLatency", "severity": "warning"}
    assert one["startsAt"] == "2025-10-09T08:53:20Z" and one["annotations"]["latency_ms"] == "750"
    assert by_path["/one"]["version"] == "4" and by_path["/one"]["receiver"] == "AlertNotifier"
    assert box.envelopes[0].rcpt_tos == ["ops@example.org", "ann@example.org"]
    assert box.message()["Subject"] == "[FIRING:1] HighCoordinationLatency (warning)"


def test_a_channel_that_fails_says_why_and_the_others_hear() -> None:
    with receiver(Reply(503), Reply(200)) as shaky, receiver(Reply(404, b"no such hook")) as gone:
        config = {"slack_webhook": gone.url, "webhook_urls": [shaky.url, "http://127.0.0.1:1/t0ken"]}
        (results,) = told(config, GUIDE, timeout_seconds=5)
    found = {(each.channel, each.index): each for each in results}
    assert (found["webhook", 0].ok, found["webhook", 0].attempts) == (True, 2)
    assert (found["slack", 0].ok, found["slack", 0].attempts) == (False, 1)
    assert found["slack", 0].error == "status 404: no such hook"
    refused = found["webhook", 1]
    assert not refused.ok and "connection refused" in str(refused.error) and "t0ken" not in repr(results)


def test_a_channel_that_hangs_keeps_none_from_hearing() -> None:
    async def go(stuck: str, there: Receiver) -> None:
        notifier = AlertNotifier({"webhook_urls": [stuck, there.url]}, timeout_seconds=60)
        telling = asyncio.create_task(notifier.process_alert(GUIDE))
        while not there.requests:
            assert not telling.done()
            await asyncio.sleep(0.01)
        assert not telling.done()
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)

    with receiver(Reply(hang=True)) as stuck, receiver() as there:
        asyncio.run(asyncio.wait_for(go(stuck.url, there), 30))


def test_a_channel_that_hangs_ends_at_the_timeout() -> None:
    with receiver(Reply(hang=True)) as stuck, receiver() as there:
        config, clock = {"webhook_urls": [stuck.url, there.url]}, SystemClock()
        ((hung, good),) = told(config, GUIDE, timeout_seconds=0.5, clock=clock)
    assert good.ok and not hung.ok and hung.attempts == 1 and "no answer within" in str(hung.error)


def test_a_channel_that_asks_for_longer_than_there_is_time_is_left_alone() -> None:
    with receiver(Reply(429, b"slow down", {"Retry-After": "3600"})) as there:
        ((result,),) = told({"webhook_urls": [there.url]}, GUIDE)
    assert (result.ok, result.attempts, result.error) == (False, 1, "status 429: slow down")
    assert result.remarks == ("it asks to be left alone for 3600 s",)


def test_each_kind_can_be_told_alone() -> None:
    async def go(url: str) -> list[list[str]]:
        notifier = AlertNotifier({"slack_webhook": url, "webhook_urls": [url]})
        ways = (notifier.send_slack_alert, notifier.send_email_alert, notifier.send_webhook_alerts)
        return [[each.channel for each in await way(GUIDE)] for way in ways]

    with receiver() as there:
        assert asyncio.run(go(there.url)) == [["slack"], [], ["webhook"]]


def test_nothing_has_to_be_closed_and_loops_may_come_and_go() -> None:
    with receiver() as there:
        notifier = AlertNotifier({"webhook_urls": [there.url]})
        for _ in range(2):
            (result,) = asyncio.run(notifier.process_alert(GUIDE))
            assert result.ok
        asyncio.run(notifier.close())
    assert len(there.requests) == 2


SHAPES = [
    (GUIDE, "firing", {"alertname": "HighCoordinationLatency", "severity": "warning"}),
    ({"name": "A"}, "firing", {"alertname": "A"}),
    ({"name": "A", "labels": {"agent": 7}, "status": "resolved"}, "resolved", {"alertname": "A", "agent": "7"}),
    ({"name": "A", "timestamp": datetime(2025, 10, 9, tzinfo=UTC)}, "firing", {"alertname": "A"}),
    ({"name": "A", "timestamp": START / 1000}, "firing", {"alertname": "A"}),
    (ALERTMANAGERS, "firing", {"alertname": "Down", "job": "hive"}),
    (ALERTMANAGERS | {"status": "resolved"}, "resolved", {"alertname": "Down", "job": "hive"}),
    # As API v2 tells it: the status is about muting, and the end is in the future.
    (
        ALERTMANAGERS | {"status": {"state": "active"}, "endsAt": "2099-01-01T00:00:00Z", "receivers": []},
        "firing",
        {"alertname": "Down", "job": "hive"},
    ),
    ({"labels": {"alertname": "X"}, "endsAt": "2025-10-09T08:00:00Z"}, "resolved", {"alertname": "X"}),
    ({"version": "4", "alerts": [ALERTMANAGERS]}, "firing", {"alertname": "Down", "job": "hive"}),
    (alert(alertname="Ours"), "firing", {"alertname": "Ours"}),
    (alert(alertname="Ours", ends=START), "resolved", {"alertname": "Ours"}),
]


@pytest.mark.parametrize(("given", "status", "labels"), SHAPES)
def test_the_shapes_of_alerts(given: object, status: str, labels: dict[str, str]) -> None:
    with receiver() as there:
        ((result,),) = told({"webhook_urls": [there.url]}, given)
    body = document(there.requests[0])
    assert result.ok and body["status"] == status
    assert body["alerts"][0]["labels"] == labels
    assert (body["alerts"][0]["endsAt"] == "0001-01-01T00:00:00Z") is (status == "firing")


def test_an_alert_and_its_end_are_one_group_and_two_instances_are_not() -> None:
    with receiver() as there:
        told({"webhook_urls": [there.url]}, down("a"), ended(down("a")), down("b"))
    first, over, other = (document(each)["groupKey"] for each in there.requests)
    assert first == over != other


def ended(one: Alert) -> Alert:
    return Alert(one.labels, one.starts_at_ms, START, one.annotations)


BAD_ALERTS = [
    ("down", r"str is no alert: an alert is \{'name'"),
    ({"severity": "critical"}, "neither 'name' nor 'labels' is given"),
    ({"name": ""}, "'name' must be the alert's name"),
    ({"name": "A", "descripton": "x"}, "did you mean 'description'"),
    ({"name": "A", "agent": "x"}, "put what names the alert under 'labels'"),
    ({"name": "A", "metrics": [1]}, "'metrics' must be a dictionary"),
    ({"name": "A", "labels": {"a": {}}}, "'labels.a' must be a text or a number, not dict"),
    ({"name": "A", "labels": {str(n): n for n in range(201)}}, "201 entries, at most 200"),
    ({"name": "A", "description": "x" * 40_000}, "40000 characters, at most 32768"),
    ({"name": "A", "timestamp": "yesterday"}, "'timestamp' must be a time such as"),
    ({"name": "A", "timestamp": 1e300}, "'timestamp' must be a time such as"),
    ({"name": "A", "timestamp": True}, "'timestamp' must be a time such as"),
    ({"name": "A", "status": "bad"}, "'status' must be 'firing' or 'resolved'"),
    ({"labels": {}}, "'labels' is empty"),
    ({"alerts": []}, "at least one alert"),
    ({"alerts": [{}]}, r"alerts\[0\] has no 'labels'"),
    ({"alerts": [ALERTMANAGERS] * 1001}, "1001 alerts at once, at most 1000"),
]


@pytest.mark.parametrize(("given", "message"), BAD_ALERTS)
def test_what_is_no_alert_says_how_to_write_one_and_sends_nothing(given: object, message: str) -> None:
    with receiver() as there, pytest.raises(ValueError, match=message):
        told({"webhook_urls": [there.url]}, given)
    assert there.requests == []


MAIL = {"host": "mail", "from": "a@example.org", "to": "b@example.org"}
BAD_CONFIGS: list[tuple[Any, str]] = [
    ([], "must be a dictionary, not list"),
    ({}, "give at least one of slack_webhook, email_smtp, webhook_urls"),
    ({"slack_webhook": None, "webhook_urls": []}, "no channel is configured"),
    ({"slack_webhok": "x"}, "did you mean 'slack_webhook'"),
    ({"slack_webhook": "ftp://t0ken"}, "slack_webhook: unsupported scheme 'ftp'"),
    ({"slack_webhook": 5}, "slack_webhook must be an address"),
    ({"webhook_urls": "http://x"}, r"write \['https://...'\]"),
    ({"webhook_urls": ["http://x", "t0ken"]}, r"webhook_urls\[1\]: unsupported scheme"),
    ({"webhook_urls": ["http://x"] * 101}, "at most 100"),
    ({"email_smtp": "mail:25"}, "email_smtp must be a dictionary"),
    ({"email_smtp": {"host": "mail"}}, "email_smtp needs 'from'"),
    ({"email_smtp": MAIL | {"passwd": "t0ken"}}, "did you mean 'password'"),
    ({"email_smtp": MAIL | {"user": "u"}}, "'user' goes with one of 'password' and 'password_file'"),
    ({"email_smtp": MAIL | {"user": "u", "username": "u"}}, "leave one out"),
    ({"email_smtp": MAIL | {"port": "smtp"}}, "email_smtp.port must be a number"),
    ({"email_smtp": MAIL | {"to": "nobody"}}, "email_smtp.to: not an address"),
    ({"email_smtp": MAIL | {"to": 5}}, "email_smtp.to must be an address or a list"),
    ({"email_smtp": MAIL | {"from": "a@x.org, b@x.org"}}, "exactly one address"),
    ({"email_smtp": MAIL | {"require_tls": "no"}}, "must be True or False"),
]


@pytest.mark.parametrize(("config", "message"), BAD_CONFIGS)
def test_a_configuration_that_cannot_be_used_is_refused_at_once(config: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        AlertNotifier(config)
    assert "t0ken" not in str(raised.value)
    with pytest.raises(ValueError, match="above 0"):
        AlertNotifier({"webhook_urls": ["http://x"]}, timeout_seconds=0)


def test_the_password_of_the_mail_server_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("right\n", encoding="utf-8")
    box = Mailbox()
    with mailbox(box, authenticator=box.authenticate, auth_require_tls=False):
        email = MAIL | {"host": "127.0.0.1", "port": box.port, "require_tls": False, "username": "ann"}
        email |= {"password_file": str(tmp_path / "password")}
        ((result,),) = told({"email_smtp": email}, GUIDE)
    assert result.ok and len(box.logins) == 1


def test_the_example_of_the_documents_can_be_used() -> None:
    text = (Path(__file__).parents[2] / "docs" / "notifications.md").read_text(encoding="utf-8")
    start, end = text.index("    import asyncio\n"), text.index("    asyncio.run(main())\n")
    config, alert = (
        ast.literal_eval(each)
        for each in ast.walk(ast.parse(textwrap.dedent(text[start:end])))
        if isinstance(each, ast.Dict)
        and any(getattr(key, "value", "") in ("slack_webhook", "name") for key in each.keys)
    )
    AlertNotifier(config)
    (notice,) = read_alerts(alert, START)
    assert notice.alert.name == "HighCoordinationLatency" and notice.firing
