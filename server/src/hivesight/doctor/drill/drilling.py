"""The drill of one rule: through health, through each fault that is known for it, and to those who should hear."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from hivesight.doctor.drill.course import Course, run
from hivesight.doctor.drill.drilled import Drilled, Kind, Passage, Problem
from hivesight.doctor.drill.findings import findings_about
from hivesight.doctor.drill.hearing import Hearing, Telling, hear
from hivesight.doctor.drill.muting import may_mute
from hivesight.doctor.drill.subject import Files, RuleSet, Subject
from hivesight.doctor.drill.trial import Trial
from hivesight.doctor.drill.unit_tests import UnitTests
from hivesight.doctor.synthesis import Scenario, synthesize
from hivesight.model.diagnostics import Severity
from hivesight.model.duration import format_duration
from hivesight.notify import listeners_of
from hivesight.rules import UNEXPANDED, GroupConfig, RuleOptions

MOST_EVALUATIONS: Final = 5_000
"""Of rules, in trials of health but for the shortest."""
_SYNTHETIC: Final = "series made from its expression"


@dataclass(frozen=True, slots=True)
class Setting:
    """What rules are drilled in. rules: each group with an interval. options: for their evaluation."""

    rules: RuleSet
    tests: UnitTests
    telling: Telling
    options: RuleOptions


def drill(subject: Subject, setting: Setting) -> Drilled:
    """Raises StorageError for series that the store refuses."""
    return _Drill(subject, setting).run()


class _Drill:
    def __init__(self, subject: Subject, setting: Setting) -> None:
        self._subject = subject
        self._setting = setting
        config = setting.telling.config
        self._files = setting.rules.around(subject, lambda each: may_mute(config, each, subject))
        self._hold_ms = setting.telling.hold_ms
        self._problems: list[Problem] = []
        self._silent: list[str] = []
        self._always = frozenset[str]()
        """Names of alerts that fire in health."""

    def run(self) -> Drilled:
        tests = self._setting.tests
        faults, health = tests.faults(self._subject, self._hold_ms), tests.health(self._subject)
        if not faults or not (health or faults[0].silent_ms):
            made = synthesize(self._groups(self._setting.rules.files), self._subject.rule, hold_ms=self._hold_ms)
            if isinstance(made, Scenario):
                trial = self._trial(made)
                if made.constant:
                    return self._drilled([self._passage(trial, lasts=True)], always=True)
                health = health or ([_health_of(trial)] if faults else [])
                if not faults:
                    faults = [trial]
                    self._doubt()
            elif not faults:
                found = findings_about(self._subject, Severity.WARNING)
                self._problem("fires", f"cannot be made true: {'; '.join(found) or made.reason}")
        self._stay_silent(health)
        passages = [self._passage(each) for each in faults]
        if faults and not self._silent and not self._problems:
            self._problem("silent", "nothing shows that it is silent in health: add a unit test with exp_alerts: []")
        return self._drilled(passages)

    def _drilled(self, passages: Sequence[Passage], *, always: bool = False) -> Drilled:
        return Drilled(self._subject, tuple(passages), tuple(self._silent), always, tuple(self._problems))

    def _doubt(self) -> None:
        """Series made to suit an expression may be such as no exporter has; what the doctor is sure of goes before."""
        for finding in findings_about(self._subject, Severity.ERROR):
            self._problem("doctor", f"fires under series made to suit it, and not as it is meant to: {finding}")

    def _stay_silent(self, health: Sequence[Trial]) -> None:
        """The trials in which it must be silent, the shortest first, as many as do not take long."""
        left = MOST_EVALUATIONS // sum(len(group.rules) for group in self._groups(self._files))
        for trial in sorted(health, key=lambda each: each.evaluations):
            if self._silent and trial.evaluations > left:
                break
            left -= trial.evaluations
            course = run(trial, self._files, self._subject, self._setting.options)
            self._judge_silence(course)
            self._always |= {each.name for _, alerts in course.sent for each in alerts if each.labels not in course.own}

    def _judge_silence(self, course: Course) -> None:
        trial, spoke_ms = course.trial, course.spoke_in_health_ms
        if spoke_ms is not None:
            self._problem("silent", f"fires in health, after {format_duration(spoke_ms)} of {trial.origin}")
        elif trial.silent_ms or trial.silent_until_ms is not None:
            self._silent.append(trial.origin)

    def _passage(self, trial: Trial, *, lasts: bool = False) -> Passage:
        """lasts: the condition never ends, so that nothing else is wanted of it than to be told."""
        course = run(trial, self._files, self._subject, self._setting.options)
        if course.fires and course.over_ms is None and not lasts:
            healed = self._setting.tests.fault_then_health(self._subject, trial, self._hold_ms)
            if healed is not None:
                course = run(healed, self._files, self._subject, self._setting.options)
        self._judge_silence(course)
        if not course.fires:
            why = f": {course.error}" if course.error else ""
            self._problem("fires", f"does not fire by {format_duration(trial.fires_by_ms or 0)} of {trial.origin}{why}")
            return _passage(course)
        if course.over_ms is None and not lasts:
            self._problem("resolves", f"still fires after the fault of {trial.origin} is over")
        hearing = hear(course.sent, course.own, self._setting.telling, self._always)
        self._judge_hearing(hearing, trial, lasts=lasts)
        return _passage(course, hearing)

    def _judge_hearing(self, hearing: Hearing, trial: Trial, *, lasts: bool) -> None:
        self._judge_words(hearing)
        receivers = ", ".join(hearing.receivers)
        failed = next((each for each in (*hearing.told, *hearing.ended) if not each.arrived), None)
        if failed is not None:
            self._problem("receivers", f"{failed.integration} of {failed.receiver} cannot be told: {failed.error}")
        elif not hearing.labels:
            self._problem("receivers", "alert_relabel_configs drop it, so that nobody is told")
        elif not hearing.told and hearing.held:
            self._problem("receivers", f"always held back: {hearing.held[0].why}")
        elif not hearing.told and not self._listeners(hearing) and not lasts:
            self._problem("receivers", f"its receiver {receivers} tells nobody: give it an integration")
        elif not hearing.told and self._listeners(hearing):
            self._problem("receivers", f"fires too shortly for {receivers} to be told, in {trial.origin}")
        elif self._listeners(hearing, ends=True) and not hearing.ended and not lasts:
            self._problem("resolves", f"{receivers} is not told that it is over")

    def _judge_words(self, hearing: Hearing) -> None:
        """Templates of labels and annotations that failed: an error is told in the place of the text."""
        for delivery in hearing.told:
            for alert in delivery.firing:
                for name, text in (*alert.labels.pairs, *alert.annotations.pairs):
                    if text.startswith(UNEXPANDED):
                        self._problem("receivers", f"{name} is told as {text}")

    def _listeners(self, hearing: Hearing, *, ends: bool = False) -> int:
        """How many integrations the receivers have; ends: of those that want to hear that it is over."""
        receivers = self._setting.telling.config.receivers
        listeners = [each for one in receivers if one.name in hearing.receivers for each in listeners_of(one)]
        return sum(each.send_resolved or not ends for each in listeners)

    def _problem(self, kind: Kind, text: str) -> None:
        problem = Problem(kind, text)
        if problem not in self._problems:
            self._problems.append(problem)

    def _groups(self, files: Files) -> list[GroupConfig]:
        return [group for _, file in files for group in file.groups]

    def _trial(self, made: Scenario) -> Trial:
        return Trial(
            _SYNTHETIC,
            made.series,
            made.interval_ms,
            min(group.interval_ms for group in self._groups(self._files)),
            made.start_ms,
            made.evaluate_from_ms,
            silent_until_ms=None if made.constant else made.health_until_ms,
            fires_by_ms=made.fires_by_ms,
            heals_at_ms=made.heals_at_ms,
            end_ms=made.end_ms,
        )


def _health_of(trial: Trial) -> Trial:
    """The part of a trial before its fault."""
    return replace(trial, fires_by_ms=None, end_ms=trial.silent_until_ms or 0)


def _passage(course: Course, hearing: Hearing | None = None) -> Passage:
    trial = course.trial
    begun_ms = max((trial.silent_until_ms or 0, trial.evaluate_from_ms, *trial.silent_ms))

    def at(elapsed_ms: int | None) -> int | None:
        return None if elapsed_ms is None else trial.start_ms + elapsed_ms

    return Passage(
        trial.origin,
        trial.start_ms + begun_ms,
        trial.start_ms + trial.heals_at_ms,
        at(course.pending_at_ms),
        at(course.fired_at_ms),
        at(course.over_ms),
        hearing,
    )
