"""The kinds of receivers that can be sent to: one line each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hivesight.alerting.config import GlobalConfig
from hivesight.alerting.config_receivers import EmailConfig, Receiver, SlackConfig, WebhookConfig
from hivesight.alerting.nflog import Listener, Target
from hivesight.http_client.config import HttpConfig
from hivesight.notify.discord import DiscordNotifier
from hivesight.notify.email import EmailNotifier
from hivesight.notify.http import HttpPoster
from hivesight.notify.means import Means
from hivesight.notify.msteams import TeamsConnectorNotifier, TeamsNotifier
from hivesight.notify.notification import Notifier
from hivesight.notify.opsgenie import OpsgenieNotifier
from hivesight.notify.pagerduty import PagerdutyNotifier
from hivesight.notify.rendering import Templates
from hivesight.notify.slack import SlackNotifier
from hivesight.notify.telegram import TelegramNotifier
from hivesight.notify.webhook import WebhookNotifier


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a notifier is made with besides its own section."""

    shared: GlobalConfig
    templates: Templates
    directory: Path

    def poster(self, own: HttpConfig | None) -> HttpPoster:
        return HttpPoster(self.shared.http_config if own is None else own, self.directory)

    def means(self, own: HttpConfig | None) -> Means:
        return Means(self.shared, self.poster(own), self.templates, self.directory)


@dataclass(frozen=True, slots=True)
class Kind:
    """name: as metrics and the notification log call it. sections: its sections in a receiver. make: a notifier from
    one of them."""

    name: str
    sections: Callable[[Receiver], Sequence[Any]]
    make: Callable[[Any, Surroundings], Notifier]


def _service(make: Callable[[Any, Means], Notifier]) -> Callable[[Any, Surroundings], Notifier]:
    return lambda config, around: make(config, around.means(config.http_config))


def _webhook(config: WebhookConfig, around: Surroundings) -> Notifier:
    return WebhookNotifier(config, around.poster(config.http_config), around.templates, around.directory)


def _slack(config: SlackConfig, around: Surroundings) -> Notifier:
    poster = around.poster(config.http_config)
    return SlackNotifier(config, around.shared, poster, around.templates, around.directory)


def _email(config: EmailConfig, around: Surroundings) -> Notifier:
    return EmailNotifier(config, around.shared, around.templates, around.directory)


KINDS: Final = (
    Kind("webhook", lambda receiver: receiver.webhook_configs, _webhook),
    Kind("slack", lambda receiver: receiver.slack_configs, _slack),
    Kind("email", lambda receiver: receiver.email_configs, _email),
    Kind("pagerduty", lambda receiver: receiver.pagerduty_configs, _service(PagerdutyNotifier)),
    Kind("opsgenie", lambda receiver: receiver.opsgenie_configs, _service(OpsgenieNotifier)),
    Kind("msteams", lambda receiver: receiver.msteams_configs, _service(TeamsConnectorNotifier)),
    Kind("msteamsv2", lambda receiver: receiver.msteamsv2_configs, _service(TeamsNotifier)),
    Kind("discord", lambda receiver: receiver.discord_configs, _service(DiscordNotifier)),
    Kind("telegram", lambda receiver: receiver.telegram_configs, _service(TelegramNotifier)),
)


def listeners_of(receiver: Receiver) -> list[Listener]:
    """Whom a receiver stands for."""
    return [
        Listener(Target(receiver.name, kind.name, index), section.send_resolved)
        for kind in KINDS
        for index, section in enumerate(kind.sections(receiver))
    ]
