"""Webhooks: Alertmanager's JSON, payload version 4, POSTed to an address (Alertmanager, "webhook_config")."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from hivesight.alerting.config_receivers import WebhookConfig
from hivesight.alerting.group import Notice, Status
from hivesight.model.clock import rfc3339
from hivesight.notify.computing import compute
from hivesight.notify.errors import FailureReason, NotifyError
from hivesight.notify.http import Poster
from hivesight.notify.means import filled_tree
from hivesight.notify.notification import Notification
from hivesight.notify.rendering import Templates
from hivesight.notify.secrets import read_secret
from hivesight.notify.template_data import common, template_data
from hivesight.schema import check_http_url

NEVER: Final = "0001-01-01T00:00:00Z"
"""How Go prints no time at all."""


class WebhookNotifier:
    def __init__(self, config: WebhookConfig, poster: Poster, templates: Templates, directory: Path) -> None:
        self._config = config
        self._poster = poster
        self._templates = templates
        self._directory = directory

    async def notify(self, notification: Notification) -> str:
        config = self._config
        if config.url:
            written = config.url.reveal()
        else:
            written = await asyncio.to_thread(read_secret, None, config.url_file, self._directory, "url_file")
        url = self._templates.render(written, notification)
        try:
            check_http_url(url)
        except ValueError as error:
            raise NotifyError(FailureReason.CONFIG, f"the webhook's url: {error}", retry=False) from error
        kept = notification.notices[: config.max_alerts or None]
        truncated = len(notification.notices) - len(kept)
        write = payload if config.payload is None else self._custom
        body = await compute(len(kept), write, notification, kept, truncated)
        return str(await self._poster.post(url, body, "application/json", config.timeout))

    async def close(self) -> None:
        await self._poster.close()

    def _custom(self, notification: Notification, notices: Sequence[Notice], truncated: int) -> bytes:
        """The `payload` of the configuration with every text in it filled in; a text that is JSON stands for what it
        says."""
        flush = notification.flush
        labels, url = flush.group_labels, notification.external_url
        data = template_data(flush.receiver, notices, labels, url, truncated, notification.reason)

        def fill(text: str) -> str:
            return self._templates.render(text, notification, data=data)

        return orjson.dumps(filled_tree(self._config.payload, fill))


def payload(notification: Notification, notices: Sequence[Notice], truncated: int) -> bytes:
    """The JSON document of payload version 4 (Alertmanager, `webhook.Message`)."""
    flush = notification.flush
    firing = any(each.firing for each in notices)
    return orjson.dumps(
        {
            "receiver": flush.receiver,
            "status": Status.FIRING if firing else Status.RESOLVED,
            "alerts": [alert_document(each) for each in notices],
            "notification_reason": notification.reason,
            "groupLabels": dict(flush.group_labels.pairs),
            "commonLabels": common([each.alert.labels for each in notices]),
            "commonAnnotations": common([each.alert.annotations for each in notices]),
            "externalURL": notification.external_url,
            "version": "4",
            "groupKey": flush.group_key,
            "truncatedAlerts": truncated,
        }
    )


def alert_document(notice: Notice) -> dict[str, Any]:
    """One alert as Alertmanager tells it in JSON."""
    alert = notice.alert
    return {
        "status": notice.status,
        "labels": dict(alert.labels.pairs),
        "annotations": dict(alert.annotations.pairs),
        "startsAt": go_time(alert.starts_at_ms),
        "endsAt": NEVER if notice.firing else go_time(alert.ends_at_ms),
        "generatorURL": alert.generator_url,
        "fingerprint": notice.fingerprint,
    }


def go_time(ms: int) -> str:
    """The time as Go prints it in JSON: no more of the fraction than there is."""
    whole, _, fraction = rfc3339(ms)[:-1].partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}.{fraction}Z" if fraction else f"{whole}Z"
