"""`pagerduty_configs`, with every key that Alertmanager gives them."""

from collections.abc import Iterator
from dataclasses import field
from typing import Annotated, Any

from hivesight.alerting.config_types import Fault, at_most_one
from hivesight.http_client.config import HttpConfig
from hivesight.schema import DurationMs, HttpUrl, SecretText, Text, key, section


@section
class PagerdutyLink:
    href: Text = ""
    text: Text = ""


@section
class PagerdutyImage:
    src: Text = ""
    alt: Text = ""
    href: Text = ""


@section
class PagerdutyConfig:
    """service_key: of an integration of the Events API v1, which is spoken where it is given. source: what `client`
    says where it is empty. details: over those that every event has."""

    send_resolved: bool = True
    http_config: HttpConfig | None = None
    service_key: SecretText | None = None
    service_key_file: Text = ""
    routing_key: SecretText | None = None
    routing_key_file: Text = ""
    url: HttpUrl | None = None
    client: Text = '{{ template "pagerduty.default.client" . }}'
    client_url: Text = '{{ template "pagerduty.default.clientURL" . }}'
    description: Text = '{{ template "pagerduty.default.description" . }}'
    details: dict[str, Any] = field(default_factory=dict[str, Any])
    images: tuple[PagerdutyImage, ...] = ()
    links: tuple[PagerdutyLink, ...] = ()
    source: Text = ""
    severity: Text = "error"
    class_: Annotated[Text, key("class")] = ""
    component: Text = ""
    group: Text = ""
    timeout: DurationMs = 0


def pagerduty_faults(config: PagerdutyConfig) -> Iterator[Fault]:
    """What is wrong with a section as a whole."""
    yield from at_most_one(config, "routing_key", "routing_key_file")
    yield from at_most_one(config, "service_key", "service_key_file")
    keys = (config.routing_key, config.routing_key_file, config.service_key, config.service_key_file)
    if not any(keys):
        yield Fault((), "one of routing_key or routing_key_file must be given (service_key for the Events API v1)")
