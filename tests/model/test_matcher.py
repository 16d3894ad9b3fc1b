"""Regular expressions from outside."""

import pytest

from hivesight.model.matcher import Matcher, MatchType, compile_regex

NESTED = "(" * 20_000 + "a" + ")" * 20_000


def test_groups_of_a_matcher_cost_nothing() -> None:
    matcher = Matcher("a", MatchType.REGEX, NESTED)
    assert matcher.matches("a")
    assert not matcher.matches("b")


def test_groups_that_are_asked_for_are_bounded() -> None:
    with pytest.raises(ValueError, match="40001 characters with 20000 groups is too large"):
        compile_regex(NESTED)
    found = compile_regex("(a)|(b)").fullmatch("b")
    assert found is not None
    assert found.group(2) == "b"


def test_repetitions_are_bounded() -> None:
    with pytest.raises(ValueError, match="20002 characters with more than 10000 repetitions"):
        compile_regex("a?" * 10_001)
