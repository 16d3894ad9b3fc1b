"""What a notifier is asked to say."""

import hashlib
from dataclasses import dataclass, field
from typing import Protocol

from hivesight.alerting.group import Flush, Notice, Status
from hivesight.alerting.nflog import Listener, Reason, Target
from hivesight.gotmpl import Record
from hivesight.notify.template_data import template_data


@dataclass(frozen=True, slots=True)
class Notification:
    """One message to one integration about one group. notices: what it tells of, never empty. memory: what the
    integration remembered of the last message about this group; what it writes here is kept when the message is sent.
    remarks: what did not go as it should although the message was sent."""

    flush: Flush
    notices: tuple[Notice, ...]
    reason: Reason
    external_url: str
    memory: dict[str, str] = field(default_factory=dict[str, str])
    remarks: list[str] = field(default_factory=list[str])
    _data: list[Record] = field(default_factory=list[Record], init=False, repr=False, compare=False)

    @property
    def data(self) -> Record:
        """The same as templates see it; made when the first one asks."""
        if not self._data:
            flush = self.flush
            made = template_data(
                flush.receiver, self.notices, flush.group_labels, self.external_url, reason=self.reason
            )
            self._data.append(made)
        return self._data[0]

    @property
    def status(self) -> Status:
        """Firing as long as one of its alerts is."""
        return Status.FIRING if any(each.firing for each in self.notices) else Status.RESOLVED

    @property
    def group_digest(self) -> str:
        """What services know the group by, the same in every message about it: SHA-256 of its key, in hex, as
        Alertmanager makes it, so that what one of the two opened the other can close."""
        return hashlib.sha256(self.flush.group_key.encode()).hexdigest()


class Notifier(Protocol):
    """Says a notification through one channel."""

    async def notify(self, notification: Notification) -> str:
        """Send it once. Leaves: what the receiver answered, for people to read. Raises NotifyError, which says whether
        to try again."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


@dataclass(frozen=True, slots=True)
class Integration:
    """A notifier by its place in the file: the `index`-th of its kind in a receiver."""

    receiver: str
    name: str
    index: int
    send_resolved: bool
    notifier: Notifier = field(repr=False)

    @property
    def target(self) -> Target:
        """Under which the notification log knows it."""
        return Target(self.receiver, self.name, self.index)

    @property
    def listener(self) -> Listener:
        return Listener(self.target, self.send_resolved)

    def __str__(self) -> str:
        return str(self.target)
