"""The answer to an expression against the samples that are expected."""

import math
from collections.abc import Callable
from dataclasses import replace

from hivesight.model.errors import BadQuery
from hivesight.model.gofloat import format_g
from hivesight.model.histogram import Hint, Histogram
from hivesight.model.labels import NO_LABELS, Labels
from hivesight.query.promql import Answer, Scalar, Vector
from hivesight.rule_tests.histogram_notation import histogram_text
from hivesight.rule_tests.notation import parse_values
from hivesight.rule_tests.reading import series_labels
from hivesight.rule_tests.sections import ExpectedSample, ExprTest
from hivesight.rule_tests.verdict import ABSENT, Difference

Sample = float | Histogram


def judge_samples(test: ExprTest, answer: Answer, *, fuzzy: bool) -> list[Difference]:
    """Every difference, whatever the order. fuzzy: floats that differ in the last bit are equal. Raises BadQuery for
    an answer that is neither a vector nor a scalar."""
    got = _samples(answer)
    expected: dict[Labels, list[Sample]] = {}
    for each in test.exp_samples:
        expected.setdefault(series_labels(each.labels), []).append(_expected(each))
    differences: list[Difference] = []
    same: Callable[[Sample, Sample], bool] = lambda one, other: _equal(one, other, fuzzy=fuzzy)  # noqa: E731
    for labels in sorted(set(got) | set(expected)):
        wanted = expected.get(labels, [])
        if labels in got and len(wanted) == 1 and same(wanted[0], got[labels]):
            continue
        shown = ", ".join(map(_text, wanted)) or ABSENT
        differences.append(Difference(_name(labels), shown, _text(got[labels]) if labels in got else ABSENT))
    return differences


def _samples(answer: Answer) -> dict[Labels, Sample]:
    value = answer.value
    if isinstance(value, Vector):
        return dict(value.samples())
    if isinstance(value, Scalar):
        return {NO_LABELS: value.value}
    raise BadQuery("the answer is not a vector or scalar: aggregate it over time, for example with avg_over_time")


def _expected(sample: ExpectedSample) -> Sample:
    if not sample.histogram:
        return sample.value
    (run,) = parse_values(sample.histogram)
    assert isinstance(run.first, Histogram), "judged when the file was read"
    return run.first


def _equal(one: Sample, other: Sample, *, fuzzy: bool) -> bool:
    if isinstance(one, Histogram) or isinstance(other, Histogram):
        return isinstance(one, Histogram) and isinstance(other, Histogram) and _alike(one) == _alike(other)
    if one == other or (math.isnan(one) and math.isnan(other)):
        return True
    return fuzzy and other in (math.nextafter(one, math.inf), math.nextafter(one, -math.inf))


def _alike(histogram: Histogram) -> str:
    """What of a histogram is compared. Whether a counter is known to go on depends on how samples lie in a store, and
    so on which program is asked; that it is a gauge does not."""
    hint = Hint.GAUGE if histogram.hint is Hint.GAUGE else Hint.UNKNOWN
    return histogram_text(replace(histogram, hint=hint))


def _text(sample: Sample) -> str:
    return histogram_text(sample) if isinstance(sample, Histogram) else format_g(sample)


def _name(labels: Labels) -> str:
    return str(labels) or "{}"
