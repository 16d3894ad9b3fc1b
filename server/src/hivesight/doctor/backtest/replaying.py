"""One rule over many evaluations: the answer to its expression in, series and episodes out, as `rules` has it one
evaluation after the other."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from hivesight.doctor.backtest.asking import Piece
from hivesight.doctor.backtest.course import Course, Episode, Seen
from hivesight.doctor.backtest.members import Member
from hivesight.doctor.backtest.recorded import Columns, Recorded
from hivesight.gotmpl import TemplateError
from hivesight.model.labels import METRIC_NAME, Labels
from hivesight.model.series import Mask, Times
from hivesight.query.promql.types import Matrix
from hivesight.rules.alert_series import samples_of
from hivesight.rules.alerting import AlertingRule
from hivesight.rules.alerts import ActiveAlert, AlertState
from hivesight.rules.expansion import Expansion, Surroundings
from hivesight.rules.ports import QueryFunc

_CHANGING: Final = re.compile(r"\bvalue\b|\bValue\b|\bquery\b|\bnow\b|\{\{-?\s*\.\s*[|}]|\$\.")
"""In a label's template: what may differ from one evaluation to the next."""
_DUPLICATE: Final = "vector contains metrics with the same labelset after applying {} labels"
_LIMIT: Final = "exceeded limit of {} with {} {}"


@dataclass(slots=True)
class Failures:
    """Evaluations that failed since the time began that is asked about."""

    since_ms: int
    count: int = 0
    first_at_ms: int = 0
    first: str = ""

    def add(self, at_ms: int, reason: str) -> None:
        if at_ms >= self.since_ms:
            if not self.count:
                self.first_at_ms, self.first = at_ms, reason
            self.count += 1


class RecordingReplay:
    """Fills `recorded`."""

    def __init__(self, member: Member, times: Times, recorded: Recorded, failures: Failures) -> None:
        self._member = member
        self._times = times
        self._recorded = recorded
        self._failures = failures
        self._over = {**member.rule.labels, METRIC_NAME: member.rule.config.record}
        self._rows: dict[Labels, int] = {}

    def take(self, piece: Piece) -> None:
        """The next evaluations. Raises QueryError where there is no room."""
        if piece.answer is None:
            self._failures.add(int(self._times[piece.first]), piece.failure)
            return
        matrix = piece.answer
        present = matrix.present
        rows = np.array([self._row(labels) for labels in matrix.labels.all_labels()], dtype=np.intp)
        good = self._good(rows, present, piece)
        for index, row in enumerate(rows.tolist()):
            chosen = np.flatnonzero(present[index] & good)
            self._recorded.put(row, chosen + piece.first, matrix.values[index, chosen])
            if matrix.histograms is not None:
                place = matrix.histograms.place[index, chosen]
                native = chosen[place >= 0]
                if len(native):
                    cells = matrix.histograms.cells.rows(place[place >= 0])
                    self._recorded.put_histograms(row, native + piece.first, cells)
        self._recorded.end(np.flatnonzero(good) + piece.first)

    def _row(self, labels: Labels) -> int:
        row = self._rows.get(labels)
        if row is None:
            row = self._rows[labels] = self._recorded.row(labels.merged(self._over))
        return row

    def _good(self, rows: Columns, present: Mask, piece: Piece) -> Mask:
        """At which moments the rule does not fail."""
        good = np.ones(piece.end - piece.first, dtype=np.bool_)
        distinct = np.unique(rows)
        if len(distinct) < len(rows):
            for row in distinct.tolist():
                good &= present[rows == row].sum(axis=0) < 2
            for place in np.flatnonzero(~good).tolist():
                self._failures.add(int(self._times[piece.first + place]), _DUPLICATE.format("rule"))
        if self._member.limit:
            counts = present.sum(axis=0)
            for place in np.flatnonzero(good & (counts > self._member.limit)).tolist():
                good[place] = False
                reason = _LIMIT.format(self._member.limit, counts[place], "series")
                self._failures.add(int(self._times[piece.first + place]), reason)
        return good


class AlertingReplay:
    """Collects episodes; with `recorded`, writes `ALERTS` and `ALERTS_FOR_STATE` too."""

    def __init__(
        self,
        member: Member,
        rule: AlertingRule,
        times: Times,
        recorded: Recorded | None,
        failures: Failures,
        query: QueryFunc,
        surroundings: Surroundings,
    ) -> None:
        """times: of the evaluations."""
        self.course = Course(rule.timing)
        self._limit = member.limit
        self._rule = rule
        self._times = times
        self._recorded = recorded
        self._failures = failures
        self._expansion: Callable[[int], Expansion] = lambda at_ms: Expansion(query, at_ms, surroundings, _ignored)
        self._steady = not any("{{" in text and _CHANGING.search(text) for text in rule.labels.values())
        self._known: dict[Labels, Labels] = {}

    def annotations(self, episode: Episode) -> Labels:
        """What is said of an alert when it begins to fire."""
        at_ms = episode.fired_at_ms or episode.active_at_ms
        return self._rule.annotations((episode.element, episode.value), self._expansion(at_ms))

    def take(self, piece: Piece) -> None:
        """The next evaluations. Raises QueryError where there are too many episodes."""
        times = self._times[piece.first : piece.end]
        if piece.answer is None:
            self._failures.add(int(times[0]), piece.failure)
            return
        seen, good = self._seen(piece.answer, times)
        for place in np.flatnonzero(~good).tolist():
            self._failures.add(int(times[place]), _DUPLICATE.format("alert"))
        places = np.flatnonzero(good)
        seen = {labels: Seen(each.element, each.present[good], each.values[good]) for labels, each in seen.items()}
        # Whether there are too many is to be asked after each evaluation.
        parts = [slice(nth, nth + 1) for nth in range(len(places))] if self._limit else [slice(None)]
        for part in parts:
            now = {labels: Seen(each.element, each.present[part], each.values[part]) for labels, each in seen.items()}
            touched = self.course.take(times[places[part]], now)
            if self._limit and self.course.active > self._limit:
                at_ms = int(times[places[part]][0])
                self._failures.add(at_ms, _LIMIT.format(self._limit, self.course.active, "alerts"))
                self.course.clear(at_ms)
            elif self._recorded is not None:
                _write(self._recorded, touched, self._times, places[part] + piece.first)

    def _seen(self, matrix: Matrix, times: Times) -> tuple[dict[Labels, Seen], Mask]:
        """The alerts, and at which moments no two of them are the same."""
        good = np.ones(len(times), dtype=np.bool_)
        values = matrix.values
        if matrix.histograms is not None:
            values = np.where(matrix.histograms.place >= 0, 0.0, values)
        seen: dict[Labels, Seen] = {}
        for row, element in enumerate(matrix.labels.all_labels()):
            own = Seen(element, matrix.present[row], values[row])
            for labels, each in self._told_apart(own, times):
                other = seen.get(labels)
                if other is not None:
                    good &= ~(other.present & each.present)
                    each = _joined(other, each)
                seen[labels] = each
        return seen, good

    def _told_apart(self, seen: Seen, times: Times) -> Sequence[tuple[Labels, Seen]]:
        """Under which labels the element is an alert: others with time where these depend on the value."""
        if self._steady:
            labels = self._known.get(seen.element)
            if labels is None:
                labels = self._rule.identity((seen.element, 0.0), self._expansion(int(times[0])))
                self._known[seen.element] = labels
            return [(labels, seen)]
        found: dict[Labels, Mask] = {}
        for place in np.flatnonzero(seen.present).tolist():
            expansion = self._expansion(int(times[place]))
            labels = self._rule.identity((seen.element, float(seen.values[place])), expansion)
            found.setdefault(labels, np.zeros(len(times), dtype=np.bool_))[place] = True
        return [(labels, Seen(seen.element, present, seen.values)) for labels, present in found.items()]


def _joined(one: Seen, other: Seen) -> Seen:
    """An alert that comes from one element at a time and from another at others."""
    values = np.where(other.present, other.values, one.values)
    return Seen(one.element, one.present | other.present, values)


def _write(recorded: Recorded, episodes: Sequence[Episode], times: Times, columns: Columns) -> None:
    """The series that tell of these episodes, at the columns in which the rule was evaluated."""
    here = times[columns]
    for each in episodes:
        over = np.iinfo(np.int64).max if each.over_at_ms is None else each.over_at_ms
        fired = over if each.fired_at_ms is None else each.fired_at_ms
        for state, begins, ends in (
            (AlertState.PENDING, each.active_at_ms, fired),
            (AlertState.FIRING, fired, over),
        ):
            chosen = columns[(here >= begins) & (here < ends)]
            if len(chosen):
                for labels, value in samples_of(ActiveAlert(each.labels, each.value, each.active_at_ms, state=state)):
                    recorded.put(recorded.row(labels), chosen, float(value))  # pyright: ignore[reportArgumentType]
    recorded.end(columns)


def _ignored(_: TemplateError) -> None:
    """A template that fails gives its error as the text; the doctor tells of it."""
