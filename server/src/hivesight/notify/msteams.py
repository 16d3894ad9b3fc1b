"""Microsoft Teams: an adaptive card to a workflow (Alertmanager, "msteamsv2_config"), or a message card to a connector
of old ("msteams_config"); 28 KB at most (Microsoft, "Limits and specifications for Microsoft Teams")."""

import asyncio
import re
import time
from collections.abc import Callable
from typing import Any, Final

import orjson

from hivesight.alerting.config_msteams import TeamsConfig, TeamsConnectorConfig
from hivesight.alerting.group import Status
from hivesight.notify.errors import judge_status
from hivesight.notify.means import Filler, Means
from hivesight.notify.notification import Notification
from hivesight.notify.truncation import truncate, utf8

MOST_BYTES: Final = 28_000
MOST_TITLE: Final = 1024
_COLOURS: Final = {Status.FIRING: "Attention", Status.RESOLVED: "Good"}
_THEMES: Final = {Status.FIRING: "8C1A1A", Status.RESOLVED: "2DC72D"}
_REFUSED: Final = re.compile(rb"HTTP error (\d{3})")


class TeamsNotifier:
    """Through a workflow."""

    def __init__(self, config: TeamsConfig, means: Means) -> None:
        self._config = config
        self._means = means

    async def notify(self, notification: Notification) -> str:
        config = self._config
        url = await self._means.address(config.webhook_url, config.webhook_url_file, "webhook_url")
        return str(await self._means.post(url, await asyncio.to_thread(self._message, notification)))

    async def close(self) -> None:
        await self._means.poster.close()

    def _message(self, notification: Notification) -> bytes:
        config, fill = self._config, Filler(self._means.templates, notification)
        title = fill(config.title, MOST_TITLE, what="the title")
        colour = _COLOURS[notification.status]
        return _fitted(fill(config.text), lambda text: _adaptive_card(title, text, colour), fill)


class TeamsConnectorNotifier:
    """Through a connector, which answers 200 and tells in words what Teams said to it."""

    def __init__(self, config: TeamsConnectorConfig, means: Means) -> None:
        self._config = config
        self._means = means

    async def notify(self, notification: Notification) -> str:
        config = self._config
        url = await self._means.address(config.webhook_url, config.webhook_url_file, "webhook_url")
        answer = await self._means.post(url, await asyncio.to_thread(self._message, notification))
        refused = _REFUSED.search(answer.body)
        if refused is not None:
            judge_status(int(refused[1]), answer.body, None, time.time())
        return str(answer)

    async def close(self) -> None:
        await self._means.poster.close()

    def _message(self, notification: Notification) -> bytes:
        config, fill = self._config, Filler(self._means.templates, notification)
        card = {
            "@context": "http://schema.org/extensions",
            "type": "MessageCard",
            "title": fill(config.title, MOST_TITLE, what="the title"),
            "summary": fill(config.summary, MOST_TITLE, what="the summary"),
            "themeColor": _THEMES[notification.status],
        }
        return _fitted(fill(config.text), lambda text: {**card, "text": text}, fill)


def _adaptive_card(title: str, text: str, colour: str) -> dict[str, Any]:
    heading = {"weight": "Bolder", "size": "Medium", "style": "heading", "color": colour}
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "body": [
            {"type": "TextBlock", "text": title, "wrap": True, **heading},
            {"type": "TextBlock", "text": text, "wrap": True},
        ],
        "msteams": {"width": "full"},
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _fitted(text: str, document: Callable[[str], dict[str, Any]], fill: Filler) -> bytes:
    """The message with as much of the text as Teams takes. In JSON a character may take several bytes: what is too much
    is cut off until it is not."""
    kept = truncate(text, MOST_BYTES, utf8)
    body = orjson.dumps(document(kept))
    while len(body) > MOST_BYTES and kept:
        kept = truncate(text, min(utf8(kept) - 1, utf8(kept) * MOST_BYTES // len(body)), utf8)
        body = orjson.dumps(document(kept))
    if kept != text:
        fill.remark(f"the text was cut: Teams takes {MOST_BYTES} bytes")
    return body
