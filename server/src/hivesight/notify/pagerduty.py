"""PagerDuty: one event of the Events API v2 for each notification (PagerDuty, "Send an alert event"; Alertmanager,
"pagerduty_config"). The group is the incident: its first message triggers it, the last one resolves it."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import orjson

from hivesight.alerting.config_pagerduty import PagerdutyConfig
from hivesight.alerting.group import Notice, Status
from hivesight.notify.means import Filler, Means, filled_tree, said
from hivesight.notify.notification import Notification
from hivesight.notify.truncation import truncate, utf8
from hivesight.notify.webhook import alert_document

MOST_SUMMARY: Final = 1024
MOST_EVENT_BYTES: Final = 512_000
_MOST_LISTED: Final = (2000, 500, 100, 20, 5)
"""How many alerts an event lists: the first of these with which it is small enough."""
_BYTES_PER_LISTED: Final = 200
_SEVERITIES: Final = ("critical", "error", "warning", "info")


class PagerdutyNotifier:
    def __init__(self, config: PagerdutyConfig, means: Means) -> None:
        self._config = config
        self._means = means

    async def notify(self, notification: Notification) -> str:
        config = self._config
        key = await self._means.secret(config.routing_key, config.routing_key_file, "routing_key")
        body = await asyncio.to_thread(self._event, notification, key)
        return str(await self._means.post(config.url or self._means.shared.pagerduty_url, body, config.timeout))

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
        own = filled_tree(config.details, fill)
        for most in _MOST_LISTED:
            details = _details(notification.notices, most) | _shortened(own, most)
            body = orjson.dumps({**said(event), "payload": {**said(payload), "custom_details": details}})
            if len(body) <= MOST_EVENT_BYTES:
                if most < max(len(each) for each in _split(notification.notices)):
                    fill.remark(f"the details tell of {most} alerts only: PagerDuty takes 512 KB")
                return body
        fill.remark("the details were left out: PagerDuty takes 512 KB")
        counts = _details(notification.notices, 0)
        counts["error"] = "Without its details: with them the event is larger than PagerDuty takes (512 KB)."
        return orjson.dumps({**said(event), "payload": {**said(payload), "custom_details": counts}})

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
