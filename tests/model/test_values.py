"""Durations, matchers, sample bit patterns."""

import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivesight.model.clock import rfc3339
from hivesight.model.duration import format_duration, parse_duration
from hivesight.model.gofloat import format_shortest
from hivesight.model.matcher import Matcher, MatchType, all_match
from hivesight.model.secret import Secret
from hivesight.model.series import ABSENT, STALE, canonical_nans, is_absent, is_sample, is_stale


@pytest.mark.parametrize(
    ("text", "ms"),
    [("0", 0), ("15s", 15_000), ("1h30m", 5_400_000), ("250ms", 250), ("1w", 604_800_000), ("1y2d", 31_708_800_000)],
)
def test_durations(text: str, ms: int) -> None:
    assert parse_duration(text) == ms


@pytest.mark.parametrize("text", ["", "5", "5 m", "m", "1m1h", "-1m", "1.5h", "9999999999y"])
def test_what_is_not_a_duration(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


@given(st.integers(0, 2**43))
def test_durations_print_as_they_parse(ms: int) -> None:
    assert parse_duration(format_duration(ms)) == ms


@pytest.mark.parametrize(("ms", "text"), [(0, "0s"), (90_000, "1m30s"), (604_800_000, "1w"), (691_200_000, "8d")])
def test_durations_as_prometheus_prints_them(ms: int, text: str) -> None:
    assert format_duration(ms) == text


@pytest.mark.parametrize(
    ("type", "value", "matched", "refused"),
    [
        (MatchType.EQUAL, "a", ["a"], ["", "ab"]),
        (MatchType.EQUAL, "", [""], ["a"]),
        (MatchType.NOT_EQUAL, "a", ["", "ab"], ["a"]),
        (MatchType.REGEX, "a.*|b", ["a", "ab", "a\nb", "b"], ["", "cb", "bb"]),
        (MatchType.NOT_REGEX, "a.*", ["", "b"], ["a", "ab"]),
    ],
)
def test_matchers(type: MatchType, value: str, matched: list[str], refused: list[str]) -> None:
    matcher = Matcher("l", type, value)
    assert all(matcher.matches(each) for each in matched)
    assert not any(matcher.matches(each) for each in refused)
    assert all_match([matcher], {}) == matcher.matches("")


def test_a_bad_regular_expression_says_why() -> None:
    with pytest.raises(ValueError, match=r"missing \)"):
        Matcher("l", MatchType.REGEX, "(")


def test_absent_stale_and_nan_are_three_things() -> None:
    values = np.array([1.0, math.nan, STALE, ABSENT])
    assert is_stale(values).tolist() == [False, False, True, False]
    assert is_absent(values).tolist() == [False, False, False, True]
    assert is_sample(values).tolist() == [True, True, False, False]
    sent = np.array([ABSENT, STALE, 1.0])
    assert is_sample(canonical_nans(sent)).tolist() == [True, False, True]
    assert struct.pack("<d", STALE) == bytes.fromhex("020000000000f07f")


def test_a_secret_is_never_shown() -> None:
    secret = Secret("hush")
    assert "hush" not in f"{secret} {secret!r}" and secret.reveal() == "hush"


def test_rfc3339() -> None:
    assert rfc3339(1_767_323_045_006) == "2026-01-02T03:04:05.006Z"


FLOATS = [
    (0.0, "0e+00", "0", "0"),
    (-0.0, "-0e+00", "-0", "-0"),
    (1.0, "1e+00", "1", "1"),
    (0.9578, "9.578e-01", "0.9578", "0.9578"),
    (12345.0, "1.2345e+04", "12345", "12345"),
    (1e6, "1e+06", "1000000", "1e+06"),
    (1.5e-7, "1.5e-07", "0.00000015", "1.5e-07"),
    (-1e100, "-1e+100", "-1" + "0" * 100, "-1e+100"),
    (math.inf, "+Inf", "+Inf", "+Inf"),
    (math.nan, "NaN", "NaN", "NaN"),
]


@pytest.mark.parametrize(("value", "e", "f", "g"), FLOATS)
def test_floats_as_go_prints_them(value: float, e: str, f: str, g: str) -> None:
    assert [format_shortest(value, verb) for verb in "efg"] == [e, f, g]


@given(st.floats())
def test_every_float_reads_back(value: float) -> None:
    for verb in "efg":
        again = float(format_shortest(value, verb))
        assert again == value or (math.isnan(again) and math.isnan(value))
