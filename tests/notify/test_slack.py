"""Slack messages against a real HTTP server."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest

from hivesight.alerting.config import GlobalConfig
from hivesight.alerting.config_receivers import SlackAction, SlackConfig, SlackConfirm, SlackField
from hivesight.http_client.config import HttpConfig
from hivesight.model.secret import Secret
from hivesight.notify.errors import FailureReason, NotifyError
from hivesight.notify.http import HttpPoster
from hivesight.notify.notification import Notification
from hivesight.notify.rendering import load_templates
from hivesight.notify.slack import SlackNotifier
from notify.helpers import HERE, Reply, down, notices, notification, receiver


def send(told: Notification, config: SlackConfig, shared: GlobalConfig | None = None, directory: Path = HERE) -> None:
    async def go() -> None:
        poster = HttpPoster(HttpConfig(), directory)
        templates = load_templates((), directory)
        notifier = SlackNotifier(config, shared or GlobalConfig(), poster, templates, directory)
        try:
            await notifier.notify(told)
        finally:
            await notifier.close()

    asyncio.run(go())


def message(told: Notification, **config: Any) -> dict[str, Any]:
    with receiver() as there:
        send(told, SlackConfig(api_url=Secret(there.url), **config))
    return orjson.loads(there.requests[0].body)


def test_the_default_message_says_what_since_when_how_bad_and_where_to_look() -> None:
    alert = down(runbook_url="http://runbook", dashboard_url="http://dashboard")
    sent = message(notification(notices(alert)), channel="#ops")
    (attachment,) = sent["attachments"]
    assert (sent["channel"], sent["username"]) == ("#ops", "Hivesight")
    assert attachment["title"] == "[FIRING:1] AgentHiveDown agent-hive-orchestrator on 127.0.0.1:8081 (critical)"
    assert attachment["title_link"] == "http://hive.example/alerts?receiver=team"
    assert attachment["color"] == "danger"
    for part in (
        "*FIRING* The service is down",
        "No answer for 1m",
        "Severity: critical",
        "firing since 2025-10-09 08:53:20 UTC",
        "<http://hive/graph|Graph>",
        "<http://dashboard|Dashboard>",
        "<http://runbook|Runbook>",
    ):
        assert part in attachment["text"]


def test_a_resolved_message_does_not_read_as_firing() -> None:
    sent = message(notification(notices(resolved=(down(),))))
    (attachment,) = sent["attachments"]
    assert attachment["title"].startswith("[RESOLVED] AgentHiveDown")
    assert attachment["color"] == "good"
    assert "FIRING" not in attachment["text"] and "firing" not in attachment["text"]
    assert "*RESOLVED*" in attachment["text"] and "resolved at" in attachment["text"]


def test_what_strangers_write_cannot_call_the_channel() -> None:
    sent = message(notification(notices(down(summary="<!channel> a & b", description="<http://evil|Runbook>"))))
    text = sent["attachments"][0]["text"]
    assert "&lt;!channel&gt; a &amp; b" in text and "&lt;http://evil|Runbook&gt;" in text


def test_every_setting_reaches_slack() -> None:
    sent = message(
        notification(),
        username="bee",
        icon_emoji=":bee:",
        message_text="{{ .Status }}",
        link_names=True,
        title="t" * 2000,
        fields=(SlackField(title="a", value="{{ .Receiver }}"), SlackField(title="b", value="c", short=True)),
        actions=(
            SlackAction(type="button", text="Go", url="http://x", name="dropped"),
            SlackAction(type="button", text="Ask", name="n", value="v", confirm=SlackConfirm(text="sure?")),
        ),
        mrkdwn_in=("text",),
        footer="f",
    )
    assert (sent["username"], sent["icon_emoji"], sent["text"], sent["link_names"]) == ("bee", ":bee:", "firing", True)
    (attachment,) = sent["attachments"]
    assert len(attachment["title"]) == 1024 and attachment["title"].endswith("…")
    assert attachment["fields"] == [
        {"title": "a", "value": "team", "short": False},
        {"title": "b", "value": "c", "short": True},
    ]
    assert attachment["actions"] == [
        {"type": "button", "text": "Go", "url": "http://x"},
        {"type": "button", "text": "Ask", "name": "n", "value": "v", "confirm": {"text": "sure?"}},
    ]
    assert (attachment["mrkdwn_in"], attachment["footer"]) == (["text"], "f")


def test_where_it_goes(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("xoxb-1\n", encoding="utf-8")
    with receiver() as there:
        (tmp_path / "url").write_text(f"{there.url}/file\n", encoding="utf-8")
        shared = GlobalConfig(slack_api_url=Secret(f"{there.url}/global"), slack_app_url=f"{there.url}/app")
        tokens = GlobalConfig(slack_app_token_file="secret", slack_app_url=f"{there.url}/app")
        send(notification(), SlackConfig(), shared, tmp_path)
        send(notification(), SlackConfig(api_url_file="url"), shared, tmp_path)
        send(notification(), SlackConfig(app_token=Secret("xoxb-2")), shared, tmp_path)
        send(notification(), SlackConfig(), tokens, tmp_path)
    seen = [(each.path, each.headers.get("authorization")) for each in there.requests]
    assert seen == [("/global", None), ("/file", None), ("/app", "Bearer xoxb-2"), ("/app", "Bearer xoxb-1")]


FAILURES = [
    (Reply(200, b'{"ok":false,"error":"channel_not_found"}'), FailureReason.CLIENT_ERROR, False, "channel_not_found"),
    (Reply(200, b'{"ok":false,"error":"invalid_auth"}'), FailureReason.AUTH, False, "invalid_auth"),
    (Reply(200, b'{"ok":false,"error":"ratelimited"}'), FailureReason.RATE_LIMITED, True, "ratelimited"),
    (Reply(200, b"no_text"), FailureReason.CLIENT_ERROR, False, "no_text"),
    (Reply(200, b"{"), FailureReason.OTHER, True, "answered {"),
    (Reply(404, b"no_team"), FailureReason.CLIENT_ERROR, False, "no_team"),
    (Reply(429, headers={"Retry-After": "1"}), FailureReason.RATE_LIMITED, True, "429"),
]


@pytest.mark.parametrize(("reply", "reason", "again", "text"), FAILURES)
def test_failures(reply: Reply, reason: FailureReason, again: bool, text: str) -> None:
    with receiver(reply) as there, pytest.raises(NotifyError, match=text) as raised:
        send(notification(), SlackConfig(api_url=Secret(there.url)))
    assert (raised.value.reason, raised.value.retry) == (reason, again)


def test_a_message_is_changed_in_place() -> None:
    first, second = notification(), notification()
    with receiver(Reply(200, b'{"ok":true,"ts":"1.5","channel":"C1"}')) as there:
        url = Secret(f"{there.url}/chat.postMessage")
        config = SlackConfig(api_url=url, channel="#x", update_message=True)
        send(first, config)
        assert first.memory == {"ts": "1.5", "channel": "C1"}
        second.memory.update(first.memory)
        send(second, config)
    _, changed = ((each.path, orjson.loads(each.body)) for each in there.requests)
    assert (changed[0], changed[1]["ts"], changed[1]["channel"]) == ("/chat.update", "1.5", "C1")


def test_a_token_that_no_header_can_hold_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("xoxb-1\nxoxb-2\n", encoding="utf-8")
    config = SlackConfig(app_token_file="token", app_url="http://127.0.0.1:1/")
    with pytest.raises(NotifyError, match="the header Authorization holds a line break") as raised:
        send(notification(), config, directory=tmp_path)
    assert raised.value.reason is FailureReason.CONFIG and "xoxb" not in str(raised.value)
