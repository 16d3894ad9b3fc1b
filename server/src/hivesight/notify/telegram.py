"""Telegram: one message of a bot to a chat (Telegram Bot API, "sendMessage"; Alertmanager, "telegram_config")."""

import asyncio
import re
from typing import Final

import orjson

from hivesight.alerting.config_telegram import TelegramConfig
from hivesight.notify.errors import FailureReason, NotifyError
from hivesight.notify.means import Filler, Means
from hivesight.notify.notification import Notification
from hivesight.notify.truncation import MARK, truncate, utf16

MOST_TEXT: Final = 4096
_TEMPLATE: Final = "telegram.default.message"
_PLAIN_TEMPLATE: Final = "telegram.default.text"
_UNREADABLE: Final = "can't parse entities"
_TOKEN: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)[^<>]*>|&[#a-zA-Z0-9]{1,10};|[^<&]+|[<&]")


class TelegramNotifier:
    def __init__(self, config: TelegramConfig, means: Means) -> None:
        self._config = config
        self._means = means

    async def notify(self, notification: Notification) -> str:
        config, shared, means = self._config, self._means.shared, self._means
        if config.bot_token or config.bot_token_file:
            token = await means.secret(config.bot_token, config.bot_token_file, "bot_token")
        else:
            token = await means.secret(shared.telegram_bot_token, shared.telegram_bot_token_file, "telegram_bot_token")
        chat = str(config.chat_id)
        if config.chat_id_file:
            chat = await means.secret(None, config.chat_id_file, "chat_id")
            if not re.fullmatch(r"-?[0-9]{1,20}", chat):
                raise NotifyError(FailureReason.CONFIG, "chat_id_file: the file holds no number", retry=True)
        text, mode = await asyncio.to_thread(self._text, notification)
        url = f"{(config.api_url or shared.telegram_api_url).rstrip('/')}/bot{token}/sendMessage"
        try:
            return str(await means.post(url, self._message(text, mode, chat)))
        except NotifyError as error:
            if not mode or _UNREADABLE not in str(error):
                raise
            # What an alert says is no proper markup: with its marks in plain sight it still can be read.
            answer = await means.post(url, self._message(text, "", chat))
            Filler(means.templates, notification).remark(f"sent as plain text: Telegram cannot read it as {mode}")
            return str(answer)

    async def close(self) -> None:
        await self._means.poster.close()

    def _message(self, text: str, mode: str, chat: str) -> bytes:
        message = {"chat_id": chat, "text": text, "disable_web_page_preview": "true"}
        if mode:
            message["parse_mode"] = mode
        if self._config.disable_notifications:
            message["disable_notification"] = "true"
        if self._config.message_thread_id:
            message["message_thread_id"] = str(self._config.message_thread_id)
        return orjson.dumps(message)

    def _text(self, notification: Notification) -> tuple[str, str]:
        """The text and the mode that it is read in. Telegram refuses a text whose marks are not closed, so HTML is cut
        between marks and Markdown that must be cut is sent as plain text."""
        config, templates = self._config, self._means.templates
        mode, setting = config.parse_mode, config.message
        if not setting:
            # Our own default is HTML: for the other modes there is one without marks.
            plain = mode != "HTML" and _TEMPLATE not in templates.own
            setting = f'{{{{ template "{_PLAIN_TEMPLATE if plain else _TEMPLATE}" . }}}}'
            mode = "" if plain else mode
        text = templates.render(setting, notification, html=mode == "HTML").strip()
        if utf16(text) <= MOST_TEXT:
            return text, mode
        Filler(templates, notification).remark(f"the message was cut to {MOST_TEXT}")
        if mode == "HTML":
            return truncate_html(text, MOST_TEXT), mode
        return truncate(text, MOST_TEXT, utf16), ""


def truncate_html(text: str, most: int) -> str:
    """As much of the HTML as fits, in UTF-16 code units, with what it opened closed."""
    kept: list[str] = []
    still_open: list[str] = []
    left = most - utf16(MARK)
    for match in _TOKEN.finditer(text):
        token, name = match[0], match[2]
        closing = f"</{name}>"
        if name is None:
            cost = utf16(token)
        elif match[1]:
            # Its room was set aside when it was opened.
            cost = 0 if still_open and still_open[-1] == closing else utf16(token)
        else:
            cost = utf16(token) + utf16(closing)
        if cost > left:
            if name is None and len(token) > 1 and not token.startswith("&"):
                kept.append(truncate(token, left, utf16, mark=""))
            break
        left -= cost
        kept.append(token)
        if name is not None and not match[1]:
            still_open.append(closing)
        elif name is not None and still_open and still_open[-1] == closing:
            still_open.pop()
    return "".join((*kept, MARK, *reversed(still_open)))
