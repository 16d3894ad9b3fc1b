"""The index of matchers finds what trying each would find."""

from itertools import zip_longest

from hypothesis import given
from hypothesis import strategies as st

from hivesight.alerting.index import MatcherIndex, fingerprint, meets
from hivesight.alerting.silence_matches import SilenceMatches
from hivesight.model.labels import Labels
from hivesight.model.matcher import Matcher, MatchType, all_match

names, values = st.sampled_from("abc"), st.sampled_from(["", "x", "y"])
matchers = st.lists(st.builds(Matcher, names, st.sampled_from(MatchType), values), max_size=3).map(tuple)


@given(st.lists(matchers, max_size=6), st.dictionaries(names, values))
def test_the_index_agrees_with_trying_each(listed: list[tuple[Matcher, ...]], labels: dict[str, str]) -> None:
    index = MatcherIndex((each, number) for number, each in enumerate(listed))
    expected = [number for number, each in enumerate(listed) if all_match(each, labels)]
    assert index.matching(Labels(labels)) == expected


def test_fingerprints_are_those_of_the_labels() -> None:
    labels = Labels({"a": "b"})
    assert fingerprint(labels) == labels.fingerprint()


@given(st.lists(matchers, max_size=12), st.lists(st.dictionaries(names, values), max_size=20))
def test_what_is_remembered_agrees_with_trying_each(
    listed: list[tuple[Matcher, ...]], asked: list[dict[str, str]]
) -> None:
    found, there = SilenceMatches(), list[tuple[Matcher, ...]]()
    for labels, each in zip_longest(asked, listed):
        if each is not None:
            found.add(each, str(len(there)))
            there.append(each)
        expected = tuple(str(number) for number, each in enumerate(there) if all_match(each, labels or {}))
        assert found.of(Labels(labels or {})) == expected
    found.forget(0)
    assert found.of(Labels()) == tuple(str(number) for number, each in enumerate(there) if all_match(each, {}))


@given(matchers, st.dictionaries(names, values))
def test_meeting_matchers_is_matching_all(wanted: tuple[Matcher, ...], labels: dict[str, str]) -> None:
    assert meets(wanted)(Labels(labels)) == all_match(wanted, labels)
