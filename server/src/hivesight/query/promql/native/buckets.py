"""The buckets of a histogram as the HTTP API lists them, and as text."""

from collections.abc import Iterator

from hivesight.model.histogram import Histogram
from hivesight.query.promql.literals import format_number

OPEN_LEFT, OPEN_RIGHT, CLOSED = 0, 1, 3
"""Which bounds belong to a bucket: the upper one, the lower one, both."""


def api_buckets(histogram: Histogram) -> Iterator[tuple[int, float, float, float]]:
    """Boundary rule, lower and upper bound and count, from the lowest to the highest; empty ones are left out, and
    those that reach into the zero bucket end there."""
    scale, wide = histogram.scale, histogram.scale.zero_threshold
    for key, count in sorted(histogram.negative.items(), reverse=True):
        if count:
            yield OPEN_RIGHT, -scale.upper(key), min(-scale.lower(key), -wide), count
    if histogram.zero > 0 and not scale.custom:
        yield CLOSED, -wide, wide, histogram.zero
    for key, count in sorted(histogram.positive.items()):
        if not count:
            continue
        if scale.custom:
            yield (CLOSED if key == 0 else OPEN_LEFT), scale.lower(key), scale.upper(key), count
        else:
            yield OPEN_LEFT, max(scale.lower(key), wide), scale.upper(key), count


def histogram_text(histogram: Histogram) -> str:
    """A histogram as `count_values` names it: `{count:3, sum:4.5, (1,2]:3}`."""
    scale, wide = histogram.scale, histogram.scale.zero_threshold
    parts = [f"count:{format_number(histogram.count)}", f"sum:{format_number(histogram.sum)}"]
    for key, count in sorted(histogram.negative.items(), reverse=True):
        parts.append(f"[{_range(-scale.upper(key), -scale.lower(key))}):{format_number(count)}")
    if histogram.zero != 0:
        parts.append(f"[{_range(-wide, wide)}]:{format_number(histogram.zero)}")
    for key, count in sorted(histogram.positive.items()):
        opening = "[" if scale.custom and key == 0 else "("
        parts.append(f"{opening}{_range(scale.lower(key), scale.upper(key))}]:{format_number(count)}")
    return "{" + ", ".join(parts) + "}"


def _range(low: float, high: float) -> str:
    return f"{format_number(low)},{format_number(high)}"
