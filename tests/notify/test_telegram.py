"""Telegram messages against a real HTTP server."""

import dataclasses
import html.parser
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivesight.alerting.config import GlobalConfig
from hivesight.alerting.config_telegram import TelegramConfig
from hivesight.model.secret import Secret
from hivesight.notify.errors import FailureReason, NotifyError
from hivesight.notify.notification import Notification
from hivesight.notify.telegram import truncate_html
from hivesight.notify.truncation import utf16
from notify.helpers import HERE, Reply, down, notices, notification, receiver
from notify.services import send

DONE = Reply(200, b'{"ok":true,"result":{"message_id":1}}')


def message(
    told: Notification, directory: Path = HERE, templates: tuple[str, ...] = (), **config: Any
) -> dict[str, Any]:
    with receiver(DONE) as there:
        section = TelegramConfig(bot_token=Secret("1:t0k3n"), api_url=there.url, **{"chat_id": -12, **config})
        send("telegram_configs", section, told, directory=directory, templates=templates)
    (request,) = there.requests
    assert (request.path, request.headers["content-type"]) == ("/bot1:t0k3n/sendMessage", "application/json")
    return orjson.loads(request.body)


def test_the_default_message_says_what_how_bad_since_when_where_to_look_and_what_to_do() -> None:
    alert = down(summary="a <b> & c", runbook_url="http://runbook?a=1&b=2", logs_url="http://logs")
    sent = message(notification(notices(alert)))
    text = sent.pop("text")
    assert sent == {"chat_id": "-12", "parse_mode": "HTML", "disable_web_page_preview": "true"}
    for part in (
        "<b>[FIRING:1] AgentHiveDown agent-hive-orchestrator on 127.0.0.1:8081 (critical)</b>",
        "<b>FIRING</b> (critical) a &lt;b&gt; &amp; c on 127.0.0.1:8081",
        "No answer for 1m",
        "firing since 2025-10-09 08:53:20 UTC",
        '<a href="http://hive/graph">Graph</a> <a href="http://logs">Logs</a>',
        '<a href="http://runbook?a=1&amp;b=2">Runbook</a>',
        '<a href="http://hive.example/alerts?receiver=team">All alerts</a>',
    ):
        assert part in text


def test_a_resolved_message_does_not_read_as_firing() -> None:
    text = message(notification(notices(resolved=(down(),))))["text"]
    assert text.startswith("<b>[RESOLVED]") and "firing" not in text.lower()


@pytest.mark.parametrize("mode", ["", "Markdown", "MarkdownV2"])
def test_other_modes_have_a_default_without_marks(mode: str, tmp_path: Path) -> None:
    sent = message(notification(notices(down(summary="a_b <c>"))), parse_mode=mode)
    assert "parse_mode" not in sent and "FIRING: a_b <c> on 127.0.0.1:8081" in sent["text"]
    (tmp_path / "own.tmpl").write_text('{{ define "telegram.default.message" }}*{{ .Status }}*{{ end }}', "utf-8")
    sent = message(notification(), tmp_path, ("own.tmpl",), parse_mode=mode)
    assert (sent["text"], sent.get("parse_mode", "")) == ("*firing*", mode)


def test_every_setting_reaches_telegram() -> None:
    sent = message(
        notification(),
        message="*{{ .Status }}*",
        parse_mode="MarkdownV2",
        message_thread_id=3,
        disable_notifications=True,
    )
    assert sent == {
        "chat_id": "-12",
        "message_thread_id": "3",
        "text": "*firing*",
        "parse_mode": "MarkdownV2",
        "disable_notification": "true",
        "disable_web_page_preview": "true",
    }


def test_what_is_too_long_for_telegram_is_cut_where_its_marks_allow_it() -> None:
    told = notification()
    sent = message(told, message="<b>" + "😀" * 3000 + "</b>")
    assert sent["text"] == "<b>" + "😀" * 2044 + "…</b>" and sent["parse_mode"] == "HTML"
    assert told.remarks == ["the message was cut to 4096"]
    sent = message(notification(), message="*" + "x" * 5000 + "*", parse_mode="MarkdownV2")
    assert sent["text"] == "*" + "x" * 4094 + "…" and "parse_mode" not in sent


def test_a_message_that_is_no_proper_markup_still_arrives() -> None:
    told = notification()
    refused = Reply(
        400, b'{"ok":false,"description":"Bad Request: can\'t parse entities: Character \'.\' is reserved"}'
    )
    with receiver(refused, DONE) as there:
        section = TelegramConfig(bot_token=Secret("1:t0k3n"), chat_id=1, api_url=there.url, message="a.b")
        send("telegram_configs", dataclasses.replace(section, parse_mode="MarkdownV2"), told)
    first, second = (orjson.loads(each.body) for each in there.requests)
    assert (first.pop("parse_mode"), first) == ("MarkdownV2", second)
    assert told.remarks == ["sent as plain text: Telegram cannot read it as MarkdownV2"]


HTML = [
    ("<b>abc</b> <i>defghi</i>", 20, "<b>abc</b> <i>d…</i>"),
    ('<a href="http://long">x</a>', 10, "…"),
    ("ab&amp;cd", 7, "ab…"),
    ("ab&amp;cd", 8, "ab&amp;…"),
    ("<b><i>abcdef</i></b>", 18, "<b><i>abc…</i></b>"),
    ("a < b and more", 8, "a < b a…"),
]


@pytest.mark.parametrize(("text", "most", "expected"), HTML)
def test_html_is_cut_between_its_marks(text: str, most: int, expected: str) -> None:
    assert truncate_html(text, most) == expected


class Balance(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


PIECES = st.recursive(
    st.sampled_from(["a", "😀", "&amp;", "text ", "e\u0301"]),
    lambda inner: (
        st.builds("<{0}>{1}</{0}>".format, st.sampled_from(["b", "i", "code"]), inner)
        | st.lists(inner, max_size=4).map("".join)
    ),
)


@given(PIECES, st.integers(1, 60))
def test_html_that_was_cut_fits_and_is_balanced(text: str, most: int) -> None:
    cut = truncate_html(text, most)
    assert utf16(cut) <= most
    parser = Balance()
    parser.feed(cut)
    parser.close()
    assert parser.open == []


def test_bot_and_chat_may_be_in_files(tmp_path: Path) -> None:
    (tmp_path / "bot").write_text("1:own\n", encoding="utf-8")
    (tmp_path / "shared").write_text("1:global\n", encoding="utf-8")
    (tmp_path / "chat").write_text("-100\n", encoding="utf-8")
    with receiver(DONE) as there:
        shared = GlobalConfig(telegram_api_url=f"{there.url}/", telegram_bot_token_file="shared")
        for config in (
            TelegramConfig(bot_token_file="bot", chat_id_file="chat"),
            TelegramConfig(chat_id=5),
        ):
            send("telegram_configs", config, notification(), shared=shared, directory=tmp_path)
        (tmp_path / "chat").write_text("@ops\n", encoding="utf-8")
        with pytest.raises(NotifyError, match="chat_id_file: the file holds no number"):
            config = TelegramConfig(chat_id_file="chat")
            send("telegram_configs", config, notification(), shared=shared, directory=tmp_path)
    seen = [(each.path, orjson.loads(each.body)["chat_id"]) for each in there.requests]
    assert seen == [("/bot1:own/sendMessage", "-100"), ("/bot1:global/sendMessage", "5")]


SLOW = b'{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":35}}'
FAILURES = [
    (Reply(429, SLOW), FailureReason.RATE_LIMITED, True, 35.0),
    (Reply(429, b'{"parameters":{"retry_after":"soon"}}'), FailureReason.RATE_LIMITED, True, None),
    (Reply(429, b'{"retry_after":'), FailureReason.RATE_LIMITED, True, None),
    (Reply(429, b'["retry_after"]'), FailureReason.RATE_LIMITED, True, None),
    (Reply(500), FailureReason.SERVER_ERROR, True, None),
    (Reply(401, b'{"ok":false,"description":"Unauthorized"}'), FailureReason.AUTH, False, None),
    (Reply(400, b'{"ok":false,"description":"chat not found"}'), FailureReason.CLIENT_ERROR, False, None),
    (Reply(0), FailureReason.CONNECTION, True, None),
]


@pytest.mark.parametrize(("reply", "reason", "again", "wait"), FAILURES)
def test_failures(reply: Reply, reason: FailureReason, again: bool, wait: float | None) -> None:
    with receiver(reply) as there, pytest.raises(NotifyError) as raised:
        config = TelegramConfig(bot_token=Secret("1:t0k3n"), chat_id=1, api_url=there.url)
        send("telegram_configs", config, notification())
    error = raised.value
    assert (error.reason, error.retry, error.retry_after_seconds) == (reason, again, wait)
    assert "t0k3n" not in str(error)


@pytest.mark.parametrize("token", ["1:t0k3n\nx", "t0k3n@127.0.0.1:1/#"])
def test_a_token_that_no_address_can_hold_is_not_shown(token: str) -> None:
    with pytest.raises(NotifyError) as raised:
        config = TelegramConfig(bot_token=Secret(token), chat_id=1, api_url="http://127.0.0.1:1")
        send("telegram_configs", config, notification())
    assert "t0k3n" not in str(raised.value)
