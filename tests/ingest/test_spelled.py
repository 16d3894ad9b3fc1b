"""Labels of many series at once against the labels of each by itself."""

from itertools import accumulate, chain

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hivesight.ingest.remote_write.request import MAX_LABELS, MAX_NAME_BYTES, BadSeries, judged
from hivesight.ingest.remote_write.spelled import Spelled, label_sets, referred_label_sets
from hivesight.model.labels import Labels

texts = st.sampled_from(
    [b"__name__", b"A", b"a", b"b", b"job", b"\xc3\xa9", b"\xff", b"", b"x" * (MAX_NAME_BYTES // 3)]
)
series = st.lists(st.tuples(texts, texts), max_size=5)


def shown(found: list[Labels | BadSeries]) -> list[object]:
    return [each.pairs if isinstance(each, Labels) else str(each) for each in found]


def spelled(many: list[list[tuple[bytes, bytes]]]) -> Spelled:
    # Every string is in the table twice, and of one pair the first is taken, of the next the second.
    table = list(dict.fromkeys(chain.from_iterable(chain.from_iterable(many))))
    numbers = np.array([table.index(text) for pairs in many for pair in pairs for text in pair], dtype=np.int64)
    numbers += np.arange(len(numbers)) // 2 % 2 * len(table)
    bounds = np.array([0, *accumulate(map(len, many))], dtype=np.int64)
    return Spelled([*table, *table, b"\xfe nobody has it"], numbers[::2], numbers[1::2], bounds)


@given(st.lists(series, max_size=6), st.booleans())
def test_each_series_is_judged_as_if_by_itself(many: list[list[tuple[bytes, bytes]]], name_wanted: bool) -> None:
    found = label_sets(spelled(many), name_wanted=name_wanted)
    assert shown(found) == shown([judged(pairs, name_wanted=name_wanted) for pairs in many])


def test_sorted_labels_are_taken_in_any_number() -> None:
    many = [[(b"__name__", b"up"), *((b"a%03d" % n, b"x") for n in range(count))] for count in (0, 9, MAX_LABELS)]
    none, nine, too_many = label_sets(spelled(many))
    assert none == Labels({"__name__": "up"})
    assert isinstance(nine, Labels) and len(nine) == 10
    assert isinstance(too_many, BadSeries)


def test_references_to_nothing() -> None:
    table = [b"", b"__name__", b"up", b"job", b"n"]
    sent = [[1, 2], [1, 2, 3], [1, 9], [], [1, 2, 3, 4], [1, 2] * (MAX_LABELS + 1)]
    ends = np.array(list(accumulate(map(len, sent))), dtype=np.int64)
    starts = ends - [len(each) for each in sent]
    found = referred_label_sets(table, np.array(list(chain.from_iterable(sent))), starts, ends)
    assert [each for each in found if isinstance(each, Labels)] == [
        Labels({"__name__": "up"}),
        Labels({"__name__": "up", "job": "n"}),
    ]
    assert [str(each)[:30] for each in found if isinstance(each, BadSeries)] == [
        "labels have 3 references to sy",
        "labels refer to symbol 9 of 5",
        "the name of a metric or of a l",
        "more than 256 labels: 257",
    ]
