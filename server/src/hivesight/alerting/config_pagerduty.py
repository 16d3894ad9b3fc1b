"""`pagerduty_configs`, with every key that Alertmanager gives them."""

from collections.abc import Iterator
from dataclasses import field
from typing import Annotated, Any, Final

from hivesight.alerting.config_types import Fault, at_most_one
from hivesight.http_client.config import HttpConfig
from hivesight.schema import DurationMs, HttpUrl, SecretText, Text, key, section

_OLD_KEYS: Final = ("service_key", "service_key_file")


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
    """source: what `client` says where it is empty. details: over those that every event has."""

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
    for name in _OLD_KEYS:
        if getattr(config, name):
            message = (
                f"{name} is for PagerDuty's Events API v1, which is not spoken here: give the service an integration "
                "of the type Events API v2 and write its key as routing_key"
            )
            yield Fault((name,), message, on_key=True)
            return
    yield from at_most_one(config, "routing_key", "routing_key_file")
    if not config.routing_key and not config.routing_key_file:
        yield Fault((), "one of routing_key or routing_key_file must be given")
