"""An alert through a trial: the rules are evaluated on the trial's series, and it is noted how the alert fares and what
is told to the alerting."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from hivesight.doctor.drill.subject import Files, Subject
from hivesight.doctor.drill.trial import Trial
from hivesight.model.alert import Alert
from hivesight.model.labels import Labels
from hivesight.rule_tests.simulation import Simulation
from hivesight.rules import AlertState, RuleOptions
from hivesight.rules.alerting import AlertingRule
from hivesight.rules.group import Group, Place


@dataclass(slots=True)
class Course:
    """How an alert fared. Times count from the trial's start, None for what did not happen. firing_ms: every evaluation
    at which it fired. over_ms: it fired no more, after the fault. own: the labels of its alerts as they are told. sent:
    what all rules told, and when, since the epoch. error: the last of its rule."""

    trial: Trial
    pending_at_ms: int | None = None
    fired_at_ms: int | None = None
    over_ms: int | None = None
    firing_ms: list[int] = field(default_factory=list[int])
    own: set[Labels] = field(default_factory=set[Labels])
    sent: list[tuple[int, tuple[Alert, ...]]] = field(default_factory=list[tuple[int, tuple[Alert, ...]]])
    error: str = ""

    @property
    def fires(self) -> bool:
        """Whether it fired by when it must."""
        by_ms = self.trial.fires_by_ms
        return by_ms is not None and any(at <= by_ms for at in self.firing_ms)

    @property
    def spoke_in_health_ms(self) -> int | None:
        """When it fired although it must not, None where it did not."""
        until, step = self.trial.silent_until_ms, self.trial.step_ms
        silent = {at - at % step for at in self.trial.silent_ms}
        return next((at for at in self.firing_ms if at in silent or (until is not None and at <= until)), None)


def run(trial: Trial, files: Files, subject: Subject, options: RuleOptions) -> Course:
    """files: the rules that are evaluated, the subject's among them. Raises StorageError for a series that the store
    refuses."""
    course = Course(trial)
    sent: list[Alert] = []
    with Simulation(files, (), options, trial.start_ms, options.interval_ms, send=sent.extend) as world:
        world.feed(dict(trial.series), trial.interval_ms)
        place, rule = next(_places(world.groups, subject))
        for elapsed_ms in range(trial.evaluate_from_ms, trial.end_ms + 1, trial.step_ms):
            world.advance(trial.start_ms + elapsed_ms)
            if sent:
                course.sent.append((trial.start_ms + elapsed_ms, tuple(sent)))
                sent.clear()
            course.error = place.status.last_error or course.error
            course.own.update(map(options.surroundings.external_labels.merged, rule.alerts))
            _note(course, rule.state, elapsed_ms)
            if course.over_ms is not None:
                break
    return course


def _note(course: Course, state: AlertState, at_ms: int) -> None:
    if state is AlertState.PENDING and course.fired_at_ms is None and course.pending_at_ms is None:
        course.pending_at_ms = at_ms
    if state is AlertState.INACTIVE and course.fired_at_ms is None:
        course.pending_at_ms = None
    if state is AlertState.FIRING:
        course.firing_ms.append(at_ms)
        course.fired_at_ms = at_ms if course.fired_at_ms is None else course.fired_at_ms
    elif course.fires and at_ms >= course.trial.heals_at_ms:
        course.over_ms = at_ms


def _places(groups: Sequence[Group], subject: Subject) -> Iterator[tuple[Place, AlertingRule]]:
    """The subject's rule as it is evaluated."""
    for group in groups:
        for place in group.places:
            if isinstance(place.rule, AlertingRule) and place.rule.config is subject.rule:
                yield place, place.rule
