"""From a flush to its receivers: the stages as one expression. A failed integration ends its own branch only."""

from collections.abc import Mapping, Sequence

from hivesight.alerting.group import Flush
from hivesight.alerting.journal import What
from hivesight.alerting.nflog import Listener
from hivesight.notify.errors import NotifyError
from hivesight.notify.notification import Integration
from hivesight.notify.stages import (
    Parts,
    Stage,
    Telling,
    by_receiver,
    fan_out,
    inhibitions,
    muted,
    muted_by_time,
    sequence,
)
from hivesight.notify.telling import dedup, record, remember, render, retry


class Pipeline:
    """Tells the receivers of a flush: the `Deliver` of the alerting room."""

    def __init__(self, parts: Parts, receivers: Mapping[str, Sequence[Integration]]) -> None:
        self._integrations = [each for integrations in receivers.values() for each in integrations]
        self._listeners = {name: [each.listener for each in integrations] for name, integrations in receivers.items()}
        for each in self._integrations:
            parts.metrics.prepare(each.name, each.receiver)
        self._stage = pipeline(parts, receivers)

    async def __call__(self, flush: Flush) -> bool:
        try:
            await self._stage(Telling(flush, flush.notices))
        except NotifyError:
            return False
        return True

    def listeners(self, receiver: str) -> Sequence[Listener]:
        return self._listeners.get(receiver, ())

    async def close(self) -> None:
        for each in self._integrations:
            await each.notifier.close()


def pipeline(parts: Parts, receivers: Mapping[str, Sequence[Integration]]) -> Stage:
    """The order is Alertmanager's: what mutes, then each integration of the receiver for itself."""
    return sequence(
        muted(What.INHIBITED, parts, inhibitions(parts.muter)),
        muted_by_time(parts),
        muted(What.SILENCED, parts, parts.muter.silenced_by),
        by_receiver(
            {
                name: fan_out(
                    [
                        sequence(
                            dedup(parts, each),
                            render(parts, each),
                            retry(parts, each),
                            record(parts, each),
                            remember(parts, each),
                        )
                        for each in integrations
                    ]
                )
                for name, integrations in receivers.items()
            }
        ),
    )
