"""What can be seen from outside: alerts with their status, and groups, as Alertmanager's API v2 shows them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from hivesight.alerting.index import fingerprint
from hivesight.alerting.inhibit import Inhibition
from hivesight.model.alert import Alert
from hivesight.model.labels import Labels


class AlertState(StrEnum):
    ACTIVE = "active"
    SUPPRESSED = "suppressed"
    """It is kept from being told."""


@dataclass(frozen=True, slots=True)
class AlertView:
    """An alert and why it is (not) told. silenced_by: ids. muted_by: names of time intervals (one outside of which its
    route is not active stands here too). receivers: who is told of it."""

    alert: Alert
    silenced_by: tuple[str, ...]
    inhibited_by: tuple[Inhibition, ...]
    muted_by: tuple[str, ...]
    receivers: tuple[str, ...]

    @property
    def state(self) -> AlertState:
        """Whether a silence or another alert keeps it back, on whatever route: time intervals are its groups' own."""
        return AlertState.SUPPRESSED if self.silenced_by or self.inhibited_by else AlertState.ACTIVE


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group of alerts. muted_by: the names of the time intervals that mute it. next_flush_ms: when it is told next,
    if there is something to tell."""

    key: str
    route_id: str
    labels: Labels
    receiver: str
    alerts: tuple[AlertView, ...]
    muted_by: tuple[str, ...]
    next_flush_ms: int


AlertFilter = Callable[[AlertView], bool]
ReceiverFilter = Callable[[str], bool]
LabelFilter = Callable[[Labels], bool]


def with_receivers(groups: Sequence[GroupView]) -> list[GroupView]:
    """The groups, with those of their receivers at each alert that are told of it."""
    told: dict[str, list[str]] = {}
    for group in groups:
        for view in group.alerts:
            told.setdefault(fingerprint(view.alert.labels), []).append(group.receiver)

    def with_them(view: AlertView) -> AlertView:
        return replace(view, receivers=tuple(sorted(told[fingerprint(view.alert.labels)])))

    return [replace(group, alerts=tuple(map(with_them, group.alerts))) for group in groups]
