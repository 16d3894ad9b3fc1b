"""The index of matchers finds what trying each would find."""

from hypothesis import given
from hypothesis import strategies as st

from hivesight.alerting.index import MatcherIndex, fingerprint
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
