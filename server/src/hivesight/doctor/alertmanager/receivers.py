"""Receivers that no route names, those that tell nobody, and whether somebody is woken at all."""

import re
from collections.abc import Iterator
from typing import Final

from hivesight.doctor.alertmanager.sections import RECEIVERS, AlertmanagerSections, ReceiverSection
from hivesight.doctor.alertmanager.tree import ROUTE, PlacedRoute
from hivesight.doctor.alerts.always import always_fires
from hivesight.doctor.alerts.possible import ALERT_NAME
from hivesight.doctor.alerts.severity import asks_for_gravest
from hivesight.doctor.finding import Finding
from hivesight.doctor.rule_files import at
from hivesight.model.matcher import MatchType

_NULL: Final = re.compile(
    r"(null|none|void|nobody|nowhere|no-?op|dev-?null|black-?hole|drop(ped)?|discard(ed)?|ignored?|trash|mute(d)?|silen(t|ce|ced))",
    re.IGNORECASE,
)
_SEPARATORS: Final = re.compile(r"[\s_/.-]+")
_WRITTEN: Final = frozenset(("email", "slack", "discord", "msteams", "msteamsv2", "webex", "mattermost", "rocketchat"))
"""Kinds of integrations that people read when they look; the others can wake somebody."""


def findings(file: AlertmanagerSections) -> Iterator[Finding]:
    """What is wrong with the receivers of a file."""
    if file.tree is None:
        return
    if file.receivers and not any(each.integrations for each in file.receivers):
        message = "no receiver has an integration: whatever fires, nobody is told"
        remedy = "add one to the receivers that should hear, such as slack_configs or email_configs"
        yield at(file.document.loaded, (RECEIVERS,), "alertmanager/no-integration", message, remedy, on_key=True)
        return
    users = file.users()
    for receiver in file.receivers:
        using = users.get(receiver.name, [])
        if receiver.name and not using:
            message = f"no route names the receiver {receiver.name!r}: it is never told of anything"
            remedy = "name it in a route, or take it out"
            yield at(
                file.document.loaded, (*receiver.location, "name"), "alertmanager/unused-receiver", message, remedy
            )
        elif not receiver.integrations and not is_null(receiver, using):
            message = f"the receiver {receiver.name!r} has no integration: what routes send there, nobody is told"
            remedy = "add one, such as slack_configs; or call it 'null' where that is meant"
            yield at(file.document.loaded, (*receiver.location, "name"), "alertmanager/empty-receiver", message, remedy)
        elif receiver.integrations and {each.kind for each in receiver.integrations} <= _WRITTEN:
            yield from _nobody_woken(file, receiver, using)
    yield from _no_heartbeat(file)


def is_null(receiver: ReceiverSection, using: list[PlacedRoute]) -> bool:
    """Whether it is meant to tell nobody: it is called so, or takes nothing but alerts that routes name."""
    words = (receiver.name, *_SEPARATORS.split(receiver.name))
    return any(_NULL.fullmatch(word) for word in words) or all(map(_by_name, using))


def _by_name(node: PlacedRoute) -> bool:
    return any(each.name == ALERT_NAME and each.type is not MatchType.NOT_EQUAL for each in node.conditions)


def _nobody_woken(file: AlertmanagerSections, receiver: ReceiverSection, using: list[PlacedRoute]) -> Iterator[Finding]:
    """A receiver of the gravest alerts that people must look at to learn of them."""
    if any(asks_for_gravest(node.conditions) for node in using):
        kinds = ", ".join(sorted({each.kind for each in receiver.integrations}))
        message = f"the gravest alerts go to {receiver.name!r}, which has {kinds} alone: nobody is woken"
        remedy = "add a pager, such as pagerduty_configs, opsgenie_configs or a webhook that calls somebody"
        yield at(file.document.loaded, (*receiver.location, "name"), "alertmanager/no-pager", message, remedy)


def _no_heartbeat(file: AlertmanagerSections) -> Iterator[Finding]:
    if file.alerts and not any(always_fires(alert.rule) for alert in file.alerts.alerts):
        message = "no alert fires always: when Prometheus, Alertmanager or the way to you breaks, nobody learns of it"
        remedy = "add an alert Watchdog with expr: vector(1), and a route to a service that calls you when it stays out"
        yield at(file.document.loaded, (ROUTE,), "alertmanager/no-watchdog", message, remedy, on_key=True)


def twice_written(file: AlertmanagerSections) -> Iterator[Finding]:
    """A Slack address that several integrations repeat."""
    seen = dict[str, int]()
    for receiver in file.receivers:
        for each in receiver.integrations:
            address = each.text("api_url")
            if each.kind != "slack" or not address:
                continue
            place = file.document.loaded.at((*each.location, "api_url"), "", "")
            if address in seen:
                message = f"the address of line {seen[address]} again: whoever changes one forgets the other"
                remedy = "write it once, as slack_api_url_file in global"
                yield at(
                    file.document.loaded, (*each.location, "api_url"), "alertmanager/repeated-address", message, remedy
                )
            seen.setdefault(address, place.line)
