"""A group of rules: evaluated one after the other, so that later ones see what earlier ones made."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import structlog
from numpy.typing import NDArray

from hivesight.gotmpl import TemplateError
from hivesight.model.clock import Clock
from hivesight.model.errors import HivesightError, StorageError
from hivesight.model.histogram import Histogram, HistogramGrid, cells_of
from hivesight.model.labels import Labels
from hivesight.model.series import STALE
from hivesight.rules.alerting import AlertingRule
from hivesight.rules.expansion import Surroundings
from hivesight.rules.ports import History, QueryFunc, SampleSink, SendFunc
from hivesight.rules.recording import RecordingRule
from hivesight.rules.restoring import Restoration, last_series, remembered
from hivesight.rules.rule import Health, Moment, RuleFailed
from hivesight.rules.sections import GroupConfig, RuleConfig

RESEND_DELAY_MS: Final = 60_000
_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RuleOptions:
    """What holds for all groups. interval_ms: of groups that name none (`global.evaluation_interval`).
    query_offset_ms: likewise (`global.rule_query_offset`)."""

    interval_ms: int = 60_000
    query_offset_ms: int = 0
    resend_delay_ms: int = RESEND_DELAY_MS
    surroundings: Surroundings = field(default_factory=Surroundings)
    restoration: Restoration = field(default_factory=Restoration)


@dataclass(frozen=True, slots=True)
class Outside:
    """What an evaluation reaches: who answers, who keeps, who remembers, who is told, and what time it is."""

    query: QueryFunc
    sink: SampleSink
    history: History
    send: SendFunc
    clock: Clock


@dataclass(frozen=True, slots=True)
class RuleStatus:
    """How a rule fares. Times in ms since the epoch, 0 before the first evaluation."""

    health: Health = Health.UNKNOWN
    last_error: str = ""
    evaluated_at_ms: int = 0
    evaluation_seconds: float = 0.0
    samples: int = 0


@dataclass(frozen=True, slots=True)
class GroupStatus:
    """How a group fares. evaluations and failures count rules, iterations and missed turns of the group: those that it
    took, and those that it did not."""

    evaluated_at_ms: int = 0
    evaluation_seconds: float = 0.0
    samples: int = 0
    evaluations: int = 0
    failures: int = 0
    iterations: int = 0
    missed: int = 0
    template_failures: int = 0


@dataclass(slots=True)
class Place:
    """A rule in its group. key: of its storage group. previous: the series that it wrote last."""

    rule: RecordingRule | AlertingRule
    key: str
    status: RuleStatus = field(default_factory=RuleStatus)
    previous: frozenset[Labels] = frozenset()


class Group:
    """A group with its rules and their state. `evaluate` runs in one thread at a time; everything else may be read
    from any thread."""

    def __init__(self, file: str, config: GroupConfig, options: RuleOptions, outside: Outside) -> None:
        """Raises BadQuery and TemplateError for what `config.read_rules` would have found."""
        self.file = file
        self.config = config
        self.options = options
        self.status = GroupStatus()
        self.places = _places(file, config)
        self._outside = outside
        self._running = threading.Lock()
        self._retired = False
        self._restores = False

    @property
    def interval_ms(self) -> int:
        return self.config.interval_ms or self.options.interval_ms

    @property
    def query_offset_ms(self) -> int:
        own = self.config.query_offset_ms
        return self.options.query_offset_ms if own is None else own

    def restore(self) -> None:
        """Let the next evaluation go on from what the history tells of the time before this process."""
        self._restores = True

    def missed(self, count: int) -> None:
        """Count turns that were skipped because the one before took too long."""
        self.status = replace(self.status, missed=self.status.missed + count)

    def evaluate(self, at_ms: int) -> None:
        """All rules in order at one time. What goes wrong with a rule is its last error and stops no other."""
        with self._running:
            begun = self._outside.clock.monotonic()
            if self._restores:
                self._restores = False
                self._recall(at_ms)
            samples = 0
            for place in self.places:
                if self._retired:
                    return
                samples += self._evaluate(place, at_ms)
            seconds = self._outside.clock.monotonic() - begun
            self.status = replace(
                self.status,
                evaluated_at_ms=at_ms,
                evaluation_seconds=seconds,
                samples=samples,
                iterations=self.status.iterations + 1,
            )

    def _evaluate(self, place: Place, at_ms: int) -> int:
        """One rule; how many samples it made."""
        begun = self._outside.clock.monotonic()
        error, samples = "", 0
        try:
            samples = self._apply(place, self._moment(at_ms))
        except (HivesightError, RuleFailed) as failure:
            error = str(failure)
        if error and error != place.status.last_error:
            _log.warning(
                "rule failed", file=self.file, group=self.config.name, rule=place.rule.config.name, error=error
            )
        place.status = RuleStatus(
            health=Health.BAD if error else Health.OK,
            last_error=error,
            evaluated_at_ms=at_ms,
            evaluation_seconds=self._outside.clock.monotonic() - begun,
            samples=samples,
        )
        status = self.status
        self.status = replace(status, evaluations=status.evaluations + 1, failures=status.failures + bool(error))
        return samples

    def _apply(self, place: Place, moment: Moment) -> int:
        """Evaluate, send, write; a series that was written last time and is not there now is ended."""
        outcome = place.rule.evaluate(moment)
        if outcome.alerts:
            self._outside.send(outcome.alerts)
        labels = [each for each, _ in outcome.samples]
        current = frozenset(labels)
        gone = sorted(place.previous - current)
        if labels or gone:
            values, histograms = _columns([value for _, value in outcome.samples], len(gone))
            self._outside.sink.write(place.key, moment.data_ms, labels + gone, values, histograms)
        place.previous = current
        return len(labels)

    def _moment(self, at_ms: int) -> Moment:
        return Moment(
            at_ms=at_ms,
            data_ms=at_ms - self.query_offset_ms,
            interval_ms=self.interval_ms,
            limit=self.config.limit,
            resend_delay_ms=self.options.resend_delay_ms,
            query=self._outside.query,
            surroundings=self.options.surroundings,
            template_failed=self._template_failed,
        )

    def _template_failed(self, error: TemplateError) -> None:
        if not self.status.template_failures:
            _log.warning("template failed", file=self.file, group=self.config.name, error=str(error))
        self.status = replace(self.status, template_failures=self.status.template_failures + 1)

    def _recall(self, now_ms: int) -> None:
        """Hand every alerting rule what the history knows of it."""
        settings = self.options.restoration
        for place in self.places:
            if not isinstance(place.rule, AlertingRule):
                continue
            rule = place.rule
            try:
                memory = remembered(rule.config.alert, rule.labels, self._outside.history, now_ms, settings)
            except StorageError as error:
                _log.warning("alerts not restored", file=self.file, rule=rule.config.alert, error=str(error))
                continue
            rule.remember(memory, settings)
            place.previous |= frozenset(last_series(memory, rule.timing.for_ms))

    def retire(self, successor: "Group | None", at_ms: int) -> None:
        """Stop after the rule that is being evaluated. Rules that the successor has too (same name, labels and, of
        several such, order) hand their state over; the series of the others are ended at this time."""
        self._retired = True
        with self._running:
            left = self.places if successor is None else _hand_over(self, successor)
            for place in left:
                self._end(place, at_ms)

    def _end(self, place: Place, at_ms: int) -> None:
        gone = sorted(place.previous)
        if not gone:
            return
        try:
            # A mark at the time of the last samples would be no later than they are.
            ended_ms = max(at_ms, place.status.evaluated_at_ms + 1)
            self._outside.sink.write(place.key, ended_ms, gone, np.full(len(gone), STALE))
        except StorageError as error:
            _log.warning("series of a removed rule not ended", file=self.file, key=place.key, error=str(error))


def _columns(samples: Sequence[float | Histogram], gone: int) -> tuple[NDArray[np.float64], HistogramGrid | None]:
    """Samples as the sink takes them, and behind them the marks of series that are gone."""
    histograms = [each for each in samples if isinstance(each, Histogram)]
    numbers = [each.sum if isinstance(each, Histogram) else each for each in samples]
    values = np.array(numbers + [STALE] * gone, dtype=np.float64)
    if not histograms:
        return values, None
    place = np.full((len(values), 1), -1, dtype=np.int64)
    place[[isinstance(each, Histogram) for each in samples] + [False] * gone, 0] = np.arange(len(histograms))
    return values, HistogramGrid(cells_of(histograms), place)


def _hand_over(old: Group, new: Group) -> list[Place]:
    """Give state to the rules that go on; those that do not are returned."""
    new.status = old.status
    waiting: dict[tuple[str, Labels], list[Place]] = {}
    for place in old.places:
        waiting.setdefault((place.rule.config.name, place.rule.labels), []).append(place)
    for place in new.places:
        same = waiting.get((place.rule.config.name, place.rule.labels))
        if not same or type(same[0].rule) is not type(place.rule):
            continue
        former = same.pop(0)
        place.previous, place.status = former.previous, former.status
        if isinstance(place.rule, AlertingRule) and isinstance(former.rule, AlertingRule):
            place.rule.alerts = former.rule.alerts
    return [place for places in waiting.values() for place in places]


def _places(file: str, config: GroupConfig) -> list[Place]:
    """The rules with the keys of their storage groups, which stay the same over restarts and unrelated changes."""
    counts: dict[str, int] = {}
    places: list[Place] = []
    for rule in config.rules:
        made = _rule(rule, config)
        name = f"rules/{file}/{config.name}/{rule.name}/{made.labels.fingerprint()}"
        counts[name] = counts.get(name, 0) + 1
        places.append(Place(made, f"{name}/{counts[name]}"))
    return places


def _rule(rule: RuleConfig, group: GroupConfig) -> RecordingRule | AlertingRule:
    return AlertingRule(rule, group.labels) if rule.alert else RecordingRule(rule, group.labels)
