"""promtool's unit tests that lie beside rule files, as trials: what they say must fire is a fault, what they say is
silent is health."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from hivesight.doctor.drill.continuation import Series, ended, followed, lasting, resampled
from hivesight.doctor.drill.subject import LOOKBACK_MS, RuleSet, Subject
from hivesight.doctor.drill.trial import Trial
from hivesight.model.labels import METRIC_NAME
from hivesight.rule_tests.reading import TestSource, read_tests, series_of
from hivesight.rule_tests.sections import TestGroup
from hivesight.rules.alert_series import ALERTS

MOST_FILES: Final = 2_000
MOST_BYTES: Final = 8 << 20
MOST_IDLE: Final = 200
"""Evaluations before the first of which something is said."""
_PLACES: Final = (".", "tests", "test", "../tests", "../test")
"""Where unit tests lie, as seen from the folder of the rules."""
_TOLD: Final = re.compile(rb"^(rule_files|tests)\s*:", re.MULTILINE)
_ALERTNAME: Final = re.compile(r'alertname\s*=\s*"([^"]*)"')


@dataclass(frozen=True, slots=True)
class _Test:
    """A test with its file. rules: the resolved paths of the rule files that it is about."""

    source: TestSource
    group: TestGroup
    number: int
    rules: frozenset[Path]

    @property
    def step_ms(self) -> int:
        return self.source.evaluation_interval_ms

    @property
    def interval_ms(self) -> int:
        return self.group.interval_ms or self.step_ms

    @property
    def name(self) -> str:
        return f"test {self.group.name or f'unnamed#{self.number}'!r} of {Path(self.source.path).name}"

    def fires_ms(self, alert: str) -> list[int]:
        """When an alert of this name is expected."""
        return [each.eval_time_ms for each in self.group.alert_rule_test if each.alertname == alert and each.exp_alerts]

    def silent_ms(self, alert: str) -> list[int]:
        """When none of this name is: it is said of the name, or of all alerts."""
        said = [each for each in self.group.alert_rule_test if each.alertname == alert and not each.exp_alerts]
        asked = [each for each in self.group.promql_expr_test if ALERTS in each.expr]
        names = [set(_ALERTNAME.findall(" ".join(sample.labels for sample in each.exp_samples))) for each in asked]
        of_all = [
            each
            for each, found in zip(asked, names, strict=True)
            if alert not in found and set(_ALERTNAME.findall(each.expr)) <= {alert}
        ]
        return sorted(each.eval_time_ms for each in (*said, *of_all))


class UnitTests:
    """The unit tests of a set of rules."""

    def __init__(self, rules: RuleSet, paths: Sequence[Path] | None = None) -> None:
        """paths: of files with tests; None for those that lie beside the rules. Raises nothing: a file that cannot be
        read has no tests here, and `hivesight test` says why."""
        self._rules = rules
        found = _beside(Path(path) for path, _ in rules.files) if paths is None else paths
        sources = [read_tests(path) for path in found]
        self.unread = tuple(source.path for source in sources if source.file is None)
        """Files that have errors."""
        self._tests = [test for source in sources if source.file is not None for test in _tests(source)]

    def faults(self, subject: Subject, hold_ms: int) -> list[Trial]:
        """Trials in which the alert must fire. hold_ms: how long the fault goes on once it does."""
        return [
            self._fault(subject, test, fires, hold_ms, health=None)
            for test in self._of(subject)
            if (fires := test.fires_ms(subject.name))
        ]

    def fault_then_health(self, subject: Subject, trial: Trial, hold_ms: int) -> Trial | None:
        """One of `faults` again, with the series of a test in which the alert is silent after it; for alerts that a
        series which is gone does not end. None where there is no such test."""
        test = next((each for each in self._of(subject) if each.name == trial.origin), None)
        health = min(self._healthy(subject), key=lambda each: each.group.last_ms, default=None)
        if test is None or health is None:
            return None
        return self._fault(subject, test, test.fires_ms(subject.name), hold_ms, health)

    def health(self, subject: Subject) -> list[Trial]:
        """Trials in which the alert must be silent all the time."""
        return [
            Trial(
                test.name,
                series_of(test.group),
                test.interval_ms,
                test.step_ms,
                test.group.start_ms,
                evaluate_from_ms=self._begin(subject, test),
                silent_until_ms=test.silent_ms(subject.name)[-1],
                end_ms=test.silent_ms(subject.name)[-1],
            )
            for test in self._healthy(subject)
        ]

    def _of(self, subject: Subject) -> Iterator[_Test]:
        path = Path(subject.path).resolve()
        return (test for test in self._tests if path in test.rules)

    def _healthy(self, subject: Subject) -> list[_Test]:
        """Those with a series that the alert is judged by: without any it would be silent for want of data."""
        asked = self._rules.selectors(subject)

        def has_data(test: _Test) -> bool:
            return any(
                all(each.matches(labels.value(each.name)) for each in selector.matchers)
                and selector.name in ("", labels.value(METRIC_NAME))
                for labels in series_of(test.group)
                for selector in asked
            )

        return [
            test
            for test in self._of(subject)
            if test.silent_ms(subject.name) and not test.fires_ms(subject.name) and has_data(test)
        ]

    def _fault(self, subject: Subject, test: _Test, fires: Sequence[int], hold_ms: int, health: _Test | None) -> Trial:
        heals_ms = fires[-1] + hold_ms
        interval = test.interval_ms
        series: Series = lasting(series_of(test.group), heals_ms // interval + 1)
        if health is None:
            series = ended(series)
        else:
            healthy = resampled(series_of(health.group), health.interval_ms, interval)
            series = followed(series, lasting(healthy, _steps(self._end(subject, 0), interval)))
        return Trial(
            test.name,
            series,
            interval,
            test.step_ms,
            test.group.start_ms,
            evaluate_from_ms=self._begin(subject, test),
            silent_ms=tuple(each for each in test.silent_ms(subject.name) if each < fires[0]),
            fires_by_ms=fires[-1],
            heals_at_ms=heals_ms,
            end_ms=self._end(subject, heals_ms),
        )

    def _begin(self, subject: Subject, test: _Test) -> int:
        """From when on rules are evaluated: the start, but for a test that says nothing of most of its time."""
        first_ms = min([*test.silent_ms(subject.name), *test.fires_ms(subject.name)])
        begin_ms = first_ms - self._rules.memory_ms(subject)
        return max(0, begin_ms - begin_ms % test.step_ms) if begin_ms > MOST_IDLE * test.step_ms else 0

    def _end(self, subject: Subject, heals_ms: int) -> int:
        """By when an alert is over whose fault is."""
        return heals_ms + 2 * LOOKBACK_MS + self._rules.reach_ms(subject) + subject.rule.keep_firing_for_ms


def _steps(ms: int, interval_ms: int) -> int:
    return ms // interval_ms + 1


def _tests(source: TestSource) -> Iterator[_Test]:
    assert source.file is not None
    rules = frozenset(Path(path).resolve() for path, _ in source.rules)
    for number, group in enumerate(source.file.tests):
        yield _Test(source, group, number, rules)


def _beside(rules: Iterator[Path]) -> list[Path]:
    """The files of unit tests in the folders where they are kept."""
    folders = dict.fromkeys((rule.parent / place).resolve() for rule in rules for place in _PLACES)
    files = (path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir()))
    return [path for path in islice(files, MOST_FILES) if path.suffix in (".yml", ".yaml") and _has_tests(path)]


def _has_tests(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return len(set(_TOLD.findall(file.read(MOST_BYTES)))) == 2
    except OSError:
        return False
