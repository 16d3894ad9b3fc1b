"""`msteamsv2_configs` (workflows) and `msteams_configs` (the connectors of old), with every key that Alertmanager gives
them."""

from collections.abc import Iterator

from hivesight.alerting.config_types import Fault, SecretUrl, at_most_one
from hivesight.http_client.config import HttpConfig
from hivesight.schema import Text, section


@section
class TeamsConfig:
    send_resolved: bool = True
    http_config: HttpConfig | None = None
    webhook_url: SecretUrl | None = None
    webhook_url_file: Text = ""
    title: Text = '{{ template "msteamsv2.default.title" . }}'
    text: Text = '{{ template "msteamsv2.default.text" . }}'


@section
class TeamsConnectorConfig:
    send_resolved: bool = True
    http_config: HttpConfig | None = None
    webhook_url: SecretUrl | None = None
    webhook_url_file: Text = ""
    title: Text = '{{ template "msteams.default.title" . }}'
    summary: Text = '{{ template "msteams.default.summary" . }}'
    text: Text = '{{ template "msteams.default.text" . }}'


def msteams_faults(config: TeamsConfig | TeamsConnectorConfig) -> Iterator[Fault]:
    """What is wrong with a section as a whole."""
    yield from at_most_one(config, "webhook_url", "webhook_url_file")
    if not config.webhook_url and not config.webhook_url_file:
        yield Fault((), "one of webhook_url or webhook_url_file must be given")
