"""Matchers as texts."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivesight.alerting.matchers import match_key, parse_matchers
from hivesight.model.matcher import Matcher, MatchType

E, N, R, X = MatchType.EQUAL, MatchType.NOT_EQUAL, MatchType.REGEX, MatchType.NOT_REGEX

GOOD = [
    ("foo=bar", [("foo", E, "bar")]),
    ('foo="bar"', [("foo", E, "bar")]),
    (' foo = "bar" ', [("foo", E, "bar")]),
    ("severity!=critical", [("severity", N, "critical")]),
    ('foo=~"bar.*"', [("foo", R, "bar.*")]),
    ("foo=~bar.*", [("foo", R, "bar.*")]),
    ("foo!~bar|baz", [("foo", X, "bar|baz")]),
    ('{a="b",c="d"}', [("a", E, "b"), ("c", E, "d")]),
    ('{a="b",}', [("a", E, "b")]),
    ("a=b, c!=d", [("a", E, "b"), ("c", N, "d")]),
    ("{}", []),
    ("", []),
    ('foo=""', [("foo", E, "")]),
    ("foo=", [("foo", E, "")]),
    ('foo="a,b"', [("foo", E, "a,b")]),
    ('foo="say \\"hi\\""', [("foo", E, 'say "hi"')]),
    (r'foo=~"\\d+"', [("foo", R, r"\d+")]),
    (r'foo=~"\d+"', [("foo", R, r"\d+")]),
    (r"foo=~\d+", [("foo", R, r"\d+")]),
    ('"föö bar"="baz🙂"', [("föö bar", E, "baz🙂")]),
    ("föö=bar", [("föö", E, "bar")]),
    ("foo=a=b", [("foo", E, "a=b")]),
    ("foo={bar}", [("foo", E, "{bar")]),
    ("a=b c=d", [("a", E, "b c=d")]),
    ('{foo="bar"', [("foo", E, "bar")]),
]


@pytest.mark.parametrize(("text", "expected"), GOOD)
def test_matchers_are_read(text: str, expected: list[tuple[str, MatchType, str]]) -> None:
    assert parse_matchers(text) == tuple(Matcher(*each) for each in expected)


BAD = ["foo", "=bar", 'foo="bar', 'foo="bar"baz"', 'foo=~"("', "{föö=bar", '"a"b=c', "föö=bar baz"]


@pytest.mark.parametrize("text", BAD)
def test_bad_matchers_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"matcher|regular|brace|quote"):
        parse_matchers(text)


@given(
    name=st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]*", fullmatch=True),
    op=st.sampled_from([E, N]),
    value=st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30),
)
def test_what_is_printed_is_read_again(name: str, op: MatchType, value: str) -> None:
    matcher = Matcher(name, op, value)
    assert parse_matchers(match_key((matcher,))) == (matcher,)


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        parse_matchers(text)
