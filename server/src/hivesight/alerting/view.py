"""What can be seen from outside: alerts with their status, and groups, as Alertmanager's API v2 shows them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from hivesight.alerting.inhibit import Inhibition
from hivesight.alerting.silence import Silence
from hivesight.model.alert import Alert
from hivesight.model.labels import Labels


class AlertState(StrEnum):
    UNPROCESSED = "unprocessed"
    """It waits for its group's first flush."""
    ACTIVE = "active"
    SUPPRESSED = "suppressed"
    """A silence, another alert or a time interval keeps it from being told."""


@dataclass(frozen=True, slots=True)
class AlertView:
    """An alert and why it is (not) told. silenced_by: ids. muted_by: names of time intervals (one outside of which its
    route is not active stands here too). receivers: who is told of it."""

    alert: Alert
    state: AlertState
    silenced_by: tuple[str, ...]
    inhibited_by: tuple[Inhibition, ...]
    muted_by: tuple[str, ...]
    receivers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group of alerts. next_flush_ms: when it is told next, if there is something to tell."""

    key: str
    route_id: str
    labels: Labels
    receiver: str
    alerts: tuple[AlertView, ...]
    next_flush_ms: int


AlertFilter = Callable[[AlertView], bool]
LabelFilter = Callable[[Labels], bool]


def alert_view(
    alert: Alert,
    silences: Sequence[Silence],
    inhibition: Inhibition | None,
    muted: Sequence[str],
    receivers: Sequence[str],
    *,
    flushed: bool,
) -> AlertView:
    """An alert with its status. flushed: a group of it has been told, or was to be told, at least once."""
    state = AlertState.ACTIVE if flushed else AlertState.UNPROCESSED
    if silences or inhibition is not None or muted:
        state = AlertState.SUPPRESSED
    return AlertView(
        alert,
        state,
        tuple(each.id for each in silences),
        () if inhibition is None else (inhibition,),
        tuple(dict.fromkeys(muted)),
        tuple(receivers),
    )
