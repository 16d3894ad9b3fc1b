"""`discord_configs`, with every key that Alertmanager gives them."""

from collections.abc import Iterator

from hivesight.alerting.config_types import Fault, SecretUrl, at_most_one
from hivesight.http_client.config import HttpConfig
from hivesight.schema import Text, section


@section
class DiscordConfig:
    """content: what stands above the embed. username, avatar_url: instead of the webhook's own; no templates."""

    send_resolved: bool = True
    http_config: HttpConfig | None = None
    webhook_url: SecretUrl | None = None
    webhook_url_file: Text = ""
    content: Text = '{{ template "discord.default.content" . }}'
    title: Text = '{{ template "discord.default.title" . }}'
    message: Text = '{{ template "discord.default.message" . }}'
    username: Text = ""
    avatar_url: Text = ""


def discord_faults(config: DiscordConfig) -> Iterator[Fault]:
    """What is wrong with a section as a whole."""
    yield from at_most_one(config, "webhook_url", "webhook_url_file")
    if not config.webhook_url and not config.webhook_url_file:
        yield Fault((), "one of webhook_url or webhook_url_file must be given")
