"""The lives of one rule's alerts over many evaluations. The steps are those of `rules.alerts`; here only the moments
are found at which an alert takes one, since between them nothing happens."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from hivesight.model.errors import QueryError
from hivesight.model.labels import Labels
from hivesight.model.series import Mask, Times, Values
from hivesight.rules.alerts import ActiveAlert, AlertState, Timing, advance

MAX_EPISODES: Final = 200_000
"""Of one rule."""


@dataclass(slots=True)
class Episode:
    """One time that an alert was active. labels: the alert's, element: those of the answer. Times in ms, None until it
    happens: since when the condition held, began to fire, was over. value: when it began to fire, or before that when
    it began to wait."""

    labels: Labels
    element: Labels
    active_at_ms: int
    value: float
    fired_at_ms: int | None = None
    over_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """Where the condition of an alert held. element: the labels of the answer; present, values: shape (moments,)."""

    element: Labels
    present: Mask
    values: Values


@dataclass(slots=True)
class _Life:
    alert: ActiveAlert
    episode: Episode


class Course:
    """Takes evaluations in the order of their times."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._lives: dict[Labels, _Life] = {}
        self.episodes: list[Episode] = []
        """In the order of their beginnings, within what was taken at once in that of their alerts."""

    @property
    def active(self) -> int:
        """How many alerts are pending or firing."""
        return len(self._lives)

    def clear(self, at_ms: int) -> None:
        """Forget the alerts that are active: the rule failed past its limit, and Prometheus does so then. What began in
        this evaluation did not."""
        for life in self._lives.values():
            episode = life.episode
            episode.over_at_ms = at_ms
            if episode.fired_at_ms == at_ms:
                episode.fired_at_ms = None
        self.episodes = [each for each in self.episodes if each.active_at_ms < at_ms]
        self._lives.clear()

    def take(self, times: Times, seen: Mapping[Labels, Seen]) -> list[Episode]:
        """The next evaluations; alerts that are not in `seen` do not hold. The episodes that were active at any of
        them. Raises QueryError where there are too many."""
        if not len(times):
            return []
        touched = [life.episode for life in self._lives.values()]
        known = len(self.episodes)
        for labels in [*(each for each in self._lives if each not in seen), *seen]:
            self._walk(labels, times, seen.get(labels))
        return touched + self.episodes[known:]

    def _walk(self, labels: Labels, times: Times, seen: Seen | None) -> None:
        for present, first, end in _runs(seen, len(times)):
            place = first
            while place < end:
                at_ms = int(times[place])
                found = None
                if present and seen is not None:
                    found = ActiveAlert(labels, float(seen.values[place]), at_ms)
                self._step(labels, found, at_ms, seen)
                following = self._following(labels)
                if following is None:
                    break
                place = max(place + 1, int(np.searchsorted(times, following, side="left")))

    def _step(self, labels: Labels, found: ActiveAlert | None, at_ms: int, seen: Seen | None) -> None:
        life = self._lives.get(labels)
        before = {} if life is None else {labels: life.alert}
        alert = advance(before, [] if found is None else [found], self._timing, at_ms).get(labels)
        if life is None:
            if alert is None or seen is None:
                return
            if len(self.episodes) >= MAX_EPISODES:
                raise QueryError(
                    f"its alerts begin more than {MAX_EPISODES:,} times: begin later (--since), or give it a `for`"
                )
            life = _Life(alert, Episode(labels, seen.element, alert.active_at_ms, alert.value))
            self._lives[labels] = life
            self.episodes.append(life.episode)
        if alert is None or alert.state is AlertState.INACTIVE:
            life.episode.over_at_ms = at_ms
            del self._lives[labels]
            return
        if alert.state is AlertState.FIRING and life.episode.fired_at_ms is None:
            life.episode.fired_at_ms, life.episode.value = alert.fired_at_ms, alert.value
        life.alert = alert

    def _following(self, labels: Labels) -> int | None:
        """When something happens with an alert of which nothing else is said."""
        life = self._lives.get(labels)
        if life is None:
            return None
        if life.alert.state is AlertState.PENDING:
            return life.alert.active_at_ms + self._timing.for_ms
        since = life.alert.keep_firing_since_ms
        return None if since is None else since + self._timing.keep_firing_for_ms


def _runs(seen: Seen | None, count: int) -> Iterator[tuple[bool, int, int]]:
    """Moments one after the other at which the condition holds, or does not: the first, and the one after the last."""
    if seen is None:
        yield False, 0, count
        return
    changes = np.flatnonzero(seen.present[1:] != seen.present[:-1]) + 1
    bounds = [0, *changes.tolist(), count]
    for first, end in pairwise(bounds):
        yield bool(seen.present[first]), first, end
