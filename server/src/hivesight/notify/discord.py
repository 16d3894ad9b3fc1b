"""Discord: one embed a message, through a webhook (Discord, "Execute Webhook" and "Embed Limits"; Alertmanager,
"discord_config")."""

import asyncio
from typing import Final

import orjson

from hivesight.alerting.config_discord import DiscordConfig
from hivesight.alerting.group import Status
from hivesight.notify.means import Filler, Means, said
from hivesight.notify.notification import Notification
from hivesight.notify.truncation import utf16

MOST_TITLE: Final = 256
MOST_DESCRIPTION: Final = 4096
MOST_CONTENT: Final = 2000
_COLOURS: Final = {Status.FIRING: 0x992D22, Status.RESOLVED: 0x2ECC71}


class DiscordNotifier:
    def __init__(self, config: DiscordConfig, means: Means) -> None:
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
        embed = {
            "title": fill(config.title, MOST_TITLE, utf16, what="the title"),
            "description": fill(config.message, MOST_DESCRIPTION, utf16, what="the message"),
            "color": _COLOURS[notification.status],
        }
        content = fill(config.content, MOST_CONTENT, utf16, what="the content")
        named = said({"username": config.username, "avatar_url": config.avatar_url})
        return orjson.dumps({"content": content, "embeds": [embed], **named})
