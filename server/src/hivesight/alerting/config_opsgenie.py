"""`opsgenie_configs`, with every key that Alertmanager gives them."""

from collections.abc import Iterator
from dataclasses import field
from typing import Final

from hivesight.alerting.config_types import Fault, at_most_one
from hivesight.http_client.config import HttpConfig
from hivesight.schema import HttpUrl, SecretText, Text, section

RESPONDER_TYPES: Final = ("team", "teams", "user", "escalation", "schedule")


@section
class Responder:
    """One of id, name and username. type: a template too; `teams` stands for a list of names."""

    id: Text = ""
    name: Text = ""
    username: Text = ""
    type: Text = ""


@section
class OpsgenieConfig:
    """actions, tags: lists with commas between. update_alerts: whether message and description of an alert that is
    open follow."""

    send_resolved: bool = True
    http_config: HttpConfig | None = None
    api_key: SecretText | None = None
    api_key_file: Text = ""
    api_url: HttpUrl | None = None
    message: Text = '{{ template "opsgenie.default.message" . }}'
    description: Text = '{{ template "opsgenie.default.description" . }}'
    source: Text = '{{ template "opsgenie.default.source" . }}'
    details: dict[str, Text] = field(default_factory=dict[str, str])
    entity: Text = ""
    responders: tuple[Responder, ...] = ()
    actions: Text = ""
    tags: Text = ""
    note: Text = ""
    priority: Text = ""
    update_alerts: bool = False


def opsgenie_faults(config: OpsgenieConfig, *, shared_key: bool) -> Iterator[Fault]:
    """What is wrong with a section as a whole. shared_key: whether the global section has a key."""
    yield from at_most_one(config, "api_key", "api_key_file")
    if not (config.api_key or config.api_key_file or shared_key):
        yield Fault((), "no Opsgenie key: give api_key or api_key_file here, or opsgenie_api_key in global")
    for index, each in enumerate(config.responders):
        if not (each.id or each.name or each.username):
            yield Fault(("responders", index), "a responder needs one of id, name and username")
        if not each.type:
            yield Fault(("responders", index), f"a responder needs a type: one of {', '.join(RESPONDER_TYPES)}")
        elif "{{" not in each.type and each.type.lower() not in RESPONDER_TYPES:
            message = f"unknown type of a responder {each.type!r}: it is one of {', '.join(RESPONDER_TYPES)}"
            yield Fault(("responders", index, "type"), message)
