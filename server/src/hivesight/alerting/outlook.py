"""What is to be expected of a group's flushes: what holds an alert back, and whom it is told next and when. The alerts
of the group and what may mute them enter; pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from hivesight.alerting.index import fingerprint
from hivesight.alerting.inhibit import Inhibition
from hivesight.alerting.journal import What
from hivesight.alerting.nflog import Entry, Listener, Reason, decide
from hivesight.alerting.route import RouteOptions
from hivesight.alerting.silence import Silence
from hivesight.model.alert import Alert
from hivesight.model.labels import Labels

LOOK_AHEAD_MS: Final = 8 * 24 * 3_600_000
"""How far a time interval's end is looked for: past any week."""
_MINUTE_MS: Final = 60_000


class Muter(Protocol):
    """Who knows what must not be told at a time."""

    def inhibited_by(self, labels: Labels, now_ms: int) -> Inhibition | None: ...
    def silenced_by(self, labels: Labels, now_ms: int) -> list[Silence]: ...
    def muted_by(self, options: RouteOptions, now_ms: int) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Hold:
    """What keeps an alert from being told now. until_ms: None where nobody knows."""

    what: What
    why: str
    until_ms: int | None


@dataclass(frozen=True, slots=True)
class Prospect:
    """One integration of a group's receiver. told_ms: when it was last told of the group, None for never. knows:
    whether it was told then that this alert fires. next_ms: when the group is told it next, for this reason, if nothing
    else happens; None where that is not in sight."""

    listener: Listener
    told_ms: int | None
    knows: bool
    next_ms: int | None
    reason: Reason


class Outlook:
    """What is to be expected of a group's flushes to come."""

    def __init__(
        self,
        own: Alert,
        others: Sequence[Alert],
        muter: Muter,
        options: RouteOptions,
        next_ms: int,
        holds: Sequence[Hold],
    ) -> None:
        self._own, self._muter, self._options, self._next_ms = own, muter, options, next_ms
        self._endless = any(each.until_ms is None for each in holds)
        self._free_ms = max((each.until_ms or 0 for each in holds), default=0)
        told = [own, *(each for each in others if not self._held(each))]
        self._firing = frozenset(fingerprint(each.labels) for each in told if not each.resolved_at(next_ms))
        self._resolved = frozenset(fingerprint(each.labels) for each in told if each.resolved_at(next_ms))

    def prospect(self, listener: Listener, entry: Entry | None) -> Prospect:
        """What one integration can expect. entry: what it was told last."""
        name = fingerprint(self._own.labels)
        told_ms = None if entry is None else entry.at_ms
        knows = entry is not None and name in entry.firing
        first_ms = self._flush_from(max(self._next_ms, self._free_ms))
        reason = self._decide(listener, entry, first_ms)
        if reason is Reason.UNCHANGED and entry is not None:
            first_ms = self._flush_from(max(first_ms, entry.at_ms + self._options.repeat_interval_ms + 1))
            reason = self._decide(listener, entry, first_ms)
        if self._endless or not reason.tells:
            return Prospect(listener, told_ms, knows, None, reason)
        return Prospect(listener, told_ms, knows, _first(self._open, self._flushes(first_ms)), reason)

    def _decide(self, listener: Listener, entry: Entry | None, at_ms: int) -> Reason:
        return decide(
            entry,
            self._firing,
            self._resolved,
            send_resolved=listener.send_resolved,
            repeat_interval_ms=self._options.repeat_interval_ms,
            now_ms=at_ms,
        )

    def _held(self, alert: Alert) -> bool:
        silences = self._muter.silenced_by(alert.labels, self._next_ms)
        return bool(silences) or self._muter.inhibited_by(alert.labels, self._next_ms) is not None

    def _open(self, at_ms: int) -> bool:
        return not self._muter.muted_by(self._options, at_ms)

    def _flush_from(self, at_ms: int) -> int:
        """The group's first flush at this time or after it."""
        interval = self._options.group_interval_ms
        return self._next_ms + -(-max(0, at_ms - self._next_ms) // interval) * interval

    def _flushes(self, first_ms: int) -> Iterator[int]:
        """Flushes from this one on, none of them more than once in a minute."""
        interval = self._options.group_interval_ms
        step = interval * max(1, -(-_MINUTE_MS // interval))
        yield from range(first_ms, first_ms + LOOK_AHEAD_MS, step)


def free_from(muter: Muter, options: RouteOptions, now_ms: int) -> int | None:
    """When time intervals stop to mute a route; None where that is not in sight."""
    return _first(lambda at: not muter.muted_by(options, at), _minutes(now_ms))


def _minutes(now_ms: int) -> Iterator[int]:
    """The beginnings of the minutes after this time: time intervals change at no other time."""
    begin = now_ms - now_ms % _MINUTE_MS + _MINUTE_MS
    yield from range(begin, begin + LOOK_AHEAD_MS, _MINUTE_MS)


def _first(wanted: Callable[[int], bool], times: Iterator[int]) -> int | None:
    return next((at for at in times if wanted(at)), None)
