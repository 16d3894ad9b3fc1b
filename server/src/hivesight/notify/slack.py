"""Slack: one attachment a message, through an incoming webhook or the Web API (Alertmanager, "slack_config"; Slack,
"Secondary message attachments")."""

import asyncio
from pathlib import Path
from typing import Any, Final, cast

import orjson

from hivesight.alerting.config import GlobalConfig
from hivesight.alerting.config_receivers import SlackAction, SlackConfig
from hivesight.notify.errors import FailureReason, NotifyError, shown
from hivesight.notify.http import Answer, Poster
from hivesight.notify.means import Filler, said
from hivesight.notify.notification import Notification
from hivesight.notify.rendering import Templates
from hivesight.notify.secrets import read_address, read_secret

MOST_TITLE: Final = 1024
MOST_TEXT: Final = 40_000
_AUTH_ERRORS: Final = frozenset(("invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"))
_UPDATE: Final = ("chat.postMessage", "chat.update")


class SlackNotifier:
    def __init__(
        self, config: SlackConfig, shared: GlobalConfig, poster: Poster, templates: Templates, directory: Path
    ) -> None:
        self._config = config
        self._shared = shared
        self._poster = poster
        self._templates = templates
        self._directory = directory

    async def notify(self, notification: Notification) -> str:
        url, token = await asyncio.to_thread(self._endpoint)
        message = await asyncio.to_thread(self._message, notification)
        memory = notification.memory
        posted = memory.get("ts", "")
        if self._config.update_message and posted:
            changed = {**message, "channel": memory.get("channel", message.get("channel", "")), "ts": posted}
            answer, _ = await self._post(url.replace(*_UPDATE), token, changed)
            return str(answer)
        answer, told = await self._post(url, token, message)
        if not posted and isinstance(told.get("ts"), str):
            memory["ts"] = told["ts"]
            memory["channel"] = str(told.get("channel", ""))
        return str(answer)

    async def close(self) -> None:
        await self._poster.close()

    def _endpoint(self) -> tuple[str, str]:
        """The address and, for the Web API, the token. What the receiver says goes before what is global. Blocks."""
        own, shared, directory = self._config, self._shared, self._directory
        if own.api_url or own.api_url_file:
            return read_address(own.api_url, own.api_url_file, directory, "api_url"), ""
        if own.app_token or own.app_token_file:
            token = read_secret(own.app_token, own.app_token_file, directory, "app_token_file")
            return own.app_url or shared.slack_app_url, token
        if shared.slack_app_token or shared.slack_app_token_file:
            file = shared.slack_app_token_file
            token = read_secret(shared.slack_app_token, file, directory, "slack_app_token_file")
            return own.app_url or shared.slack_app_url, token
        return read_address(shared.slack_api_url, shared.slack_api_url_file, directory, "slack_api_url"), ""

    async def _post(self, url: str, token: str, message: dict[str, Any]) -> tuple[Answer, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {token}"} if token else None
        body = orjson.dumps(message)
        answer = await self._poster.post(url, body, "application/json; charset=utf-8", self._config.timeout, headers)
        return answer, _judged(answer.body)

    def _message(self, notification: Notification) -> dict[str, Any]:
        config, fill = self._config, Filler(self._templates, notification)

        def filled(text: str, most: int = MOST_TEXT, what: str = "") -> str:
            return fill(text, most, what=what)

        attachment = {
            "title": filled(config.title, MOST_TITLE, "the title"),
            "title_link": filled(config.title_link),
            "pretext": filled(config.pretext),
            "text": filled(config.text, what="the text"),
            "fallback": filled(config.fallback),
            "callback_id": filled(config.callback_id),
            "image_url": filled(config.image_url),
            "thumb_url": filled(config.thumb_url),
            "footer": filled(config.footer),
            "color": filled(config.color),
            "mrkdwn_in": list(config.mrkdwn_in) or ["fallback", "pretext", "text"],
            "fields": [
                {
                    "title": filled(each.title),
                    "value": filled(each.value),
                    "short": config.short_fields if each.short is None else each.short,
                }
                for each in config.fields
            ],
            "actions": [_action(each, filled) for each in config.actions],
        }
        message = {
            "channel": filled(config.channel),
            "username": filled(config.username),
            "icon_emoji": filled(config.icon_emoji),
            "icon_url": filled(config.icon_url),
            "text": filled(config.message_text),
            "link_names": config.link_names,
            "attachments": [{"callback_id": "", "footer": "", **said(attachment)}],
        }
        return said(message)


def _action(action: SlackAction, filled: Any) -> dict[str, Any]:
    shown_action: dict[str, Any] = {
        "type": filled(action.type),
        "text": filled(action.text),
        "url": filled(action.url),
        "style": filled(action.style),
    }
    if not action.url:
        shown_action |= {"name": filled(action.name), "value": filled(action.value)}
        if action.confirm is not None:
            confirm = action.confirm
            shown_action["confirm"] = said(
                {
                    "title": filled(confirm.title),
                    "text": filled(confirm.text),
                    "ok_text": filled(confirm.ok_text),
                    "dismiss_text": filled(confirm.dismiss_text),
                }
            )
    return said(shown_action)


def _judged(body: bytes) -> dict[str, Any]:
    """The Web API answers 200 to everything and says in JSON whether it went well; a webhook answers `ok`."""
    if not body.lstrip().startswith(b"{"):
        if body.strip() in (b"", b"ok"):
            return {}
        raise NotifyError(FailureReason.CLIENT_ERROR, f"Slack answered {shown(body)}", retry=False)
    try:
        answer = cast("dict[str, Any]", orjson.loads(body))
    except orjson.JSONDecodeError as error:
        raise NotifyError(FailureReason.OTHER, f"Slack answered {shown(body)}", retry=True) from error
    if answer.get("ok") is True:
        return answer
    name = str(answer.get("error", "no reason given"))
    if name in ("ratelimited", "rate_limited"):
        raise NotifyError(FailureReason.RATE_LIMITED, f"Slack answered {name}", retry=True)
    reason = FailureReason.AUTH if name in _AUTH_ERRORS else FailureReason.CLIENT_ERROR
    raise NotifyError(reason, f"Slack answered {name}", retry=name in ("internal_error", "fatal_error"))
