"""Label sets, their symbols and their fingerprints."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivesight.model.labels import NO_LABELS, Labels
from hivesight.model.symbols import Symbols, label_table

names = st.sampled_from(["__name__", "job", "instance", "a", "b"])
label_sets = st.dictionaries(names, st.text(max_size=3)).map(Labels)


def test_an_empty_value_is_no_label() -> None:
    assert Labels({"a": "", "b": "x"}) == Labels([("b", "x")])
    assert Labels({"a": "1"}).merged({"a": ""}) == NO_LABELS


@pytest.mark.parametrize(
    ("labels", "shown"),
    [
        ({"__name__": "up", "job": "n"}, 'up{job="n"}'),
        ({"__name__": "up"}, "up"),
        ({"a": 'x"\n\\'}, '{a="x\\"\\n\\\\"}'),
        ({}, "{}"),
    ],
)
def test_shown_as_promql_writes_it(labels: dict[str, str], shown: str) -> None:
    assert str(Labels(labels)) == shown


def test_fingerprint_is_that_of_alertmanager() -> None:
    # FNV-1a of nothing is its offset basis; Alertmanager shows the same for an empty label set.
    assert NO_LABELS.fingerprint() == "cbf29ce484222325"
    assert Labels({"alertname": "x", "a": "b"}).fingerprint() == "c5688262826c92f9"


@given(label_sets, label_sets)
def test_equal_sets_are_equal_in_every_way(one: Labels, other: Labels) -> None:
    assert (one == other) == (dict(one) == dict(other))
    if one == other:
        assert hash(one) == hash(other) and one.fingerprint() == other.fingerprint()


@given(st.lists(label_sets, max_size=6))
def test_a_table_gives_back_its_label_sets(labels: list[Labels]) -> None:
    table = label_table(labels, Symbols())
    assert table.all_labels() == labels
    assert table.rows(np.arange(len(labels))[::-1]).all_labels() == labels[::-1]
    assert not table.column("never").any()


def test_a_child_leaves_its_parent_as_it_is() -> None:
    parent = Symbols()
    known = parent.intern("known")
    child = Symbols(parent)
    assert child.intern("known") == known
    new = child.intern("new")
    assert new < 0 and child.text(new) == "new" and parent.find("new") is None and len(parent) == 2
    later = parent.intern("later")
    assert child.text(later) == "later" and child.text(new) == "new"
