"""Receivers, and those of their integrations that have no file of their own: webhook, Slack and e-mail, with every key
that Alertmanager gives them."""

from dataclasses import field, fields
from typing import Annotated, Any, Final

from hivesight.alerting.config_discord import DiscordConfig
from hivesight.alerting.config_msteams import TeamsConfig, TeamsConnectorConfig
from hivesight.alerting.config_opsgenie import OpsgenieConfig
from hivesight.alerting.config_pagerduty import PagerdutyConfig
from hivesight.alerting.config_telegram import TelegramConfig
from hivesight.alerting.config_types import Address, SecretTemplateUrl, SecretUrl
from hivesight.http_client.config import HttpConfig, TlsConfig
from hivesight.schema import DurationMs, HttpUrl, SecretText, Text, key, section


@section
class WebhookConfig:
    send_resolved: bool = True
    http_config: HttpConfig | None = None
    url: SecretTemplateUrl | None = None
    url_file: Text = ""
    max_alerts: int = 0
    timeout: DurationMs = 0
    payload: Any = None


@section
class SlackConfirm:
    text: Text = ""
    title: Text = ""
    ok_text: Text = ""
    dismiss_text: Text = ""


@section
class SlackAction:
    type: Text = ""
    text: Text = ""
    url: Text = ""
    style: Text = ""
    name: Text = ""
    value: Text = ""
    confirm: SlackConfirm | None = None


@section
class SlackField:
    title: Text = ""
    value: Text = ""
    short: bool | None = None


def _slack(name: str) -> str:
    return f'{{{{ template "slack.default.{name}" . }}}}'


@section
class SlackConfig:
    send_resolved: bool = False
    http_config: HttpConfig | None = None
    api_url: SecretUrl | None = None
    api_url_file: Text = ""
    app_token: SecretText | None = None
    app_token_file: Text = ""
    app_url: HttpUrl | None = None
    channel: Text = ""
    username: Text = _slack("username")
    color: Text = _slack("color")
    title: Text = _slack("title")
    title_link: Text = _slack("titlelink")
    pretext: Text = _slack("pretext")
    text: Text = _slack("text")
    message_text: Text = ""
    fields: tuple[SlackField, ...] = ()
    short_fields: bool = False
    footer: Text = _slack("footer")
    fallback: Text = _slack("fallback")
    callback_id: Text = _slack("callbackid")
    icon_emoji: Text = _slack("iconemoji")
    icon_url: Text = _slack("iconurl")
    image_url: Text = ""
    thumb_url: Text = ""
    link_names: bool = False
    mrkdwn_in: tuple[Text, ...] = ()
    actions: tuple[SlackAction, ...] = ()
    update_message: bool = False
    timeout: DurationMs = 0


@section
class Threading:
    enabled: bool = False
    thread_by_date: Text = ""


@section
class EmailConfig:
    to: Text = ""
    send_resolved: bool = False
    from_address: Annotated[Text, key("from")] = ""
    hello: Text = ""
    smarthost: Address = None
    auth_username: Text = ""
    auth_password: SecretText | None = None
    auth_password_file: Text = ""
    auth_secret: SecretText | None = None
    auth_secret_file: Text = ""
    auth_identity: Text = ""
    headers: dict[str, Text] = field(default_factory=dict[str, str])
    html: Text = '{{ template "email.default.html" . }}'
    text: Text = ""
    require_tls: bool | None = None
    tls_config: TlsConfig | None = None
    force_implicit_tls: bool | None = None
    threading: Threading = Threading()


@section
class Receiver:
    """labels: by which the API's users find receivers; the name is one of them always."""

    name: Text
    labels: dict[str, Text] = field(default_factory=dict[str, str])
    webhook_configs: tuple[WebhookConfig, ...] = ()
    slack_configs: tuple[SlackConfig, ...] = ()
    email_configs: tuple[EmailConfig, ...] = ()
    pagerduty_configs: tuple[PagerdutyConfig, ...] = ()
    opsgenie_configs: tuple[OpsgenieConfig, ...] = ()
    msteams_configs: tuple[TeamsConnectorConfig, ...] = ()
    msteamsv2_configs: tuple[TeamsConfig, ...] = ()
    discord_configs: tuple[DiscordConfig, ...] = ()
    telegram_configs: tuple[TelegramConfig, ...] = ()


SUPPORTED: Final = tuple(each.name for each in fields(Receiver) if each.name.endswith("_configs"))
"""The keys of a receiver that name integrations."""
