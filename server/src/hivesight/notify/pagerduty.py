"""PagerDuty: one event for each notification (PagerDuty, "Send an alert event"; Alertmanager, "pagerduty_config"), of
the Events API v2, or of v1 where the configuration has the key of an integration of that kind. The group is the
incident: its first message triggers it, the last one resolves it."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

import orjson

from hivesight.alerting.config_pagerduty import PagerdutyConfig
from hivesight.alerting.group import Notice, Status
from hivesight.notify.errors import FailureReason, NotifyError
from hivesight.notify.means import Filler, Means, filled_tree, said
from hivesight.notify.notification import Notification
from hivesight.notify.truncation import truncate, utf8
from hivesight.notify.webhook import alert_document

EVENTS_V1: Final = "https://events.pagerduty.com/generic/2010-04-15/create_event.json"
MOST_SUMMARY: Final = 1024
MOST_EVENT_BYTES: Final = 512_000
_MOST_LISTED: Final = (2000, 500, 100, 20, 5)
"""How many alerts an event lists: the first of these with which it is small enough."""
_BYTES_PER_LISTED: Final = 200
_V1_TOO_MANY: Final = 403
"""The status with which the Events API v1 asks for fewer events."""
_SEVERITIES: Final = ("critical", "error", "warning", "info")


class PagerdutyNotifier:
    def __init__(self, config: PagerdutyConfig, means: Means, v1_url: str = EVENTS_V1) -> None:
        self._config = config
        self._means = means
        self._v1_url = v1_url

    async def notify(self, notification: Notification) -> str:
        config = self._config
        if config.service_key or config.service_key_file:
            return await self._notify_v1(notification)
        key = await self._means.secret(config.routing_key, config.routing_key_file, "routing_key")
        body = await asyncio.to_thread(self._event, notification, key)
        return str(await self._means.post(config.url or self._means.shared.pagerduty_url, body, config.timeout))

    async def _notify_v1(self, notification: Notification) -> str:
        config = self._config
        key = await self._means.secret(config.service_key, config.service_key_file, "service_key")
        body = await asyncio.to_thread(self._event_v1, notification, key)
        try:
            return str(await self._means.post(self._v1_url, body, config.timeout))
        except NotifyError as error:
            if error.status != _V1_TOO_MANY:
                raise
            raise NotifyError(FailureReason.RATE_LIMITED, str(error), retry=True) from error

    async def close(self) -> None:
        await self._means.poster.close()

    def _event(self, notification: Notification, key: str) -> bytes:
        config, fill = self._config, Filler(self._means.templates, notification)
        payload = {
            "summary": fill(config.description, MOST_SUMMARY, what="the summary"),
            "source": fill(config.source or config.client),
            "severity": self._severity(fill),
            "class": fill(config.class_),
            "component": fill(config.component),
            "group": fill(config.group),
        }
        event = {
            "routing_key": fill(key),
            "dedup_key": notification.group_digest,
            "event_action": "trigger" if notification.status is Status.FIRING else "resolve",
            "client": fill(config.client),
            "client_url": fill(config.client_url),
            "images": [
                said({"src": fill(each.src), "alt": fill(each.alt), "href": fill(each.href)})
                for each in config.images
                if each.src
            ],
            "links": [said({"href": fill(each.href), "text": fill(each.text)}) for each in config.links if each.href],
        }
        return self._fitted(
            fill, lambda details: {**said(event), "payload": {**said(payload), "custom_details": details}}
        )

    def _event_v1(self, notification: Notification, key: str) -> bytes:
        config, fill = self._config, Filler(self._means.templates, notification)
        fires = notification.status is Status.FIRING
        event = {
            "service_key": fill(key),
            "incident_key": notification.group_digest,
            "event_type": "trigger" if fires else "resolve",
            "description": fill(config.description, MOST_SUMMARY, what="the description"),
            "client": fill(config.client) if fires else "",
            "client_url": fill(config.client_url) if fires else "",
        }
        return self._fitted(fill, lambda details: {**said(event), "details": details})

    def _fitted(self, fill: Filler, event: Callable[[dict[str, Any]], dict[str, Any]]) -> bytes:
        """The event with as many details as fit into it. event: makes it of details."""
        notices, own = fill.notification.notices, filled_tree(self._config.details, fill)
        for most in _MOST_LISTED:
            body = orjson.dumps(event(_details(notices, most) | _shortened(own, most)))
            if len(body) <= MOST_EVENT_BYTES:
                if most < max(len(each) for each in _split(notices)):
                    fill.remark(f"the details tell of {most} alerts only: PagerDuty takes 512 KB")
                return body
        fill.remark("the details were left out: PagerDuty takes 512 KB")
        counts = _details(notices, 0)
        counts["error"] = "Without its details: with them the event is larger than PagerDuty takes (512 KB)."
        return orjson.dumps(event(counts))

    def _severity(self, fill: Filler) -> str:
        """PagerDuty refuses an event of another severity than its four; a page that comes is better than none."""
        written = fill(self._config.severity)
        if written.strip().lower() in _SEVERITIES:
            return written.strip().lower()
        fill.remark(f"PagerDuty has no severity {written[:40]!r}; it was sent as error")
        return "error"


def _split(notices: Sequence[Notice]) -> tuple[list[Notice], list[Notice]]:
    return [each for each in notices if each.firing], [each for each in notices if not each.firing]


def _details(notices: Sequence[Notice], most: int) -> dict[str, Any]:
    """What every event tells, as Alertmanager has it."""
    firing, resolved = _split(notices)
    return {
        "firing": [alert_document(each) for each in firing[:most]],
        "resolved": [alert_document(each) for each in resolved[:most]],
        "num_firing": len(firing),
        "num_resolved": len(resolved),
    }


def _shortened(own: dict[str, Any], most: int) -> dict[str, Any]:
    """Details of the configuration, none of them longer than so many alerts."""
    short: dict[str, Any] = {}
    for name, value in own.items():
        if isinstance(value, list):
            short[name] = value[:most]  # pyright: ignore[reportUnknownVariableType]
        else:
            short[name] = truncate(value, most * _BYTES_PER_LISTED, utf8) if isinstance(value, str) else value
    return short
