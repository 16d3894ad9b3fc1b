"""Alertmanager's configuration file (the format of 0.33). A file enters; a checked `Config`, or diagnostics with line
and column, leave. Called at start, on reload, and by whoever checks files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from hivesight.alerting.config_receivers import Receiver
from hivesight.alerting.config_types import Address, SecretUrl
from hivesight.alerting.interval import NamedInterval, TimeInterval
from hivesight.alerting.matchers import parse_matchers
from hivesight.http_client.config import HttpConfig, TlsConfig
from hivesight.model.diagnostics import Diagnostic, Severity
from hivesight.model.matcher import Matcher
from hivesight.schema import (
    DurationMs,
    HttpUrl,
    Loaded,
    PositiveDurationMs,
    RegexText,
    SecretText,
    Text,
    key,
    parsed,
    section,
)

MatcherText = Annotated[tuple[Matcher, ...], parsed(parse_matchers)]
"""One text with one or more matchers."""


@section
class GlobalConfig:
    """What holds unless a receiver says otherwise. The keys of services that we do not send to are read,
    so that a file can be shared with Alertmanager, and not used."""

    resolve_timeout: DurationMs = 300_000
    http_config: HttpConfig = HttpConfig()
    smtp_from: Text = ""
    smtp_hello: Text = "localhost"
    smtp_smarthost: Address = None
    smtp_auth_username: Text = ""
    smtp_auth_password: SecretText | None = None
    smtp_auth_password_file: Text = ""
    smtp_auth_secret: SecretText | None = None
    smtp_auth_secret_file: Text = ""
    smtp_auth_identity: Text = ""
    smtp_require_tls: bool = True
    smtp_tls_config: TlsConfig = TlsConfig()
    smtp_force_implicit_tls: bool | None = None
    slack_api_url: SecretUrl | None = None
    slack_api_url_file: Text = ""
    slack_app_token: SecretText | None = None
    slack_app_token_file: Text = ""
    slack_app_url: HttpUrl = "https://slack.com/api/chat.postMessage"
    pagerduty_url: HttpUrl = "https://events.pagerduty.com/v2/enqueue"
    opsgenie_api_url: HttpUrl = "https://api.opsgenie.com/"
    opsgenie_api_key: SecretText | None = None
    opsgenie_api_key_file: Text = ""
    wechat_api_url: HttpUrl | None = None
    wechat_api_secret: SecretText | None = None
    wechat_api_secret_file: Text = ""
    wechat_api_corp_id: Text = ""
    victorops_api_url: HttpUrl | None = None
    victorops_api_key: SecretText | None = None
    victorops_api_key_file: Text = ""
    telegram_api_url: HttpUrl = "https://api.telegram.org"
    telegram_bot_token: SecretText | None = None
    telegram_bot_token_file: Text = ""
    webex_api_url: HttpUrl | None = None
    jira_api_url: HttpUrl | None = None
    rocketchat_api_url: HttpUrl | None = None
    rocketchat_token: SecretText | None = None
    rocketchat_token_file: Text = ""
    rocketchat_token_id: SecretText | None = None
    rocketchat_token_id_file: Text = ""
    mattermost_webhook_url: SecretUrl | None = None
    mattermost_webhook_url_file: Text = ""


@section
class RouteConfig:
    """One node of the routing tree as it is written; what is not said is the parent's."""

    receiver: Text = ""
    group_by: tuple[Text, ...] | None = None
    match: dict[str, Text] = field(default_factory=dict[str, str])
    match_re: dict[str, RegexText] = field(default_factory=dict[str, str])
    matchers: tuple[MatcherText, ...] = ()
    mute_time_intervals: tuple[Text, ...] = ()
    active_time_intervals: tuple[Text, ...] = ()
    continue_: Annotated[bool, key("continue")] = False
    routes: tuple["RouteConfig", ...] = ()
    group_wait: DurationMs | None = None
    group_interval: PositiveDurationMs | None = None
    repeat_interval: PositiveDurationMs | None = None


@section
class InhibitRuleConfig:
    name: Text = ""
    source_match: dict[str, Text] = field(default_factory=dict[str, str])
    source_match_re: dict[str, RegexText] = field(default_factory=dict[str, str])
    source_matchers: tuple[MatcherText, ...] = ()
    target_match: dict[str, Text] = field(default_factory=dict[str, str])
    target_match_re: dict[str, RegexText] = field(default_factory=dict[str, str])
    target_matchers: tuple[MatcherText, ...] = ()
    equal: tuple[Text, ...] = ()


@section
class Config:
    """The file. `route` is never None in one that `read_config` found no error in. tracing, event_recorder: of the real
    Alertmanager's own process; read and not used."""

    global_: Annotated[GlobalConfig, key("global")] = GlobalConfig()
    route: RouteConfig | None = None
    inhibit_rules: tuple[InhibitRuleConfig, ...] = ()
    receivers: tuple[Receiver, ...] = ()
    templates: tuple[Text, ...] = ()
    mute_time_intervals: tuple[NamedInterval, ...] = ()
    time_intervals: tuple[NamedInterval, ...] = ()
    tracing: Any = None
    event_recorder: Any = None

    def intervals(self) -> Mapping[str, tuple[TimeInterval, ...]]:
        """The time intervals by name."""
        return {each.name: each.time_intervals for each in (*self.mute_time_intervals, *self.time_intervals)}


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A file as it was read. config: None when it has errors. loaded: for further diagnostics with a place."""

    config: Config | None
    diagnostics: tuple[Diagnostic, ...]
    loaded: Loaded[Config] = field(repr=False)

    @property
    def path(self) -> str:
        return self.loaded.path

    @property
    def text(self) -> str:
        return self.loaded.text

    @property
    def directory(self) -> Path:
        """What relative paths in the file start from."""
        return Path(self.path).parent

    @property
    def ok(self) -> bool:
        return not any(each.severity is Severity.ERROR for each in self.diagnostics)
