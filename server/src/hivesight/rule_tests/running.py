"""Runs the tests of a file, each in a world of its own."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

from hivesight.model.duration import format_duration
from hivesight.model.errors import HivesightError
from hivesight.rule_tests.judge_alerts import judge_alerts
from hivesight.rule_tests.judge_samples import judge_samples
from hivesight.rule_tests.reading import TestSource, read_tests, series_of
from hivesight.rule_tests.sections import TestGroup
from hivesight.rule_tests.simulation import Simulation
from hivesight.rule_tests.verdict import Failure, FileResult, TestResult
from hivesight.rules import RuleOptions, Surroundings


def run_file(path: Path, wanted: "re.Pattern[str] | None" = None) -> FileResult:
    """A file of unit tests. wanted: only the tests in whose name it is found."""
    source = read_tests(path)
    if source.file is None:
        return FileResult(str(path), fault="\n".join(each.render() for each in source.diagnostics))
    tests = [
        _run(source, number, test)
        for number, test in enumerate(source.file.tests)
        if wanted is None or wanted.search(test.name)
    ]
    return FileResult(str(path), tuple(tests), warnings=tuple(each.render() for each in source.diagnostics))


def _run(source: TestSource, number: int, test: TestGroup) -> TestResult:
    begun = time.monotonic()
    line = source.line("tests", number)
    try:
        failures = tuple(_failures(source, number, test))
    except HivesightError as error:
        failures = (Failure(line, "the test", reason=str(error)),)
    return TestResult(test.name or f"unnamed#{number}", line, time.monotonic() - begun, failures)


def _failures(source: TestSource, number: int, test: TestGroup) -> Iterator[Failure]:
    assert source.file is not None
    step_ms = source.evaluation_interval_ms
    interval_ms = test.interval_ms or step_ms
    options = RuleOptions(interval_ms, surroundings=Surroundings(test.external_url, test.external_labels))
    with Simulation(source.rules, source.file.group_eval_order, options, test.start_ms, step_ms) as world:
        world.feed(series_of(test), interval_ms)
        waiting = sorted(enumerate(test.alert_rule_test), key=lambda each: each[1].eval_time_ms)
        for elapsed_ms in range(0, test.last_ms + 1, step_ms):
            at_ms = test.start_ms + elapsed_ms
            world.advance(at_ms)
            broken = list(_broken(source, world, elapsed_ms))
            if broken:
                yield from broken
                return
            while waiting and waiting[0][1].eval_time_ms < elapsed_ms + step_ms:
                index, alert = waiting.pop(0)
                differences = judge_alerts(alert, world.groups, at_ms)
                if differences:
                    line = source.line("tests", number, "alert_rule_test", index)
                    what = f"alert {alert.alertname} at {format_duration(alert.eval_time_ms)}"
                    yield Failure(line, what, differences=tuple(differences))
        yield from _asked(source, number, test, world)


def _broken(source: TestSource, world: Simulation, elapsed_ms: int) -> Iterator[Failure]:
    """Rules that could not be evaluated."""
    for group in world.groups:
        for place in group.places:
            if place.status.last_error:
                what = f"rule {place.rule.config.name} of {group.file} at {format_duration(elapsed_ms)}"
                yield Failure(source.line("rule_files"), what, reason=place.status.last_error)


def _asked(source: TestSource, number: int, test: TestGroup, world: Simulation) -> Iterator[Failure]:
    assert source.file is not None
    for index, asked in enumerate(test.promql_expr_test):
        line = source.line("tests", number, "promql_expr_test", index)
        what = f"expr {asked.expr.strip()!r} at {format_duration(asked.eval_time_ms)}"
        try:
            answer = world.ask(asked.expr, test.start_ms + asked.eval_time_ms)
            differences = judge_samples(asked, answer, fuzzy=source.file.fuzzy_compare)
        except HivesightError as error:
            yield Failure(line, what, reason=str(error))
            continue
        if differences:
            yield Failure(line, what, differences=tuple(differences))
