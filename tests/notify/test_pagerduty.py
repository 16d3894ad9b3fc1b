"""PagerDuty events against a real HTTP server."""

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import orjson
import pytest

from hivesight.alerting.config import GlobalConfig
from hivesight.alerting.config_pagerduty import PagerdutyConfig, PagerdutyImage, PagerdutyLink
from hivesight.model.secret import Secret
from hivesight.notify.errors import FailureReason, NotifyError
from hivesight.notify.notification import Notification
from hivesight.notify.pagerduty import PagerdutyNotifier
from hivesight.notify.registry import Surroundings
from hivesight.notify.rendering import load_templates
from notify.helpers import HERE, Reply, down, notices, notification, receiver
from notify.services import send

ACCEPTED = Reply(202, b'{"status":"success","dedup_key":"x"}')


def event(told: Notification, **config: Any) -> dict[str, Any]:
    with receiver(ACCEPTED) as there:
        send("pagerduty_configs", PagerdutyConfig(routing_key=Secret("k3y"), url=there.url, **config), told)
    (request,) = there.requests
    assert len(request.body) <= 512_000
    return orjson.loads(request.body)


def test_the_default_event() -> None:
    sent = event(notification())
    details = sent["payload"].pop("custom_details")
    assert sent == {
        "routing_key": "k3y",
        "dedup_key": hashlib.sha256(b'{}:{alertname="AgentHiveDown"}').hexdigest(),
        "event_action": "trigger",
        "client": "Hivesight",
        "client_url": "http://hive.example/alerts?receiver=team",
        "payload": {
            "summary": "[FIRING:1] AgentHiveDown agent-hive-orchestrator on 127.0.0.1:8081 (critical): "
            "The service is down",
            "source": "Hivesight",
            "severity": "error",
        },
    }
    assert (details["num_firing"], details["num_resolved"], details["resolved"]) == (1, 0, [])
    (alert,) = details["firing"]
    assert (alert["annotations"]["summary"], alert["startsAt"]) == ("The service is down", "2025-10-09T08:53:20Z")


def test_the_incident_is_resolved_by_the_same_key() -> None:
    fired, over = event(notification()), event(notification(notices(resolved=(down(),))))
    assert (over["event_action"], over["dedup_key"]) == ("resolve", fired["dedup_key"])
    assert over["payload"]["summary"].startswith("[RESOLVED]")
    assert over["payload"]["custom_details"]["num_resolved"] == 1


def test_every_setting_reaches_pagerduty() -> None:
    sent = event(
        notification(),
        client="c",
        client_url="http://c",
        description="{{ .Status }}",
        source="s",
        severity="Critical",
        class_="k",
        component="{{ .CommonLabels.job }}",
        group="g",
        images=(PagerdutyImage(src="http://i", alt="a", href="h"), PagerdutyImage(alt="no source")),
        links=(PagerdutyLink(href="http://l", text="{{ .Receiver }}"), PagerdutyLink(text="no address")),
        details={"firing": "mine", "own": {"list": ["{{ .Status }}", "1"]}, "json": '{"a": 1}'},
    )
    payload, details = sent["payload"], sent["payload"]["custom_details"]
    assert [payload[each] for each in ("summary", "source", "severity")] == ["firing", "s", "critical"]
    assert [payload[each] for each in ("class", "component", "group")] == ["k", "agent-hive-orchestrator", "g"]
    assert sent["images"] == [{"src": "http://i", "alt": "a", "href": "h"}]
    assert sent["links"] == [{"href": "http://l", "text": "team"}]
    assert (details["firing"], details["own"], details["json"]) == ("mine", {"list": ["firing", 1]}, {"a": 1})
    assert details["num_firing"] == 1


def test_a_severity_that_pagerduty_does_not_have_becomes_error() -> None:
    told = notification()
    assert event(told, severity="page")["payload"]["severity"] == "error"
    assert told.remarks == ["PagerDuty has no severity 'page'; it was sent as error"]


def test_a_storm_of_alerts_is_told_by_as_many_as_fit() -> None:
    told = notification(notices(*(down(f"i{n}", description="x" * 2000) for n in range(3000))))
    details = event(told)["payload"]["custom_details"]
    assert (len(details["firing"]), details["num_firing"]) == (100, 3000)
    assert told.remarks == ["the details tell of 100 alerts only: PagerDuty takes 512 KB"]


def test_details_that_never_fit_are_left_out() -> None:
    told = notification()
    sent = event(told, details={"big": {"a": "x" * 600_000}}, description="é" * 2000)
    assert sent["payload"]["summary"] == "é" * 1023 + "…"
    assert sent["payload"]["custom_details"]["num_firing"] == 1
    assert "512 KB" in sent["payload"]["custom_details"]["error"]
    assert told.remarks == ["the summary was cut to 1024", "the details were left out: PagerDuty takes 512 KB"]


def test_the_key_may_be_in_a_file_and_the_address_in_the_global_section(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("fr0m-file\n", encoding="utf-8")
    with receiver(ACCEPTED) as there:
        shared = GlobalConfig(pagerduty_url=f"{there.url}/v2/enqueue")
        config = PagerdutyConfig(routing_key_file="key")
        send("pagerduty_configs", config, notification(), shared=shared, directory=tmp_path)
    (request,) = there.requests
    assert (request.path, orjson.loads(request.body)["routing_key"]) == ("/v2/enqueue", "fr0m-file")


def test_an_empty_key_is_told(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("\n", encoding="utf-8")
    with pytest.raises(NotifyError, match="routing_key_file: the file is empty"):
        config = PagerdutyConfig(routing_key_file="key", url="http://127.0.0.1:1/")
        send("pagerduty_configs", config, notification(), directory=tmp_path)


FAILURES = [
    (Reply(429, headers={"Retry-After": "7"}), FailureReason.RATE_LIMITED, True, 7.0),
    (Reply(500), FailureReason.SERVER_ERROR, True, None),
    (Reply(400, b'{"status":"invalid event"}'), FailureReason.CLIENT_ERROR, False, None),
    (Reply(0), FailureReason.CONNECTION, True, None),
    (Reply(hang=True), FailureReason.TIMEOUT, True, None),
]


@pytest.mark.parametrize(("reply", "reason", "again", "wait"), FAILURES)
def test_failures(reply: Reply, reason: FailureReason, again: bool, wait: float | None) -> None:
    with receiver(reply) as there, pytest.raises(NotifyError) as raised:
        config = PagerdutyConfig(routing_key=Secret("k3y"), url=there.url, timeout=100 if reply.hang else 0)
        send("pagerduty_configs", config, notification())
    error = raised.value
    assert (error.reason, error.retry, error.retry_after_seconds) == (reason, again, wait)
    assert "k3y" not in str(error)


def event_v1(told: Notification, reply: Reply = ACCEPTED, **config: Any) -> dict[str, Any]:
    async def go(url: str) -> None:
        templates = load_templates((), HERE)
        means = Surroundings(GlobalConfig(), templates, HERE).means(None)
        notifier = PagerdutyNotifier(PagerdutyConfig(service_key=Secret("s3rv1ce"), **config), means, url)
        try:
            await notifier.notify(told)
        finally:
            await notifier.close()

    with receiver(reply) as there:
        asyncio.run(go(there.url))
    (request,) = there.requests
    return orjson.loads(request.body)


def test_an_integration_of_the_first_api_gets_its_event() -> None:
    sent = event_v1(
        notification(), client="c", client_url="http://c", description="d", details={"own": "{{ .Status }}"}
    )
    details = sent.pop("details")
    assert sent == {
        "service_key": "s3rv1ce",
        "incident_key": hashlib.sha256(b'{}:{alertname="AgentHiveDown"}').hexdigest(),
        "event_type": "trigger",
        "description": "d",
        "client": "c",
        "client_url": "http://c",
    }
    assert (details["own"], details["num_firing"]) == ("firing", 1)
    over = event_v1(notification(notices(resolved=(down(),))), client="c")
    assert (over["event_type"], over["incident_key"]) == ("resolve", sent["incident_key"])
    assert "client" not in over


def test_the_first_api_asks_for_fewer_events_with_403() -> None:
    with pytest.raises(NotifyError) as raised:
        event_v1(notification(), Reply(403))
    assert (raised.value.reason, raised.value.retry) == (FailureReason.RATE_LIMITED, True)
