"""Orders of values by whole arrays, against the plain way of one group and one step at a time."""

import math
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest

from hivesight.query.promql.groups import Groups
from hivesight.query.promql.ranking import quantiles, smallest
from hivesight.query.promql.sums import group_sums


@pytest.fixture(params=range(20))
def random(request: pytest.FixtureRequest) -> np.random.Generator:
    return np.random.default_rng(request.param)


@pytest.fixture(autouse=True)
def as_in_the_engine() -> Iterator[None]:
    """Infinities and NaNs are what they are."""
    with np.errstate(all="ignore"):
        yield


def groups(random: np.random.Generator, steps: int = 7) -> Groups:
    sizes = random.integers(1, 9, random.integers(1, 6))
    starts = np.cumsum(sizes) - sizes
    pool = np.array([0.0, -0.0, 1.0, 1.0, 2.5, -3.0, np.nan, np.inf, -np.inf])
    values = random.choice(pool, (int(sizes.sum()), steps))
    present = random.random(values.shape) < random.choice([0.5, 1.0])
    return SimpleNamespace(  # type: ignore[return-value]
        starts=starts,
        group=np.repeat(np.arange(len(sizes)), sizes),
        values=values,
        present=present,
        count=np.add.reduceat(present, starts, axis=0, dtype=np.int64),
    )


def members(of: Groups, group: int, step: int) -> list[int]:
    return [row for row in np.flatnonzero(of.group == group).tolist() if of.present[row, step]]


def test_the_smallest_are_the_first_of_an_order_that_has_nan_at_its_end(random: np.random.Generator) -> None:
    of, wanted = groups(random), random.choice([-1, 0, 1, 2, 3, 100, 2**63 - 1], 7)
    chosen = smallest(of, of.values, wanted)
    for step, count in enumerate(wanted.tolist()):
        for group in range(len(of.starts)):
            rows = members(of, group, step)
            ordered = sorted(rows, key=lambda row: (math.isnan(of.values[row, step]), _number(of.values[row, step])))
            assert np.flatnonzero(chosen[:, step] & (of.group == group)).tolist() == sorted(ordered[: max(count, 0)])


def test_a_quantile_of_whole_ranks_is_the_value_there(random: np.random.Generator) -> None:
    of = groups(random)
    for at in (0.0, 1.0):
        found = quantiles(of, np.full(7, at))
        for (group, step), value in np.ndenumerate(found):
            rows = members(of, group, step)
            ordered = sorted((of.values[row, step] for row in rows), key=lambda v: (not math.isnan(v), _number(v)))
            expected = math.nan
            if ordered:
                beside = ordered[min(1, len(ordered) - 1)] if at == 0 else ordered[-1]
                expected = ordered[0 if at == 0 else -1] + 0 * beside
            assert value == pytest.approx(expected, nan_ok=True)


def test_sums_of_groups_are_as_good_as_exact(random: np.random.Generator) -> None:
    sizes = random.integers(1, 50, 4)
    starts = np.cumsum(sizes) - sizes
    values = random.standard_normal((int(sizes.sum()), 5)) * 10.0 ** random.integers(-12, 12, (int(sizes.sum()), 5))
    values[starts[0]] = 1e100
    values[starts[0] + sizes[0] - 1] = -1e100
    found = group_sums(values, starts)
    for (group, step), value in np.ndenumerate(found):
        rows = slice(starts[group], starts[group] + sizes[group])
        assert value == pytest.approx(math.fsum(values[rows, step].tolist()), rel=1e-15)


def _number(value: float) -> float:
    return 0.0 if math.isnan(value) else value
