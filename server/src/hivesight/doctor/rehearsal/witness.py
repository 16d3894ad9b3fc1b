"""A notifier that says what another would, and notes what arrived."""

import asyncio
from collections.abc import Callable

from hivesight.doctor.rehearsal.collector import Collector
from hivesight.doctor.rehearsal.delivery import Delivery
from hivesight.doctor.rehearsal.message import message_of
from hivesight.doctor.rehearsal.redirect import place
from hivesight.model.clock import Clock
from hivesight.notify.errors import NotifyError
from hivesight.notify.notification import Integration, Notification


class Witness:
    """The notifier of one integration. One notification at a time, so that what arrives belongs to it; mails all come
    to one place, so that they wait for each other too."""

    def __init__(
        self,
        integration: Integration,
        number: int,
        collector: Collector,
        clock: Clock,
        mailing: asyncio.Lock,
        note: Callable[[Delivery], None],
    ) -> None:
        """number: of its receiver in the file. note: is handed each delivery."""
        self._integration = integration
        self._place = place(number, integration.name, integration.index)
        self._collector = collector
        self._clock = clock
        self._turn = mailing if integration.name == "email" else asyncio.Lock()
        self._note = note

    async def notify(self, notification: Notification) -> str:
        async with self._turn:
            try:
                answer = await self._integration.notifier.notify(notification)
            except NotifyError as error:
                self._noted(notification, str(error))
                raise
            self._noted(notification)
        return answer

    async def close(self) -> None:
        await self._integration.notifier.close()

    def _noted(self, notification: Notification, error: str = "") -> None:
        one, flush = self._integration, notification.flush
        bodies = self._collector.take_mails() if one.name == "email" else self._collector.take(self._place)
        self._note(
            Delivery(
                at_ms=self._clock.now_ms(),
                receiver=one.receiver,
                integration=f"{one.name}[{one.index}]",
                group_labels=flush.group_labels,
                firing=tuple(each.alert for each in notification.notices if each.firing),
                resolved=tuple(each.alert for each in notification.notices if not each.firing),
                reason=str(notification.reason),
                messages=tuple(message_of(one.name, body) for body in bodies),
                error=error,
            )
        )
