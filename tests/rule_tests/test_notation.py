"""Series notation: what it says, what is refused, and where the fault is."""
# ruff: noqa: E501 (one case a line)

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hivesight.model.histogram import Hint, Histogram
from hivesight.model.series import is_absent, is_stale
from hivesight.rule_tests.histogram_notation import histogram_text, parse_histogram
from hivesight.rule_tests.notation import MAX_SAMPLES, NotationError, expanded, parse_values


def said(text: str) -> str:
    """The samples written one by one."""
    points = expanded(parse_values(text))
    absent, stale = is_absent(points.values), is_stale(points.values)
    words: list[str] = []
    for index, value in enumerate(points.values.tolist()):
        if index in points.histograms:
            words.append(histogram_text(points.histograms[index]))
        else:
            words.append("_" if absent[index] else "stale" if stale[index] else f"{value:g}")
    return " ".join(words)


NOTATIONS = [
    ("", ""),
    ("1 2.5 -3", "1 2.5 -3"),
    ("  1\n 2 ", "1 2"),
    ("5x2", "5 5 5"),
    ("5x0", "5"),
    ("0x2", "0 0 0"),
    ("1+2x3", "1 3 5 7"),
    ("1-2x3 0", "1 -1 -3 -5 0"),
    ("-2+4x3", "-2 2 6 10"),
    ("1e2-1.5x2", "100 98.5 97"),
    ("1e-1x1", "0.1 0.1"),
    ("_ _x2 1 _x0 2", "_ _ _ 1 2"),
    ("1 stale 2", "1 stale 2"),
    ("NaN inf -Inf +Inf .5", "nan inf -inf inf 0.5"),
    ("{{}}", "{{}}"),
    ("{{count:2 sum:3 buckets:[1 1]}}x1", "{{count:2 sum:3 buckets:[1 1]}} {{count:2 sum:3 buckets:[1 1]}}"),
    ("{{count:1 buckets:[1]}}+{{count:1 sum:.5 buckets:[1]}}x2", "{{count:1 buckets:[1]}} {{count:2 sum:0.5 buckets:[2]}} {{count:3 sum:1 buckets:[3]}}"),
    ("{{count:3 buckets:[3]}}-{{count:1 buckets:[1]}}x1", "{{count:3 buckets:[3]}} {{count:2 buckets:[2]}}"),
    ("{{count:1 buckets:[1] offset:1}}+{{schema:1 count:2 buckets:[1 1] offset:1}}x1", "{{count:1 offset:1 buckets:[1]}} {{count:3 offset:1 buckets:[3]}}"),
    ("{{schema:-53 count:3 custom_values:[1 2] buckets:[1 1 1]}}", "{{schema:-53 count:3 custom_values:[1 2] buckets:[1 1 1]}}"),
    ("{{n_buckets:[1 0 2] n_offset:-5 z_bucket:7 z_bucket_w:0.5 counter_reset_hint:gauge schema:1}}", "{{schema:1 z_bucket:7 z_bucket_w:0.5 counter_reset_hint:gauge n_offset:-5 n_buckets:[1 0 2]}}"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "samples"), NOTATIONS)
def test_notation(text: str, samples: str) -> None:
    assert said(text) == samples


def test_steps_are_added_one_after_the_other() -> None:
    value = 0.0
    for _ in range(1000):
        value += 0.1
    assert expanded(parse_values("0+0.1x1000")).values[-1] == value


# A text; where its fault begins, and a part of the message.
FAULTS = [
    ("1 two", 2, "no value"),
    ("1x", 0, "no value"),
    ("1+1", 0, "no value"),
    ("1 x3", 2, "no value"),
    ("stalex3", 0, "no value"),
    ("1 2x5000001", 4, "more than"),
    ("1+1x99999999999999999999", 4, "more than"),
    ("_x1000000000", 2, "more than"),
    ("1x3000000 2x3000000", 10, "more than"),
    ("{{buckets:[1 1 1]}}x4000000", 0, "more than"),
    ("{{count:1}}+{{count:1}}x100000", 0, "more than"),
    ("1 {{count:x}}", 4, "is a number"),
    ("{{nothing:1}}", 2, "no part of a histogram"),
    ("{{count:1 count:2}}", 2, "stands twice"),
    ("{{schema:9}}", 2, "not known"),
    ("{{schema:-53}}", 2, "belong together"),
    ("{{custom_values:[1]}}", 2, "belong together"),
    ("{{schema:-53 custom_values:[2 1]}}", 2, "must increase"),
    ("{{schema:-53 custom_values:[1] buckets:[1 1 1]}}", 2, "more buckets"),
    ("{{schema:-53 custom_values:[1] z_bucket:1}}", 2, "no zero bucket"),
    ("{{buckets:1}}", 2, "is written like"),
    ("{{offset:4294967296}}", 2, "31 bits"),
    ("{{counter_reset_hint:maybe}}", 2, "not known"),
    ("{{schema:1}}+{{schema:0}}x1", 0, "cannot be added"),
    ("{{count:1}", 0, "no value"),
]


@pytest.mark.parametrize(("text", "offset", "part"), FAULTS)
def test_faults_have_a_place(text: str, offset: int, part: str) -> None:
    with pytest.raises(NotationError) as caught:
        parse_values(text)
    assert (caught.value.offset, part in str(caught.value)) == (offset, True), str(caught.value)


def test_a_run_is_judged_before_it_is_made() -> None:
    (run,) = parse_values(f"1x{MAX_SAMPLES - 1}")
    assert run.count == MAX_SAMPLES


COUNTS = st.lists(st.floats(0, 1e9), max_size=5)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@given(NUMBERS, NUMBERS, COUNTS, COUNTS, st.integers(-1000, 1000), st.integers(-4, 8), st.sampled_from(Hint))
def test_a_histogram_reads_back(
    count: float, total: float, up: list[float], down: list[float], offset: int, schema: int, hint: Hint
) -> None:
    scale = parse_histogram(f"schema:{schema} z_bucket_w:0.25").scale
    positive = {offset + index: value for index, value in enumerate(up) if value}
    negative = {offset + index: value for index, value in enumerate(down) if value}
    wanted = Histogram(scale, count, total, 2.0, positive, negative, hint)
    again = parse_histogram(histogram_text(wanted)[2:-2])
    assert again == Histogram(
        again.scale,
        count,
        total,
        2.0,
        {**again.positive, **positive},
        {**again.negative, **negative},
        hint,
    )
    assert {key for key, value in again.positive.items() if value} == set(positive)


@given(
    st.text(max_size=40)
    | st.lists(st.sampled_from(["1", "+", "-", "x", "3", " ", "_", "{{", "}}", "count:1", "e", "."]), max_size=12).map(
        "".join
    )
)
@settings(max_examples=300)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        runs = parse_values(text)
    except NotationError as error:
        assert 0 <= error.offset <= len(text)
    else:
        if sum(run.count for run in runs) < 1000:
            points = expanded(runs)
            assert len(points.values) == sum(run.count for run in runs)


def test_values_are_plain_numbers() -> None:
    values = expanded(parse_values("NaN 1")).values
    assert math.isnan(values[0]) and not is_stale(values)[0] and not is_absent(values)[0]
    assert values.dtype == np.float64
