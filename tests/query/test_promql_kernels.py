"""The kernels over windows against a sample-by-sample oracle, on data with gaps, staleness markers, NaN and Inf."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hivesight.model.series import STALE, STALE_BITS
from hivesight.query.promql import Engine, Matrix
from query.promql_oracle import ORACLES, Oracle
from query.promql_store import MemoryStore

STEP = 10_000
ordinary = st.one_of(
    st.integers(-5, 20).map(float), st.floats(-1e6, 1e6), st.sampled_from([1e15, 1e-9, 0.1]), st.just(STALE)
)
strange = st.one_of(ordinary, st.sampled_from([math.nan, math.inf, -math.inf]))


def series(values: st.SearchStrategy[float]) -> st.SearchStrategy[list[tuple[int, float]]]:
    """Samples of a minute or two, at times that may be missing or off the beat."""
    sample = st.tuples(st.booleans(), st.integers(0, 3), values)
    return st.lists(sample, min_size=1, max_size=20).map(
        lambda rows: [(index * STEP + shift * 700, value) for index, (there, shift, value) in enumerate(rows) if there]
    )


def is_stale(value: float) -> bool:
    return bool(np.float64(value).view(np.uint64) == STALE_BITS)


def near(wanted: float, got: float, scale: float) -> bool:
    if not (math.isfinite(wanted) and math.isfinite(got)):
        return (math.isnan(wanted) and math.isnan(got)) or wanted == got
    return math.isclose(wanted, got, rel_tol=1e-9, abs_tol=1e-12 * scale)


def compare(
    template: str, oracle: Oracle, data: list[list[tuple[int, float]]], window: int, step: int, *, shared: bool
) -> None:
    store = MemoryStore(shared=shared)
    for index, points in enumerate(data):
        store.add({"__name__": "m", "i": str(index)}, points)
    answer = Engine(store).range(template.format(f"{window}ms"), 0, 220_000, step)
    assert isinstance(answer.value, Matrix)
    found: dict[str, dict[int, float]] = {
        labels.value("i"): dict(zip(at.tolist(), values.tolist(), strict=True))
        for labels, at, values in answer.value.rows()
    }
    for index, points in enumerate(data):
        real = [(at, value) for at, value in points if not is_stale(value)]
        got = found.get(str(index), {})
        for at in range(0, 220_001, step):
            inside = [(t, value) for t, value in real if at - window < t <= at]
            wanted = oracle(inside, at - window, at)
            assert (wanted is None) == (at not in got), (at, inside)
            if wanted is not None:
                scale = max((abs(value) for _, value in inside if math.isfinite(value)), default=1.0) ** 2 + 1
                assert near(wanted, got[at], scale), (at, inside, wanted, got[at])


@pytest.mark.parametrize("template", ORACLES)
@settings(max_examples=40, deadline=None)
@given(
    data=st.lists(series(ordinary), min_size=1, max_size=3),
    window=st.sampled_from([1, 9_999, 10_000, 35_000, 100_000, 500_000]),
    step=st.sampled_from([10_000, 7_300, 60_000]),
    shared=st.booleans(),
)
def test_kernel(template: str, data: Any, window: int, step: int, shared: bool) -> None:
    compare(template, ORACLES[template], data, window, step, shared=shared)


STRANGE = [each for each in ORACLES if not each.startswith(("deriv", "rate", "delta", "irate", "quantile", "double"))]


@pytest.mark.parametrize("template", STRANGE)
@settings(max_examples=40, deadline=None)
@given(
    data=st.lists(series(strange), min_size=1, max_size=3),
    window=st.sampled_from([10_000, 35_000, 500_000]),
    shared=st.booleans(),
)
def test_kernel_with_infinities(template: str, data: Any, window: int, shared: bool) -> None:
    compare(template, ORACLES[template], data, window, STEP, shared=shared)


def test_kernels_agree_over_chunks_and_blocks() -> None:
    """Many series in one block go through the kernels in pieces; the pieces make the same whole."""
    rng = np.random.default_rng(7)
    data = [[(at * STEP, float(value)) for at, value in enumerate(row)] for row in rng.integers(0, 9, (40, 21))]
    for template in ("rate(m[{}])", "sum_over_time(m[{}])", "max_over_time(m[{}])"):
        compare(template, ORACLES[template], data, 60_000, 1_000, shared=True)
