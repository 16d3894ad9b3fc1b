"""Samples as series notation, and back."""

import numpy as np
import pytest

from hivesight.rule_tests.notation import expanded, parse_values
from hivesight.rule_tests.writing import values_text

TEXTS = [
    "1",
    "1 2",
    "0+2x9",
    "5x3 _x2 5-0.25x8 stale _x4 1e+10",
    "0+0.041666666666666664x120",
    "NaN 1 Inf -Inf 1",
    "1 2 1 2 1 2",
    "_ 7",
    "{{schema:3 count:2 sum:5 buckets:[2]}} 3x4 {{schema:3 count:1}}",
]


@pytest.mark.parametrize("text", TEXTS)
def test_what_was_written_reads_as_the_same(text: str) -> None:
    points = expanded(parse_values(text))
    again = expanded(parse_values(values_text(points)))
    assert np.isnan(points.values).tolist() == np.isnan(again.values).tolist()
    np.testing.assert_allclose(points.values, again.values, rtol=1e-9)
    assert points.histograms == again.histograms
    assert len(values_text(points)) <= max(len(text), 80)
