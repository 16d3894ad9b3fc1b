"""What of a course's alerts is told to whom: they are put through a rehearsal of the alerting, together with all that
is told beside them, and where something else mutes them, without it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from hivesight.alerting import Config, ConfigFile
from hivesight.alerting.journal import What
from hivesight.alerting.route import Route, build_route
from hivesight.doctor.rehearsal import Delivery, Held, Rehearsal
from hivesight.ingest.relabel import Relabelling
from hivesight.model.alert import Alert
from hivesight.model.labels import Labels

Sent = Sequence[tuple[int, Sequence[Alert]]]
"""What rules told, and when, since the epoch."""

_HOUR_MS: Final = 3_600_000
_BASE_MS: Final = int(datetime(2026, 1, 5, 10, tzinfo=UTC).timestamp()) * 1000
# The alert begins on a Monday at ten; where a time interval mutes it then, at night, on a Saturday, in that night.
_MOMENTS_MS: Final = (0, 12 * _HOUR_MS, 5 * 24 * _HOUR_MS, 5 * 24 * _HOUR_MS + 12 * _HOUR_MS)
_LONGEST_MS: Final = 6 * _HOUR_MS
_MARGIN_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Telling:
    """Who is told of alerts. file, relabelling: as configured, the latter for alerts on their way. external_url: for
    links in messages."""

    file: ConfigFile
    relabelling: Relabelling
    external_url: str

    @property
    def config(self) -> Config:
        """The checked file's."""
        assert self.file.config is not None, "a checked file"
        return self.file.config

    @property
    def tree(self) -> Route:
        """The routing tree."""
        assert self.config.route is not None, "a checked file has a route"
        return build_route(self.config.route)

    @property
    def hold_ms(self) -> int:
        """How long an alert must fire so that everybody who should hear does; six hours at most."""
        options = [each.options for each in self.tree.walk()]
        longest = max(each.group_wait_ms for each in options) + max(each.group_interval_ms for each in options)
        return min(longest + _MARGIN_MS, _LONGEST_MS)


@dataclass(frozen=True, slots=True)
class Hearing:
    """What became of an alert's tellings. labels: those with which its alerts came to the alerting. told: deliveries
    that say it fires, ended: those that say it is over. held: what kept it back. muted_by: what had to be left out for
    it to be told, such as an alert that mutes it, in words; empty where nothing had. receivers: where its routes
    lead."""

    labels: tuple[Labels, ...]
    told: tuple[Delivery, ...]
    ended: tuple[Delivery, ...]
    held: tuple[Held, ...]
    receivers: tuple[str, ...]
    muted_by: str = ""

    @property
    def reached(self) -> bool:
        """Whether somebody was told, and nothing that was to be told failed."""
        return bool(self.told) and all(each.arrived for each in (*self.told, *self.ended))


def hear(sent: Sent, own: Collection[Labels], telling: Telling, always: frozenset[str]) -> Hearing:
    """What becomes of the alerts with these labels. always: the names of those that fire in health too; what they mute
    is never told."""
    passed = {labels: telling.relabelling.apply(labels) for labels in _labels(sent)}
    sent = [(at_ms, _relabelled(alerts, passed)) for at_ms, alerts in sent]
    own = tuple(sorted(labels for each in own if (labels := passed.get(each)) is not None))
    begin_ms = next((at_ms for at_ms, alerts in sent if any(each.labels in own for each in alerts)), 0)
    first = found = _rehearsed(sent, own, telling, _BASE_MS - begin_ms)
    if not found.told and any(each.what is What.TIME_INTERVAL for each in found.held):
        for later_ms in _MOMENTS_MS[1:]:
            found = _rehearsed(sent, own, telling, _BASE_MS + later_ms - begin_ms)
            if found.told:
                break
    if not found.told and any(each.what is What.INHIBITED for each in found.held):
        kept = [
            (at_ms, [each for each in alerts if each.labels in own or each.name in always]) for at_ms, alerts in sent
        ]
        found = _rehearsed(kept, own, telling, _BASE_MS - begin_ms)
    return replace(found, muted_by=first.held[0].why) if found.told and not first.told and first.held else found


def _labels(sent: Sent) -> set[Labels]:
    return {each.labels for _, alerts in sent for each in alerts}


def _relabelled(alerts: Sequence[Alert], passed: Mapping[Labels, Labels | None]) -> list[Alert]:
    pairs = [(alert, passed[alert.labels]) for alert in alerts]
    return [replace(alert, labels=labels) for alert, labels in pairs if labels is not None]


def _rehearsed(sent: Sent, own: tuple[Labels, ...], telling: Telling, shift_ms: int) -> Hearing:
    """shift_ms: how much later than the rules' the alerting's time is."""
    if not own:
        return Hearing((), (), (), (), ())
    moved = [(at_ms + shift_ms, [_moved(each, shift_ms) for each in alerts]) for at_ms, alerts in sent]
    with Rehearsal(telling.file, moved[0][0], external_url=telling.external_url) as rehearsal:
        for at_ms, alerts in moved:
            rehearsal.put(alerts, at_ms)
        rehearsal.advance_to(moved[-1][0] + telling.hold_ms)
        told = [each for each in rehearsal.deliveries if any(map(each.tells_of, own))]
        ended = [each for each in rehearsal.deliveries if any(one.labels in own for one in each.resolved)]
        held = [each for each in rehearsal.held_back() if each.labels in own]
    receivers = dict.fromkeys(route.options.receiver for labels in own for route in telling.tree.match(labels))
    held = [replace(each, first_ms=each.first_ms - shift_ms, last_ms=each.last_ms - shift_ms) for each in held]
    return Hearing(own, _back(told, shift_ms), _back(ended, shift_ms), tuple(held), tuple(receivers))


def _moved(alert: Alert, by_ms: int) -> Alert:
    return replace(
        alert,
        starts_at_ms=alert.starts_at_ms + by_ms,
        ends_at_ms=alert.ends_at_ms + by_ms,
        updated_at_ms=alert.updated_at_ms + by_ms,
    )


def _back(deliveries: Sequence[Delivery], by_ms: int) -> tuple[Delivery, ...]:
    """Deliveries at the times of the rules."""
    return tuple(replace(each, at_ms=each.at_ms - by_ms) for each in deliveries)
