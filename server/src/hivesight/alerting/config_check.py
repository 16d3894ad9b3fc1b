"""What only the whole Alertmanager file can tell: receivers and time intervals that are not there, integrations without
an address. `read_config` is the door: text or file in, `ConfigFile` out."""

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hivesight.alerting.config import Config, ConfigFile, InhibitRuleConfig, RouteConfig
from hivesight.alerting.config_receivers import SUPPORTED, EmailConfig, Receiver, SlackConfig, WebhookConfig
from hivesight.alerting.config_services import service_faults
from hivesight.alerting.config_types import at_most_one
from hivesight.http_client.unsupported import references_without_effect
from hivesight.model.diagnostics import Diagnostic, Severity
from hivesight.schema import Loaded, load, load_file
from hivesight.schema.loading import Location

_CODE: Final = "alertmanager/config"
_UNKNOWN: Final = re.compile(r"unknown key '([^']*)'")
_SLACK_HOOK: Final = re.compile(r"https://hooks\.slack(-gov)?\.com/")
_HEADER: Final = re.compile(r"[!-9;-~]+")
_SLACK_POST: Final = "https://slack.com/api/chat.postMessage"
_SHARED_SECRETS: Final = (
    "slack_api_url",
    "slack_app_token",
    "smtp_auth_password",
    "smtp_auth_secret",
    "opsgenie_api_key",
    "telegram_bot_token",
    "victorops_api_key",
    "wechat_api_secret",
    "rocketchat_token",
    "rocketchat_token_id",
    "mattermost_webhook_url",
)
_OLD_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
"""What a label may be called in the matchers of old."""
_UNUSED: Final = ("tracing", "event_recorder")
_HINTS: Final = {
    "subject": "unknown key 'subject'; an e-mail's subject is a header: write headers: {Subject: '...'}",
    "body": "unknown key 'body'; an e-mail's body is html: (and text: for the plain alternative)",
}
_OTHER_KINDS: Final = re.compile(
    r"(incidentio|wechat|pushover|victorops|sns|webex|jira|rocketchat|mattermost|googlechat|hipchat)_configs"
)


def read_config(path: Path, text: str | None = None) -> ConfigFile:
    """The Alertmanager file at `path` (or `text`, with `path` for messages and relative file names), wholly checked."""
    return checked(load_file(path, Config) if text is None else load(text, str(path), Config))


def checked(loaded: Loaded[Config]) -> ConfigFile:
    """The same of a file that was read already."""
    if loaded.value is None:
        return ConfigFile(None, tuple(map(_hinted, loaded.diagnostics)), loaded)
    found = tuple(_Check(loaded, loaded.value).all())
    broken = any(each.severity is Severity.ERROR for each in found)
    return ConfigFile(None if broken else loaded.value, found, loaded)


def _hinted(fault: Diagnostic) -> Diagnostic:
    """An unknown key's message, in better words where we know what was meant."""
    match = _UNKNOWN.match(fault.message)
    if match is None or fault.code != "config/unknown-key":
        return fault
    name = match[1]
    if _OTHER_KINDS.fullmatch(name):
        message = f"receivers of the kind {name} are not supported; supported are {', '.join(SUPPORTED)}"
        return dataclasses.replace(fault, code="alertmanager/unsupported-receiver", message=message)
    return dataclasses.replace(fault, message=_HINTS.get(name, fault.message))


class _Check:
    """One pass over a file that is right as far as its shape goes."""

    def __init__(self, loaded: Loaded[Config], config: Config) -> None:
        self._loaded = loaded
        self._at = loaded.at
        self._config = config
        self._receivers = {each.name for each in config.receivers}
        self._intervals = set(config.intervals())

    def all(self) -> Iterator[Diagnostic]:
        for name in _UNUSED:
            if getattr(self._config, name) is not None:
                message = f"{name} is read and has no effect here"
                yield self._at((name,), "alertmanager/unused", message, severity=Severity.WARNING, on_key=True)
        yield from self._globals()
        yield from self._names()
        for index, receiver in enumerate(self._config.receivers):
            yield from self._receiver(receiver, ("receivers", index))
        yield from self._root()
        for index, rule in enumerate(self._config.inhibit_rules):
            yield from self._inhibition(rule, ("inhibit_rules", index))

    def _fault(self, at: Location, message: str, *, on_key: bool = False) -> Diagnostic:
        return self._at(at, _CODE, message, on_key=on_key)

    def _one_of(self, section: object, at: Location, *names: str) -> Iterator[Diagnostic]:
        """Of these keys at most one may be given."""
        for each in at_most_one(section, *names):
            yield self._fault((*at, *each.at), each.message, on_key=each.on_key)

    def _globals(self) -> Iterator[Diagnostic]:
        section, at = self._config.global_, ("global",)
        for name in _SHARED_SECRETS:
            yield from self._one_of(section, at, name, f"{name}_file")
        if section.slack_api_url or section.slack_api_url_file:
            for name in ("slack_app_token", "slack_app_token_file"):
                if getattr(section, name):
                    message = f"slack_api_url and {name} cannot both be given: is it a webhook or an app?"
                    yield self._fault((*at, name), message, on_key=True)
        yield from references_without_effect(self._loaded, at, section)

    def _names(self) -> Iterator[Diagnostic]:
        seen = set[str]()
        for index, receiver in enumerate(self._config.receivers):
            if not receiver.name:
                yield self._fault(("receivers", index), "the receiver has no name")
            elif receiver.name in seen:
                message = f"the receiver name {receiver.name!r} stands here twice; names must be unique"
                yield self._fault(("receivers", index, "name"), message)
            seen.add(receiver.name)
        seen = set[str]()
        for where in ("mute_time_intervals", "time_intervals"):
            for index, interval in enumerate(getattr(self._config, where)):
                if interval.name in seen:
                    yield self._fault((where, index, "name"), f"the time interval {interval.name!r} stands here twice")
                seen.add(interval.name)
                for number, each in enumerate(interval.time_intervals):
                    for position, span in enumerate(each.times):
                        if span.start_time >= span.end_time:
                            at = (where, index, "time_intervals", number, "times", position, "end_time")
                            yield self._fault(at, "start_time must be before end_time")

    def _receiver(self, receiver: Receiver, at: Location) -> Iterator[Diagnostic]:
        if "name" in receiver.labels:
            yield self._fault((*at, "labels", "name"), "the label name is the receiver's name always", on_key=True)
        for index, webhook in enumerate(receiver.webhook_configs):
            yield from self._webhook(webhook, (*at, "webhook_configs", index))
        for index, slack in enumerate(receiver.slack_configs):
            yield from self._slack(slack, (*at, "slack_configs", index))
        for index, email in enumerate(receiver.email_configs):
            yield from self._email(email, (*at, "email_configs", index))
        for place, section, faults in service_faults(receiver, self._config.global_):
            yield from references_without_effect(self._loaded, (*at, *place), section)
            for each in faults:
                yield self._fault((*at, *place, *each.at), each.message, on_key=each.on_key)

    def _webhook(self, webhook: WebhookConfig, at: Location) -> Iterator[Diagnostic]:
        yield from references_without_effect(self._loaded, at, webhook)
        yield from self._one_of(webhook, at, "url", "url_file")
        if not webhook.url and not webhook.url_file:
            yield self._fault(at, "one of url or url_file must be given")
        if webhook.url is not None and _SLACK_HOOK.match(webhook.url.reveal()):
            message = "a Slack webhook does not understand this message: use slack_configs with api_url"
            yield self._at((*at, "url"), "alertmanager/slack-webhook", message, severity=Severity.WARNING)
        if webhook.max_alerts < 0:
            yield self._fault((*at, "max_alerts"), "max_alerts cannot be negative")

    def _slack(self, slack: SlackConfig, at: Location) -> Iterator[Diagnostic]:
        yield from references_without_effect(self._loaded, at, slack)
        yield from self._one_of(slack, at, "api_url", "api_url_file", "app_token", "app_token_file")
        section = self._config.global_
        own = slack.api_url or slack.api_url_file or slack.app_token or slack.app_token_file
        shared = section.slack_api_url or section.slack_api_url_file
        if not (own or shared or section.slack_app_token or section.slack_app_token_file):
            message = "no Slack address: give api_url, api_url_file or app_token here, or slack_api_url in global"
            yield self._fault(at, message)
        if slack.update_message and (slack.api_url is None or slack.api_url.reveal() != _SLACK_POST):
            message = f"update_message needs a bot token: set api_url to {_SLACK_POST}"
            yield self._fault((*at, "update_message"), message)
        own_header = slack.http_config is not None and slack.http_config.authorization is not None
        if own_header and (slack.app_token or slack.app_token_file):
            message = "authorization cannot stand by an app token, which is sent in the same header"
            yield self._fault((*at, "http_config", "authorization"), message, on_key=True)
        for index, action in enumerate(slack.actions):
            missing = [name for name in ("type", "text") if not getattr(action, name)]
            missing += [] if action.url or action.name else ["name or url"]
            for name in missing:
                yield self._fault((*at, "actions", index), f"missing {name} in the Slack action")
            if action.confirm is not None and not action.confirm.text:
                yield self._fault((*at, "actions", index, "confirm"), "missing text in the Slack confirmation")
        for index, each in enumerate(slack.fields):
            for name in ("title", "value"):
                if not getattr(each, name):
                    yield self._fault((*at, "fields", index), f"missing {name} in the Slack field")

    def _email(self, email: EmailConfig, at: Location) -> Iterator[Diagnostic]:
        section = self._config.global_
        if not email.to:
            yield self._fault(at, "the e-mail has no address to go to: give to")
        if email.smarthost is None and section.smtp_smarthost is None:
            yield self._fault(at, "no SMTP server: give smarthost here or smtp_smarthost in global")
        if not email.from_address and not section.smtp_from:
            yield self._fault(at, "no sender: give from here or smtp_from in global")
        yield from references_without_effect(self._loaded, at, email)
        yield from self._one_of(email, at, "auth_password", "auth_password_file")
        yield from self._one_of(email, at, "auth_secret", "auth_secret_file")
        seen = set[str]()
        for name in email.headers:
            if _HEADER.fullmatch(name) is None:
                yield self._fault((*at, "headers", name), f"{name!r} is not a valid header name", on_key=True)
            elif name.lower() in seen:
                yield self._fault((*at, "headers", name), f"duplicate header {name!r}", on_key=True)
            seen.add(name.lower())
        if email.threading.enabled:
            if email.threading.thread_by_date not in ("none", "daily"):
                yield self._fault((*at, "threading"), "thread_by_date must be none or daily")
            for name in email.headers:
                if name.lower() in ("references", "in-reply-to"):
                    message = f"threading.enabled conflicts with a header {name!r} of your own"
                    yield self._fault((*at, "headers", name), message, on_key=True)

    def _root(self) -> Iterator[Diagnostic]:
        root = self._config.route
        if root is None:
            yield self._fault((), "no route: the file needs a route with a receiver")
            return
        at = ("route",)
        if not root.receiver:
            yield self._fault(at, "the root route must name a receiver: it takes what no other route does", on_key=True)
        for name in ("match", "match_re", "matchers"):
            if getattr(root, name):
                yield self._fault((*at, name), "the root route must not have matchers: every alert enters by it")
        for name in ("mute_time_intervals", "active_time_intervals"):
            if getattr(root, name):
                yield self._fault((*at, name), f"the root route must not have {name}")
        if root.continue_:
            yield self._fault((*at, "continue"), "the root route cannot have continue: no route follows it")
        yield from self._route(root, at)

    def _route(self, route: RouteConfig, at: Location) -> Iterator[Diagnostic]:
        if route.receiver and route.receiver not in self._receivers:
            known = ", ".join(sorted(self._receivers)) or "none"
            yield self._fault((*at, "receiver"), f"undefined receiver {route.receiver!r} (defined here: {known})")
        names = route.group_by or ()
        for index, name in enumerate(names):
            if name == "..." and set(names) != {name}:
                yield self._fault(
                    (*at, "group_by", index), "'...' groups by all labels; no other label can stand by it"
                )
            elif not name:
                yield self._fault((*at, "group_by", index), "a label name cannot be empty")
            elif name != "..." and name in names[:index]:
                yield self._fault((*at, "group_by", index), f"the label {name!r} stands in group_by twice")
        for where in ("mute_time_intervals", "active_time_intervals"):
            for index, name in enumerate(getattr(route, where)):
                if name not in self._intervals:
                    yield self._fault((*at, where, index), f"undefined time interval {name!r}")
        yield from self._deprecated(route, at, {"match": "matchers", "match_re": "matchers"})
        for index, child in enumerate(route.routes):
            yield from self._route(child, (*at, "routes", index))

    def _inhibition(self, rule: InhibitRuleConfig, at: Location) -> Iterator[Diagnostic]:
        old = {f"{side}_match{kind}": f"{side}_matchers" for side in ("source", "target") for kind in ("", "_re")}
        yield from self._deprecated(rule, at, old)
        for index, name in enumerate(rule.equal):
            if not name:
                yield self._fault((*at, "equal", index), "a label name cannot be empty")

    def _deprecated(self, section: object, at: Location, keys: dict[str, str]) -> Iterator[Diagnostic]:
        for old, new in keys.items():
            if getattr(section, old):
                message = f"{old} is deprecated; write {new}"
                yield self._at((*at, old), "alertmanager/deprecated", message, severity=Severity.WARNING, on_key=True)
            yield from self._old_matchers(at, old)

    def _old_matchers(self, at: Location, key: str) -> Iterator[Diagnostic]:
        """Asks the document and not the value, in which a name without a value is not said."""
        section = self._loaded.root.find(at)[1].items or {}
        matchers = section[key][1].items if key in section else None
        for name, (_, node) in (matchers or {}).items():
            if _OLD_NAME.fullmatch(str(name)) is None:
                message = f"invalid label name {name!r}: in matchers it may be any text"
                yield self._fault((*at, key, name), message, on_key=True)
            elif node.value is None and node.items is None:
                yield self._fault((*at, key, name), "the matcher has no value; write '' for none", on_key=True)
