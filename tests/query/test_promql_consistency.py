"""Any query, asked over a range, says at every step what it says when it is asked at that step alone."""

import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hivesight.model.errors import QueryError
from hivesight.model.labels import Labels
from hivesight.model.series import STALE
from hivesight.query.promql import Engine, Matrix, Scalar, Vector
from query.promql_store import MemoryStore

STEP = 40_000
STEPS = range(0, 241_000, STEP)


@pytest.fixture(scope="module")
def engine() -> Engine:
    store = MemoryStore(shared=True)
    for name, scale in (("a_total", 1.0), ("b_total", 3.0)):
        for job in ("x", "y"):
            points = [(at, scale * (at // 1000 % 130)) for at in range(0, 240_001, 15_000)]
            store.add({"__name__": name, "job": job, "host": f"h-{job}"}, points)
    store.add({"__name__": "gap", "job": "x"}, [(0, 1.0), (15_000, math.nan), (30_000, STALE), (200_000, -2.5)])
    store.add({"__name__": "gap", "job": "y"}, [(100_000, math.inf), (115_000, 2.0), (130_000, STALE)])
    for bound, share in (("0.5", 1), ("2", 3), ("+Inf", 4)):
        points = [(at, float(share * at // 10_000)) for at in range(0, 240_001, 20_000)]
        store.add({"__name__": "h_bucket", "le": bound, "job": "x"}, points)
        store.add({"__name__": "h_bucket", "le": bound, "job": "y"}, points[share:])
    return Engine(store)


selectors = st.sampled_from(
    ["a_total", "b_total", "gap", "h_bucket", 'a_total{job="x"}', "nothing", '{__name__=~"a_total|gap"}']
)
modified = st.builds(
    lambda selector, modifier: selector + modifier,
    selectors,
    st.sampled_from(["", "", "", " offset 20s", " offset -30s", " @ 100", " @ 100 offset 1m"]),
)
windows = st.sampled_from(["20s", "1m", "100s"])
matrices = st.builds(
    lambda selector, window, modifier: f"{selector}[{window}]{modifier}",
    selectors,
    windows,
    st.sampled_from(["", "", " offset 20s", " @ 90", " anchored", " smoothed"]),
)
PLAIN = ["abs", "round", "ln", "sgn", "timestamp", "year", "day_of_month", "absent", "-", "+"]
OVER = [
    "rate", "increase", "delta", "irate", "idelta", "deriv", "changes", "resets", "avg_over_time", "sum_over_time",
    "min_over_time", "max_over_time", "count_over_time", "stddev_over_time", "stdvar_over_time", "last_over_time",
    "first_over_time", "present_over_time", "absent_over_time", "mad_over_time", "ts_of_max_over_time",
    "ts_of_first_over_time",
]  # fmt: skip
AGGREGATES = ["sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"]
GROUPINGS = ["", " by (job)", " without (job)", " by (__name__)", " by (job, le)"]
MATCHINGS = [
    "",
    " on (job)",
    " on (job) group_left ()",
    " ignoring (host)",
    " on (job) group_right (host)",
    " fill (0)",
    " on (job) fill_left (1)",
    " on (job) group_left (host) fill_right (7)",
]
scalars = st.sampled_from(["2", "0", "0.3", "-1", "time()", "NaN", "scalar(sum(gap))", "1m"])


def grow(vectors: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("{}({})".format, st.sampled_from(PLAIN), vectors),
        st.builds("{}({})".format, st.sampled_from(OVER), matrices),
        st.builds("{}(({})[1m:10s])".format, st.sampled_from(OVER), vectors),
        st.builds("{}(({})[100s:])".format, st.sampled_from(OVER), vectors),
        st.builds("{}{} ({})".format, st.sampled_from(AGGREGATES), st.sampled_from(GROUPINGS), vectors),
        st.builds(
            "{}{} ({}, {})".format,
            st.sampled_from(["topk", "bottomk", "quantile", "limitk", "limit_ratio"]),
            st.sampled_from(GROUPINGS),
            scalars,
            vectors,
        ),
        st.builds('count_values{} ("n", {})'.format, st.sampled_from(GROUPINGS), vectors),
        st.builds(
            "({} {}{} {})".format,
            vectors,
            st.sampled_from(["+", "/", "^", "%", "==", "!= bool", ">", "<= bool", "atan2"]),
            st.sampled_from(MATCHINGS),
            vectors,
        ),
        st.builds(
            "({} {}{} {})".format,
            vectors,
            st.sampled_from(["and", "or", "unless"]),
            st.sampled_from(["", " on (job)", " ignoring (host)"]),
            vectors,
        ),
        st.builds("({} {} {})".format, vectors, st.sampled_from(["-", "*", ">=", "< bool"]), scalars),
        st.builds("({} {} {})".format, scalars, st.sampled_from(["-", "*", ">=", "< bool"]), vectors),
        st.builds("histogram_quantile({}, {})".format, scalars, vectors),
        st.builds("histogram_fraction(0, {}, {})".format, scalars, vectors),
        st.builds("predict_linear({}, {})".format, matrices, scalars),
        st.builds("quantile_over_time({}, {})".format, scalars, matrices),
        st.builds("clamp({}, {}, {})".format, vectors, scalars, scalars),
        st.builds('label_replace({}, "job", "$1z", "host", "h-(.*)")'.format, vectors),
        st.builds('label_join({}, "__name__", "-", "job", "__name__")'.format, vectors),
        st.builds("vector({})".format, scalars),
        st.builds("sort({})".format, vectors),
    )


queries = st.recursive(modified, grow, max_leaves=5)


def at_each_step(engine: Engine, query: str) -> dict[Labels, dict[int, float]] | None:
    found: dict[Labels, dict[int, float]] = {}
    for at in STEPS:
        try:
            value = engine.instant(query, at).value
        except QueryError:
            return None
        if isinstance(value, Scalar):
            found.setdefault(Labels(), {})[at] = value.value
        else:
            assert isinstance(value, Vector)
            for labels, each in value.rows():
                assert at not in found.setdefault(labels, {})
                found[labels][at] = each
    return found


def same(a: float, b: float) -> bool:
    return (math.isnan(a) and math.isnan(b)) or a == b or math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)


@settings(max_examples=400, deadline=None)
@given(queries)
@example("a_total offset 20s or abs(a_total)")
@example("sum by (__name__) (rate(a_total[1m]))")
@example('count_values by (job) ("n", gap or a_total)')
@example("stddev_over_time((gap)[1m:10s])")
@example("((a_total + on (job) a_total offset 20s) or clamp(gap, 2, 2))")
@example('topk (2, count_values ("n", h_bucket))')
def test_a_range_is_its_steps(engine: Engine, query: str) -> None:
    wanted = at_each_step(engine, query)
    try:
        matrix = engine.range(query, STEPS[0], STEPS[-1], STEP).value
    except QueryError:
        assert wanted is None
        return
    assert isinstance(matrix, Matrix)
    found = {labels: dict(zip(at.tolist(), of.tolist(), strict=True)) for labels, at, of in matrix.rows()}
    assert wanted is not None
    assert found.keys() == wanted.keys()
    for labels, points in wanted.items():
        assert found[labels].keys() == points.keys(), labels
        for at, value in points.items():
            assert same(value, found[labels][at]), (labels, at, value, found[labels][at])
