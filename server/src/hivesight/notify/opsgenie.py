"""Opsgenie: an alert for each group, made, brought up to date and closed by its alias (Opsgenie, "Alert API";
Alertmanager, "opsgenie_config")."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson

from hivesight.alerting.config_opsgenie import OpsgenieConfig, Responder
from hivesight.alerting.group import Status
from hivesight.notify.means import Filler, Means, said
from hivesight.notify.notification import Notification
from hivesight.notify.template_data import common
from hivesight.notify.truncation import truncate, utf16

MOST_MESSAGE: Final = 130
MOST_DESCRIPTION: Final = 25_000
_MOST_ENTITY: Final = 512
_MOST_TAGS: Final = 20
_MOST_TEAMS: Final = 50
_MOST_ACTIONS: Final = 10
_MOST_NAME: Final = 50
_MOST_DETAIL: Final = 1000
_MOST_DETAILS: Final = 8000
_PRIORITIES: Final = ("P1", "P2", "P3", "P4", "P5")


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    path: str
    document: dict[str, Any]


class OpsgenieNotifier:
    def __init__(self, config: OpsgenieConfig, means: Means) -> None:
        self._config = config
        self._means = means

    async def notify(self, notification: Notification) -> str:
        config, shared = self._config, self._means.shared
        if config.api_key or config.api_key_file:
            key = await self._means.secret(config.api_key, config.api_key_file, "api_key")
        else:
            key = await self._means.secret(shared.opsgenie_api_key, shared.opsgenie_api_key_file, "opsgenie_api_key")
        base = (config.api_url or shared.opsgenie_api_url).rstrip("/")
        headers = {"Authorization": f"GenieKey {key}"}
        answers: list[str] = []
        for call in await asyncio.to_thread(self._calls, notification):
            url, body = f"{base}/v2/alerts{call.path}", orjson.dumps(call.document)
            answers.append(str(await self._means.post(url, body, headers=headers, method=call.method)))
        return "; ".join(answers)

    async def close(self) -> None:
        await self._means.poster.close()

    def _calls(self, notification: Notification) -> list[_Call]:
        """The alert is made anew at each message, which only counts for one that is open; what it says is changed
        where that is wanted."""
        config, fill = self._config, Filler(self._means.templates, notification)
        alias = notification.group_digest
        source = fill(config.source)
        if notification.status is Status.RESOLVED:
            return [_Call("POST", f"/{alias}/close?identifierType=alias", {"source": source})]
        message = fill(config.message, MOST_MESSAGE, utf16, what="the message")
        description = fill(config.description, MOST_DESCRIPTION, utf16, what="the description")
        document = {
            "alias": alias,
            "message": message,
            "description": description,
            "details": self._details(notification, fill),
            "source": source,
            "responders": [each for responder in config.responders for each in _responders(responder, fill)],
            "tags": _listed(fill(config.tags), _MOST_TAGS),
            "note": fill(config.note, MOST_DESCRIPTION, utf16, what="the note"),
            "priority": _priority(fill, config.priority),
            "entity": fill(config.entity, _MOST_ENTITY, utf16),
            "actions": _listed(fill(config.actions), _MOST_ACTIONS),
        }
        calls = [_Call("POST", "", said(document))]
        if config.update_alerts:
            calls.append(_Call("PUT", f"/{alias}/message?identifierType=alias", {"message": message}))
            calls.append(_Call("PUT", f"/{alias}/description?identifierType=alias", {"description": description}))
        return calls

    def _details(self, notification: Notification, fill: Filler) -> dict[str, str]:
        """What all alerts have in common, under what the configuration says; as much as Opsgenie takes."""
        labels = common([each.alert.labels for each in notification.notices])
        written = {name: fill(text) for name, text in self._config.details.items()}
        kept: dict[str, str] = {}
        left = _MOST_DETAILS
        # What was asked for goes first, so that it is not what has no room.
        for name, value in (written | {each: labels[each] for each in labels if each not in written}).items():
            short = truncate(value, _MOST_DETAIL, utf16)
            left -= utf16(name) + utf16(short)
            if left < 0:
                fill.remark(f"some details were left out: Opsgenie takes {_MOST_DETAILS} characters")
                break
            kept[name] = short
        return kept


def _responders(responder: Responder, fill: Filler) -> Iterator[dict[str, str]]:
    """A responder as Opsgenie takes it; `teams` are several, and one that its template leaves empty is none."""
    kind = fill(responder.type).strip().lower()
    if kind == "teams":
        yield from ({"name": each, "type": "team"} for each in _listed(fill(responder.name), _MOST_TEAMS))
        return
    one = said({name: fill(getattr(responder, name)) for name in ("id", "name", "username")})
    if one:
        yield {**one, "type": kind}


def _priority(fill: Filler, text: str) -> str:
    """Opsgenie refuses an alert of a priority that it does not have; then it is Opsgenie's own default."""
    written = fill(text).strip().upper()
    if not written or written in _PRIORITIES:
        return written
    fill.remark(f"Opsgenie has no priority {written[:40]!r}; it was left out")
    return ""


def _listed(text: str, most: int) -> list[str]:
    """The parts between commas."""
    parts = [truncate(each.strip(), _MOST_NAME, utf16) for each in text.split(",") if each.strip()]
    return parts[:most]
