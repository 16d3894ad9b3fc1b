"""Discord messages against a real HTTP server."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from hivesight.alerting.config_discord import DiscordConfig
from hivesight.model.secret import Secret
from hivesight.notify.errors import FailureReason, NotifyError
from hivesight.notify.notification import Notification
from notify.helpers import Reply, down, notices, notification, receiver
from notify.services import send

DONE = Reply(204, b"")


def message(told: Notification, **config: Any) -> dict[str, Any]:
    with receiver(DONE) as there:
        send("discord_configs", DiscordConfig(webhook_url=Secret(there.url), **config), told)
    return orjson.loads(there.requests[0].body)


def test_the_default_message_says_what_how_bad_since_when_where_to_look_and_what_to_do() -> None:
    alert = down(runbook_url="http://runbook", logs_url="http://logs/(x)", traces_url="http://traces")
    sent = message(notification(notices(alert)))
    assert sent["content"] == "" and list(sent) == ["content", "embeds"]
    (embed,) = sent["embeds"]
    assert embed["title"] == "[FIRING:1] AgentHiveDown agent-hive-orchestrator on 127.0.0.1:8081 (critical)"
    assert embed["color"] == 0x992D22
    for part in (
        "**FIRING** (critical) The service is down on 127.0.0.1:8081",
        "No answer for 1m",
        "firing since 2025-10-09 08:53:20 UTC",
        "[Graph](http://hive/graph) [Logs](http://logs/%28x%29) [Traces](http://traces) [Runbook](http://runbook)",
        "[All alerts](http://hive.example/alerts?receiver=team)",
    ):
        assert part in embed["description"]


def test_a_resolved_message_does_not_read_as_firing() -> None:
    (embed,) = message(notification(notices(resolved=(down(),))))["embeds"]
    assert embed["title"].startswith("[RESOLVED]") and embed["color"] == 0x2ECC71
    assert "firing" not in embed["description"].lower() and "**RESOLVED**" in embed["description"]


def test_what_strangers_write_makes_no_links() -> None:
    (embed,) = message(notification(notices(down(summary="[Runbook](http://evil) *x*"))))["embeds"]
    assert "\\[Runbook\\](http://evil) \\*x\\*" in embed["description"]


def test_every_setting_reaches_discord() -> None:
    config = {"content": "{{ .Status }}", "title": "t", "message": "m", "username": "bee", "avatar_url": "http://a"}
    assert message(notification(), **config) == {
        "content": "firing",
        "embeds": [{"title": "t", "description": "m", "color": 0x992D22}],
        "username": "bee",
        "avatar_url": "http://a",
    }


def test_what_is_too_long_for_discord_is_cut() -> None:
    told = notification()
    sent = message(told, title="😀" * 300, message="m" * 5000, content="👍🏽" * 1000)
    (embed,) = sent["embeds"]
    assert embed["title"] == "😀" * 127 + "…"
    assert (len(embed["description"]), embed["description"][-1]) == (4096, "…")
    assert sent["content"] == "👍🏽" * 499 + "…"
    assert told.remarks == ["the title was cut to 256", "the message was cut to 4096", "the content was cut to 2000"]


def test_the_address_may_be_in_a_file(tmp_path: Path) -> None:
    with receiver(DONE) as there:
        (tmp_path / "url").write_text(f"{there.url}/api/webhooks/1/t0k3n?thread_id=5\n", encoding="utf-8")
        send("discord_configs", DiscordConfig(webhook_url_file="url"), notification(), directory=tmp_path)
    assert there.requests[0].path == "/api/webhooks/1/t0k3n?thread_id=5"
    (tmp_path / "url").write_text("t0k3n\n", encoding="utf-8")
    with pytest.raises(NotifyError, match="webhook_url: unsupported scheme") as raised:
        send("discord_configs", DiscordConfig(webhook_url_file="url"), notification(), directory=tmp_path)
    assert raised.value.retry and "t0k3n" not in str(raised.value)


FAILURES = [
    (Reply(429, headers={"Retry-After": "7"}), FailureReason.RATE_LIMITED, True, 7.0),
    (Reply(429, b'{"message":"slow","retry_after":0.5,"global":false}'), FailureReason.RATE_LIMITED, True, 0.5),
    (Reply(502), FailureReason.SERVER_ERROR, True, None),
    (Reply(400, b'{"embeds":["0"]}'), FailureReason.CLIENT_ERROR, False, None),
    (Reply(0), FailureReason.CONNECTION, True, None),
]


@pytest.mark.parametrize(("reply", "reason", "again", "wait"), FAILURES)
def test_failures(reply: Reply, reason: FailureReason, again: bool, wait: float | None) -> None:
    with receiver(reply) as there, pytest.raises(NotifyError) as raised:
        send("discord_configs", DiscordConfig(webhook_url=Secret(f"{there.url}/t0k3n")), notification())
    error = raised.value
    assert (error.reason, error.retry, error.retry_after_seconds) == (reason, again, wait)
    assert "t0k3n" not in str(error)
