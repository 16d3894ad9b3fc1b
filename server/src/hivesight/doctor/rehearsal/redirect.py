"""The receivers of somebody's file, with the collector's addresses in place of their own. What they say and what the
services make of it stays; what only serves to get there - credentials, proxies, certificates - goes, so that no file
with a secret has to be there. Nothing reaches the real services."""

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any, Final

from hivesight.alerting.config import Config, ConfigFile, GlobalConfig
from hivesight.alerting.config_receivers import SUPPORTED, Receiver
from hivesight.alerting.config_types import HostPort
from hivesight.doctor.rehearsal.collector import Collector
from hivesight.http_client.config import HttpConfig
from hivesight.model.errors import ConfigError
from hivesight.model.secret import Secret

_KEY: Final = Secret("rehearsal")

# What stands in a section instead, by the kind of integration; `url` is the place that is its own.
_INSTEAD: Final[Mapping[str, Callable[[str], dict[str, Any]]]] = {
    "webhook": lambda url: {"url": Secret(url), "url_file": ""},
    "slack": lambda url: {"api_url": Secret(url), "api_url_file": "", "app_token": None, "app_token_file": ""},
    # One event format for both generations of keys: the address of the old one cannot be chosen.
    "pagerduty": lambda url: {
        "url": url,
        "routing_key": _KEY,
        "routing_key_file": "",
        "service_key": None,
        "service_key_file": "",
    },
    "opsgenie": lambda url: {"api_url": url, "api_key": _KEY, "api_key_file": ""},
    "msteams": lambda url: {"webhook_url": Secret(url), "webhook_url_file": ""},
    "msteamsv2": lambda url: {"webhook_url": Secret(url), "webhook_url_file": ""},
    "discord": lambda url: {"webhook_url": Secret(url), "webhook_url_file": ""},
    "telegram": lambda url: {"api_url": url, "bot_token": _KEY, "bot_token_file": "", "chat_id_file": ""},
}
_NO_ACCOUNT: Final = {
    "auth_username": "",
    "auth_password": None,
    "auth_password_file": "",
    "auth_secret": None,
    "auth_secret_file": "",
}


def place(receiver: int, integration: str, index: int) -> str:
    """Where the collector keeps what an integration says; receiver: by its number in the file."""
    return f"{receiver}/{integration}/{index}"


def redirected(file: ConfigFile, collector: Collector) -> ConfigFile:
    """The file with its receivers led to the collector. Raises ConfigError for one that has errors."""
    config = file.config
    if config is None:
        raise ConfigError(file.diagnostics)
    receivers = tuple(_receiver(number, each, collector) for number, each in enumerate(config.receivers))
    return replace(file, config=replace(config, global_=_shared(config), receivers=receivers))


def _shared(config: Config) -> GlobalConfig:
    account = {f"smtp_{name}": value for name, value in _NO_ACCOUNT.items()}
    return replace(config.global_, http_config=HttpConfig(), **account)


def _receiver(number: int, receiver: Receiver, collector: Collector) -> Receiver:
    changed: dict[str, tuple[Any, ...]] = {}
    for key in SUPPORTED:
        kind = key.removesuffix("_configs")
        sections = enumerate(getattr(receiver, key))
        changed[key] = tuple(_section(kind, each, place(number, kind, index), collector) for index, each in sections)
    return replace(receiver, **changed)


def _section(kind: str, section: Any, where: str, collector: Collector) -> Any:
    if kind == "email":
        address = HostPort("127.0.0.1", collector.smtp_port)
        plain = {"require_tls": False, "force_implicit_tls": False, "tls_config": None}
        return replace(section, smarthost=address, **plain, **_NO_ACCOUNT)
    instead = _INSTEAD[kind](collector.url(where))
    assert instead.keys() <= {each.name for each in fields(section)}
    return replace(section, http_config=None, **instead)
