"""Native histograms in the engine: sums against a naive oracle, resets, figures, operators and their notes, JSON."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hivesight.model.errors import BadQuery, QueryError
from hivesight.model.histogram import CUSTOM, Hint, Histogram, HistogramGrid, Scale, cells_of, exponential_bound
from hivesight.model.labels import Labels
from hivesight.model.symbols import Symbols, label_table
from hivesight.query.promql import Answer, Engine, Vector, format, parse
from hivesight.query.promql.native.buckets import api_buckets, histogram_text
from hivesight.query.promql.native.compare import equal, reset_between
from hivesight.query.promql.native.terms import summed
from hivesight.query.promql.native.trim import trimmed
from hivesight.query.promql.render import render
from query.promql_corpus import close
from query.promql_store import MemoryStore

COUNTS = st.integers(0, 50).map(float)
KEYS = st.dictionaries(st.integers(-12, 12), COUNTS, max_size=6)

LARGEST = 1.7976931348623157e308


@st.composite
def exponential(draw: st.DrawFn) -> Histogram:
    scale = Scale(draw(st.integers(-1, 3)), draw(st.sampled_from([0.0, 0.001, 0.7])))
    edge = scale.zero_threshold
    positive, negative = (
        {key: count for key, count in draw(KEYS).items() if scale.lower(key) >= edge} for _ in range(2)
    )
    zero = draw(COUNTS)
    return Histogram(scale, sum((zero, *positive.values(), *negative.values())), 1.5, zero, positive, negative)


def below(histogram: Histogram, bound: float) -> float:
    """How many observations lie in buckets up to a bound, seen as positive ones."""
    inside = sum(count for key, count in histogram.positive.items() if histogram.scale.upper(key) <= bound)
    return inside + histogram.zero + sum(histogram.negative.values())


@settings(deadline=None)
@given(st.lists(exponential(), min_size=1, max_size=6))
def test_sums_keep_every_observation(histograms: list[Histogram]) -> None:
    cells = cells_of(histograms)
    index = np.arange(len(histograms))
    found = summed(cells, index, np.zeros(len(histograms), dtype=np.int64), 1).cells.histogram(0)
    assert found.scale.schema == min(each.scale.schema for each in histograms)
    assert found.scale.zero_threshold >= max(each.scale.zero_threshold for each in histograms)
    assert found.count == sum(each.count for each in histograms)
    assert found.zero + sum(found.positive.values()) + sum(found.negative.values()) == found.count
    for key in found.positive:
        # The bounds of the sum are bounds of every histogram in it.
        bound = found.scale.upper(key)
        assert below(found, bound) == sum(below(each, bound) for each in histograms)


@settings(deadline=None)
@given(st.lists(exponential(), min_size=1, max_size=4), st.lists(exponential(), min_size=1, max_size=4))
def test_groups_are_summed_by_themselves(one: list[Histogram], other: list[Histogram]) -> None:
    cells = cells_of([*one, *other])
    group = np.array([0] * len(one) + [1] * len(other))
    together = summed(cells, np.arange(len(group)), group, 2).cells
    for number, members in enumerate((one, other)):
        alone = summed(cells_of(members), np.arange(len(members)), np.zeros(len(members), dtype=np.int64), 1).cells
        assert together.histogram(number) == alone.histogram(0)


def nhcb(bounds: tuple[float, ...], counts: dict[int, float]) -> Histogram:
    return Histogram(Scale(CUSTOM, 0.0, bounds), sum(counts.values()), 1.0, 0.0, counts)


def plain(counts: dict[int, float], hint: Hint = Hint.UNKNOWN, **changed: float) -> Histogram:
    scale = Scale(int(changed.get("schema", 0)), changed.get("threshold", 0.0))
    zero = changed.get("zero", 0.0)
    return Histogram(scale, sum(counts.values()) + zero, 1.0, zero, counts, {}, hint)


def test_custom_bounds_meet_in_those_they_share() -> None:
    cells = cells_of([nhcb((1, 2, 3), {0: 1.0, 1: 2.0, 2: 3.0, 3: 4.0}), nhcb((2, 3, 4), {0: 5.0, 3: 6.0})])
    found = summed(cells, np.array([0, 1]), np.array([0, 0]), 1)
    assert found.reconciled.tolist() == [True]
    assert found.cells.histogram(0).scale.bounds == (2, 3)
    assert found.cells.histogram(0).positive == {0: 8.0, 1: 3.0, 2: 10.0}


RESETS = [
    ("nothing fell", plain({1: 1.0}), plain({1: 2.0}), False),
    ("the count fell", plain({1: 2.0}), plain({1: 1.0}), True),
    ("a bucket fell", plain({1: 2.0}), plain({1: 1.0, 2: 5.0}), True),
    ("a hint says so", plain({1: 1.0}), plain({1: 2.0}, Hint.RESET), True),
    ("a hint says not", plain({1: 2.0}), plain({1: 1.0}, Hint.NOT_RESET), False),
    ("buckets became finer", plain({1: 1.0}), plain({1: 2.0}, schema=1), True),
    ("buckets became coarser", plain({2: 1.0}, schema=1), plain({1: 2.0}), False),
    ("the zero bucket became wider", plain({-3: 1.0}), plain({}, threshold=0.5, zero=1.0), False),
    ("the zero bucket cuts a bucket", plain({0: 1.0}), plain({0: 1.0}, threshold=0.7, zero=1.0), True),
    ("the zero bucket became narrower", plain({}, threshold=0.5, zero=1.0), plain({}, zero=1.0), True),
    ("custom after exponential", plain({1: 1.0}), nhcb((1,), {0: 2.0}), True),
    ("other custom bounds", nhcb((5,), {0: 1.0}), nhcb((5, 10), {0: 1.0}), False),
    ("other custom bounds, and less", nhcb((5,), {0: 2.0}), nhcb((5, 10), {0: 1.0, 1: 4.0}), True),
]


@pytest.mark.parametrize(("why", "before", "after", "reset"), RESETS, ids=[row[0] for row in RESETS])
def test_resets(why: str, before: Histogram, after: Histogram, reset: bool) -> None:
    assert reset_between(cells_of([before, after]), np.array([0]), np.array([1])).tolist() == [reset], why


def test_equality_looks_at_observations_alone() -> None:
    cells = cells_of([plain({1: 1.0}), plain({1: 1.0, 5: 0.0}), plain({1: 1.0}, schema=1), plain({1: 2.0})])
    assert equal(cells, np.array([0, 0, 0]), np.array([1, 2, 3])).tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("key", "schema", "bound"),
    [
        (0, 0, 1.0),
        (3, 0, 8.0),
        (1, 1, math.sqrt(2)),
        (-1, 2, 2**-0.25),
        (1, -2, 16.0),
        (1024, 0, 1.7976931348623157e308),
    ],
)
def test_bounds(key: int, schema: int, bound: float) -> None:
    assert close(bound, exponential_bound(key, schema))


EXPONENTIAL = Histogram(Scale(0, 0.5), 10.0, 20.0, 2.0, {1: 3.0, 2: 4.0}, {1: 1.0})
BOUNDED = nhcb((-5, 5, 10), {0: 1.0, 1: 2.0, 2: 3.0, 3: 4.0})
TRIMS = [
    (EXPONENTIAL, math.inf, True, 10.0, 20.0),
    (EXPONENTIAL, 2.0, True, 6.0, 2 * math.sqrt(2)),
    (EXPONENTIAL, 2.0, False, 4.0, 4 * math.sqrt(8)),
    (EXPONENTIAL, 0.25, True, 2.5, -math.sqrt(2) - 1.5 * 0.125),
    (EXPONENTIAL, -math.inf, True, 0.0, 0.0),
    (BOUNDED, 12.0, True, 6.0, -5 + 3 * 7.5),
    (BOUNDED, 12.0, False, 4.0, 48.0),
    (BOUNDED, -7.0, True, 1.0, -7.0),
    (BOUNDED, 7.0, True, 4.2, -5 + 1.2 * 6),
]


@pytest.mark.parametrize(("histogram", "bound", "under", "count", "total"), TRIMS)
def test_trims(histogram: Histogram, bound: float, under: bool, count: float, total: float) -> None:
    with np.errstate(all="ignore"):
        found = trimmed(cells_of([histogram]), np.array([bound]), below=under).histogram(0)
    assert close(count, found.count)
    assert close(total, found.sum)


def test_texts_and_buckets() -> None:
    assert histogram_text(EXPONENTIAL) == "{count:10, sum:20, [-2,-1):1, [-0.5,0.5]:2, (1,2]:3, (2,4]:4}"
    assert list(api_buckets(EXPONENTIAL)) == [
        (1, -2.0, -1.0, 1.0),
        (3, -0.5, 0.5, 2.0),
        (0, 1.0, 2.0, 3.0),
        (0, 2.0, 4.0, 4.0),
    ]
    assert next(iter(api_buckets(BOUNDED))) == (3, -math.inf, -5.0, 1.0)
    reaching = Histogram(Scale(0, 0.75), 1.0, 1.0, 0.0, {0: 1.0}, {0: 1.0})
    assert list(api_buckets(reaching)) == [(1, -1.0, -0.75, 1.0), (0, 0.75, 1.0, 1.0)]


def engine() -> Engine:
    store = MemoryStore()
    store.add({"__name__": "h"}, [(at * 60_000, plain({1: 2.0 * at, 2: 3.0 * at})) for at in range(6)])
    store.add({"__name__": "n"}, [(at * 60_000, nhcb((1, 2), {0: 2.0 * at, 1: 1.0})) for at in range(6)])
    store.add({"__name__": "other"}, [(at * 60_000, nhcb((2, 3), {0: 2.0 * at})) for at in range(6)])
    mixed = [(at * 60_000, float(at) if at % 2 else plain({1: 1.0})) for at in range(6)]
    store.add({"__name__": "mixed"}, mixed)
    store.add({"__name__": "f"}, [(at * 60_000, float(at)) for at in range(6)])
    store.add({"__name__": "old"}, [(300_000, plain({1: 6.0}))])
    store.start({"__name__": "old"}, {300_000: 240_000})
    return Engine(store)


def ask(query: str) -> Answer:
    return engine().instant(query, 300_000)


FIGURES = [
    ("histogram_count(h)", 25.0),
    ("histogram_count(rate(h[5m]))", 5 / 60),
    ("histogram_count(increase(h[5m] anchored))", 25.0),
    ("histogram_count(h smoothed)", 25.0),
    ("histogram_count(sum({__name__=~'h|old'}))", 31.0),
    ("histogram_count(avg_over_time(h[2m]))", 22.5),
    ("histogram_count(h * 2)", 50.0),
    ("histogram_count(h + h)", 50.0),
    ("histogram_count(h </ 2)", 10.0),
    ("histogram_count(-h)", -25.0),
    ("histogram_count(increase(old[5m]))", 6.0),
    ("histogram_quantile(0.2, h)", 1.4142135623730951),
    ("histogram_fraction(1, 2, h)", 0.4),
    ("histogram_quantile(0.5, n)", 0.55),
    ("resets(h[5m])", 0.0),
    ("resets(mixed[5m])", 4.0),
    ("changes(mixed[5m])", 4.0),
    ("count_over_time(mixed[5m])", 5.0),
    ("max_over_time(mixed[5m])", 5.0),
    ("start_timestamp(old)", 240.0),
    ("h == bool h", 1.0),
    ("scalar(f) + sum(f)", 10.0),
]


@pytest.mark.parametrize(("query", "wanted"), FIGURES)
def test_figures(query: str, wanted: float) -> None:
    (value,) = [value for _, value in vector(ask(query)).rows()]
    assert close(wanted, value), value


def vector(answer: Answer) -> Vector:
    assert isinstance(answer.value, Vector)
    return answer.value


TYPES = "incompatible sample types encountered for binary operator"
MIX = "encountered a mix of histograms and floats for"
NOTES = [
    ("h + 1", [], [f'{TYPES} "+": histogram + float (1:1)']),
    ("1 - h", [], [f'{TYPES} "-": float - histogram (1:1)']),
    ("f </ 1", [], [f'{TYPES} "</": float </ float (1:1)']),
    ("h > h", [], [f'{TYPES} ">": histogram > histogram (1:1)']),
    ("h + on() n", ["incompatible bucket layout encountered for binary operator + (1:1)"], []),
    ("sum({__name__=~'h|f'})", [f"{MIX} aggregation (1:5)"], []),
    ("rate(mixed[5m])", [f'{MIX} metric name "mixed" (1:6)'], []),
    ("max(h)", [], ["ignored histogram in max aggregation (1:5)"]),
    ("topk(1, h)", [], ["ignored histogram in topk aggregation (1:9)"]),
]


@pytest.mark.parametrize(("query", "warnings", "infos"), NOTES, ids=[row[0] for row in NOTES])
def test_notes(query: str, warnings: list[str], infos: list[str]) -> None:
    answer = ask(query)
    assert not list(vector(answer).rows())
    assert answer.warnings == [f"PromQL warning: {each}" for each in warnings]
    assert answer.infos == [f"PromQL info: {each}" for each in infos]


def test_a_delta_of_counters_is_noted() -> None:
    answer = ask("histogram_count(delta(h[5m]))")
    assert answer.warnings == ['PromQL warning: this native histogram metric is not a gauge: "h" (1:23)']
    assert [value for _, value in vector(answer).rows()] == [25.0]


def test_reconciled_bounds_are_noted() -> None:
    answer = ask("n + on() other")
    assert answer.infos == ["PromQL info: mismatched custom buckets were reconciled during addition (1:1)"]
    ((_, found),) = vector(answer).samples()
    assert isinstance(found, Histogram)
    assert found.scale.bounds == (2,)


@pytest.mark.parametrize(
    "query",
    ["foo smoothed offset 5m", "foo </ 2", "a >/ on (x) b", "info(a, {})", 'info(a, {x=~".*"})', "start_timestamp(a)"],
)
def test_syntax_is_printed_as_written(query: str) -> None:
    assert format(parse(query)) == query


def test_info_takes_conditions_alone() -> None:
    message = "1:9: parse error: expected label selectors only, got vector selector instead"
    with pytest.raises(BadQuery, match=message):
        parse('info(a, foo{x="y"})')


def test_scalars_cannot_be_trimmed() -> None:
    with pytest.raises(QueryError, match='operator "</" not allowed for Scalar operations'):
        ask("1 </ 2")


def test_trims_bind_as_comparisons_and_keep_names() -> None:
    ((labels, found),) = vector(ask("h </ 1 + 1")).samples()
    assert labels == Labels({"__name__": "h"})
    assert isinstance(found, Histogram)
    assert found.count == 10.0


@pytest.mark.parametrize("histogram", [EXPONENTIAL, BOUNDED, plain({}), plain({1: 1e-9, 3: -1.0})])
def test_json_lists_the_buckets(histogram: Histogram) -> None:
    grid = HistogramGrid(cells_of([histogram, EXPONENTIAL]), np.array([[0]]))
    vector = Vector(0, label_table([Labels()], Symbols()), np.array([math.nan]), grid)
    (row,) = json.loads(render(vector))["result"]
    _, found = row["histogram"]
    assert (float(found["count"]), float(found["sum"])) == (histogram.count, histogram.sum)
    buckets = [(rule, *map(float, figures)) for rule, *figures in found.get("buckets", [])]
    assert buckets == list(api_buckets(histogram))


def test_json() -> None:
    answer = engine().instant("{__name__=~'h|f'}", 60_000)
    rows = {row["metric"]["__name__"]: row for row in json.loads(render(answer.value))["result"]}
    assert rows["f"]["value"] == [60, "1"]
    wanted = {"count": "5", "sum": "1", "buckets": [[0, "1", "2", "2"], [0, "2", "4", "3"]]}
    assert rows["h"]["histogram"] == [60, wanted]


def test_json_of_a_series_with_both() -> None:
    answer = engine().range("mixed", 0, 60_000, 60_000)
    (row,) = json.loads(render(answer.value))["result"]
    assert row["values"] == [[60, "1"]]
    assert row["histograms"] == [[0, {"count": "1", "sum": "1", "buckets": [[0, "1", "2", "1"]]}]]
    raw = engine().instant("mixed[2m]", 60_000)
    (row,) = json.loads(render(raw.value))["result"]
    assert (len(row["values"]), len(row["histograms"])) == (1, 1)
