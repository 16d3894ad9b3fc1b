"""Receivers and their integrations: webhook, Slack and e-mail, with every key that Alertmanager gives them."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from hivesight.http_client.config import HttpConfig, TlsConfig
from hivesight.model.secret import Secret
from hivesight.schema import DurationMs, HttpUrl, SecretText, Text, check_http_url, key, parsed, section


@dataclass(frozen=True, slots=True)
class HostPort:
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_host_port(text: str) -> HostPort:
    """`host:port` or `[::1]:port`. Raises ValueError with the reason."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"address {text!r}: write host:port, such as smtp.example.org:587")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError(f"address {text!r}: too many colons; write [{host}]:{port} for an IPv6 address")
    return HostPort(host, int(port))


def _secret_url(text: str) -> Secret:
    check_http_url(text)
    return Secret(text)


def _template_url(text: str) -> Secret:
    """A URL may be a template since it can depend on the alerts; then it can only be judged when it is filled in."""
    return Secret(text) if "{{" in text else _secret_url(text)


Address = Annotated[HostPort, parsed(parse_host_port)]
SecretUrl = Annotated[Secret, parsed(_secret_url)]
SecretTemplateUrl = Annotated[Secret, parsed(_template_url)]


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
    post_updates_to_thread: bool = False
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
    smarthost: Address | None = None
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
    name: Text
    webhook_configs: tuple[WebhookConfig, ...] = ()
    slack_configs: tuple[SlackConfig, ...] = ()
    email_configs: tuple[EmailConfig, ...] = ()


SUPPORTED: Final = ("webhook_configs", "slack_configs", "email_configs")
"""The keys of a receiver that name integrations."""
