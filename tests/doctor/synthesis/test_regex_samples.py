"""Some text that is proposed for a regular expression is one that RE2 accepts."""

import pytest

from hivesight.doctor.synthesis.regex_samples import MAX_SAMPLES, samples
from hivesight.model.matcher import compile_regex

PATTERNS = [
    "plain",
    "",
    ".*",
    ".+",
    "a|b|c",
    "5..|429|error",
    "(?i:get|post)",
    "(?:a|b)?c{2,3}",
    "[a-c][^a-z]\\d+\\.x",
    "node-[0-9]+(\\.example\\.com)?",
    "^tmpfs$",
    "\\Qa.b\\E[[:digit:]]",
    "((a|b)(c|d))*e",
    "[]x]+",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_proposal_is_accepted(pattern: str) -> None:
    regex = compile_regex(pattern)
    proposed = samples(pattern, "some")
    assert any(regex.fullmatch(each) for each in proposed)
    assert len(proposed) <= MAX_SAMPLES


def test_every_alternative_is_proposed() -> None:
    assert {"a1", "b1"} <= set(samples("(a|b)1", "some"))


@pytest.mark.parametrize("pattern", ["(" * 5_000, "[", "a{99999}", "x{1000}" * 50, "(a|b)" * 5_000])
def test_what_would_grow_without_end_is_bounded(pattern: str) -> None:
    assert sum(map(len, samples(pattern, "some"))) < 100_000 * MAX_SAMPLES
