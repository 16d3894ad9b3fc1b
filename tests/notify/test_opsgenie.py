"""Opsgenie alerts against a real HTTP server."""

import hashlib
from pathlib import Path
from typing import Any

import orjson
import pytest

from hivesight.alerting.config import GlobalConfig
from hivesight.alerting.config_opsgenie import OpsgenieConfig, Responder
from hivesight.model.secret import Secret
from hivesight.notify.errors import FailureReason, NotifyError
from hivesight.notify.notification import Notification
from notify.helpers import Reply, Request, down, notices, notification, receiver
from notify.services import send

ALIAS = hashlib.sha256(b'{}:{alertname="AgentHiveDown"}').hexdigest()
ACCEPTED = Reply(202, b'{"result":"Request will be processed","requestId":"x"}')


def requests(told: Notification, **config: Any) -> list[Request]:
    with receiver(ACCEPTED) as there:
        send("opsgenie_configs", OpsgenieConfig(api_key=Secret("k3y"), api_url=there.url, **config), told)
    return there.requests


def created(told: Notification, **config: Any) -> dict[str, Any]:
    return orjson.loads(requests(told, **config)[0].body)


def test_the_default_alert() -> None:
    alert = down(runbook_url="http://runbook", logs_url="http://logs")
    (request,) = requests(notification(notices(alert)))
    assert (request.method, request.path) == ("POST", "/v2/alerts")
    assert request.headers["authorization"] == "GenieKey k3y"
    sent = orjson.loads(request.body)
    description = sent.pop("description")
    assert sent == {
        "alias": ALIAS,
        "message": "[FIRING:1] AgentHiveDown agent-hive-orchestrator on 127.0.0.1:8081 (critical)",
        "source": "http://hive.example/alerts?receiver=team",
        "details": {
            "alertname": "AgentHiveDown",
            "instance": "127.0.0.1:8081",
            "job": "agent-hive-orchestrator",
            "severity": "critical",
        },
    }
    for part in ("FIRING: The service is down", "No answer for 1m", "How bad:   critical", "Logs:      http://logs"):
        assert part in description
    assert "firing since 2025-10-09 08:53:20 UTC" in description and "Runbook:   http://runbook" in description


def test_a_resolved_group_closes_its_alert() -> None:
    (request,) = requests(notification(notices(resolved=(down(),))), update_alerts=True)
    assert (request.method, request.path) == ("POST", f"/v2/alerts/{ALIAS}/close?identifierType=alias")
    assert orjson.loads(request.body) == {"source": "http://hive.example/alerts?receiver=team"}


def test_an_alert_is_brought_up_to_date_where_that_is_wanted() -> None:
    made, message, description = requests(notification(), message="m", description="d", update_alerts=True)
    assert made.path == "/v2/alerts"
    assert (message.method, message.path) == ("PUT", f"/v2/alerts/{ALIAS}/message?identifierType=alias")
    assert (description.method, description.path) == ("PUT", f"/v2/alerts/{ALIAS}/description?identifierType=alias")
    assert [orjson.loads(each.body) for each in (message, description)] == [{"message": "m"}, {"description": "d"}]


def test_every_setting_reaches_opsgenie() -> None:
    sent = created(
        notification(),
        source="s",
        details={"job": "mine", "state": "{{ .Status }}"},
        entity="e",
        note="n",
        priority="p2",
        tags="a, {{ .Receiver }},,",
        actions="restart,ack",
        responders=(
            Responder(id="x", type="team"),
            Responder(username="u", type="User"),
            Responder(name="{{ .CommonLabels.job }}", type="schedule"),
            Responder(name="one, two,", type="teams"),
            Responder(name="{{ .CommonLabels.nothing }}", type="team"),
        ),
    )
    assert [sent[each] for each in ("source", "entity", "note", "priority")] == ["s", "e", "n", "P2"]
    assert (sent["tags"], sent["actions"]) == (["a", "team"], ["restart", "ack"])
    assert (sent["details"]["job"], sent["details"]["state"]) == ("mine", "firing")
    assert sent["details"]["severity"] == "critical"
    assert sent["responders"] == [
        {"id": "x", "type": "team"},
        {"username": "u", "type": "user"},
        {"name": "agent-hive-orchestrator", "type": "schedule"},
        {"name": "one", "type": "team"},
        {"name": "two", "type": "team"},
    ]


def test_what_is_too_long_for_opsgenie_is_cut() -> None:
    told = notification()
    long = {f"d{n}": "x" * 3000 for n in range(12)}
    sent = created(told, message="😀" * 100, description="é" * 30_000, details=long, priority="urgent")
    assert sent["message"] == "😀" * 64 + "…"
    assert (len(sent["description"]), sent["description"][-1]) == (25_000, "…")
    assert list(sent["details"]) == ["d0", "d1", "d2", "d3", "d4", "d5", "d6"]
    assert "priority" not in sent
    assert told.remarks == [
        "the message was cut to 130",
        "the description was cut to 25000",
        "some details were left out: Opsgenie takes 8000 characters",
        "Opsgenie has no priority 'URGENT'; it was left out",
    ]


def test_the_key_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("own\n", encoding="utf-8")
    (tmp_path / "shared").write_text("global\n", encoding="utf-8")
    with receiver(ACCEPTED) as there:
        shared = GlobalConfig(opsgenie_api_url=f"{there.url}/", opsgenie_api_key_file="shared")
        for config in (OpsgenieConfig(api_key_file="key"), OpsgenieConfig()):
            send("opsgenie_configs", config, notification(), shared=shared, directory=tmp_path)
    seen = [(each.path, each.headers["authorization"]) for each in there.requests]
    assert seen == [("/v2/alerts", "GenieKey own"), ("/v2/alerts", "GenieKey global")]


FAILURES = [
    (Reply(429, headers={"Retry-After": "7"}), FailureReason.RATE_LIMITED, True, 7.0),
    (Reply(503), FailureReason.SERVER_ERROR, True, None),
    (Reply(422, b'{"message":"Request body is not processable"}'), FailureReason.CLIENT_ERROR, False, None),
    (Reply(403), FailureReason.AUTH, False, None),
    (Reply(0), FailureReason.CONNECTION, True, None),
]


@pytest.mark.parametrize(("reply", "reason", "again", "wait"), FAILURES)
def test_failures(reply: Reply, reason: FailureReason, again: bool, wait: float | None) -> None:
    with receiver(reply) as there, pytest.raises(NotifyError) as raised:
        send("opsgenie_configs", OpsgenieConfig(api_key=Secret("k3y"), api_url=there.url), notification())
    error = raised.value
    assert (error.reason, error.retry, error.retry_after_seconds) == (reason, again, wait)
    assert "k3y" not in str(error)
