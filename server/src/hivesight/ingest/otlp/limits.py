"""How much one request may ask, and why points are rejected."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class OtlpLimits:
    """body_bytes: the largest request, decompressed. points: data points in one, and as many resources, scopes and
    metrics. attributes, attribute_bytes: of one point, resource or scope. buckets: of one histogram. exemplars: kept
    of one request. new_labels: labels of all series that a request may bring anew. cached_series, cached_bytes: what
    is remembered between requests. delta_series, delta_age_ms: how many series are summed up from deltas, and how
    long one may be silent."""

    body_bytes: int = 8 << 20
    points: int = 200_000
    attributes: int = 128
    attribute_bytes: int = 64 << 10
    buckets: int = 1_024
    exemplars: int = 10_000
    cached_series: int = 500_000
    new_labels: int = 2_000_000
    cached_bytes: int = 256 << 20
    delta_series: int = 100_000
    delta_age_ms: int = 300_000


class Reason(StrEnum):
    """Why data points were not stored."""

    NAME = "the metric has no usable name"
    TYPE = "the metric has no data of a known type"
    TEMPORALITY = "the aggregation temporality is neither cumulative nor delta"
    ATTRIBUTES = "too many or too long attributes"
    BUCKETS = "too many buckets"
    SCALE = "the scale of an exponential histogram is below -4"
    NEW_SERIES = "too many new labels in one request: send it in parts"
    DELTA_ORDER = "a delta is not newer than the one before"
    DELTA_SERIES = "too many series with delta temporality"
    STORE = "the store refused samples"

    @property
    def label(self) -> str:
        """As a label of the counter."""
        return self.name.lower()


class BadRequest(ValueError):
    """The request cannot be read; nothing of it was taken."""


class TooLarge(ValueError):
    """The request passes a bound; nothing of it was taken, and the message names the bound."""
