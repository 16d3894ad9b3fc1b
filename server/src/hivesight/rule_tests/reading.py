"""Files of unit tests: reading one and the rules that it names, with all that is wrong with them and where."""

import glob
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hivesight.model.diagnostics import Diagnostic, Severity
from hivesight.model.errors import BadQuery
from hivesight.model.labels import NO_LABELS, Labels
from hivesight.model.matcher import MatchType
from hivesight.query.promql import parse
from hivesight.query.promql.ast import VectorSelector
from hivesight.rule_tests.notation import (
    MAX_FIGURES,
    MAX_SAMPLES,
    NotationError,
    Points,
    Run,
    expanded,
    parse_values,
)
from hivesight.rule_tests.sections import TestFile, TestGroup
from hivesight.rules import RuleFile, read_rule_file
from hivesight.schema import Loaded, joined, load_file

MAX_EVALUATIONS: Final = 1_000_000
"""Of one test."""

_DEFAULT_INTERVAL_MS: Final = 60_000
_REASON: Final = "parse error: "

Location = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class TestSource:
    """A file that was read. file: its tests, None where it or its rules have errors. rules: each rule file under its
    path. diagnostics: errors and warnings, those of the rule files among them."""

    loaded: Loaded[TestFile]
    file: TestFile | None
    rules: tuple[tuple[str, RuleFile], ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def path(self) -> str:
        return self.loaded.path

    @property
    def evaluation_interval_ms(self) -> int:
        assert self.file is not None
        return self.file.evaluation_interval_ms or _DEFAULT_INTERVAL_MS

    def line(self, *location: str | int) -> int:
        """The line on which a part of the file stands."""
        return self.loaded.root.find(location)[1].place.line


def read_tests(path: Path) -> TestSource:
    """A file of unit tests from disk. Patterns of rule files are relative to its folder."""
    loaded = load_file(path, TestFile)
    found = [*loaded.diagnostics]
    rules: list[tuple[str, RuleFile]] = []
    if loaded.value is not None:
        found += _faults(loaded, loaded.value)
        for index, pattern in enumerate(loaded.value.rule_files):
            paths = sorted(glob.glob(joined(path.parent, pattern)))  # noqa: PTH207 (Path.glob takes no absolute patterns)
            if not paths:
                message = f"no file matches {pattern!r}"
                found.append(loaded.at(("rule_files", index), "tests/no-rules", message, severity=Severity.WARNING))
            for each in paths:
                source = read_rule_file(Path(each))
                found += source.diagnostics
                if source.file is not None:
                    rules.append((source.path, source.file))
    good = all(each.severity is not Severity.ERROR for each in found)
    return TestSource(loaded, loaded.value if good else None, tuple(rules), tuple(found))


def series_labels(text: str) -> Labels:
    """The labels of a series such as `up{job="api"}`. Raises BadQuery for what is none."""
    if not text.strip() or text.replace(" ", "") == "{}":
        return NO_LABELS
    expr = parse(text)
    if not isinstance(expr, VectorSelector) or (expr.offset_ms, expr.offset, expr.at) != (0, None, None):
        raise BadQuery('expected a series, such as up{job="api"}', 0, len(text))
    if any(each.type is not MatchType.EQUAL for each in expr.matchers):
        raise BadQuery('the labels of a series are written with "="', 0, len(text))
    return Labels((each.name, each.value) for each in expr.matchers)


def series_of(test: TestGroup) -> dict[Labels, Points]:
    """The input of a test that was read. The last of several series with the same labels counts."""
    return {series_labels(each.series): expanded(parse_values(each.values)) for each in test.input_series}


def _faults(loaded: Loaded[TestFile], file: TestFile) -> Iterator[Diagnostic]:
    for index, name in enumerate(file.group_eval_order):
        if name in file.group_eval_order[:index]:
            message = f"the group {name!r} stands here twice"
            yield loaded.at(("group_eval_order", index), "tests/repeated-group", message)
    for index, test in enumerate(file.tests):
        yield from _group_faults(loaded, ("tests", index), test)
        interval = file.evaluation_interval_ms or _DEFAULT_INTERVAL_MS
        if test.last_ms // interval >= MAX_EVALUATIONS:
            message = (
                f"the test evaluates its rules more than {MAX_EVALUATIONS:,} times: make evaluation_interval longer, "
                "or let it begin later with start_timestamp"
            )
            yield loaded.at(("tests", index), "tests/too-long", message)


def _group_faults(loaded: Loaded[TestFile], here: Location, test: TestGroup) -> Iterator[Diagnostic]:
    samples, figures, known = 0, 0, set[Labels]()
    for index, series in enumerate(test.input_series):
        place: Location = (*here, "input_series", index)
        labels = yield from _series_fault(loaded, (*place, "series"), series.series)
        if labels in known:
            message = "the series stands here twice; the last one counts"
            yield loaded.at((*place, "series"), "tests/repeated-series", message, severity=Severity.WARNING)
        if labels is not None:
            known.add(labels)
        runs = yield from _values_fault(loaded, (*place, "values"), series.values)
        samples, figures = samples + sum(each.count for each in runs), figures + sum(each.figures for each in runs)
    if samples > MAX_SAMPLES or figures > MAX_FIGURES:
        message = f"the test has more than {MAX_SAMPLES:,} samples, or {MAX_FIGURES:,} numbers of histograms"
        yield loaded.at(here, "tests/too-large", message)
    for index, alert in enumerate(test.alert_rule_test):
        if not alert.alertname:
            yield loaded.at(
                (*here, "alert_rule_test", index), "tests/no-alertname", "the key 'alertname' is missing here"
            )
    for index, asked in enumerate(test.promql_expr_test):
        place = (*here, "promql_expr_test", index)
        yield from _expr_fault(loaded, (*place, "expr"), asked.expr)
        for number, sample in enumerate(asked.exp_samples):
            at: Location = (*place, "exp_samples", number)
            yield from _series_fault(loaded, (*at, "labels"), sample.labels)
            runs = yield from _values_fault(loaded, (*at, "histogram"), sample.histogram)
            if sample.histogram and not (len(runs) == 1 and runs[0].count == 1 and runs[0].figures):
                yield loaded.at((*at, "histogram"), "tests/no-histogram", "expected one histogram: {{count:1 sum:2}}")


def _expr_fault(loaded: Loaded[TestFile], place: Location, text: str) -> Iterator[Diagnostic]:
    if not text.strip():
        yield loaded.at(place, "promql/syntax", "the key 'expr' is missing here")
        return
    try:
        parse(text)
    except BadQuery as error:
        yield _syntax(loaded, place, error)


def _series_fault(loaded: Loaded[TestFile], place: Location, text: str) -> Generator[Diagnostic, None, Labels | None]:
    try:
        return series_labels(text)
    except BadQuery as error:
        yield _syntax(loaded, place, error)
    return None


def _values_fault(loaded: Loaded[TestFile], place: Location, text: str) -> Generator[Diagnostic, None, tuple[Run, ...]]:
    try:
        return parse_values(text)
    except NotationError as error:
        yield loaded.at(place, "tests/notation", str(error), offset=error.offset, length=error.length)
    return ()


def _syntax(loaded: Loaded[TestFile], place: Location, error: BadQuery) -> Diagnostic:
    message = str(error).partition(_REASON)[2] or str(error)
    length = max(1, error.end - error.start)
    return loaded.at(place, "promql/syntax", message, offset=error.start, length=length)
