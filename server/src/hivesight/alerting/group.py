"""Aggregation groups: the alerts of one route that are told together, and when. `Flush` is what leaves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from hivesight.alerting.index import fingerprint
from hivesight.alerting.order import SortKey, alert_order, label_order
from hivesight.alerting.route import Route
from hivesight.model.alert import Alert
from hivesight.model.labels import Labels


class Status(StrEnum):
    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Notice:
    """An alert as it stands at a flush: it does not resolve while it is being told."""

    alert: Alert
    status: Status

    @property
    def firing(self) -> bool:
        return self.status is Status.FIRING

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.alert.labels)


@dataclass(frozen=True, slots=True)
class Flush:
    """A group's alerts that are due to be told. deadline_ms: when whoever tells them must be done."""

    group_key: str
    group_labels: Labels
    route: Route
    notices: tuple[Notice, ...]
    now_ms: int
    deadline_ms: int
    group: int = field(repr=False)

    @property
    def receiver(self) -> str:
        return self.route.options.receiver


def group_key(route: Route, labels: Labels) -> str:
    """Alertmanager's group key: `{}/{severity="critical"}:{alertname="X", job="y"}`."""
    shown = ", ".join(f"{name}={_go_quoted(value)}" for name, value in labels.pairs)
    return f"{route.key}:{{{shown}}}"


_ESCAPES: Mapping[str, str] = {
    "\\": "\\\\",
    '"': '\\"',
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
}


def _go_quoted(text: str) -> str:
    """The text as Go's `%q` prints it."""
    return '"' + "".join(_ESCAPES.get(each) or _escaped(each) for each in text) + '"'


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def group_order(group: "Group") -> SortKey:
    """The order in which groups are listed: by their labels, then by receiver."""
    return (*label_order(group.labels), group.route.options.receiver, group.route.index)


class Group:
    """The state of one group. next_ms: when it is flushed next."""

    def __init__(self, number: int, route: Route, labels: Labels, first: Alert, now_ms: int) -> None:
        """first: the alert that makes the group. Where it has been firing for longer than group_wait it has waited long
        enough, and the group is due at once."""
        self.number = number
        self.route = route
        self.labels = labels
        self.key = group_key(route, labels)
        self.alerts: dict[str, Alert] = {}
        wait_ms = route.options.group_wait_ms
        self.next_ms = now_ms if first.starts_at_ms + wait_ms < now_ms else now_ms + wait_ms

    def insert(self, alert: Alert) -> None:
        """Take an alert in, as the store gives it."""
        self.alerts[fingerprint(alert.labels)] = alert

    def flush(self, now_ms: int, shortest_ms: int) -> Flush:
        """What is to be told now; the next flush is a group interval away."""
        self.next_ms = now_ms + self.route.options.group_interval_ms
        ordered = sorted(self.alerts.values(), key=alert_order)
        notices = tuple(
            Notice(alert, Status.RESOLVED if alert.resolved_at(now_ms) else Status.FIRING) for alert in ordered
        )
        deadline = now_ms + max(self.route.options.group_interval_ms, shortest_ms)
        return Flush(self.key, self.labels, self.route, notices, now_ms, deadline, self.number)

    def told(self, flush: Flush) -> None:
        """The flush succeeded: what is resolved in it is done with, unless it was heard of again meanwhile."""
        for notice in flush.notices:
            if not notice.firing and self.alerts.get(notice.fingerprint) == notice.alert:
                del self.alerts[notice.fingerprint]
