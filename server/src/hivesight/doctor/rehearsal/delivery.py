"""What leaves a rehearsal: what was said, and what was not."""

from dataclasses import dataclass

from hivesight.alerting.journal import What
from hivesight.doctor.rehearsal.message import Message
from hivesight.model.alert import Alert
from hivesight.model.labels import Labels


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notification as it reached its receiver, or did not. integration: `slack[0]`. reason: why it was said (a
    reason of the notification log). messages: what arrived, several where a service wants several. error: why nothing
    did, empty where it did."""

    at_ms: int
    receiver: str
    integration: str
    group_labels: Labels
    firing: tuple[Alert, ...]
    resolved: tuple[Alert, ...]
    reason: str
    messages: tuple[Message, ...] = ()
    error: str = ""

    @property
    def arrived(self) -> bool:
        return not self.error

    def tells_of(self, labels: Labels) -> bool:
        """Whether an alert with these labels is among those that it says fire."""
        return any(each.labels == labels for each in self.firing)


@dataclass(frozen=True, slots=True)
class Held:
    """An alert that was due to be told and was held back, from its first such flush to the last. what: inhibition,
    time_interval or silence. why: by what, in words."""

    labels: Labels
    receiver: str
    what: What
    why: str
    first_ms: int
    last_ms: int
