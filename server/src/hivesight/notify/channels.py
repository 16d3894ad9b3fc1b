"""The dictionary that configures an `AlertNotifier`, read into the receiver that the server would have of a file. What
cannot be used is a ValueError that says what to write, without the secrets in it."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, cast

from hivesight.alerting.config_receivers import EmailConfig, Receiver, SlackConfig, WebhookConfig
from hivesight.alerting.config_types import HostPort
from hivesight.http_client.config import TlsConfig
from hivesight.model.secret import Secret
from hivesight.notify.errors import NotifyError
from hivesight.notify.mail_message import addresses
from hivesight.schema import check_http_url

RECEIVER: Final = "AlertNotifier"
MOST_WEBHOOKS: Final = 100
_SUBMISSION: Final = 587
_CHANNELS: Final = ("slack_webhook", "email_smtp", "webhook_urls")
_EMAIL: Final = (
    "host",
    "port",
    "user",
    "username",
    "password",
    "password_file",
    "from",
    "to",
    "require_tls",
    "implicit_tls",
    "ca_file",
    "hello",
)


def read_channels(config: object) -> Receiver:
    """config: `slack_webhook`, `email_smtp`, `webhook_urls`; None and empty ones count as not given. Raises
    ValueError, also where there is no channel at all: an alert would reach nobody."""
    said = _mapping(config, "the configuration")
    _check_keys(said, _CHANNELS, "")
    slack, email, webhooks = (said.get(name) for name in _CHANNELS)
    receiver = Receiver(
        name=RECEIVER,
        slack_configs=(_slack(slack),) if slack else (),
        email_configs=(_email(email),) if email else (),
        webhook_configs=_webhooks(webhooks) if webhooks else (),
    )
    if not (receiver.slack_configs or receiver.email_configs or receiver.webhook_configs):
        raise ValueError(f"no channel is configured: give at least one of {', '.join(_CHANNELS)}")
    return receiver


def _slack(url: object) -> SlackConfig:
    return SlackConfig(api_url=_url(url, "slack_webhook"), send_resolved=True)


def _webhooks(urls: object) -> tuple[WebhookConfig, ...]:
    if not isinstance(urls, Sequence) or isinstance(urls, str | bytes):
        raise ValueError("webhook_urls must be a list of addresses: write ['https://...']")
    listed = cast("Sequence[object]", urls)
    if len(listed) > MOST_WEBHOOKS:
        raise ValueError(f"webhook_urls has {len(listed)} addresses, at most {MOST_WEBHOOKS} are told")
    return tuple(WebhookConfig(url=_url(url, f"webhook_urls[{index}]")) for index, url in enumerate(listed))


def _email(given: object) -> EmailConfig:
    said = _mapping(given, "email_smtp")
    _check_keys(said, _EMAIL, "email_smtp.")
    for name in ("host", "from", "to"):
        if not said.get(name):
            raise ValueError(f"email_smtp needs {name!r}: write {{'host': 'smtp.example.org', 'from': ..., 'to': ...}}")
    if said.get("user") and said.get("username"):
        raise ValueError("email_smtp has 'user' and 'username', which mean the same: leave one out")
    user = _text(said.get("user") or said.get("username") or "", "user")
    password = _text(said.get("password") or "", "password")
    password_file = _text(said.get("password_file") or "", "password_file")
    if bool(user) != bool(password or password_file) or (password and password_file):
        raise ValueError("email_smtp: 'user' goes with one of 'password' and 'password_file', or give none of them")
    to = said["to"]
    recipients = [to] if isinstance(to, str) else to
    if not isinstance(recipients, Sequence):
        raise ValueError("email_smtp.to must be an address or a list of addresses")
    ca_file = _text(said.get("ca_file") or "", "ca_file")
    return EmailConfig(
        to=_addresses(", ".join(_text(each, "to") for each in cast("Sequence[object]", recipients)), "to"),
        from_address=_addresses(_text(said["from"], "from"), "from"),
        smarthost=HostPort(_text(said["host"], "host"), _port(said.get("port", _SUBMISSION))),
        hello=_text(said.get("hello") or "", "hello"),
        auth_username=user,
        auth_password=Secret(password) if password else None,
        auth_password_file=password_file,
        require_tls=_flag(said.get("require_tls"), "require_tls"),
        force_implicit_tls=_flag(said.get("implicit_tls"), "implicit_tls"),
        tls_config=TlsConfig(ca_file=ca_file) if ca_file else None,
        send_resolved=True,
    )


def _mapping(given: object, what: str) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise ValueError(f"{what} must be a dictionary, not {type(given).__name__}")
    return cast("Mapping[str, Any]", given)


def _check_keys(said: Iterable[object], known: Sequence[str], prefix: str) -> None:
    for key in said:
        if key not in known:
            close = difflib.get_close_matches(str(key), known, 1)
            hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"
            raise ValueError(f"unknown key '{prefix}{key}': {hint}")


def _url(given: object, key: str) -> Secret:
    """The address, which may hold a token and is not shown."""
    if not isinstance(given, str):
        raise ValueError(f"{key} must be an address, a text such as 'https://...', not {type(given).__name__}")
    try:
        check_http_url(given)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None
    return Secret(given)


def _addresses(text: str, key: str) -> str:
    try:
        found = addresses(text, f"email_smtp.{key}")
    except NotifyError as error:
        raise ValueError(f"{error}; write 'ops@example.org' or 'Ops <ops@example.org>'") from None
    if key == "from" and len(found) != 1:
        raise ValueError("email_smtp.from must be exactly one address")
    return text


def _port(given: object) -> int:
    if isinstance(given, bool) or not str(given).isdecimal() or not 0 < int(str(given)[:6]) < 65536:
        raise ValueError(f"email_smtp.port must be a number such as {_SUBMISSION}, not {str(given)[:20]!r}")
    return int(str(given))


def _text(given: object, key: str) -> str:
    if not isinstance(given, str):
        raise ValueError(f"email_smtp.{key} must be a text, not {type(given).__name__}")
    return given


def _flag(given: object, key: str) -> bool | None:
    if given is None or isinstance(given, bool):
        return given
    raise ValueError(f"email_smtp.{key} must be True or False, not {type(given).__name__}")
