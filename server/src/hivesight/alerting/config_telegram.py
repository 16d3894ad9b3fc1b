"""`telegram_configs`, with every key that Alertmanager gives them."""

from collections.abc import Iterator
from typing import Final

from hivesight.alerting.config_types import Fault, at_most_one
from hivesight.http_client.config import HttpConfig
from hivesight.schema import HttpUrl, SecretText, Text, section

PARSE_MODES: Final = ("", "Markdown", "MarkdownV2", "HTML")


@section
class TelegramConfig:
    """message: where it is empty, the default template for the parse mode."""

    send_resolved: bool = True
    http_config: HttpConfig | None = None
    api_url: HttpUrl | None = None
    bot_token: SecretText | None = None
    bot_token_file: Text = ""
    chat_id: int = 0
    chat_id_file: Text = ""
    message_thread_id: int = 0
    message: Text = ""
    disable_notifications: bool = False
    parse_mode: Text = "HTML"


def telegram_faults(config: TelegramConfig, *, shared_token: bool) -> Iterator[Fault]:
    """What is wrong with a section as a whole. shared_token: whether the global section has a bot's token."""
    yield from at_most_one(config, "bot_token", "bot_token_file")
    if not (config.bot_token or config.bot_token_file or shared_token):
        message = "no Telegram bot: give bot_token or bot_token_file here, or telegram_bot_token in global"
        yield Fault((), message)
    yield from at_most_one(config, "chat_id", "chat_id_file")
    if not config.chat_id and not config.chat_id_file:
        yield Fault((), "no chat: give chat_id, a number such as -1001234567890, or chat_id_file")
    if config.parse_mode not in PARSE_MODES:
        message = f"unknown parse_mode {config.parse_mode!r}: HTML, MarkdownV2, Markdown, or '' for plain text"
        yield Fault(("parse_mode",), message)
