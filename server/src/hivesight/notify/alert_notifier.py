"""The notifiers as a library: a program that has an alert in hand tells people of it, without a server, by the very
notifiers that the server uses. An alert enters; a result for each channel leaves."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Self

from hivesight.alerting.config import GlobalConfig, RouteConfig
from hivesight.alerting.group import Flush, Notice, group_key
from hivesight.alerting.route import build_route
from hivesight.model.clock import Clock, SystemClock
from hivesight.model.labels import Labels
from hivesight.notify.assembly import integrations
from hivesight.notify.channels import RECEIVER, read_channels
from hivesight.notify.direct import ChannelResult, Told, tell
from hivesight.notify.given_alerts import read_alerts
from hivesight.notify.notification import Integration
from hivesight.notify.registry import Surroundings
from hivesight.notify.rendering import load_templates
from hivesight.notify.retry import Patience
from hivesight.notify.template_data import common

TIMEOUT_SECONDS: Final = 30.0


class AlertNotifier:
    """Tells of single alerts through Slack, e-mail and webhooks.

        async with AlertNotifier({"slack_webhook": url, "webhook_urls": [other]}) as notifier:
            results = await notifier.process_alert({"name": "QueueStuck", "severity": "critical"})

    Under `async with` connections are kept from one alert to the next, until the block ends or `close` is called;
    otherwise each call opens and closes its own, so that nothing has to be closed."""

    def __init__(
        self,
        config: Mapping[str, Any],
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        external_url: str = "",
        clock: Clock | None = None,
        patience: Patience | None = None,
    ) -> None:
        """config: `slack_webhook`, an address; `email_smtp`, a dictionary (host, port, user, password, from, to, ...);
        `webhook_urls`, a list of addresses. timeout_seconds: how long a channel may take, all its tries together.
        external_url: where people reach Hivesight, for links; without it there are none. clock, patience: for tests.
        Raises ValueError saying what to write."""
        if not timeout_seconds > 0:
            raise ValueError(f"timeout_seconds must be above 0, not {timeout_seconds}")
        self._receiver = read_channels(config)
        self._around = Surroundings(GlobalConfig(), load_templates((), Path()), Path())
        self._route = build_route(RouteConfig(receiver=RECEIVER))
        self._timeout_ms = int(timeout_seconds * 1000)
        self._external_url = external_url.rstrip("/")
        self._clock = clock or SystemClock()
        self._patience = patience or Patience()
        self._kept: tuple[Integration, ...] | None = None

    async def process_alert(self, alert: object) -> tuple[ChannelResult, ...]:
        """Tell all channels at once: one that is slow or fails holds up none of the others. Returns when each is
        through, at the latest after `timeout_seconds`.

        alert: `{"name": ..., "severity": ..., "description": ..., "timestamp": ..., "metrics": {...}}`, an alert of
        Alertmanager's JSON, its whole webhook document, or a `hivesight.model.alert.Alert`. Leaves: a result for each
        channel; what cannot be sent is in there. Raises ValueError for what is no alert, before anything is sent."""
        return await self._tell(alert)

    async def send_slack_alert(self, alert: object) -> tuple[ChannelResult, ...]:
        """The same through Slack alone; nothing where it is not configured."""
        return await self._tell(alert, "slack")

    async def send_email_alert(self, alert: object) -> tuple[ChannelResult, ...]:
        """The same through e-mail alone; nothing where it is not configured."""
        return await self._tell(alert, "email")

    async def send_webhook_alerts(self, alert: object) -> tuple[ChannelResult, ...]:
        """The same through the webhooks alone; nothing where there are none."""
        return await self._tell(alert, "webhook")

    async def __aenter__(self) -> Self:
        self._kept = self._made()
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections that are kept. May be called again, and where there are none."""
        kept, self._kept = self._kept, None
        await _close(kept or ())

    async def _tell(self, alert: object, kind: str | None = None) -> tuple[ChannelResult, ...]:
        now_ms = self._clock.now_ms()
        flush = self._flush(read_alerts(alert, now_ms), now_ms)
        async with self._integrations() as all_of_them:
            told = [Told(each, {}) for each in all_of_them if kind in (None, each.name)]
            return await tell(told, flush, external_url=self._external_url, clock=self._clock, patience=self._patience)

    def _flush(self, notices: tuple[Notice, ...], now_ms: int) -> Flush:
        """A group of what the alerts have in common, so that an alert and its end belong together."""
        labels = Labels(common([each.alert.labels for each in notices]))
        deadline_ms = now_ms + self._timeout_ms
        return Flush(group_key(self._route, labels), labels, self._route, notices, now_ms, deadline_ms, 0)

    def _made(self) -> tuple[Integration, ...]:
        return tuple(integrations(self._receiver, self._around))

    @asynccontextmanager
    async def _integrations(self) -> AsyncGenerator[tuple[Integration, ...]]:
        """Those that are kept, or some for the time being."""
        if self._kept is not None:
            yield self._kept
            return
        made = self._made()
        try:
            yield made
        finally:
            await _close(made)


async def _close(made: tuple[Integration, ...]) -> None:
    for each in made:
        await each.notifier.close()
