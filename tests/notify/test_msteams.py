"""Teams cards against a real HTTP server: workflows, and the connectors of old."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from hivesight.alerting.config_msteams import TeamsConfig, TeamsConnectorConfig
from hivesight.model.secret import Secret
from hivesight.notify.errors import FailureReason, NotifyError
from hivesight.notify.notification import Notification
from notify.helpers import Reply, down, notices, notification, receiver
from notify.services import send

ACCEPTED = Reply(202, b"")


def card(told: Notification, **config: Any) -> dict[str, Any]:
    """What the adaptive card of a workflow holds."""
    with receiver(ACCEPTED) as there:
        send("msteamsv2_configs", TeamsConfig(webhook_url=Secret(there.url), **config), told)
    (request,) = there.requests
    assert len(request.body) <= 28_000
    sent = orjson.loads(request.body)
    (attachment,) = sent.pop("attachments")
    assert sent == {"type": "message"}
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    return attachment["content"]


def message_card(told: Notification, *replies: Reply, **config: Any) -> dict[str, Any]:
    """What a connector of old is sent."""
    with receiver(*(replies or (Reply(200, b"1"),))) as there:
        send("msteams_configs", TeamsConnectorConfig(webhook_url=Secret(there.url), **config), told)
    (request,) = there.requests
    assert len(request.body) <= 28_000
    return orjson.loads(request.body)


def test_the_default_card_says_what_how_bad_since_when_where_to_look_and_what_to_do() -> None:
    sent = card(notification(notices(down(runbook_url="http://runbook"))))
    assert (sent["type"], sent["version"], sent["msteams"]) == ("AdaptiveCard", "1.2", {"width": "full"})
    title, text = sent["body"]
    assert title["text"] == "[FIRING:1] AgentHiveDown agent-hive-orchestrator on 127.0.0.1:8081 (critical)"
    assert (title["color"], title["style"], title["wrap"], text["wrap"]) == ("Attention", "heading", True, True)
    for part in (
        "**FIRING** (critical) The service is down on 127.0.0.1:8081",
        "firing since 2025-10-09 08:53:20 UTC",
        "[Graph](http://hive/graph) [Runbook](http://runbook)",
        "[All alerts](http://hive.example/alerts?receiver=team)",
    ):
        assert part in text["text"]


def test_a_resolved_card_does_not_read_as_firing() -> None:
    over = notification(notices(resolved=(down(),)))
    title, text = card(over)["body"]
    assert title["text"].startswith("[RESOLVED]") and title["color"] == "Good"
    assert "firing" not in text["text"].lower()
    assert message_card(over)["themeColor"] == "2DC72D"


def test_settings_reach_a_workflow() -> None:
    title, text = card(notification(), title="{{ .Status }}", text="t")["body"]
    assert (title["text"], text["text"]) == ("firing", "t")


def test_settings_reach_a_connector() -> None:
    assert message_card(notification(), title="{{ .Status }}", summary="s", text="t") == {
        "@context": "http://schema.org/extensions",
        "type": "MessageCard",
        "title": "firing",
        "summary": "s",
        "text": "t",
        "themeColor": "8C1A1A",
    }


@pytest.mark.parametrize("text", ["x" * 100_000, "\n" * 100_000, "😀" * 20_000, '"é' * 15_000])
def test_what_is_too_long_for_teams_is_cut(text: str) -> None:
    told = notification()
    said = card(told, title="é" * 2000, text=text)["body"]
    assert said[0]["text"] == "é" * 1023 + "…"
    kept = said[1]["text"]
    assert kept.endswith("…") and text.startswith(kept[:-1]) and len(orjson.dumps(kept)) > 20_000
    assert told.remarks == ["the title was cut to 1024", "the text was cut: Teams takes 28000 bytes"]
    assert message_card(notification(), text=text)["text"].endswith("…")


def test_the_address_may_be_in_a_file(tmp_path: Path) -> None:
    with receiver(ACCEPTED) as there:
        (tmp_path / "url").write_text(f"{there.url}/workflows/x?sig=t0k3n\n", encoding="utf-8")
        send("msteamsv2_configs", TeamsConfig(webhook_url_file="url"), notification(), directory=tmp_path)
        send("msteams_configs", TeamsConnectorConfig(webhook_url_file="url"), notification(), directory=tmp_path)
    assert [each.path for each in there.requests] == ["/workflows/x?sig=t0k3n"] * 2


FAILURES = [
    (Reply(429, headers={"Retry-After": "7"}), FailureReason.RATE_LIMITED, True, 7.0),
    (Reply(502), FailureReason.SERVER_ERROR, True, None),
    (Reply(400, b"bad card"), FailureReason.CLIENT_ERROR, False, None),
    (Reply(0), FailureReason.CONNECTION, True, None),
]


@pytest.mark.parametrize(("reply", "reason", "again", "wait"), FAILURES)
def test_failures(reply: Reply, reason: FailureReason, again: bool, wait: float | None) -> None:
    with receiver(reply) as there, pytest.raises(NotifyError) as raised:
        send("msteamsv2_configs", TeamsConfig(webhook_url=Secret(f"{there.url}/t0k3n")), notification())
    error = raised.value
    assert (error.reason, error.retry, error.retry_after_seconds) == (reason, again, wait)
    assert "t0k3n" not in str(error)


def test_a_connector_that_tells_of_a_failure_in_words_is_understood() -> None:
    body = (
        b"Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with ContextId x"
    )
    with pytest.raises(NotifyError, match="status 429: Webhook message delivery failed") as raised:
        message_card(notification(), Reply(200, body))
    assert (raised.value.reason, raised.value.retry) == (FailureReason.RATE_LIMITED, True)
