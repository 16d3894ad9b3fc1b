"""What a message says: that something is over, whether it is, and in words instead of a Go map."""

import re
from collections.abc import Iterator
from typing import Final

from hivesight.doctor.alertmanager.sections import AlertmanagerSections, Integration
from hivesight.doctor.finding import Finding
from hivesight.doctor.rule_files import at
from hivesight.schema.loading import Location
from hivesight.schema.tree import Node

_SILENT_BY_DEFAULT: Final = frozenset(("email", "slack", "wechat"))
"""Integrations whose `send_resolved` is false unless it is said (Alertmanager, "Receiver integration settings")."""
_TEXTS: Final = {
    "slack": (("title", "pretext", "fallback", "color"), ("text", "message_text")),
    "email": (("subject", "headers"), ("html", "text", "body")),
}
_KNOWS_STATUS: Final = re.compile(r"\.Status\b|\.Alerts\.(Firing|Resolved)\b|\btemplate\b")
_GO_MAP: Final = re.compile(
    r"\{\{-?\s*(\$?(?:\w+)?(?:\.\w+)*\.(?:Labels|Annotations|GroupLabels|CommonLabels|CommonAnnotations))\s*-?\}\}"
)
_HOOKS: Final = (
    ("Slack", "slack_configs", re.compile(r"https://hooks\.slack(-gov)?\.com/")),
    ("Discord", "discord_configs", re.compile(r"https://(\w+\.)?discord(app)?\.com/api/webhooks/")),
    ("Teams", "msteamsv2_configs", re.compile(r"https://([\w-]+\.)*(webhook\.office\.com|logic\.azure\.com)[/:]")),
)
"""Addresses that take messages of their own form alone, and what makes these."""


def findings(file: AlertmanagerSections) -> Iterator[Finding]:
    """What is wrong with the messages of a file."""
    for receiver in file.receivers:
        for each in receiver.integrations:
            yield from _resolved(file, each)
            yield from _status(file, each)
            yield from _foreign_webhook(file, each)
            yield from _maps(file, each.location, each.node)


def _resolved(file: AlertmanagerSections, each: Integration) -> Iterator[Finding]:
    if each.kind in _SILENT_BY_DEFAULT and not each.says("send_resolved"):
        message = f"send_resolved is false for {each.kind} unless it is said: nobody is told that it is over"
        yield at(
            file.document.loaded,
            each.location,
            "alertmanager/never-resolved",
            message,
            "send_resolved: true (or false)",
        )


def _status(file: AlertmanagerSections, each: Integration) -> Iterator[Finding]:
    """Own texts for heading and body, neither of which tells firing from resolved."""
    keys = [key for group in _TEXTS.get(each.kind, ()) for key in group if each.says(key)]
    groups = [any(each.says(key) for key in group) for group in _TEXTS.get(each.kind, ())]
    if not groups or not all(groups) or each.text("send_resolved") == "false":
        return
    written = " ".join(_written((each.node.items or {})[key][1]) for key in keys)
    if not _KNOWS_STATUS.search(written):
        message = "nothing in these texts says whether the alert fires or is over: both messages read alike"
        remedy = "begin with [{{ .Status | toUpper }}]"
        where = (*each.location, keys[0])
        yield at(file.document.loaded, where, "alertmanager/no-status", message, remedy, on_key=True)


def _written(node: Node) -> str:
    return node.value or " ".join(_written(child) for _, child in (node.items or {}).values())


def _foreign_webhook(file: AlertmanagerSections, each: Integration) -> Iterator[Finding]:
    for service, better, address in _HOOKS if each.kind == "webhook" else ():
        if address.match(each.text("url") or ""):
            message = f"{service} does not understand Alertmanager's own JSON: the message is refused"
            remedy = f"{better} with this address, in a file of its own"
            yield at(file.document.loaded, (*each.location, "url"), "alertmanager/slack-webhook", message, remedy)


def _maps(file: AlertmanagerSections, location: Location, node: Node) -> Iterator[Finding]:
    for match in _GO_MAP.finditer(node.value or ""):
        message = f"{match[1]} prints as a Go map: map[alertname:... severity:...]"
        remedy = "{{ range " + match[1] + ".SortedPairs }}{{ .Name }}={{ .Value }} {{ end }}"
        yield at(
            file.document.loaded,
            location,
            "alertmanager/go-map",
            message,
            remedy,
            offset=match.start(),
            length=len(match[0]),
        )
    for key, (_, child) in (node.items or {}).items():
        yield from _maps(file, (*location, key), child)
