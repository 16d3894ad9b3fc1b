"""The engine as its callers see it: types of answers, limits, deadlines, what it asks of the store."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hivesight.model.errors import BadQuery, QueryError, QueryLimit
from hivesight.model.labels import Labels
from hivesight.model.matcher import Matcher
from hivesight.model.series import STALE, SeriesBlock
from hivesight.model.symbols import Symbols, label_table
from hivesight.query.promql import Engine, Limits, Matrix, Scalar, String, Vector
from hivesight.query.promql.tables import sort_order
from query.promql_store import MemoryStore


class Watched(MemoryStore):
    """Remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, int, int]] = []

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[SeriesBlock]:
        self.asked.append((",".join(map(str, matchers)), start_ms, end_ms))
        return super().select(matchers, start_ms, end_ms)


class Clock:
    """A clock that goes on by a second whenever it is read."""

    def __init__(self) -> None:
        self.reading = 0.0

    def now_ms(self) -> int:
        return 0

    def monotonic(self) -> float:
        self.reading += 1
        return self.reading


@pytest.fixture
def store() -> Watched:
    store = Watched()
    for host in ("a", "b"):
        store.add({"__name__": "m", "host": host}, [(at, at / 1000) for at in range(0, 600_001, 15_000)])
    return store


def test_types_of_answers(store: Watched) -> None:
    engine = Engine(store)
    assert engine.instant("1 + 1", 5).value == Scalar(5, 2.0)
    assert engine.instant('"text"', 5).value == String(5, "text")
    vector = engine.instant("m", 60_000).value
    assert isinstance(vector, Vector)
    assert [(labels["host"], value) for labels, value in vector.rows()] == [("a", 60.0), ("b", 60.0)]
    matrix = engine.range("m * 2", 0, 60_000, 30_000).value
    assert isinstance(matrix, Matrix)
    assert [(str(labels), at.tolist(), of.tolist()) for labels, at, of in matrix.rows()] == [
        ('{host="a"}', [0, 30_000, 60_000], [0.0, 60.0, 120.0]),
        ('{host="b"}', [0, 30_000, 60_000], [0.0, 60.0, 120.0]),
    ]
    scalar = engine.range("5", 0, 60_000, 30_000).value
    assert isinstance(scalar, Matrix)
    assert [of.tolist() for _, _, of in scalar.rows()] == [[5.0, 5.0, 5.0]]


def test_range_vectors_keep_their_own_times(store: Watched) -> None:
    store.add({"__name__": "m", "host": "odd"}, [(7_000, 1.0), (9_000, STALE), (11_000, 3.0)])
    matrix = Engine(store).instant("m[20s]", 20_000).value
    assert isinstance(matrix, Matrix)
    assert [(labels["host"], at.tolist(), of.tolist()) for labels, at, of in matrix.rows()] == [
        ("a", [15_000], [15.0]),
        ("b", [15_000], [15.0]),
        ("odd", [7_000, 11_000], [1.0, 3.0]),
    ]
    assert not list(Engine(store).instant("nothing[5m]", 0).value.rows())  # type: ignore[union-attr]
    sub = Engine(store).instant("abs(m{host='a'})[1m:30s]", 60_000).value
    assert isinstance(sub, Matrix)
    assert [(str(labels), at.tolist()) for labels, at, _ in sub.rows()] == [('{host="a"}', [30_000, 60_000])]


def test_what_the_store_is_asked_for(store: Watched) -> None:
    Engine(store).range("rate(m[1m] offset 30s) + max_over_time(m[2m:10s]) + m + m", 300_000, 600_000, 60_000)
    assert sorted(store.asked, key=lambda each: each[1]) == [
        ('__name__="m"', -119_999, 600_000),
        ('__name__="m"', 1, 600_000),
        ('__name__="m"', 210_001, 570_000),
    ]


def test_an_invariant_expression_is_asked_for_at_its_time(store: Watched) -> None:
    answer = Engine(store).range("sum(m @ 60) + 0 * sum(m)", 300_000, 600_000, 60_000).value
    assert ('__name__="m"', -239_999, 60_000) in store.asked
    assert isinstance(answer, Matrix)
    assert answer.values.tolist() == [[120.0] * 6]


def test_the_symbols_of_the_store_do_not_grow(store: Watched) -> None:
    Engine(store).instant("m", 0)
    before = len(store.symbols)
    Engine(store).instant('label_replace(m, "new", "value-$1", "host", "(.*)") or count_values("n", m)', 60_000)
    assert len(store.symbols) == before


def test_blocks_with_symbols_of_their_own() -> None:
    class Two:
        def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[SeriesBlock]:
            times = np.array([0], dtype=np.int64)
            return [
                SeriesBlock(label_table([Labels({"b": "x", name: "y"})], Symbols()), times, np.ones((1, 1)))
                for name in ("a", "c")
            ]

    vector = Engine(Two()).instant("sum by (b) (m)", 0).value
    assert isinstance(vector, Vector)
    assert [(str(labels), value) for labels, value in vector.rows()] == [('{b="x"}', 2.0)]


BAD = [
    ("m[5m]", 'invalid expression type "range vector" for range query, must be Scalar or instant Vector'),
    ('"x"', 'invalid expression type "string" for range query, must be Scalar or instant Vector'),
]


@pytest.mark.parametrize(("query", "message"), BAD)
def test_range_queries_yield_vectors(store: Watched, query: str, message: str) -> None:
    with pytest.raises(BadQuery) as caught:
        Engine(store).range(query, 0, 1000, 1000)
    assert str(caught.value) == message


def test_bad_grids(store: Watched) -> None:
    engine = Engine(store)
    with pytest.raises(BadQuery, match="zero or negative query resolution"):
        engine.range("m", 0, 1000, 0)
    with pytest.raises(BadQuery, match="end timestamp must not be before start time"):
        engine.range("m", 1000, 0, 1)
    with pytest.raises(BadQuery, match="exceeded maximum resolution of 11,000 points per timeseries"):
        engine.range("m", 0, 11_001, 1)


TOO_MUCH = [
    "m",
    "sum(m)",
    "max_over_time(vector(1)[100y:1ms])",
    "sum_over_time(m[10m:1s])",
    "rate(m[5m])",
]


@pytest.mark.parametrize("query", TOO_MUCH)
def test_limit_on_samples(store: Watched, query: str) -> None:
    engine = Engine(store, limits=Limits(max_samples=100))
    with pytest.raises(QueryLimit, match="too many samples"):
        engine.range(query, 0, 600_000, 1000)


def test_deadline(store: Watched) -> None:
    engine = Engine(store, limits=Limits(timeout_seconds=3), clock=Clock())
    with pytest.raises(QueryLimit, match="query timed out"):
        engine.instant("m + m + m + m + m + m", 0)


def test_cancelling(store: Watched) -> None:
    with pytest.raises(QueryLimit, match="canceled"):
        Engine(store).instant("m", 0, cancelled=lambda: True)


def test_deep_but_allowed_queries_run(store: Watched) -> None:
    nested = "m"
    for _ in range(24):
        nested = f"abs(max_over_time((({nested}) + 1)[1m:1m]))"
    assert isinstance(Engine(store).instant("sum(" * 90 + "m" + ")" * 90, 0).value, Vector)
    assert isinstance(Engine(store).instant(" + ".join(["m"] * 2000), 0).value, Vector)
    assert isinstance(Engine(store).instant(nested, 600_000).value, Vector)


def test_errors_of_evaluation_are_no_bad_queries(store: Watched) -> None:
    with pytest.raises(QueryError) as caught:
        Engine(store).instant("m + on() m", 0)
    assert not isinstance(caught.value, BadQuery | QueryLimit)


def test_many_annotations_are_cut_short(store: Watched) -> None:
    for index in range(15):
        store.add({"__name__": f"gauge{index}"}, [(0, 1.0), (15_000, 2.0)])
    answer = Engine(store).instant('count(rate({__name__=~"gauge.*", host=""}[1m]))', 15_000)
    assert len(answer.infos) == 11
    assert answer.infos[-1] == "5 more info annotations omitted"


@settings(deadline=None)
@given(
    st.lists(
        st.dictionaries(st.sampled_from(["a", "b", "c", "__name__"]), st.text("aé\x00z-10", max_size=3)), max_size=8
    )
)
def test_sort_order_is_that_of_label_sets(sets: list[dict[str, str]]) -> None:
    labels = [Labels(each) for each in sets]
    order = sort_order(label_table(labels, Symbols(Symbols()))).tolist()
    assert [labels[row] for row in order] == sorted(labels)


def test_label_values_do_not_explode(store: Watched) -> None:
    nested = "m"
    for _ in range(60):
        nested = f'label_replace({nested}, "host", "$1$1", "host", "(.*)")'
    with pytest.raises(QueryLimit, match="label values"):
        Engine(store).instant(nested, 0)
    joined = "m"
    for _ in range(60):
        joined = f'label_join({joined}, "host", "-", "host", "host")'
    with pytest.raises(QueryLimit, match="label values"):
        Engine(store).instant(joined, 0)


def test_times_beyond_reach(store: Watched) -> None:
    for at in (2**60, -(2**60), 10**30):
        with pytest.raises(BadQuery, match="out of range"):
            Engine(store).instant("m", at)
        with pytest.raises(BadQuery):
            Engine(store).range("m", at, at + 1000, 1000)


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("${1}x", "ax"),
        ("$1x", ""),
        ("$0", "ab"),
        ("$rest", "b"),
        ("$$1", "$1"),
        ("$9", ""),
        ("$nosuch", ""),
        ("$", "$"),
    ],
)
def test_label_replace_templates(store: Watched, template: str, value: str) -> None:
    store.add({"__name__": "t", "src": "ab"}, [(0, 1.0)])
    query = f'label_replace(t, "dst", "{template}", "src", "(a)(?P<rest>.)")'
    vector = Engine(store).instant(query, 0).value
    assert isinstance(vector, Vector)
    assert next(vector.rows())[0].value("dst") == value


def test_blocks_whose_symbols_are_a_child() -> None:
    class Derived:
        def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[SeriesBlock]:
            child = Symbols(Symbols())
            labels = label_table([Labels({"a": "x"}), Labels({"a": "y"})], child)
            return [SeriesBlock(labels, np.array([0], dtype=np.int64), np.ones((2, 1)))]

    vector = Engine(Derived()).instant('label_replace(m, "b", "new", "a", "x")', 0).value
    assert isinstance(vector, Vector)
    assert [str(labels) for labels, _ in vector.rows()] == ['{a="x", b="new"}', '{a="y"}']
