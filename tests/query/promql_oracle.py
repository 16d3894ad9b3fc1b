"""Functions over windows, written sample by sample: what the vectorised kernels are held against."""

import itertools
import math
from collections.abc import Callable, Sequence
from fractions import Fraction

Samples = Sequence[tuple[int, float]]
"""(ms, value) of one window, in order of time."""
Oracle = Callable[[Samples, int, int], float | None]
"""Samples, the window's exclusive start and inclusive end -> the value, or nothing."""


def rate(samples: Samples, opens: int, closes: int) -> float | None:
    return _extrapolated(samples, opens, closes, counter=True, seconds=(closes - opens) / 1000)


def delta(samples: Samples, opens: int, closes: int) -> float | None:
    return _extrapolated(samples, opens, closes, counter=False, seconds=1.0)


def _extrapolated(samples: Samples, opens: int, closes: int, *, counter: bool, seconds: float) -> float | None:
    if len(samples) < 2:
        return None
    gained = samples[-1][1] - samples[0][1]
    if counter:
        for (_, before), (_, after) in itertools.pairwise(samples):
            if after < before:
                gained += before
    to_start, to_end = (samples[0][0] - opens) / 1000, (closes - samples[-1][0]) / 1000
    sampled = (samples[-1][0] - samples[0][0]) / 1000
    average = sampled / (len(samples) - 1)
    if to_start >= average * 1.1:
        to_start = average / 2
    if counter and gained > 0 and samples[0][1] >= 0:
        to_start = min(to_start, sampled * (samples[0][1] / gained))
    if to_end >= average * 1.1:
        to_end = average / 2
    return gained * ((sampled + to_start + to_end) / sampled) / seconds


def irate(samples: Samples, _opens: int, _closes: int) -> float | None:
    if len(samples) < 2:
        return None
    (start, before), (end, after) = samples[-2:]
    return (after if after < before else after - before) / ((end - start) / 1000)


def changes(samples: Samples, _opens: int, _closes: int) -> float | None:
    values = [value for _, value in samples]
    pairs = itertools.pairwise(values)
    return float(sum(a != b and not (a != a and b != b) for a, b in pairs)) if samples else None


def resets(samples: Samples, _opens: int, _closes: int) -> float | None:
    values = [value for _, value in samples]
    return float(sum(b < a for a, b in itertools.pairwise(values))) if samples else None


def total(samples: Samples, _opens: int, _closes: int) -> float | None:
    values = [value for _, value in samples]
    if not values:
        return None
    if all(map(math.isfinite, values)):
        return float(sum(map(Fraction, values)))
    return sum(values)


def average(samples: Samples, opens: int, closes: int) -> float | None:
    whole = total(samples, opens, closes)
    return None if whole is None else whole / len(samples)


def variance(samples: Samples, _opens: int, _closes: int) -> float | None:
    if not samples:
        return None
    if not all(math.isfinite(value) for _, value in samples):
        return math.nan
    values = [Fraction(value) for _, value in samples]
    mean = sum(values) / len(values)
    return float(sum((value - mean) ** 2 for value in values) / len(values))


def highest(samples: Samples, _opens: int, _closes: int) -> float | None:
    real = [value for _, value in samples if value == value]
    return (max(real) if real else math.nan) if samples else None


def lowest(samples: Samples, _opens: int, _closes: int) -> float | None:
    real = [value for _, value in samples if value == value]
    return (min(real) if real else math.nan) if samples else None


def count(samples: Samples, _opens: int, _closes: int) -> float | None:
    return float(len(samples)) if samples else None


def last(samples: Samples, _opens: int, _closes: int) -> float | None:
    return samples[-1][1] if samples else None


def quantile(at: float) -> Oracle:
    def of(samples: Samples, _opens: int, _closes: int) -> float | None:
        if not samples:
            return None
        values = sorted((value for _, value in samples), key=lambda value: (value == value, value))
        rank = at * (len(values) - 1)
        lower = math.floor(rank)
        upper = min(lower + 1, len(values) - 1)
        weight = rank - lower
        return values[lower] * (1 - weight) + values[upper] * weight

    return of


def slope(samples: Samples, _opens: int, _closes: int) -> float | None:
    if len(samples) < 2:
        return None
    if not all(math.isfinite(value) for _, value in samples):
        return math.nan
    x = [Fraction(at, 1000) for at, _ in samples]
    y = [Fraction(value) for _, value in samples]
    n = len(samples)
    over = sum(a * b for a, b in zip(x, y, strict=True)) * n - sum(x) * sum(y)
    return float(over / (sum(a * a for a in x) * n - sum(x) ** 2))


def smoothed(samples: Samples, _opens: int, _closes: int) -> float | None:
    if len(samples) < 2:
        return None
    values = [value for _, value in samples]
    before, level, trend = 0.0, values[0], values[1] - values[0]
    for index, value in enumerate(values[1:]):
        if index:
            trend = 0.3 * (level - before) + 0.7 * trend
        before, level = level, 0.6 * value + 0.4 * (level + trend)
    return level


def place_of_highest(samples: Samples, opens: int, closes: int) -> float | None:
    if not samples:
        return None
    best = samples[0]
    for sample in samples:
        if sample[1] >= best[1] or best[1] != best[1]:
            best = sample
    return best[0] / 1000


ORACLES: dict[str, Oracle] = {
    "rate(m[{}])": rate,
    "delta(m[{}])": delta,
    "irate(m[{}])": irate,
    "changes(m[{}])": changes,
    "resets(m[{}])": resets,
    "sum_over_time(m[{}])": total,
    "avg_over_time(m[{}])": average,
    "stdvar_over_time(m[{}])": variance,
    "max_over_time(m[{}])": highest,
    "min_over_time(m[{}])": lowest,
    "count_over_time(m[{}])": count,
    "last_over_time(m[{}])": last,
    "quantile_over_time(0.3, m[{}])": quantile(0.3),
    "deriv(m[{}])": slope,
    "double_exponential_smoothing(m[{}], 0.6, 0.3)": smoothed,
    "ts_of_max_over_time(m[{}])": place_of_highest,
}
